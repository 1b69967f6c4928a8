"""Quoting for Android's sh (mksh): adb hands one string to the device's shell, never an argument list."""

from __future__ import annotations

import shlex
from collections.abc import Sequence


def quote(argument: str) -> str:
    """The argument so that the device's shell reads it as one word with nothing expanded.

    Raises:
        ValueError: it holds NUL, which no command line can carry.
    """
    if "\0" in argument:
        raise ValueError(f"NUL in an argument for the device: {argument!r}")
    return shlex.quote(argument)


def command_line(command: str | Sequence[str]) -> str:
    """A shell line: text as it is, a sequence with every argument quoted.

    Raises:
        ValueError: empty (adb would open an interactive shell) or with NUL.
    """
    line = command if isinstance(command, str) else " ".join(quote(argument) for argument in command)
    if not line.strip() or "\0" in line:
        raise ValueError(f"not a command for the device: {line!r}")
    return line
