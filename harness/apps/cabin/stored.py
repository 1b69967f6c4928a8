"""Which media objects are in Chromium's IndexedDB, byte for byte.

Shaka stores each segment as `{data: ArrayBuffer}`. Chromium writes it in V8's wire format; measured on Chromium 147:

    ff 15 fe <12 bytes> ff 0f 6f 22 04 "data" 42 <size, base 128> <the object's bytes> 7b 01
    version, trailer    version  {  key of 4       ArrayBuffer                         }  1 property

so the object starts 28 bytes into the value and 2 follow when it has 16 KiB to 2 MiB. Values from 64 KiB on are one
file each below `<origin>.indexeddb.blob/`; smaller ones are in `<origin>.indexeddb.leveldb/`, behind a version number.
This says that bytes are on the tablet, not that Shaka's own index still leads to them: only playing shows that.
The manifest (Shaka stores its own reading of it) and the poster (in the service worker's cache) are never there.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from harness.apps.adapter import StoredCheck
from harness.apps.cabin.leveldb import Broken, live_values, unpack_snappy, varint
from harness.media.catalogue import MediaObject

NEVER_STORED = frozenset({"manifest", "poster"})
BUFFER = b'"\x04dataB'
PACKED = b"\xff\x11\x02"  # the value is snappy: Blink's kCompressedWithSnappy
HEAD_SEARCH_BYTES = 64
FRAME_BYTES = 27  # V8's bytes around an object, without those of its size
MAX_NOTES = 20
# Init segments of two titles often have one size: other bytes of a size below this are another object, not damage.
TELLING_SIZE_BYTES = 4096


@dataclass(frozen=True)
class _Buffer:
    """An ArrayBuffer as it was found: the size that its header claims, and its bytes (fewer when cut)."""

    size: int
    data: bytes


def stored_objects(files: Iterable[tuple[str, bytes]], wanted: Iterable[MediaObject]) -> StoredCheck:
    """For every wanted object: equal, missing or damaged.

    Args:
        files: names and bytes of all files of the IndexedDB folder.
        wanted: objects; manifests and posters among them are left out of the count.
    """
    objects = [o for o in wanted if o.role not in NEVER_STORED]
    sizes = {o.size_bytes for o in objects}
    notes: list[str] = []
    found: set[tuple[int, str]] = set()
    strange: Counter[int] = Counter()  # size -> buffers of that size that equal nothing wanted
    hashes = {(o.size_bytes, o.sha256) for o in objects}
    for buffer in _buffers(files, sizes, notes):
        if buffer.size not in sizes:
            continue
        key = (buffer.size, hashlib.sha256(buffer.data).hexdigest())
        if len(buffer.data) == buffer.size and key in hashes:
            found.add(key)
        elif len(buffer.data) != buffer.size or buffer.size >= TELLING_SIZE_BYTES:
            strange[buffer.size] += 1
    missing: list[str] = []
    damaged: list[str] = []
    equal = equal_bytes = 0
    for one in objects:
        if (one.size_bytes, one.sha256) in found:
            equal += 1
            equal_bytes += one.size_bytes
        elif strange[one.size_bytes] > 0:
            strange[one.size_bytes] -= 1
            damaged.append(one.path)
        else:
            missing.append(one.path)
    if len(notes) > MAX_NOTES:
        notes[MAX_NOTES - 1 :] = [f"and {len(notes) - MAX_NOTES + 1} more"]
    return StoredCheck(len(objects), equal, equal_bytes, tuple(missing), tuple(damaged), tuple(notes))


def _buffers(files: Iterable[tuple[str, bytes]], sizes: set[int], notes: list[str]) -> Iterator[_Buffer]:
    databases: defaultdict[str, list[tuple[str, bytes]]] = defaultdict(list)
    framed = {size + FRAME_BYTES + _varint_bytes(size): size for size in sizes}
    for name, data in files:
        folder = PurePosixPath(name).parent
        if folder.name.endswith(".leveldb"):
            databases[str(folder)].append((name, data))
        elif any(part.endswith(".indexeddb.blob") for part in folder.parts):
            yield from _of_blob(name, data, framed, notes)
    for database in databases.values():
        live = live_values(database)
        notes.extend(live.notes)
        for value in live.values:
            try:
                yield from _of_value(value)
            except Broken as problem:
                notes.append(f"a value of {len(value)} bytes: {problem}")


def _of_blob(name: str, data: bytes, framed: dict[int, int], notes: list[str]) -> Iterator[_Buffer]:
    try:
        buffers = list(_of_value(data))
    except Broken as problem:
        notes.append(f"{name}: {problem}")
        return
    yield from buffers
    if not buffers:
        notes.append(f"{name}: {len(data)} bytes without V8's header of an ArrayBuffer")
        if len(data) in framed:  # of a wanted object's size, so it was one
            yield _Buffer(framed[len(data)], b"")


def _of_value(value: bytes) -> Iterator[_Buffer]:
    """The ArrayBuffer named "data" in a value, when it is there."""
    packed = value.find(PACKED, 0, HEAD_SEARCH_BYTES)
    body = unpack_snappy(value[packed + len(PACKED) :]) if packed in range(4) else value
    at = body.find(BUFFER, 0, HEAD_SEARCH_BYTES)
    if at < 0:
        return
    size, start = varint(body, at + len(BUFFER))
    yield _Buffer(size, body[start : start + size])


def _varint_bytes(number: int) -> int:
    return max(1, (number.bit_length() + 6) // 7)
