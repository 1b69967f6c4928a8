"""Layer 4: where tablets come from. Now: one bench on this machine."""

from harness.lab.bench import Bench
from harness.lab.request import BenchRequest
from harness.lab.virtual import VirtualTablet

__all__ = ["Bench", "BenchRequest", "VirtualTablet"]
