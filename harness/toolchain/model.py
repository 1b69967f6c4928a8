"""What the toolchain is: tools with version and place, and the reports made while they are looked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

Progress = Callable[[str, str], None]
"""Called with the tool's name and what is done about it now, e.g. ("chromium", "unpacking")."""


class Source(StrEnum):
    """Where a tool came from."""

    FOUND = "found"  # it was on this machine
    INSTALLED = "installed"  # `redeye setup` put it into its own folder, now or earlier


@dataclass(frozen=True)
class Tool:
    """One program or package that is ready to be used."""

    name: str
    version: str
    path: Path
    source: Source


@dataclass(frozen=True)
class Toolchain:
    """Everything that is not Python, ready to be used.

    Args:
        node: the Node program.
        npm: npm-cli.js, to be run by `node`.
        packages: the folder that holds node_modules.
        adb: the adb program.
        sdk: what ANDROID_HOME has to say so that Appium finds that adb (sdk/platform-tools/adb).
        chromium: a Chromium that runs headless.
        chromium_env: added to the environment of `chromium`; empty for one of this machine.
        tools: one row each, for people.
    """

    node: Path
    npm: Path
    packages: Path
    adb: Path
    sdk: Path
    chromium: Path
    chromium_env: dict[str, str]
    tools: tuple[Tool, ...]
