"""A client of the Chrome DevTools Protocol: flat sessions over one WebSocket, every call with a deadline."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, Self

import websockets.asyncio.client
import websockets.exceptions

from harness.core.errors import DeviceError

CALL_TIMEOUT_S = 15.0

Event = dict[str, Any]


class CdpError(DeviceError):
    """The browser refused a call, did not answer in time, or is gone."""

    def __init__(self, method: str, problem: str) -> None:
        super().__init__("", f"Chromium, {method}: {problem}")
        self.method = method


class Session:
    """One attachment to a target; its calls and events are its own."""

    def __init__(self, connection: Connection, session_id: str, target_id: str) -> None:
        self.id, self.target_id = session_id, target_id
        self._connection = connection

    async def call(self, method: str, timeout_s: float = CALL_TIMEOUT_S, **params: object) -> Event:
        """The method's result. Raises CdpError."""
        return await self._connection.call(method, timeout_s, self.id, **params)

    async def post(self, method: str, **params: object) -> None:
        """Send without waiting for the answer (frame acknowledgements)."""
        await self._connection.post(method, self.id, **params)

    @asynccontextmanager
    async def events(self, *methods: str) -> AsyncIterator[asyncio.Queue[Event | None]]:
        """A queue of these events' parameters, with the name under "method"; None when the browser is gone."""
        queue: asyncio.Queue[Event | None] = asyncio.Queue()
        entry = (self.id, frozenset(methods), queue)
        self._connection.listeners.append(entry)
        if self._connection.closed:
            queue.put_nowait(None)
        try:
            yield queue
        finally:
            self._connection.listeners.remove(entry)

    async def evaluate(self, expression: str, timeout_s: float = CALL_TIMEOUT_S, gesture: bool = False) -> Any:
        """The value of a JavaScript expression, promises awaited. Raises CdpError with the script's own error."""
        answer = await self.call(
            "Runtime.evaluate",
            timeout_s,
            expression=expression,
            returnByValue=True,
            awaitPromise=True,
            userGesture=gesture,
        )
        if "exceptionDetails" in answer:
            details = answer["exceptionDetails"]
            text = details.get("exception", {}).get("description") or details.get("text", "script error")
            raise CdpError("Runtime.evaluate", str(text)[:500])
        return answer.get("result", {}).get("value")

    async def detach(self) -> None:
        """End this attachment; harmless when the target is gone."""
        try:
            await self._connection.call("Target.detachFromTarget", 3.0, None, sessionId=self.id)
        except CdpError:
            pass


class Connection:
    """The browser's WebSocket. `on_close` is called once, when it has ended for whatever reason."""

    def __init__(
        self, socket: websockets.asyncio.client.ClientConnection, on_close: Callable[[], None] | None = None
    ) -> None:
        self.listeners: list[tuple[str, frozenset[str], asyncio.Queue[Event | None]]] = []
        self.closed = False
        self._socket = socket
        self._on_close = on_close
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[Event]] = {}
        self._reader = asyncio.create_task(self._read(), name="cdp reader")

    @classmethod
    async def open(cls, url: str, on_close: Callable[[], None] | None = None, timeout_s: float = 10.0) -> Self:
        """A connection to a browser's ws:// address."""
        try:
            socket = await websockets.asyncio.client.connect(
                url, max_size=None, open_timeout=timeout_s, ping_interval=None, compression=None, proxy=None
            )
        except (OSError, TimeoutError, websockets.exceptions.WebSocketException) as problem:
            raise CdpError("connect", f"{url}: {problem}") from problem
        return cls(socket, on_close)

    async def call(
        self, method: str, timeout_s: float = CALL_TIMEOUT_S, session: str | None = None, **params: object
    ) -> Event:
        """The method's result, for the browser or for a session."""
        number = next(self._numbers)
        answer: asyncio.Future[Event] = asyncio.get_running_loop().create_future()
        self._waiting[number] = answer
        try:
            async with asyncio.timeout(timeout_s):
                await self._send(number, method, session, params)
                return await answer
        except TimeoutError as problem:
            raise CdpError(method, f"no answer within {timeout_s:.1f} s") from problem
        finally:
            self._waiting.pop(number, None)

    async def post(self, method: str, session: str | None = None, **params: object) -> None:
        """Send without waiting for the answer."""
        await self._send(next(self._numbers), method, session, params)

    async def attach(self, target_id: str) -> Session:
        """A new session with a target."""
        answer = await self.call("Target.attachToTarget", targetId=target_id, flatten=True)
        return Session(self, str(answer["sessionId"]), target_id)

    async def first_page(self) -> str:
        """The target id of the page that the browser opened with."""
        targets = (await self.call("Target.getTargets"))["targetInfos"]
        for target in targets:
            if target["type"] == "page":
                return str(target["targetId"])
        return str((await self.call("Target.createTarget", url="about:blank"))["targetId"])

    async def close(self) -> None:
        """Close the socket; calls in progress fail."""
        self._on_close = None
        await self._socket.close()
        await asyncio.gather(self._reader, return_exceptions=True)

    async def _send(self, number: int, method: str, session: str | None, params: Mapping[str, object]) -> None:
        if self.closed:
            raise CdpError(method, "the browser is gone")
        message: dict[str, object] = {"id": number, "method": method, "params": params}
        if session is not None:
            message["sessionId"] = session
        try:
            await self._socket.send(json.dumps(message))
        except websockets.exceptions.ConnectionClosed as problem:
            raise CdpError(method, "the browser is gone") from problem

    async def _read(self) -> None:
        try:
            async for text in self._socket:
                self._take(json.loads(text))
        except websockets.exceptions.ConnectionClosed:
            pass
        finally:
            self._ended()

    def _take(self, message: Event) -> None:
        number = message.get("id")
        if number is None:
            method, session = str(message["method"]), message.get("sessionId", "")
            for wanted_session, methods, queue in self.listeners:
                if session == wanted_session and method in methods:
                    queue.put_nowait({**message.get("params", {}), "method": method})
            return
        answer = self._waiting.get(number)
        if answer is None or answer.done():
            return
        if "error" in message:
            answer.set_exception(CdpError("call", str(message["error"].get("message", message["error"]))))
        else:
            answer.set_result(message.get("result", {}))

    def _ended(self) -> None:
        self.closed = True
        for answer in self._waiting.values():
            if not answer.done():
                answer.set_exception(CdpError("call", "the browser is gone"))
        for _, _, queue in self.listeners:
            queue.put_nowait(None)
        if self._on_close is not None:
            self._on_close()
