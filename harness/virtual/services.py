"""adb's services on the tablet: shell (v1, v2), exec, sync, tcp forwards, reverse and reboot's refusal."""

from __future__ import annotations

import asyncio
import contextlib
import struct
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from harness.virtual import syncservice
from harness.virtual.call import Command, Input, Output
from harness.virtual.hardware import StreamReader, StreamWriter
from harness.virtual.shell import Shell
from harness.virtual.tablet import Tablet
from harness.virtual.terminal import on_terminal, script, terminal
from harness.virtual.transport import AdbListener, Opening, Stream, StreamClosed

UIAUTOMATOR_PORT: Final = 6790
# Appium polls every second: holding the first look a moment saves it that second (facts/appium_adb.md 3).
INSTRUMENTATION_HOLD_S: Final = 0.3
REFUSED: Final = ("jdwp", "track-", "framebuffer:", "abb:", "abb_exec:", "usb:")
# adbd's words on a user build (restart_service.cpp, remount_service.cpp).
UNROOTED: Final = {
    "root": b"adbd cannot run as root in production builds\n",
    "unroot": b"adbd not running as root\n",
    "remount": b'Not running as root. Try "adb root" first.\n',
}
_STDIN, _STDOUT, _STDERR, _EXIT, _CLOSE_STDIN, _WINDOW = range(6)


class _ShellV2Input:
    """Standard input out of shell v2 frames."""

    def __init__(self, stream: Stream, gone: Callable[[], None]) -> None:
        self._queue: asyncio.Queue[bytes] = asyncio.Queue()
        self._rest = b""
        self._stream, self._gone = stream, gone
        self._ended = False

    async def pump(self) -> None:
        with contextlib.suppress(StreamClosed):
            while True:
                kind, length = struct.unpack("<BI", await self._stream.read_exactly(5))
                data = await self._stream.read_exactly(length) if length else b""
                if kind == _STDIN and data:
                    self._queue.put_nowait(data)
                elif kind == _CLOSE_STDIN:
                    self._queue.put_nowait(b"")
        self._queue.put_nowait(b"")
        self._gone()

    async def read(self, limit: int = -1) -> bytes:
        if self._ended and not self._rest:
            return b""
        data = self._rest or await self._queue.get()
        self._ended = self._ended or not data
        self._rest = b"" if limit < 0 else data[limit:]
        return data if limit < 0 else data[:limit]


class Services:
    """What the host can open."""

    def __init__(self, tablet: Tablet, table: Mapping[str, Command]) -> None:
        self.tablet, self.table = tablet, table
        self.listener: AdbListener | None = None

    async def __call__(self, name: str, opening: Opening) -> None:
        """Serve one opened stream; returning without accept() refuses it."""
        kind, _, rest = name.partition(":")
        if kind == "shell" or kind.startswith("shell,"):
            await self._shell(kind.split(",")[1:], rest, await opening.accept())
        elif kind == "exec":
            await self._raw(rest, await opening.accept())
        elif kind == "sync":
            await syncservice.serve(self.tablet, await opening.accept())
        elif kind == "tcp":
            await self._tcp(rest, opening)
        elif kind == "reverse":
            await self._reverse(rest, opening)
        elif kind in UNROOTED:
            await (await opening.accept()).write(UNROOTED[kind])
        elif not name.startswith(REFUSED):
            self.tablet.note_unknown("service", name)

    # shells ------------------------------------------------------------------------------------------------------
    async def _shell(self, options: list[str], text: str, stream: Stream) -> None:
        if "v2" not in options:
            await self._raw(text, stream)
            return
        pty = "pty" in options or (not text and "raw" not in options)

        def frame(kind: int, data: bytes) -> bytes:
            return struct.pack("<BI", kind, len(data)) + data

        async def out(data: bytes) -> None:
            if data:
                await stream.write(frame(_STDOUT, data))

        async def err(data: bytes) -> None:
            if data:
                await stream.write(frame(_STDOUT if pty else _STDERR, data))

        running: asyncio.Task[int] | None = None

        def gone() -> None:
            if running is not None:
                running.cancel()

        source = _ShellV2Input(stream, gone)
        pump = asyncio.create_task(source.pump())
        try:
            running = asyncio.create_task(self._run(text, pty, source, out, err))
            await asyncio.wait({running})
            if not running.cancelled() and not stream.closed.is_set():
                code = self._result(running, text)
                await stream.write(frame(_EXIT, bytes([code & 255])))
        finally:
            for task in (running, pump):
                if task is not None:
                    task.cancel()
            await asyncio.gather(*(t for t in (running, pump) if t), return_exceptions=True)

    async def _run(self, text: str, pty: bool, stdin: Input, out: Output, err: Output) -> int:
        shell = Shell(self.tablet, self.table)
        if not text:
            name = self.tablet.profile.device
            return await (terminal(shell, name, stdin, out) if pty else script(shell, stdin, out, err))
        return await (
            shell.run(text, stdin, on_terminal(out), on_terminal(out)) if pty else shell.run(text, stdin, out, err)
        )

    def _result(self, running: asyncio.Task[int], text: str) -> int:
        error = running.exception()
        if error is None:
            return running.result()
        if not isinstance(error, StreamClosed):  # a fault of ours must not look like the tablet's answer
            self.tablet.note_unknown("internal error", f"{text}: {error!r}")
        return 134

    async def _raw(self, text: str, stream: Stream) -> None:
        async def out(data: bytes) -> None:
            if data:
                await stream.write(data)

        running = asyncio.create_task(self._run(text, not text, stream, out, out))
        closed = asyncio.create_task(stream.closed.wait())
        try:
            await asyncio.wait({running, closed}, return_when=asyncio.FIRST_COMPLETED)
            if running.done() and not running.cancelled():
                self._result(running, text)
        finally:
            for task in (running, closed):
                task.cancel()
            await asyncio.gather(running, closed, return_exceptions=True)

    # forwards ----------------------------------------------------------------------------------------------------
    async def _tcp(self, rest: str, opening: Opening) -> None:
        port = rest.split(":")[0]
        if port != str(UIAUTOMATOR_PORT):
            await self._to_reverse(port, opening)
            return
        tablet, until = self.tablet, time.monotonic() + INSTRUMENTATION_HOLD_S
        while tablet.endpoint_address is None and tablet.instrumentation_expected() and time.monotonic() < until:
            await asyncio.sleep(0.01)
        address = tablet.endpoint_address
        tablet.looked_for_server = address is None
        tablet.log.write("adbd", f"tcp:{port} {'refused: nothing listens' if address is None else 'open'}", level="D")
        if address is None:
            return
        try:
            reader, writer = await (
                asyncio.open_unix_connection(str(address))
                if isinstance(address, Path)
                else asyncio.open_connection("127.0.0.1", address)
            )
        except OSError:
            return
        await self._bridge(await opening.accept(), reader, writer)

    async def _to_reverse(self, port: str, opening: Opening) -> None:
        """The other ports that the tablet listens on are those of adb reverse."""
        opener = self.tablet.radio.reverse.get(int(port)) if port.isdigit() else None
        if opener is None:
            return
        with contextlib.suppress(ConnectionError):
            reader, writer = await opener()
            await self._bridge(await opening.accept(), reader, writer)

    @staticmethod
    async def _bridge(stream: Stream, reader: StreamReader, writer: StreamWriter) -> None:
        async def up() -> None:
            with contextlib.suppress(ConnectionError):
                while data := await stream.read():
                    writer.write(data)
                    await writer.drain()

        async def down() -> None:
            with contextlib.suppress(ConnectionError, StreamClosed):
                while data := await reader.read(64 * 1024):
                    await stream.write(data)

        tasks = [asyncio.create_task(up()), asyncio.create_task(down())]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            writer.close()

    # reverse -----------------------------------------------------------------------------------------------------
    async def _reverse(self, rest: str, opening: Opening) -> None:
        stream = await opening.accept()
        verb, _, spec = rest.partition(":")
        answer = b"OKAY"
        if verb == "forward":
            answer = self._add_reverse(spec)
        elif verb == "killforward":
            answer = b"OKAY" if self._drop_reverse(spec) else _fail(f"listener '{spec}' not found")
        elif verb == "killforward-all":
            for device in list(self.tablet.reverse):
                self._drop_reverse(device)
        elif verb == "list-forward":
            lines = "".join(f"UsbFfs {device} {host}\n" for device, host in self.tablet.reverse.items())
            answer = f"{len(lines):04x}{lines}".encode()
        else:
            self.tablet.note_unknown("reverse", rest)
            answer = _fail("unknown reverse command")
        await stream.write(answer)

    def _add_reverse(self, spec: str) -> bytes:
        keep = spec.startswith("norebind:")
        device, _, host = spec.removeprefix("norebind:").partition(";")
        number = device.removeprefix("tcp:")
        if not device.startswith("tcp:") or not number.isdigit() or not host:
            return _fail(f"unsupported reverse {spec!r}: this tablet listens on tcp:PORT only")
        port, chosen = int(number), b""
        if port == 0:
            port = next(free for free in range(40000, 60000) if f"tcp:{free}" not in self.tablet.reverse)
            device, chosen = f"tcp:{port}", f"{len(str(port)):04x}{port}".encode()
        if keep and device in self.tablet.reverse:
            return _fail(f"cannot rebind existing socket {device}")
        self.tablet.reverse[device] = host
        self.tablet.radio.reverse[port] = lambda: self._open_host(host)
        return b"OKAY" + chosen

    def _drop_reverse(self, device: str) -> bool:
        known = self.tablet.reverse.pop(device, None) is not None
        if known:
            self.tablet.radio.reverse.pop(int(device.removeprefix("tcp:")), None)
        return known

    async def _open_host(self, service: str) -> tuple[HostReader, HostWriter]:
        connection = self.listener.current if self.listener else None
        if connection is None:
            raise ConnectionRefusedError("no host is attached")
        try:
            stream = await connection.open_host(service)
        except StreamClosed as error:
            raise ConnectionRefusedError(f"{service}: {error}") from error
        return HostReader(stream), HostWriter(stream)


class HostReader:
    """The reading half of a stream to the host, shaped as asyncio's."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream

    async def read(self, n: int = -1) -> bytes:
        """The next bytes; b"" at the end."""
        return await self._stream.read(n)


class HostWriter:
    """The writing half of a stream to the host, shaped as asyncio's: write, then drain."""

    def __init__(self, stream: Stream) -> None:
        self._stream, self._waiting = stream, bytearray()
        self._closing: asyncio.Task[None] | None = None

    def write(self, data: bytes) -> None:
        """Keep the bytes for drain()."""
        self._waiting += data

    async def drain(self) -> None:
        """Send what was written. Raises ConnectionError when the host has closed."""
        data, self._waiting = bytes(self._waiting), bytearray()
        try:
            await self._stream.write(data)
        except StreamClosed as error:
            raise ConnectionResetError(str(error)) from error

    def close(self) -> None:
        """Close the stream."""
        if self._closing is None:
            self._closing = asyncio.create_task(self._stream.close())

    async def wait_closed(self) -> None:
        """Returns when the close went out."""
        if self._closing is not None:
            await self._closing


def _fail(message: str) -> bytes:
    return b"FAIL" + f"{len(message):04x}{message}".encode()
