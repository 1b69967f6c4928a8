"""`getprop` and `settings get`."""

from __future__ import annotations

import re

from .seen import Seen, misread

_START = re.compile(r"^\[([^\]\n]+)\]: \[", re.M)


def parse_getprop(text: str) -> dict[str, str]:
    """Every property; a value may hold newlines.

    Raises:
        DeviceError: something that is not `[key]: [value]`, or no property at all.
    """
    clean = text.replace("\r\n", "\n")
    starts = list(_START.finditer(clean))
    if not starts or clean[: starts[0].start()].strip():
        raise misread("getprop", "[key]: [value]", clean)
    ends = [match.start() for match in starts[1:]] + [len(clean)]
    properties = {}
    for match, end in zip(starts, ends, strict=True):
        value = clean[match.end() : end].rstrip("\n")
        if not value.endswith("]"):
            raise misread("getprop", f"] behind {match[1]}", value)
        properties[match[1]] = value[:-1]
    return properties


def parse_setting(text: str) -> str | None:
    """A setting's value; None when it is not set (the device prints `null`).

    Raises:
        DeviceError: no output, or an error text instead of a value.
    """
    lines = [line.rstrip("\r") for line in text.rstrip("\n").split("\n")]
    if len(lines) != 1 or not text.strip():
        raise misread("settings get", "one line", text)
    if "Exception" in lines[0] or lines[0].startswith(("Error", "Failure", "Security")):
        raise misread("settings get", "a value", text)
    return None if lines[0] == "null" else lines[0]


def parse_switch(value: str | None) -> Seen:
    """A 0/1 setting as a switch; everything else, also unset, is UNKNOWN."""
    return {"1": Seen.ON, "0": Seen.OFF}.get(value or "", Seen.UNKNOWN)
