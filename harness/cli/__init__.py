"""Layer 6. The command `redeye`: one command a file, registered by one line in `COMMANDS`."""

from harness.cli.app import COMMANDS, build, main

__all__ = ["COMMANDS", "build", "main"]
