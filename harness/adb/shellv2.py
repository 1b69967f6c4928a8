"""Frames of adb's shell protocol version 2: stdout, stderr and the exit code on one stream. No I/O.

A frame is one byte id, a little-endian u32 length and the data (AOSP adb/shell_protocol.h).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from harness.core.errors import AdbProtocolError

from .blocks import NEED_DATA, ByteBuffer, Need

HEADER: Final = struct.Struct("<BI")
MAX_FRAME_BYTES: Final = 1 << 24  # adbd sends at most its 1 MiB payload; more is a broken stream, not a big one


class FrameId(IntEnum):
    """What a frame carries; numbers from shell_protocol.h."""

    STDIN = 0
    STDOUT = 1
    STDERR = 2
    EXIT = 3
    CLOSE_STDIN = 4
    WINDOW_SIZE = 5


@dataclass(frozen=True)
class Frame:
    """One frame of the stream."""

    id: FrameId
    data: bytes


def encode_frame(frame_id: FrameId, data: bytes = b"") -> bytes:
    """The frame as it goes on the wire."""
    return HEADER.pack(frame_id, len(data)) + data


class FrameReader:
    """Cut frames out of a byte stream."""

    def __init__(self) -> None:
        self._buffer = ByteBuffer()

    @property
    def closed(self) -> bool:
        """Whether the peer closed."""
        return self._buffer.closed

    def receive_data(self, data: bytes) -> None:
        """Take what came; empty data says that the peer closed."""
        self._buffer.add(data)

    def next_frame(self) -> Frame | Need:
        """The next frame, or NEED_DATA.

        Raises:
            AdbProtocolError: closed in mid-frame, or an id or length that the protocol does not have.
        """
        if not self._buffer.has(HEADER.size, "a shell frame"):
            return NEED_DATA
        number, length = HEADER.unpack(self._buffer.peek(0, HEADER.size))
        if number not in FrameId.__members__.values():
            raise AdbProtocolError("", f"shell frame with unknown id {number}")
        if length > MAX_FRAME_BYTES or (number == FrameId.EXIT and length != 1):
            raise AdbProtocolError("", f"shell frame {FrameId(number).name} with length {length}")
        if not self._buffer.has(HEADER.size + length, "a shell frame"):
            return NEED_DATA
        self._buffer.take(HEADER.size)
        return Frame(FrameId(number), self._buffer.take(length))
