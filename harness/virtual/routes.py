"""The HTTP face of the UiAutomator2 server: paths to handlers, WebDriver's answers and errors.

A route that is not here answers 404 `unknown command` and is written to unknown.jsonl, so that nothing drifts in
silence when Appium is upgraded.
"""

from __future__ import annotations

import json
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from harness.core.errors import HarnessError
from harness.virtual.gestures import UnsupportedGesture
from harness.virtual.selectors import InvalidSelector

SESSION = "/session/{session}"
ELEMENT = SESSION + "/element/{element}"


class Fault(Exception):
    """An answer that is a WebDriver error."""

    def __init__(self, error: str, message: str, status: int) -> None:
        super().__init__(message)
        self.error, self.status = error, status


Body = dict[str, Any]
Handler = Callable[["Call"], Awaitable[object]]
Row = tuple[str, str, Handler]  # method, path, what answers


class Call:
    """One request: its JSON body and the parts of its path."""

    def __init__(self, body: Body, parts: dict[str, Any]) -> None:
        self.body, self.parts = body, parts

    @property
    def element(self) -> str:
        return str(self.parts["element"])


class Routes:
    """The endpoint's routes.

    Args:
        session: the id of the session that is open now; None when there is none.
        unknown: JSON lines of routes that this tablet does not have.
    """

    def __init__(self, rows: Sequence[Row], session: Callable[[], str | None], unknown: Path) -> None:
        self._rows, self._session, self._unknown = rows, session, unknown

    def application(self) -> Starlette:
        """The ASGI application."""
        routes = [Route(path, self._wrap(handler), methods=[method]) for method, path, handler in self._rows]
        routes.append(Route("/{rest:path}", self._missing, methods=["GET", "POST", "DELETE", "PUT", "PATCH"]))
        return Starlette(routes=routes)

    def _wrap(self, handler: Handler) -> Callable[[Request], Awaitable[JSONResponse]]:
        async def answer(request: Request) -> JSONResponse:
            try:
                body = json.loads(await request.body() or b"{}")
                session = request.path_params.get("session")
                if session is not None and session != self._session():
                    raise Fault("invalid session id", f"no session {session}", 404)
                return self._answer(await handler(Call(body or {}, dict(request.path_params))))
            except Fault as problem:
                return self._problem(problem.error, str(problem), problem.status)
            except InvalidSelector as problem:
                return self._problem("invalid selector", str(problem), 400)
            except (UnsupportedGesture, KeyError, ValueError, TypeError) as problem:
                return self._problem("invalid argument", repr(problem), 400)
            except HarnessError as problem:
                return self._problem("unknown error", str(problem), 500)

        return answer

    def _answer(self, value: object, status: int = 200) -> JSONResponse:
        return JSONResponse({"sessionId": self._session(), "value": value}, status)

    def _problem(self, error: str, message: str, status: int) -> JSONResponse:
        return self._answer({"error": error, "message": message, "stacktrace": ""}, status)

    async def _missing(self, request: Request) -> JSONResponse:
        line = {"at": time.time(), "kind": "route", "what": f"{request.method} {request.url.path}"}
        with self._unknown.open("a", encoding="utf-8") as journal:
            journal.write(json.dumps(line) + "\n")
        return self._problem("unknown command", f"{request.method} {request.url.path}", 404)
