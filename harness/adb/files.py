"""Files to and from a device over adb's sync service, each checked by length and never left half-written."""

from __future__ import annotations

import errno
import hashlib
import os
import secrets
import stat as stat_bits
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from harness.core.clock import Deadline
from harness.core.errors import AdbProtocolError, DeviceError

from . import syncwire
from .blocks import NEED_DATA
from .connection import AdbConnection, ExactDevice
from .syncwire import RemoteStat


@dataclass(frozen=True)
class PulledFile:
    """A file that came whole."""

    path: Path
    size_bytes: int
    sha256: str


class SyncSession:
    """One `sync:` stream. A context manager; several requests may follow each other."""

    def __init__(self, device: ExactDevice, deadline: Deadline, *, stat_v2: bool) -> None:
        self._serial: str = device.serial
        self._stat_request = b"STA2" if stat_v2 else b"STAT"
        self._connection: AdbConnection = device.open(deadline, "sync:")
        self._reader = syncwire.SyncReader()

    def __enter__(self) -> SyncSession:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def stat(self, remote: str) -> RemoteStat | None:
        """What the device says about the path; None when it is not there."""
        self._connection.send_all(syncwire.encode_request(self._stat_request, remote))
        reply = self._reply(f"stat {remote}")
        if not isinstance(reply, syncwire.Stat):
            raise self._unexpected(f"stat {remote}", reply)
        if reply.error not in (0, errno.ENOENT, errno.ENOTDIR):
            raise DeviceError(self._serial, f"stat {remote}: {reply.error_text}")
        return reply.found

    def receive(self, remote: str) -> Iterator[bytes]:
        """The pieces of a file; ends only when the device said that it is complete."""
        self._connection.send_all(syncwire.encode_request(b"RECV", remote))
        while True:
            reply = self._reply(f"pull {remote}")
            if isinstance(reply, syncwire.Done):
                return
            if not isinstance(reply, syncwire.Data):
                raise self._unexpected(f"pull {remote}", reply)
            yield reply.data

    def send(self, pieces: Iterator[bytes], remote: str, mode: int, mtime_s: int) -> int:
        """Send a file; the number of bytes sent once the device has taken them."""
        sent = 0
        try:
            self._connection.send_all(syncwire.encode_request(b"SEND", f"{remote},{mode | stat_bits.S_IFREG}"))
            for piece in pieces:
                self._connection.send_all(syncwire.encode_data(piece))
                sent += len(piece)
            self._connection.send_all(syncwire.encode_done(mtime_s))
        except AdbProtocolError as lost:  # a device that refuses early closes; its words are still to be read
            raise self._words_or(lost, f"push {remote}") from lost
        reply = self._reply(f"push {remote}")
        if not isinstance(reply, syncwire.Okay):
            raise self._unexpected(f"push {remote}", reply)
        return sent

    def _reply(self, doing: str) -> syncwire.Reply:
        while True:
            try:
                reply = self._reader.next_reply()
            except AdbProtocolError as e:
                raise AdbProtocolError(self._serial, f"{doing}: {e.problem}") from e
            if reply is not NEED_DATA:
                return reply
            if self._reader.closed:
                raise AdbProtocolError(
                    self._serial, f"{doing}: closed before the end, {self._connection.received_bytes} bytes received"
                )
            self._reader.receive_data(self._connection.receive_some())

    def _words_or(self, lost: AdbProtocolError, doing: str) -> DeviceError:
        try:
            return self._unexpected(doing, self._reply(doing))
        except DeviceError:
            return lost

    def _unexpected(self, doing: str, reply: syncwire.Reply) -> DeviceError:
        if isinstance(reply, syncwire.Fail):
            return DeviceError(self._serial, f"{doing}: {reply.message}")
        return AdbProtocolError(self._serial, f"{doing}: unexpected {type(reply).__name__}")


def push(session: SyncSession, serial: str, local: Path | bytes, remote: str, mode: int) -> RemoteStat:
    """Send a file or bytes and read the length back; what the device then says about it."""
    if isinstance(local, bytes):
        size, mtime_s, pieces = len(local), int(time.time()), _cut(local)
    else:
        seen = local.stat()
        size, mtime_s, pieces = seen.st_size, int(seen.st_mtime), _pieces(local)
    sent = session.send(pieces, remote, mode, mtime_s)
    arrived = session.stat(remote)
    if sent != size or arrived is None or arrived.size_bytes != size:
        there = "nothing" if arrived is None else f"{arrived.size_bytes} bytes"
        raise AdbProtocolError(serial, f"push {remote}: {size} bytes to send, {sent} sent, {there} on the device")
    return arrived


def pull(session: SyncSession, serial: str, remote: str, local: Path, sha256: str | None) -> PulledFile:
    """Fetch a file through a temporary one beside it; `local` appears only when length (and hash) are right."""
    expected = _regular(session, serial, remote)
    part = local.with_name(f".{local.name}.{secrets.token_hex(4)}.part")
    digest, size = hashlib.sha256(), 0
    try:
        with part.open("xb") as file:
            for piece in session.receive(remote):
                file.write(piece)
                digest.update(piece)
                size += len(piece)
        _same_length(serial, remote, expected.size_bytes, size)
        if sha256 is not None and digest.hexdigest() != sha256.lower():
            raise AdbProtocolError(serial, f"pull {remote}: sha256 {digest.hexdigest()}, expected {sha256}")
        part.replace(local)
    finally:
        part.unlink(missing_ok=True)
    return PulledFile(local, size, digest.hexdigest())


def read(session: SyncSession, serial: str, remote: str, limit_bytes: int) -> bytes:
    """A file's bytes, whole."""
    expected = _regular(session, serial, remote)
    if expected.size_bytes > limit_bytes:
        raise DeviceError(serial, f"read {remote}: {expected.size_bytes} bytes, the limit is {limit_bytes}; pull it")
    content = bytearray()
    for piece in session.receive(remote):
        content += piece
        if len(content) > expected.size_bytes:
            break
    _same_length(serial, remote, expected.size_bytes, len(content))
    return bytes(content)


def _regular(session: SyncSession, serial: str, remote: str) -> RemoteStat:
    seen = session.stat(remote)
    if seen is None:
        raise DeviceError(serial, f"pull {remote}: {os.strerror(errno.ENOENT)}")
    if not stat_bits.S_ISREG(seen.mode):
        raise DeviceError(serial, f"pull {remote}: not a regular file (mode {seen.mode:o})")
    return seen


def _same_length(serial: str, remote: str, expected: int, came: int) -> None:
    if expected != came:
        raise AdbProtocolError(
            serial, f"pull {remote}: {came} bytes came, stat says {expected}: cut, or changed meanwhile"
        )


def _cut(content: bytes) -> Iterator[bytes]:
    for start in range(0, len(content), syncwire.MAX_DATA_BYTES):
        yield content[start : start + syncwire.MAX_DATA_BYTES]


def _pieces(local: Path) -> Iterator[bytes]:
    with local.open("rb") as file:
        while piece := file.read(syncwire.MAX_DATA_BYTES):
            yield piece
