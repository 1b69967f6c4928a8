"""adb's `sync:` service on the tablet: stat, list, send and receive, in both protocol versions.

A request is four letters, a little-endian u32 and as many bytes. Source: adb's file_sync_protocol.h and
facts/appium_adb.md 2.
"""

from __future__ import annotations

import errno
import os
import stat
import struct
from pathlib import Path

from harness.virtual.tablet import Tablet
from harness.virtual.transport import Stream, StreamClosed

CHUNK_BYTES = 64 * 1024
MAX_PATH_BYTES = 1024
_STAT_V2 = "<IQQIIIIQqqq"


class _Session:
    def __init__(self, tablet: Tablet, stream: Stream) -> None:
        self.tablet, self.stream = tablet, stream

    async def header(self) -> tuple[bytes, int]:
        name, number = struct.unpack("<4sI", await self.stream.read_exactly(8))
        return name, number

    async def fail(self, message: str) -> None:
        text = message.encode()
        await self.stream.write(b"FAIL" + struct.pack("<I", len(text)) + text)

    def _lstat(self, path: str) -> os.stat_result | int:
        try:
            return self.tablet.files.host(path).stat(follow_symlinks=False)
        except OSError as error:
            return error.errno or errno.EIO

    def body_v1(self, path: str) -> bytes:
        seen = self._lstat(path)
        if isinstance(seen, int):
            return struct.pack("<III", 0, 0, 0)
        return struct.pack("<III", seen.st_mode, seen.st_size & 0xFFFFFFFF, int(seen.st_mtime))

    def body_v2(self, path: str) -> bytes:
        seen = self._lstat(path)
        if isinstance(seen, int):
            return struct.pack(_STAT_V2, seen, *([0] * 10))
        times = (int(seen.st_atime), int(seen.st_mtime), int(seen.st_ctime))
        return struct.pack(
            _STAT_V2, 0, seen.st_dev, seen.st_ino, seen.st_mode, seen.st_nlink, 2000, 2000, seen.st_size, *times
        )

    async def listing(self, path: str, name: bytes) -> None:
        second = name == b"LIS2"
        try:
            names = sorted(item.name for item in self.tablet.files.host(path).iterdir())
        except OSError:
            names = []
        for item in names:
            inner, text = f"{path.rstrip('/')}/{item}", item.encode()
            body = b"DNT2" + self.body_v2(inner) if second else b"DENT" + self.body_v1(inner)
            await self.stream.write(body + struct.pack("<I", len(text)) + text)
        await self.stream.write(b"DONE" + b"\0" * (72 if second else 16))

    async def receive(self, path: str) -> None:
        try:
            host = self.tablet.files.host(path)
            if host.is_dir():
                raise IsADirectoryError(errno.EISDIR, "Is a directory")
            with host.open("rb") as file:
                while block := file.read(CHUNK_BYTES * 8):
                    packed = bytearray()
                    for start in range(0, len(block), CHUNK_BYTES):
                        part = block[start : start + CHUNK_BYTES]
                        packed += b"DATA" + struct.pack("<I", len(part)) + part
                    await self.stream.write(bytes(packed))
            await self.stream.write(b"DONE\0\0\0\0")
        except OSError as error:
            await self.fail(f"failed to open '{path}': {error.strerror}")

    async def send(self, path: str, mode: int) -> None:
        problem, part, host = "", None, None
        try:
            host = self.tablet.files.host(path, write=True)
            if stat.S_ISLNK(mode) or host.is_dir():
                raise OSError(errno.EINVAL, "couldn't create file: Is a directory or a link")
            host.parent.mkdir(parents=True, exist_ok=True)
            part = host.open("wb")
        except OSError as error:
            problem = f"couldn't create file: {error.strerror}"
        try:
            while True:
                name, number = await self.header()
                if name == b"DONE":
                    break
                if name != b"DATA" or number > CHUNK_BYTES:
                    raise StreamClosed(f"{name!r} of {number} inside a file")
                data = await self.stream.read_exactly(number)
                if part is not None:
                    try:
                        part.write(data)
                    except OSError as error:
                        problem = f"write failed: {error.strerror}"
        finally:
            if part is not None:
                part.close()
        if problem or host is None:
            await self.fail(problem)
            return
        self._finish(host, mode, number)
        await self.stream.write(b"OKAY\0\0\0\0")

    @staticmethod
    def _finish(host: Path, mode: int, modified: int) -> None:
        host.chmod(0o600 | (mode & 0o777))
        os.utime(host, (modified, modified))


async def serve(tablet: Tablet, stream: Stream) -> None:
    """Answer sync requests until QUIT or the stream's end."""
    session = _Session(tablet, stream)
    while True:
        name, length = await session.header()
        if name == b"QUIT":
            return
        if length > MAX_PATH_BYTES:
            await session.fail("path too long")
            return
        path = (await stream.read_exactly(length)).decode("utf-8", "surrogateescape")
        if name == b"STAT":
            await stream.write(b"STAT" + session.body_v1(path))
        elif name in (b"STA2", b"LST2"):
            await stream.write(name + session.body_v2(path))
        elif name in (b"LIST", b"LIS2"):
            await session.listing(path, name)
        elif name == b"RECV":
            await session.receive(path)
        elif name == b"RCV2":
            _again, flags = await session.header()
            await (session.receive(path) if flags == 0 else session.fail("compression is not supported"))
        elif name == b"SEND":
            target, _, mode = path.rpartition(",")
            await session.send(target, int(mode) if mode.isdigit() else 0o644)
        elif name == b"SND2":
            mode_and_flags = await stream.read_exactly(12)
            _id, number, _flags = struct.unpack("<4sII", mode_and_flags)
            await session.send(path, number)
        else:
            tablet.note_unknown("sync", repr(name))
            await session.fail(f"unknown command {name.hex()}")
            return
