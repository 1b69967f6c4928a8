"""What of a title Chromium's IndexedDB holds, byte for byte.

Shaka keeps a segment as one record {data: ArrayBuffer}. Chromium writes a value above 64 KiB to a file of its own,
<origin>.indexeddb.blob/<db>/<xx>/<hex>, which is the segment behind a V8 header of about 30 bytes
(chromium_tablet.md 2); a smaller one sits in LevelDB, where the ArrayBuffer is the byte 'B', its length as a varint,
and its bytes.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from harness.apps.cabin.leveldb import LevelDbDamaged, encode_varint, log_values, table_values, unsnap
from harness.media.catalogue import MediaObject

# Blink's envelope around a value that it compressed: FF 11 (needs work) 02 (snappy).
SNAPPY_VALUE = b"\xff\x11\x02"
MAX_HEADER_BYTES = 64


@dataclass(frozen=True)
class StoredReport:
    """Objects that are wanted, equal, missing, or there with other bytes."""

    wanted: int
    equal: int
    equal_bytes: int
    missing: tuple[str, ...]
    damaged: tuple[str, ...]
    notes: tuple[str, ...]


def stored_objects(files: Iterable[tuple[str, bytes]], wanted: Sequence[MediaObject]) -> StoredReport:
    """How the wanted objects stand in these files of an IndexedDB folder.

    Args:
        files: (path below the folder, bytes).
    """
    sizes: dict[int, set[str]] = defaultdict(set)  # size -> hashes that are wanted
    for item in wanted:
        sizes[item.size_bytes].add(item.sha256)
    seen: dict[int, set[str]] = defaultdict(set)  # size -> hashes that are there
    notes: list[str] = []
    for path, data in files:
        try:
            for value in _values(path, data):
                _take(value, sizes, seen)
        except LevelDbDamaged as damage:
            notes.append(f"{path}: {damage}")
    equal = [item for item in wanted if item.sha256 in seen[item.size_bytes]]
    rest = [item for item in wanted if item.sha256 not in seen[item.size_bytes]]
    other = {size: hashes - sizes[size] for size, hashes in seen.items()}
    damaged = [item for item in rest if other.get(item.size_bytes)]
    return StoredReport(
        len(wanted),
        len(equal),
        sum(item.size_bytes for item in equal),
        tuple(item.path for item in rest if item not in damaged),
        tuple(item.path for item in damaged),
        tuple(notes),
    )


def _values(path: str, data: bytes) -> Iterable[bytes]:
    name = path.rsplit("/", 1)[-1]
    if ".indexeddb.blob/" in path:
        return (data,)
    if name.endswith(".log"):
        return log_values(data)
    return table_values(data) if name.endswith((".ldb", ".sst")) else ()


def _take(value: bytes, sizes: dict[int, set[str]], seen: dict[int, set[str]]) -> None:
    """Note the hash of every ArrayBuffer of a wanted size in this value."""
    at = value.find(SNAPPY_VALUE, 0, 16)
    if at >= 0:
        value = unsnap(value[at + len(SNAPPY_VALUE) :])
    for size in sizes:
        if not size <= len(value):
            continue
        mark = b"B" + encode_varint(size)
        start = value.find(mark)
        if start >= 0 and start + len(mark) + size <= len(value):
            body = value[start + len(mark) : start + len(mark) + size]
            seen[size].add(hashlib.sha256(body).hexdigest())
        elif size <= len(value) <= size + MAX_HEADER_BYTES:
            seen[size].add(hashlib.sha256(value[-size:]).hexdigest())
