"""Layer 1. Node, the npm packages, Chromium and adb without root; and child processes that never outlive us."""
