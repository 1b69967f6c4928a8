"""Layer 1. Node, the npm packages, Chromium and adb without root; and child processes that never outlive us."""

from harness.toolchain.install import find, setup
from harness.toolchain.model import Progress, Source, Tool, Toolchain
from harness.toolchain.places import default_home
from harness.toolchain.processes import Child

__all__ = ["Child", "Progress", "Source", "Tool", "Toolchain", "default_home", "find", "setup"]
