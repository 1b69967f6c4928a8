"""Length-prefixed blocks of the adb host protocol, cut out of a byte stream. No I/O."""

from __future__ import annotations

from enum import Enum
from typing import Final

from harness.core.errors import AdbProtocolError

MAX_BLOCK_BYTES: Final = 0xFFFF  # four hex digits, AOSP adb SERVICES.TXT / OVERVIEW.TXT
_HEX_DIGITS: Final = frozenset(b"0123456789abcdefABCDEF")


class Need(Enum):
    """What a reader waits for."""

    DATA = "need data"


NEED_DATA: Final = Need.DATA


class ByteBuffer:
    """Received bytes that were not used yet, and whether more can come."""

    def __init__(self, limit_bytes: int = 1 << 26) -> None:
        self._bytes = bytearray()
        self._limit_bytes = limit_bytes
        self.closed = False

    def __len__(self) -> int:
        return len(self._bytes)

    def add(self, data: bytes) -> None:
        """Keep `data`; empty data says that the peer closed."""
        if not data:
            self.closed = True
            return
        if len(self._bytes) + len(data) > self._limit_bytes:
            raise AdbProtocolError("", f"more than {self._limit_bytes} bytes waiting; nobody reads them")
        self._bytes += data

    def peek(self, start: int, end: int) -> bytes:
        """Bytes start..end without using them."""
        return bytes(self._bytes[start:end])

    def has(self, count: int, what: str) -> bool:
        """Whether `count` bytes are there.

        Raises:
            AdbProtocolError: they are not and the peer closed in the middle of `what`.
        """
        if len(self._bytes) >= count:
            return True
        if self.closed and self._bytes:
            raise AdbProtocolError("", f"closed after {len(self._bytes)} of at least {count} bytes of {what}")
        return False

    def take(self, count: int) -> bytes:
        """The next `count` bytes, used up."""
        taken = bytes(self._bytes[:count])
        del self._bytes[:count]
        return taken

    def take_all(self) -> bytes:
        """Everything that is there, used up."""
        return self.take(len(self._bytes))


def parse_length(digits: bytes) -> int:
    """The number in exactly four hex digits; Python's int() also takes b'+00c', b' 00c' and b'0_0c'."""
    if len(digits) != 4 or not _HEX_DIGITS.issuperset(digits):
        raise AdbProtocolError("", f"expected four hex digits, got {digits!r}")
    return int(digits, 16)


def encode_block(payload: bytes) -> bytes:
    """The payload behind its four hex digits."""
    if len(payload) > MAX_BLOCK_BYTES:
        raise ValueError(f"an adb request holds at most {MAX_BLOCK_BYTES} bytes, this one has {len(payload)}")
    return b"%04x" % len(payload) + payload


class BlockReader:
    """Cut blocks (b"000chello world!") out of a byte stream."""

    def __init__(self) -> None:
        self._buffer = ByteBuffer()

    def receive_data(self, data: bytes) -> None:
        """Take what came; empty data says that the peer closed."""
        self._buffer.add(data)

    @property
    def trailing(self) -> bytes:
        """Bytes behind the last block that was read."""
        return self._buffer.peek(0, len(self._buffer))

    def next_block(self) -> bytes | Need:
        """The next block's payload, or NEED_DATA.

        Raises:
            AdbProtocolError: closed in mid-block, or the length is not four hex digits.
        """
        if not self._buffer.has(4, "a length"):
            return NEED_DATA
        length = parse_length(self._buffer.peek(0, 4))
        if not self._buffer.has(4 + length, "a block"):
            return NEED_DATA
        self._buffer.take(4)
        return self._buffer.take(length)
