"""The tablet's radio: an HTTP proxy that every app's traffic passes, and that airplane mode really cuts.

Inside the tablet 127.0.0.1 is the tablet itself, where only adb's reverse listeners live; 10.0.2.2 is the host's
loopback, as in Android's emulator, and is reached through the radio only. The proxy's own port stays open while the
radio is off, because it is the way to the tablet's loopback and because an app that tries the network while offline is
evidence: such a request is written down, no connection is made for it, and its connection is aborted.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from harness.virtual.hardware import OpenHostStream, StreamReader, StreamWriter

HOST_LOOPBACK = "10.0.2.2"
_TABLET_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1", "[::1]"})
_HEAD_LIMIT_BYTES = 256 * 1024
_CONNECT_TIMEOUT_S = 10.0
_CHUNK_BYTES = 64 * 1024


@dataclass(frozen=True)
class Attempt:
    """A request that the radio did not let through. `time_s` is host monotonic."""

    time_s: float
    uid: int
    host: str
    port: int
    path: str
    reason: str


class NoRoute(Exception):
    """The radio has no way to that address; the text is what `nc` would say."""


@dataclass
class _Traffic:
    received_bytes: int = 0
    sent_bytes: int = 0


@dataclass(eq=False)
class _Live:
    """One proxied connection, cut when the radio goes off."""

    client: asyncio.StreamWriter
    uid: int
    upstream: StreamWriter | None = None
    by_radio: bool = False
    target: tuple[str, int] | None = None
    pipe: asyncio.Task[None] | None = None


@dataclass
class ProxyRadio:
    """A hardware.Radio made of one proxy port per app.

    Args:
        allowed: further hosts that the machine lets the tablet reach; empty is only the host's loopback.
    """

    allowed: frozenset[str] = frozenset()
    airplane: bool = False
    wifi: bool = True
    data: bool = False
    bluetooth: bool = True
    black_hole: bool = False  # Wi-Fi up, but nothing answers
    attempts: list[Attempt] = field(default_factory=list)
    listeners: list[Callable[[bool], Awaitable[None]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._reverse: dict[int, OpenHostStream] = {}
        self._servers: dict[int, asyncio.Server] = {}
        self._live: set[_Live] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._apps: dict[int, _Traffic] = {}
        self._wlan = _Traffic()
        self._changed = asyncio.Event()
        self._before = (self.wifi, self.bluetooth)

    @property
    def online(self) -> bool:
        """True when a radio has a route."""
        return self.wifi or (self.data and not self.airplane)

    @property
    def reverse(self) -> MutableMapping[int, OpenHostStream]:
        return self._reverse

    async def set_airplane(self, on: bool) -> None:
        """Switch every radio off; Wi-Fi, data and Bluetooth that were on come back with `on=False`."""
        if on == self.airplane:
            return
        self.airplane = on
        if on:
            self._before = (self.wifi, self.bluetooth)
            self.wifi = self.bluetooth = False
        else:
            self.wifi, self.bluetooth = self._before
        await self._apply()

    async def set_wifi(self, on: bool) -> None:
        """Switch Wi-Fi; allowed in airplane mode too, as on Android."""
        self.wifi = on
        await self._apply()

    async def set_data(self, on: bool) -> None:
        self.data = on
        await self._apply()

    def counters(self, uid: int) -> tuple[int, int]:
        traffic = self._apps.get(uid, _Traffic())
        return traffic.received_bytes, traffic.sent_bytes

    def interface_bytes(self) -> tuple[int, int]:
        return self._wlan.received_bytes, self._wlan.sent_bytes

    async def probe(self, host: str, port: int) -> str | None:
        try:
            _, writer, _ = await self._connect(host, port)
        except NoRoute as problem:
            return str(problem)
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
        return None

    async def port_for(self, uid: int) -> int:
        """The proxy port of the app with this uid, opened on first use."""
        if uid not in self._servers:
            self._servers[uid] = await asyncio.start_server(
                lambda reader, writer: self._accept(uid, reader, writer), "127.0.0.1", 0, limit=_HEAD_LIMIT_BYTES
            )
        return int(self._servers[uid].sockets[0].getsockname()[1])

    async def close(self) -> None:
        """Close every port and connection."""
        for server in self._servers.values():
            server.close()
        for live in tuple(self._live):
            _abort(live)
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for server in self._servers.values():
            await server.wait_closed()
        self._servers.clear()

    async def _apply(self) -> None:
        if not self.online:
            for live in tuple(self._live):
                if live.by_radio:
                    _abort(live)
        self._changed.set()
        self._changed = asyncio.Event()
        for listener in tuple(self.listeners):
            await listener(self.online)

    async def _connect(self, host: str, port: int) -> tuple[StreamReader, StreamWriter, bool]:
        """Streams to the address and whether they use the radio."""
        if host in _TABLET_LOOPBACK:
            opener = self._reverse.get(port)
            if opener is None:
                raise NoRoute("Connection refused")
            try:
                reader, writer = await asyncio.wait_for(opener(), _CONNECT_TIMEOUT_S)
            except (OSError, TimeoutError) as problem:
                raise NoRoute("Connection refused") from problem
            return reader, writer, False
        if not self.online:
            raise NoRoute("Network is unreachable")
        if self.black_hole:
            await self._silence()
            raise NoRoute("Connection timed out")
        if host != HOST_LOOPBACK and host not in self.allowed:
            raise NoRoute("No route to host")
        address = "127.0.0.1" if host == HOST_LOOPBACK else host
        try:
            opened = await asyncio.wait_for(asyncio.open_connection(address, port), _CONNECT_TIMEOUT_S)
        except TimeoutError as problem:
            raise NoRoute("Connection timed out") from problem
        except OSError as problem:
            raise NoRoute("Connection refused") from problem
        if not self.online:  # the radio went off while connecting
            opened[1].transport.abort()
            raise NoRoute("Network is unreachable")
        return opened[0], opened[1], True

    async def _silence(self) -> None:
        """Wait as a lost packet does: until the radio changes or the connection times out."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._changed.wait(), _CONNECT_TIMEOUT_S)

    async def _accept(self, uid: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
        live = _Live(writer, uid)
        self._live.add(live)
        try:
            await self._serve(live, reader)
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError):
            pass  # the peer broke off or spoke no HTTP: the connection is aborted below
        finally:
            if live.pipe is not None:
                live.pipe.cancel()
                await asyncio.gather(live.pipe, return_exceptions=True)
            _abort(live)
            self._live.discard(live)
            if task is not None:
                self._tasks.discard(task)

    async def _serve(self, live: _Live, reader: asyncio.StreamReader) -> None:
        """Requests of one connection, in order. Answers are piped as they come: clients do not pipeline."""
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            lines = head[:-4].split(b"\r\n")
            method, target, version = lines[0].split(b" ", 2)
            host, port, path = _address(method, target)
            if live.target != (host, port) or live.upstream is None:
                await self._switch(live, method, host, port, path)
            if live.upstream is None:
                return
            if method == b"CONNECT":
                live.client.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
                await self._copy(reader, live.upstream, live, sent=True)
                return
            await self._forward(live, reader, lines, b" ".join((method, path.encode(), version)))

    async def _switch(self, live: _Live, method: bytes, host: str, port: int, path: str) -> None:
        if live.pipe is not None:
            live.pipe.cancel()
        if live.upstream is not None:
            live.upstream.close()
            live.upstream = None
        try:
            upstream_reader, live.upstream, live.by_radio = await self._connect(host, port)
        except NoRoute as problem:
            self.attempts.append(Attempt(time.monotonic(), live.uid, host, port, path, str(problem)))
            return
        live.target = (host, port)
        live.pipe = asyncio.create_task(self._answers(upstream_reader, live), name="radio answers")

    async def _forward(self, live: _Live, reader: asyncio.StreamReader, lines: list[bytes], first: bytes) -> None:
        kept = [line for line in lines[1:] if not line.lower().startswith((b"proxy-connection:", b"proxy-auth"))]
        fields = {name.strip().lower(): value.strip() for name, _, value in (line.partition(b":") for line in kept)}
        await self._push(live, b"\r\n".join((first, *kept)) + b"\r\n\r\n")
        if fields.get(b"transfer-encoding", b"").lower().endswith(b"chunked"):
            while True:
                size = await reader.readuntil(b"\r\n")
                length = int(size.split(b";")[0], 16)
                await self._push(live, size + await reader.readexactly(length + 2))
                if length == 0:
                    return
        left = int(fields.get(b"content-length", b"0"))
        while left:
            block = await reader.read(min(left, _CHUNK_BYTES))
            if not block:
                raise asyncio.IncompleteReadError(b"", left)
            left -= len(block)
            await self._push(live, block)

    async def _push(self, live: _Live, data: bytes) -> None:
        if live.upstream is None:
            raise ConnectionResetError
        live.upstream.write(data)
        self._count(live, sent=len(data))
        await live.upstream.drain()

    async def _answers(self, reader: StreamReader, live: _Live) -> None:
        try:
            await self._copy(reader, live.client, live, sent=False)
            with contextlib.suppress(OSError):
                await live.client.drain()
            live.client.close()
        except OSError:
            live.client.transport.abort()

    async def _copy(self, reader: StreamReader, writer: StreamWriter, live: _Live, *, sent: bool) -> None:
        while block := await reader.read(_CHUNK_BYTES):
            if sent:
                self._count(live, sent=len(block))
            else:
                self._count(live, received=len(block))
            writer.write(block)
            await writer.drain()

    def _count(self, live: _Live, *, received: int = 0, sent: int = 0) -> None:
        if not live.by_radio:
            return
        for traffic in (self._apps.setdefault(live.uid, _Traffic()), self._wlan):
            traffic.received_bytes += received
            traffic.sent_bytes += sent


def _address(method: bytes, target: bytes) -> tuple[str, int, str]:
    """Host, port and path of a proxy request line. Raises ValueError."""
    if method == b"CONNECT":
        host, _, port = target.decode("ascii").rpartition(":")
        return host, int(port), ""
    parts = urlsplit(target.decode("ascii"))
    if parts.scheme not in {"http", "ws"} or not parts.hostname:
        raise ValueError(f"not a proxy request: {target[:200]!r}")
    path = parts.path or "/"
    return parts.hostname, parts.port or 80, f"{path}?{parts.query}" if parts.query else path


def _abort(live: _Live) -> None:
    live.client.transport.abort()
    upstream = live.upstream
    if isinstance(upstream, asyncio.StreamWriter):
        upstream.transport.abort()
    elif upstream is not None:
        upstream.close()
