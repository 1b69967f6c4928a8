"""Cabin, the reference streaming app on the real Shaka Player, and its adapter."""

from harness.apps.cabin.adapter import CABIN_FAULTS, CabinAdapter, cabin_documents, cabin_mounts

__all__ = ["CABIN_FAULTS", "CabinAdapter", "cabin_documents", "cabin_mounts"]
