"""All commands of the tablet by name."""

from __future__ import annotations

from harness.virtual.call import Command
from harness.virtual.commands import (
    activity,
    connectivity,
    dumpsys,
    files,
    logcat,
    network,
    packages,
    process,
    screen,
    services,
    settings,
    text,
)

_SYSTEM = (activity, connectivity, dumpsys, logcat, packages, screen, services, settings)
_TOYBOX = (files, network, process, text)

COMMANDS: dict[str, Command] = {
    name: command for family in (*_SYSTEM, *_TOYBOX) for name, command in family.COMMANDS.items()
}
