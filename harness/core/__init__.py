"""Layer 0: errors, time, outcomes, measurements. Standard library only, no I/O."""
