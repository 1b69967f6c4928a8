"""Redeye: proves that a streaming app's offline downloads really play on Android tablets."""

__version__ = "0.1.0"
__all__ = ["__version__"]
