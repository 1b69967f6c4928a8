"""The device side of the adb transport over TCP: connections, streams and their flow control.

One host at a time: a new CNXN replaces the old connection, as adbd's USB transport does. A stream has at most one
unacknowledged WRTE in each direction; acknowledging only what was consumed gives back-pressure.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

from harness.core.errors import AdbProtocolError
from harness.virtual.packets import MAX_PAYLOAD, NEED_DATA, VERSION, Packet, PacketReader

# Without abb, abb_exec, compression and delayed_ack: facts/appium_adb.md 2 says what each would change.
FEATURES = ("shell_v2", "cmd", "stat_v2", "ls_v2", "fixed_push_mkdir", "fixed_push_symlink_timestamp", "sendrecv_v2")
OPEN_ANSWER_S = 10.0


class StreamClosed(Exception):
    """The other side closed the stream or the transport is gone."""


class Stream:
    """One adb stream. `read` gives b"" at its end; `write` returns when the host has taken the bytes."""

    def __init__(self, connection: Connection, local: int, remote: int) -> None:
        self._connection, self.local, self.remote = connection, local, remote
        self._incoming: asyncio.Queue[bytes] = asyncio.Queue()
        self._rest = b""
        self._ready = asyncio.Event()
        self.closed = asyncio.Event()
        self._sending = asyncio.Lock()

    async def read(self, limit: int = -1) -> bytes:
        """The next bytes, at most `limit`; b"" when the stream has ended."""
        if not self._rest:
            if self._incoming.empty() and self.closed.is_set():
                return b""
            self._rest = await self._incoming.get()
            if self._rest and not self.closed.is_set():
                await self._connection.send(Packet(b"OKAY", self.local, self.remote))
        if limit < 0 or len(self._rest) <= limit:
            data, self._rest = self._rest, b""
        else:
            data, self._rest = self._rest[:limit], self._rest[limit:]
        return data

    async def read_exactly(self, count: int) -> bytes:
        """Exactly `count` bytes. Raises StreamClosed when the stream ends before."""
        parts = bytearray()
        while len(parts) < count:
            data = await self.read(count - len(parts))
            if not data:
                raise StreamClosed(f"{len(parts)} of {count} bytes came")
            parts += data
        return bytes(parts)

    async def write(self, data: bytes) -> None:
        """Send all of `data`. Raises StreamClosed when the host does not want it any more."""
        async with self._sending:
            for start in range(0, len(data), MAX_PAYLOAD):
                if self.closed.is_set():
                    raise StreamClosed("write to a closed stream")
                self._ready.clear()
                await self._connection.send(Packet(b"WRTE", self.local, self.remote, data[start : start + MAX_PAYLOAD]))
                await self._ready.wait()

    async def close(self) -> None:
        """Tell the host that nothing more comes."""
        if not self.closed.is_set():
            self._end()
            self._connection.forget(self.local)
            with contextlib.suppress(StreamClosed):
                await self._connection.send(Packet(b"CLSE", self.local, self.remote))

    def taken(self) -> None:
        """The host's OKAY."""
        self._ready.set()

    def feed(self, data: bytes) -> None:
        """The host's WRTE."""
        self._incoming.put_nowait(data)

    def _end(self) -> None:
        self.closed.set()
        self._ready.set()
        self._incoming.put_nowait(b"")

    def ended(self) -> None:
        """The host's CLSE, or the loss of the transport."""
        if not self.closed.is_set():
            self._end()


# A service decides by accept() or by returning without it (refused with CLSE).
Service = Callable[[str, "Opening"], Awaitable[None]]


class Opening:
    """A stream that the host asks for: accept it or let it be refused."""

    def __init__(self, connection: Connection, remote: int) -> None:
        self.connection, self.remote = connection, remote
        self.stream: Stream | None = None

    async def accept(self) -> Stream:
        """Answer OKAY; the stream is open from now on."""
        self.stream = self.connection.add(self.remote)
        await self.connection.send(Packet(b"OKAY", self.stream.local, self.remote))
        return self.stream


class Connection:
    """One host's transport."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, service: Service, banner: str
    ) -> None:
        self._reader, self._writer, self._service, self._banner = reader, writer, service, banner
        self._streams: dict[int, Stream] = {}
        self._asked: dict[int, asyncio.Future[Stream]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._next_id = 1
        self._sending = asyncio.Lock()
        self.online = False

    async def send(self, packet: Packet) -> None:
        """Put one packet on the wire. Raises StreamClosed when the transport is gone."""
        try:
            async with self._sending:
                self._writer.write(packet.encode())
                await self._writer.drain()
        except (ConnectionError, RuntimeError) as error:
            raise StreamClosed(str(error)) from error

    def add(self, remote: int) -> Stream:
        """A new stream of ours for the host's id `remote`."""
        stream = Stream(self, self._next_id, remote)
        self._streams[self._next_id] = stream
        self._next_id += 1
        return stream

    def forget(self, local: int) -> None:
        """The stream is closed on our side."""
        self._streams.pop(local, None)

    async def open_host(self, service: str) -> Stream:
        """A stream to the host's `service` (adb reverse). Raises StreamClosed when the host refuses."""
        local = self._next_id
        self._next_id += 1
        answer: asyncio.Future[Stream] = asyncio.get_running_loop().create_future()
        self._asked[local] = answer
        try:
            await self.send(Packet(b"OPEN", local, 0, service.encode() + b"\0"))
            return await asyncio.wait_for(answer, OPEN_ANSWER_S)
        except TimeoutError as error:
            raise StreamClosed(f"host did not answer OPEN {service}") from error
        finally:
            self._asked.pop(local, None)

    async def run(self, connected: Callable[[Connection], None]) -> None:
        """Serve until the host goes away. `connected` is called at its CNXN."""
        packets = PacketReader()
        try:
            while data := await self._reader.read(256 * 1024):
                packets.receive_data(data)
                while (packet := packets.next_packet()) is not NEED_DATA:
                    await self._take(packet, connected)
        except (AdbProtocolError, ConnectionError, StreamClosed):
            pass  # a host that talks nonsense or vanishes loses its transport; nothing else is owed to it
        finally:
            await self.close()

    async def _take(self, packet: Packet, connected: Callable[[Connection], None]) -> None:
        if packet.command == b"CNXN":
            connected(self)
            self.online = True
            await self.send(Packet(b"CNXN", VERSION, MAX_PAYLOAD, self._banner.encode()))
        elif not self.online:
            raise AdbProtocolError("", f"{packet.command!r} before CNXN")
        elif packet.command == b"OPEN":
            self._start(packet)
        elif packet.command == b"OKAY":
            await self._okay(packet)
        elif packet.command == b"WRTE":
            stream = self._streams.get(packet.arg1)
            if stream is None:
                await self.send(Packet(b"CLSE", packet.arg1, packet.arg0))
            else:
                stream.feed(packet.payload)
        elif packet.command == b"CLSE":
            asked = self._asked.get(packet.arg1)
            if asked is not None and not asked.done():
                asked.set_exception(StreamClosed("refused by the host"))
            stream = self._streams.pop(packet.arg1, None)
            if stream is not None:
                stream.ended()
                await self.send(Packet(b"CLSE", stream.local, stream.remote))

    async def _okay(self, packet: Packet) -> None:
        stream = self._streams.get(packet.arg1)
        asked = self._asked.get(packet.arg1)
        if stream is not None:
            stream.taken()
        elif asked is not None and not asked.done():
            opened = Stream(self, packet.arg1, packet.arg0)
            self._streams[packet.arg1] = opened
            asked.set_result(opened)

    def _start(self, packet: Packet) -> None:
        name = packet.payload.rstrip(b"\0").decode("utf-8", "replace")
        task = asyncio.create_task(self._serve(name, Opening(self, packet.arg0)), name=f"adb {name[:60]}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, name: str, opening: Opening) -> None:
        try:
            await self._service(name, opening)
        except StreamClosed:
            pass
        finally:
            if opening.stream is not None:
                await opening.stream.close()
            elif not self._writer.is_closing():
                with contextlib.suppress(StreamClosed):
                    await self.send(Packet(b"CLSE", 0, opening.remote))

    async def close(self) -> None:
        """End the transport and everything that ran on it."""
        self.online = False
        self._writer.close()
        for stream in list(self._streams.values()):
            stream.ended()
        self._streams.clear()
        tasks = [task for task in self._tasks if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class AdbListener:
    """The tablet's TCP port for adb."""

    def __init__(self, service: Service, banner: str, log: Callable[[str], None] = lambda _line: None) -> None:
        self._service, self._banner, self._log = service, banner, log
        self._server: asyncio.Server | None = None
        self._current: Connection | None = None
        self._connections: set[Connection] = set()
        self._closing: set[asyncio.Task[None]] = set()

    @property
    def current(self) -> Connection | None:
        """The host's transport; None while no host is connected."""
        return self._current if self._current is not None and self._current.online else None

    async def start(self, port: int) -> int:
        """Listen on 127.0.0.1:`port` (0: any free one); the port. Raises OSError when it is taken."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", port, limit=4 * 1024 * 1024)
        bound: int = self._server.sockets[0].getsockname()[1]
        return bound

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = Connection(reader, writer, self._service, self._banner)
        self._connections.add(connection)
        try:
            await connection.run(self._replace)
        finally:
            self._connections.discard(connection)
            if self._current is connection:
                self._current = None

    def _replace(self, connection: Connection) -> None:
        old, self._current = self._current, connection
        if old is not None and old is not connection:
            self._log("a new host connection replaces the old one")
            task = asyncio.create_task(old.close())
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)

    async def drop(self) -> None:
        """Cut the host's transport, as pulling the cable does."""
        if self._current is not None:
            await self._current.close()

    async def stop(self) -> None:
        """Stop listening and cut every host."""
        if self._server is not None:
            self._server.close()
        for connection in list(self._connections):
            await connection.close()
        if self._server is not None:
            await self._server.wait_closed()
