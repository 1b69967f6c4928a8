"""The origin: a real HTTP server on loopback that serves files and documents exactly, and journals each request.

Ranges, validators and types follow RFC 9110, because an app's download manager leans on every one of them. It adds
nothing to media (no compression, no chunked bodies) and serves nothing outside its mounts. Bodies are streamed from
disk in chunks; a client that goes away is seen and journalled as a cut with the bytes it was really given.
"""

from __future__ import annotations

import asyncio
import errno
import hashlib
import os
import socket
import stat
import threading
from collections.abc import Awaitable, Callable, Iterator, Mapping, MutableMapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import Any

import uvicorn

from harness.core.clock import Deadline, wait_for
from harness.core.errors import EnvironmentFault, WaitTimeout
from harness.delivery.journal import Journal
from harness.delivery.ranges import ByteRange, Unsatisfiable, etag_listed, parse_range

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

CHUNK_BYTES = 64 * 1024
# Small on purpose: what the kernel holds back is counted as sent, so it bounds the error of bytes_sent after a cut.
SEND_BUFFER_BYTES = 128 * 1024
START_S = 5.0
STOP_S = 5.0

CONTENT_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".jpg": "image/jpeg",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".m3u8": "application/vnd.apple.mpegurl",
    ".m4a": "audio/mp4",
    ".m4s": "video/iso.segment",
    ".map": "application/json",
    ".mjs": "text/javascript; charset=utf-8",
    ".mp4": "video/mp4",
    ".mpd": "application/dash+xml",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".vtt": "text/vtt; charset=utf-8",
    ".webm": "video/webm",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}


@dataclass(frozen=True)
class Document:
    """A body that is made, not stored. `cache` is its Cache-Control."""

    body: bytes
    content_type: str
    cache: str = "no-cache"

    @property
    def etag(self) -> str:
        return f'"{hashlib.sha256(self.body).hexdigest()[:32]}"'


@dataclass(frozen=True)
class _Body:
    """What a path leads to: a document's bytes or an open file's description."""

    size: int
    etag: str
    content_type: str
    cache: str
    file: Path | None = None
    data: bytes = b""

    def chunks(self, span: ByteRange) -> Iterator[bytes]:
        if self.file is None:
            yield self.data[span.start : span.stop]
            return
        with self.file.open("rb") as f:
            f.seek(span.start)
            left = span.length
            while left > 0:
                chunk = f.read(min(CHUNK_BYTES, left))
                if not chunk:  # shortened while it was served: the promised length cannot be kept
                    return
                left -= len(chunk)
                yield chunk


@dataclass
class _Exchange:
    """One request on its way; what the journal will say of it."""

    method: str
    headers: Mapping[str, str]
    send: Send
    gone: asyncio.Event
    status: int = 0
    bytes_sent: int = 0
    completed: bool = False

    async def start(self, status: int, headers: Mapping[str, str], length: int | None) -> None:
        raw = [(k.lower().encode("latin-1"), v.encode("latin-1")) for k, v in headers.items()]
        if length is not None:
            raw.append((b"content-length", str(length).encode()))
        self.status = status
        await self.send({"type": "http.response.start", "status": status, "headers": raw})

    async def finish(self) -> None:
        await self.send({"type": "http.response.body", "body": b"", "more_body": False})
        self.completed = not self.gone.is_set()

    async def say(self, status: int, text: str, headers: Mapping[str, str] | None = None) -> None:
        body = (text + "\n").encode()
        more = {"Content-Type": "text/plain; charset=utf-8", "Cache-Control": "no-store", **(headers or {})}
        await self.start(status, more, len(body))
        if self.method != "HEAD":
            await self.send({"type": "http.response.body", "body": body, "more_body": True})
            self.bytes_sent = len(body)
        await self.finish()


class _Server(uvicorn.Server):
    """uvicorn, which after its grace also cuts clients that no longer read: close() alone waits for them for ever."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await super().shutdown(sockets)
        for connection in list(self.server_state.connections):
            transport = getattr(connection, "transport", None)
            if transport is not None:
                transport.abort()
        for _ in range(3):  # connection_lost, then the end of the request's task
            await asyncio.sleep(0)


@dataclass
class Origin:
    """Serves `mounts` and `documents` at `.url` while it is open.

    Args:
        mounts: URL prefix -> folder (or one file). The longest prefix that fits wins.
        documents: exact URL path -> made body; asked before the mounts.
        journal: gets an entry for each request, refused ones included.
        port: 0 takes a free one.
    Raises:
        EnvironmentFault: on entering, when the port is taken or a mount is not there.
    """

    mounts: Mapping[str, Path]
    documents: Mapping[str, Document]
    journal: Journal
    host: str = "127.0.0.1"
    port: int = 0
    _server: uvicorn.Server | None = field(default=None, init=False, repr=False)
    _thread: threading.Thread | None = field(default=None, init=False, repr=False)
    _roots: tuple[tuple[str, Path], ...] = field(default=(), init=False, repr=False)

    @property
    def url(self) -> str:
        """Base URL without a closing slash."""
        return f"http://{self.host}:{self.port}"

    def __enter__(self) -> Origin:
        self._roots = tuple(sorted(self._resolved_mounts(), key=lambda m: len(m[0]), reverse=True))
        listener = self._bind()
        self.port = int(listener.getsockname()[1])
        config = uvicorn.Config(
            self.app,
            interface="asgi3",
            http="h11",
            ws="none",
            lifespan="off",
            loop="asyncio",
            log_config=None,
            log_level="critical",
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=1,
        )
        server = _Server(config)
        thread = threading.Thread(
            target=server.run, kwargs={"sockets": [listener]}, name=f"origin:{self.port}", daemon=True
        )
        self._server, self._thread = server, thread
        thread.start()
        try:
            wait_for("origin answers", lambda: server.started, bool, Deadline.after(START_S), every_s=0.005)
        except WaitTimeout as e:
            server.should_exit = True
            listener.close()
            raise EnvironmentFault(f"origin on port {self.port}: not ready within {START_S:.0f} s") from e
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Stop serving; running transfers are cut after a second."""
        server, thread = self._server, self._thread
        self._server = self._thread = None
        if server is None or thread is None:
            return
        server.should_exit = True
        thread.join(STOP_S)
        if thread.is_alive():
            server.force_exit = True
            thread.join(STOP_S)
        if thread.is_alive():
            raise EnvironmentFault(f"origin on port {self.port}: did not stop within {2 * STOP_S:.0f} s")

    def _resolved_mounts(self) -> Iterator[tuple[str, Path]]:
        for prefix, folder in self.mounts.items():
            try:
                yield prefix, folder.resolve(strict=True)
            except OSError as e:
                raise EnvironmentFault(f"origin: {folder} (served at {prefix}) is not there") from e

    def _bind(self) -> socket.socket:
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
        try:
            listener.bind((self.host, self.port))
            listener.listen(128)
        except OSError as e:
            listener.close()
            why = {errno.EADDRINUSE: "is taken by another program", errno.EACCES: "needs more rights"}.get(
                e.errno or 0, f"cannot be used: {e.strerror}"
            )
            hint = "stop that program, or choose another port (0 takes a free one)"
            raise EnvironmentFault(f"origin: port {self.port} on {self.host} {why}; {hint}") from e
        return listener

    async def app(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI application; public so that a test can drive it without a socket."""
        if scope["type"] != "http":
            return
        headers: dict[str, str] = {}
        for key, value in scope["headers"]:
            name, text = key.decode("latin-1").lower(), value.decode("latin-1")
            headers[name] = f"{headers[name]}, {text}" if name in headers else text
        client = ":".join(str(part) for part in scope.get("client") or ("", ""))
        query = scope["query_string"].decode("latin-1")
        number = self.journal.begin(scope["method"], scope["path"], query, headers.get("range"), client)
        exchange = _Exchange(scope["method"], headers, send, asyncio.Event())
        watch = asyncio.create_task(_watch(receive, exchange.gone))
        try:
            await self._answer(exchange, scope["path"])
        finally:
            watch.cancel()
            self.journal.finish(
                number, status=exchange.status, bytes_sent=exchange.bytes_sent, completed=exchange.completed
            )

    async def _answer(self, exchange: _Exchange, path: str) -> None:
        if exchange.method not in ("GET", "HEAD"):
            await exchange.say(405, f"{exchange.method} is not served here", {"Allow": "GET, HEAD"})
            return
        body = self._find(path)
        if body is None:
            await exchange.say(404, "not found")
            return
        common = {"ETag": body.etag, "Cache-Control": body.cache, "Accept-Ranges": "bytes"}
        if "if-match" in exchange.headers and not etag_listed(exchange.headers["if-match"], body.etag, weak=False):
            await exchange.say(412, "the object has another ETag", common)
            return
        if etag_listed(exchange.headers.get("if-none-match", ""), body.etag, weak=True):
            await exchange.start(304, common, None)
            await exchange.finish()
            return
        try:
            span = self._span(exchange.headers, body)
        except Unsatisfiable:
            await exchange.say(416, "no such bytes", {**common, "Content-Range": f"bytes */{body.size}"})
            return
        await _transfer(exchange, body, span, {**common, "Content-Type": body.content_type})

    @staticmethod
    def _span(headers: Mapping[str, str], body: _Body) -> ByteRange | None:
        wanted = headers.get("range")
        if "if-range" in headers and headers["if-range"].strip() != body.etag:
            wanted = None
        return parse_range(wanted, body.size)

    def _find(self, path: str) -> _Body | None:
        made = self.documents.get(path)
        if made is not None:
            return _Body(len(made.body), made.etag, made.content_type, made.cache, data=made.body)
        for prefix, root in self._roots:
            folder = prefix.rstrip("/") + "/"
            if path == prefix and root.is_file():
                return _describe(root, path)
            if path.startswith(folder):
                return _contained(root, path[len(folder) :], path)
        return None


async def _watch(receive: Receive, gone: asyncio.Event) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    gone.set()


async def _transfer(exchange: _Exchange, body: _Body, span: ByteRange | None, headers: Mapping[str, str]) -> None:
    part = span or ByteRange(0, body.size)
    if span is not None:
        headers = {**headers, "Content-Range": f"bytes {part.start}-{part.stop - 1}/{body.size}"}
    await exchange.start(206 if span is not None else 200, headers, part.length)
    if exchange.method == "HEAD":
        await exchange.finish()
        return
    for chunk in body.chunks(part):
        if exchange.gone.is_set():
            return
        await exchange.send({"type": "http.response.body", "body": chunk, "more_body": True})
        await asyncio.sleep(0)  # lets the watcher see a client that went away
        if not exchange.gone.is_set():
            exchange.bytes_sent += len(chunk)
    if exchange.bytes_sent == part.length:
        await exchange.finish()


def _contained(root: Path, rest: str, path: str) -> _Body | None:
    """The file under `root`, or None: absent, or an attempt to leave the mount by dots, backslashes or symlinks."""
    if rest == "" or rest.endswith("/"):
        rest += "index.html"
    parts = rest.split("/")
    if "\0" in rest or "\\" in rest or any(part in ("", ".", "..") for part in parts):
        return None
    try:
        file = root.joinpath(*parts).resolve(strict=True)
    except (OSError, RuntimeError, ValueError):
        return None
    return _describe(file, path) if file.is_relative_to(root) else None


def _describe(file: Path, path: str) -> _Body | None:
    try:
        found = os.stat(file)  # noqa: PTH116 - one call, no second look
        readable = os.access(file, os.R_OK)
    except OSError:
        return None
    if not stat.S_ISREG(found.st_mode) or not readable:
        return None
    identity = f"{found.st_size}-{found.st_mtime_ns}-{found.st_ino}"
    etag = f'"{hashlib.sha256(identity.encode()).hexdigest()[:32]}"'
    kind = CONTENT_TYPES.get(PurePosixPath(path).suffix.lower()) or CONTENT_TYPES.get(file.suffix.lower())
    cache = "no-store" if path.startswith("/media/") else "no-cache"
    return _Body(found.st_size, etag, kind or "application/octet-stream", cache, file=file)
