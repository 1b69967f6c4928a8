"""Byte ranges and validators as RFC 9110 sections 13 and 14 have them. No I/O."""

from __future__ import annotations

import re
from dataclasses import dataclass

_ONE_RANGE = re.compile(r"(?P<first>[0-9]{0,18})-(?P<last>[0-9]{0,18})", re.ASCII)


@dataclass(frozen=True)
class ByteRange:
    """Half-open span of bytes."""

    start: int
    stop: int

    @property
    def length(self) -> int:
        return self.stop - self.start


class Unsatisfiable(ValueError):
    """The range is well formed and lies outside the object: 416."""


def parse_range(header: str | None, size: int) -> ByteRange | None:
    """The single range that was asked for; None when the whole object must be sent.

    None is also the answer to several ranges, to other units and to broken syntax: a server may ignore these
    (RFC 9110, 14.2).

    Raises:
        Unsatisfiable: no byte of the object is in the range.
    """
    if header is None:
        return None
    unit, equals, spec = header.partition("=")
    found = _ONE_RANGE.fullmatch(spec.strip())
    if not equals or unit.strip().lower() != "bytes" or found is None:
        return None
    first, last = found["first"], found["last"]
    if not first and not last:
        return None
    if not first:
        length = min(int(last), size)
        if length == 0:
            raise Unsatisfiable(header)
        return ByteRange(size - length, size)
    start = int(first)
    if last and int(last) < start:
        return None
    if start >= size:
        raise Unsatisfiable(header)
    return ByteRange(start, min(int(last) + 1, size) if last else size)


def etag_listed(header: str, etag: str, *, weak: bool) -> bool:
    """True when `etag` (strong, quoted) is in an If-Match (`weak=False`) or If-None-Match (`weak=True`) header."""
    if header.strip() == "*":
        return True
    tags = [tag.strip() for tag in header.split(",")]
    return etag in tags or (weak and f"W/{etag}" in tags)
