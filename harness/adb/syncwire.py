"""The messages of adb's file transfer service (`sync:`). No I/O; files.py moves the bytes.

Ids and layouts from AOSP adb/file_sync_protocol.h and SYNC.TXT; everything is little-endian.
"""

from __future__ import annotations

import errno
import os
import struct
from dataclasses import dataclass
from typing import Final

from harness.core.errors import AdbProtocolError

from .blocks import NEED_DATA, ByteBuffer, Need

MAX_DATA_BYTES: Final = 64 * 1024  # SYNC_DATA_MAX
MAX_PATH_BYTES: Final = 1024  # adbd refuses longer paths
MAX_MESSAGE_BYTES: Final = 1 << 20
_HEAD: Final = struct.Struct("<4sI")
_STAT1: Final = struct.Struct("<4sIII")  # id, mode, size, mtime
_STAT2: Final = struct.Struct("<4sIQQIIIIQqqq")  # id, error, dev, ino, mode, nlink, uid, gid, size, atime, mtime, ctime


@dataclass(frozen=True)
class RemoteStat:
    """What the device says about one path. uid and gid are None where the device only speaks the first version."""

    mode: int
    size_bytes: int
    mtime_s: int
    uid: int | None = None
    gid: int | None = None


@dataclass(frozen=True)
class Stat:
    """Answer to a stat request; `error` is the device's errno, 0 when the path is there."""

    found: RemoteStat | None
    error: int

    @property
    def error_text(self) -> str:
        return f"{errno.errorcode.get(self.error, self.error)} ({os.strerror(self.error)})"


@dataclass(frozen=True)
class Data:
    """A piece of a file."""

    data: bytes


@dataclass(frozen=True)
class Done:
    """The file is complete."""


@dataclass(frozen=True)
class Okay:
    """The sent file was taken."""


@dataclass(frozen=True)
class Fail:
    """The device refused, in its own words."""

    message: str


Reply = Stat | Data | Done | Okay | Fail


def encode_request(name: bytes, path: str) -> bytes:
    """A request that carries a path: STAT, STA2, SEND, RECV."""
    raw = path.encode()
    if not raw or b"\0" in raw or len(raw) > MAX_PATH_BYTES:
        raise ValueError(f"not a path that adb can carry: {path[:80]!r}")
    return _HEAD.pack(name, len(raw)) + raw


def encode_data(piece: bytes) -> bytes:
    """A piece of a file, at most MAX_DATA_BYTES."""
    if len(piece) > MAX_DATA_BYTES:
        raise ValueError(f"a piece holds at most {MAX_DATA_BYTES} bytes, this one has {len(piece)}")
    return _HEAD.pack(b"DATA", len(piece)) + piece


def encode_done(mtime_s: int) -> bytes:
    """The end of a sent file and its time stamp."""
    return _HEAD.pack(b"DONE", mtime_s & 0xFFFFFFFF)


QUIT: Final = _HEAD.pack(b"QUIT", 0)


class SyncReader:
    """Cut the device's answers out of a byte stream."""

    def __init__(self) -> None:
        self._buffer = ByteBuffer()

    @property
    def closed(self) -> bool:
        """Whether the peer closed."""
        return self._buffer.closed

    def receive_data(self, data: bytes) -> None:
        """Take what came; empty data says that the peer closed."""
        self._buffer.add(data)

    def next_reply(self) -> Reply | Need:
        """The next answer, or NEED_DATA.

        Raises:
            AdbProtocolError: closed in mid-message, or an id or length that the protocol does not have.
        """
        if not self._buffer.has(4, "a sync message"):
            return NEED_DATA
        name = self._buffer.peek(0, 4)
        if name == b"STAT":
            return self._stat1()
        if name == b"STA2":
            return self._stat2()
        if name not in (b"DATA", b"DONE", b"OKAY", b"FAIL"):
            raise AdbProtocolError("", f"sync message with unknown id {name!r}")
        if not self._buffer.has(_HEAD.size, "a sync message"):
            return NEED_DATA
        _, number = _HEAD.unpack(self._buffer.peek(0, _HEAD.size))
        if name in (b"DONE", b"OKAY"):
            self._buffer.take(_HEAD.size)
            return Done() if name == b"DONE" else Okay()
        if number > MAX_MESSAGE_BYTES:
            raise AdbProtocolError("", f"sync message {name.decode()} of {number} bytes")
        if not self._buffer.has(_HEAD.size + number, f"a sync {name.decode()}"):
            return NEED_DATA
        self._buffer.take(_HEAD.size)
        body = self._buffer.take(number)
        return Data(body) if name == b"DATA" else Fail(body.decode(errors="replace"))

    def _stat1(self) -> Stat | Need:
        if not self._buffer.has(_STAT1.size, "a stat"):
            return NEED_DATA
        _, mode, size, mtime = _STAT1.unpack(self._buffer.take(_STAT1.size))
        if not mode:  # version 1 says "absent" and "not allowed" with the same zeros
            return Stat(None, errno.ENOENT)
        return Stat(RemoteStat(mode, size, mtime), 0)

    def _stat2(self) -> Stat | Need:
        if not self._buffer.has(_STAT2.size, "a stat"):
            return NEED_DATA
        fields = _STAT2.unpack(self._buffer.take(_STAT2.size))
        error, mode, uid, gid, size, mtime = (fields[i] for i in (1, 4, 6, 7, 8, 10))
        if error:
            return Stat(None, error)
        return Stat(RemoteStat(mode, size, mtime, uid, gid), 0)
