"""`df -k` and `ls -l`."""

from __future__ import annotations

import re
from dataclasses import dataclass

from .seen import lines_of, misread

_DF_TAIL = re.compile(r"^(?:(\S.*?)\s+|\s*)(\d+)\s+(\d+)\s+(-?\d+)\s+(?:(\d+)%|-)\s+(/.*?)\s*$")
_LS = re.compile(
    r"^(?P<mode>[-bcdlpsw][-rwxsStT?]{9})[.+]?\s+(?P<links>\d+|\?)\s+(?P<owner>\S+)\s+(?P<group>\S+)\s+"
    r"(?:(?P<size>\d+)|\?|\d+,\s*\d+)\s+(?P<when>\d{4}-\d\d-\d\d \d\d:\d\d|\?)\s(?P<name>.+)$"
)


@dataclass(frozen=True)
class FreeSpace:
    """One file system. /sdcard and /data share theirs: never add them up."""

    device: str
    total_bytes: int
    used_bytes: int
    free_bytes: int
    mounted_on: str


@dataclass(frozen=True)
class ListedFile:
    """One line of `ls -l`. size_bytes is None for devices and for what may not be looked at."""

    mode: str
    owner: str
    group: str
    size_bytes: int | None
    modified: str
    name: str
    target: str | None = None

    @property
    def is_folder(self) -> bool:
        return self.mode.startswith("d")


def parse_df(text: str) -> tuple[FreeSpace, ...]:
    """The file systems of `df -k`; a long device name may stand on a line of its own.

    Raises:
        DeviceError: without the heading of KiB blocks, or a line of another shape.
    """
    lines = lines_of(text)
    if not lines or re.match(r"Filesystem\s+1K-blocks\s+Used\s+Available", lines[0]) is None:
        raise misread("df -k", "a heading with 1K-blocks", text)
    found, waiting = [], ""
    for line in lines[1:]:
        match = _DF_TAIL.match(line)
        if match is None and not waiting and len(line.split()) == 1:
            waiting = line.strip()
            continue
        device = (match[1] or waiting) if match is not None else ""
        if match is None or not device or (match[1] and waiting):
            raise misread("df -k", "'device blocks used available use% mount'", line)
        total, used, free = (int(match[i]) * 1024 for i in (2, 3, 4))
        found.append(FreeSpace(device, total, used, free, match[6]))
        waiting = ""
    if waiting or not found:
        raise misread("df -k", "a file system", text)
    return tuple(found)


def parse_ls(text: str) -> tuple[ListedFile, ...]:
    """The entries of toybox `ls -l`; empty for an empty folder: look at the exit code too.

    Raises:
        DeviceError: a line that is not an entry, such as an error text.
    """
    found = []
    for line in lines_of(text):
        if re.fullmatch(r"total \d+", line):
            continue
        match = _LS.match(line)
        if match is None:
            raise misread("ls -l", "'mode links owner group size date time name'", line)
        name, arrow, target = match["name"], "", ""
        if match["mode"].startswith("l"):
            name, arrow, target = name.partition(" -> ")
        size = int(match["size"]) if match["size"] else None
        found.append(
            ListedFile(
                match["mode"], match["owner"], match["group"], size, match["when"], name, target if arrow else None
            )
        )
    return tuple(found)
