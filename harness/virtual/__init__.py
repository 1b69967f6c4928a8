"""Layer 2: the virtual tablet, a process on the far side of the wire that real adb and real Appium talk to."""
