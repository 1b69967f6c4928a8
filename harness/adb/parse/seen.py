"""A switch as it was read: on, off, or not readable. A parse miss is never one of the first two."""

from __future__ import annotations

from enum import StrEnum

from harness.core.errors import DeviceError


class Seen(StrEnum):
    """What was read of something that is either on or off."""

    ON = "on"
    OFF = "off"
    UNKNOWN = "unknown"


def misread(command: str, expected: str, came: str) -> DeviceError:
    """The error for output that a strict parser does not know."""
    return DeviceError("", f"{command}: expected {expected}, got {came[:200]!r}")


def lines_of(text: str) -> list[str]:
    """The lines that hold something, without carriage returns."""
    return [line.rstrip("\r") for line in text.split("\n") if line.strip()]
