"""The live values of a LevelDB folder, read from its raw files.

Chromium keeps IndexedDB's records in LevelDB: recent ones in a `.log` (write-ahead records cut into 32 KiB blocks),
older ones in `.ldb` tables (prefix-compressed blocks, snappy). A key's newest record counts, and a deleted one is not
live, so bytes of a deleted title that are still in a file are not taken for a stored title. Checksums are not verified:
who asks hashes the values. The formats: https://github.com/google/leveldb/tree/main/doc (log_format, table_format).
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

import cramjam

BLOCK_BYTES = 32 * 1024
RECORD_HEADER_BYTES = 7
FULL, FIRST, MIDDLE, LAST = 1, 2, 3, 4
PUT, DELETE = 1, 0
FOOTER_BYTES = 48
TABLE_MAGIC = 0xDB4775248B80FB57
TRAILER_BYTES = 5  # compression type and checksum behind every block
MAX_UNPACKED_BYTES = 64 << 20
MAX_VARINT_BYTES = 10


class Broken(ValueError):
    """The bytes are not what the format says; the text names the offset."""


@dataclass(frozen=True)
class LiveValues:
    """Values that a reader of the database would see, and what could not be read."""

    values: tuple[bytes, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Entry:
    """One record. value is None for a deletion."""

    key: bytes
    sequence: int
    value: bytes | None


def live_values(files: Iterable[tuple[str, bytes]]) -> LiveValues:
    """The newest value of every key in the files of one LevelDB folder.

    Args:
        files: name and bytes; other names than *.log, *.ldb and *.sst are ignored.
    """
    newest: dict[bytes, Entry] = {}
    notes: list[str] = []
    for name, data in files:
        suffix = PurePosixPath(name).suffix
        if suffix not in (".log", ".ldb", ".sst"):
            continue
        entries = log_entries(data, name, notes) if suffix == ".log" else table_entries(data, name, notes)
        for entry in entries:
            known = newest.get(entry.key)
            if known is None or entry.sequence >= known.sequence:
                newest[entry.key] = entry
    return LiveValues(tuple(e.value for e in newest.values() if e.value is not None), tuple(notes))


def varint(data: bytes, at: int) -> tuple[int, int]:
    """The base-128 number at `at` and the offset behind it. Raises Broken."""
    value = 0
    for count in range(MAX_VARINT_BYTES):
        if at + count >= len(data):
            raise Broken(f"a number is cut at byte {at}")
        byte = data[at + count]
        value |= (byte & 0x7F) << (7 * count)
        if byte < 0x80:
            return value, at + count + 1
    raise Broken(f"a number of more than {MAX_VARINT_BYTES} bytes at byte {at}")


def log_entries(data: bytes, name: str, notes: list[str]) -> Iterator[Entry]:
    """The records of a write-ahead log. What is damaged is skipped, with a line in `notes`."""
    for batch in _log_batches(data, name, notes):
        try:
            yield from _batch(batch)
        except Broken as problem:
            notes.append(f"{name}: {problem} of a batch")


def _log_batches(data: bytes, name: str, notes: list[str]) -> Iterator[bytes]:
    parts: list[bytes] | None = None
    for start in range(0, len(data), BLOCK_BYTES):
        block = data[start : start + BLOCK_BYTES]
        at = 0
        while len(block) - at >= RECORD_HEADER_BYTES:
            length, kind = struct.unpack_from("<HB", block, at + 4)
            body = block[at + RECORD_HEADER_BYTES : at + RECORD_HEADER_BYTES + length]
            if kind == 0 and length == 0:
                break  # preallocated, never written
            if kind not in (FULL, FIRST, MIDDLE, LAST) or len(body) < length:
                notes.append(f"{name}: a record is damaged or cut at byte {start + at}")
                parts = None
                break
            at += RECORD_HEADER_BYTES + length
            if kind in (FULL, FIRST):
                if parts is not None:
                    notes.append(f"{name}: a record before byte {start + at} has no end")
                parts = [body]
            elif parts is not None:
                parts.append(body)
            else:
                notes.append(f"{name}: a record before byte {start + at} has no start")
            if kind in (FULL, LAST) and parts is not None:
                yield b"".join(parts)
                parts = None
    if parts is not None:
        notes.append(f"{name}: the last record is cut")


def _batch(data: bytes) -> Iterator[Entry]:
    if len(data) < 12:
        raise Broken("shorter than its header at byte 0")
    sequence, count = struct.unpack_from("<QI", data)
    at = 12
    for number in range(count):
        if at >= len(data):
            raise Broken(f"{count - number} records are missing at byte {at}")
        kind = data[at]
        key, at = _sized(data, at + 1)
        if kind == PUT:
            value, at = _sized(data, at)
            yield Entry(key, sequence + number, value)
        elif kind == DELETE:
            yield Entry(key, sequence + number, None)
        else:
            raise Broken(f"unknown kind {kind} at byte {at}")


def _sized(data: bytes, at: int) -> tuple[bytes, int]:
    length, start = varint(data, at)
    if start + length > len(data):
        raise Broken(f"{length} bytes wanted, {len(data) - start} left at byte {start}")
    return data[start : start + length], start + length


def table_entries(data: bytes, name: str, notes: list[str]) -> Iterator[Entry]:
    """The records of a table. Damaged blocks are skipped, with a line in `notes`."""
    try:
        index = _block(data, *_index_handle(data))
        handles = [_handle(value, 0) for _, value in _pairs(index)]
    except Broken as problem:
        notes.append(f"{name}: {problem}")
        return
    for offset, size, _ in handles:
        try:
            for key, value in _pairs(_block(data, offset, size)):
                if len(key) < 8:
                    raise Broken(f"a key of {len(key)} bytes")
                (packed,) = struct.unpack("<Q", key[-8:])
                yield Entry(key[:-8], packed >> 8, value if packed & 0xFF == PUT else None)
        except Broken as problem:
            notes.append(f"{name}: block at byte {offset}: {problem}")


def _index_handle(data: bytes) -> tuple[int, int]:
    if len(data) < FOOTER_BYTES:
        raise Broken(f"{len(data)} bytes are no table")
    footer = data[-FOOTER_BYTES:]
    if struct.unpack("<Q", footer[-8:])[0] != TABLE_MAGIC:
        raise Broken("the table's magic number is missing at its end")
    _, _, at = _handle(footer, 0)
    offset, size, _ = _handle(footer, at)
    return offset, size


def _handle(data: bytes, at: int) -> tuple[int, int, int]:
    offset, at = varint(data, at)
    size, at = varint(data, at)
    return offset, size, at


def _block(data: bytes, offset: int, size: int) -> bytes:
    if offset + size + TRAILER_BYTES > len(data):
        raise Broken(f"block at byte {offset} ends behind the file")
    raw, kind = data[offset : offset + size], data[offset + size]
    if kind == 0:
        return raw
    if kind == 1:
        return unpack_snappy(raw)
    raise Broken(f"block at byte {offset} has unknown compression {kind}")


def unpack_snappy(raw: bytes) -> bytes:
    """The unpacked bytes of a raw snappy stream, at most 64 MiB. Raises Broken."""
    length, _ = varint(raw, 0)
    if length > MAX_UNPACKED_BYTES:
        raise Broken(f"claims to unpack to {length} bytes")
    try:
        return bytes(cramjam.snappy.decompress_raw(raw))
    except cramjam.DecompressionError as problem:
        raise Broken(f"snappy: {problem}") from problem


def _pairs(block: bytes) -> Iterator[tuple[bytes, bytes]]:
    if len(block) < 4:
        raise Broken("a block without its restart count")
    (restarts,) = struct.unpack("<I", block[-4:])
    end = len(block) - 4 - 4 * restarts
    if end < 0:
        raise Broken(f"{restarts} restarts do not fit a block of {len(block)} bytes")
    at, key = 0, b""
    while at < end:
        shared, at = varint(block, at)
        fresh, at = varint(block, at)
        length, at = varint(block, at)
        if shared > len(key) or at + fresh + length > end:
            raise Broken(f"an entry does not fit its block at byte {at}")
        key = key[:shared] + block[at : at + fresh]
        at += fresh
        yield key, block[at : at + length]
        at += length
