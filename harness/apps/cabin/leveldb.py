"""The values in LevelDB's files, as Chromium's IndexedDB writes them. Strict and bounded; damage is an error.

Formats: https://github.com/google/leveldb/blob/main/doc/log_format.md and table_format.md.
"""

from __future__ import annotations

from collections.abc import Iterator

import cramjam

LOG_BLOCK_BYTES = 32768
TABLE_MAGIC = bytes.fromhex("57fb808b247547db")
MAX_BLOCK_BYTES = 64 * 1024 * 1024


class LevelDbDamaged(ValueError):
    """A LevelDB file breaks its format; the message names the byte."""


def varint(data: bytes, at: int) -> tuple[int, int]:
    """The number that begins at `at`, and where it ends."""
    value = shift = 0
    while True:
        if at >= len(data) or shift > 63:
            raise LevelDbDamaged(f"byte {at}: a varint does not end")
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at


def encode_varint(value: int) -> bytes:
    """`value` as a varint."""
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def log_values(data: bytes) -> Iterator[bytes]:
    """Values put by a write-ahead log (.log). A torn last record, as a killed browser leaves it, is passed over."""
    for record in _log_records(data):
        at = 12  # sequence number and count
        while at < len(record):
            tag = record[at]
            if tag not in (0, 1):
                raise LevelDbDamaged(f"write batch, byte {at}: tag {tag}; expected 0 or 1")
            size, at = varint(record, at + 1)
            at += size
            if tag == 1:
                size, at = varint(record, at)
                if at + size > len(record):
                    raise LevelDbDamaged(f"write batch, byte {at}: a value of {size} bytes does not fit")
                yield record[at : at + size]
                at += size


def _log_records(data: bytes) -> Iterator[bytes]:
    parts = bytearray()
    at = 0
    while at + 7 <= len(data):
        left = LOG_BLOCK_BYTES - at % LOG_BLOCK_BYTES
        if left < 7:
            at += left
            continue
        size, kind = int.from_bytes(data[at + 4 : at + 6], "little"), data[at + 6]
        body = data[at + 7 : at + 7 + size]
        if kind == 0 and size == 0:  # preallocated space
            return
        if kind not in (1, 2, 3, 4) or size > left - 7:
            raise LevelDbDamaged(f"log, byte {at}: record of type {kind} and {size} bytes")
        if len(body) < size:
            return
        if kind in (1, 2):
            parts.clear()
        parts += body
        at += 7 + size
        if kind in (1, 4):
            yield bytes(parts)


def table_values(data: bytes) -> Iterator[bytes]:
    """Values of a sorted table (.ldb)."""
    if len(data) < 48 or data[-8:] != TABLE_MAGIC:
        raise LevelDbDamaged(f"table of {len(data)} bytes: no footer")
    footer = data[-48:]
    at = 0
    for _ in range(2):
        _, at = varint(footer, at)
    offset, at = varint(footer, at)
    size, _ = varint(footer, at)
    for handle in _block_values(_block(data, offset, size)):
        offset, at = varint(handle, 0)
        size, _ = varint(handle, at)
        yield from _block_values(_block(data, offset, size))


def _block(data: bytes, offset: int, size: int) -> bytes:
    if offset + size + 5 > len(data):
        raise LevelDbDamaged(f"table, byte {offset}: a block of {size} bytes does not fit")
    body, kind = data[offset : offset + size], data[offset + size]
    if kind == 0:
        return body
    if kind != 1:
        raise LevelDbDamaged(f"table, byte {offset + size}: compression {kind}; expected 0 or 1 (snappy)")
    return unsnap(body)


def unsnap(body: bytes) -> bytes:
    """Raw snappy undone.

    Raises:
        LevelDbDamaged: it is not snappy, or says that it holds more than MAX_BLOCK_BYTES.
    """
    length, _ = varint(body, 0)
    if length > MAX_BLOCK_BYTES:
        raise LevelDbDamaged(f"a snappy block of {length} bytes; at most {MAX_BLOCK_BYTES} are read")
    try:
        return bytes(cramjam.snappy.decompress_raw(body))
    except cramjam.DecompressionError as error:
        raise LevelDbDamaged(f"not snappy: {error}") from error


def _block_values(block: bytes) -> Iterator[bytes]:
    if len(block) < 4:
        raise LevelDbDamaged(f"a block of {len(block)} bytes")
    end = len(block) - 4 - 4 * int.from_bytes(block[-4:], "little")
    at = 0
    while at < end:
        _, at = varint(block, at)
        fresh, at = varint(block, at)
        size, at = varint(block, at)
        at += fresh
        if at + size > end:
            raise LevelDbDamaged(f"block, byte {at}: a value of {size} bytes does not fit")
        yield block[at : at + size]
        at += size
