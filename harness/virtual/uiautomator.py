"""The UiAutomator2 server's HTTP endpoint: what the unmodified Appium driver talks to through `tcp:6790`.

A route that is not here answers 404 `unknown command` and is written to unknown.jsonl, so that nothing drifts in
silence when Appium is upgraded.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import io
import itertools
import json
import re
import socket
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

import uvicorn
from lxml import etree
from PIL import Image
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from harness.core.errors import HarnessError
from harness.virtual.gestures import KeyText, Pause, Stroke, UnsupportedGesture, steps
from harness.virtual.hardware import Screen, TabletProfile
from harness.virtual.selectors import InvalidSelector, Node, Scroll, class_named, find, scroll_of

W3C_ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
_STOP_TIMEOUT_S = 5.0
_MAX_SWIPES = 30  # UiScrollable's own limit
_SWIPE_S = 0.3
_ALIASES = {
    "name": "content-desc",
    "contentDescription": "content-desc",
    "longClickable": "long-clickable",
    "className": "class",
    "resourceId": "resource-id",
}


class Fault(Exception):
    """An answer that is a WebDriver error."""

    def __init__(self, error: str, message: str, status: int) -> None:
        super().__init__(message)
        self.error, self.status = error, status


class TurningScreen(Screen, Protocol):
    """A screen that can be rotated."""

    async def rotate(self, quarters: int) -> None: ...


Body = dict[str, Any]
Handler = Callable[["Call"], Awaitable[object]]


class Call:
    """One request: its JSON body and the parts of its path."""

    def __init__(self, body: Body, parts: dict[str, Any]) -> None:
        self.body, self.parts = body, parts

    @property
    def element(self) -> str:
        return str(self.parts["element"])


class _Server(uvicorn.Server):
    """uvicorn without its signal handlers: the tablet's process has its own."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class UiAutomatorServer:
    """A hardware.AutomationEndpoint over a screen.

    Args:
        unknown: JSON lines of routes that this tablet does not have.
    """

    def __init__(self, screen: TurningScreen, profile: TabletProfile, unknown: Path) -> None:
        self._screen, self._profile, self._unknown = screen, profile, unknown
        self._session: str | None = None
        self._capabilities: Body = {}
        self._settings: Body = {}
        self._numbers = itertools.count(1)
        self._elements: dict[str, tuple[object, ...]] = {}
        self._ended = asyncio.Event()
        self._server: _Server | None = None
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> int:
        self._session, self._ended = None, asyncio.Event()
        self._elements.clear()
        bound = socket.create_server(("127.0.0.1", 0))
        port = int(bound.getsockname()[1])
        config = uvicorn.Config(
            self._application(), log_config=None, access_log=False, lifespan="off", ws="none", timeout_keep_alive=120
        )
        self._server = _Server(config)
        self._task = asyncio.create_task(self._server.serve(sockets=[bound]), name="uiautomator")
        return port

    async def stop(self) -> None:
        server, task = self._server, self._task
        self._server = self._task = None
        if server is None or task is None:
            return
        server.should_exit = server.force_exit = True
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(task, _STOP_TIMEOUT_S)

    async def wait_session_ended(self) -> None:
        await self._ended.wait()

    def _application(self) -> Starlette:
        s = "/session/{session}"
        e = s + "/element/{element}"
        table: list[tuple[str, str, Handler]] = [
            ("GET", "/status", self._status),
            ("GET", "/sessions", self._sessions),
            ("POST", "/session", self._create),
            ("GET", s, self._describe),
            ("DELETE", s, self._delete),
            ("POST", s + "/element", self._find_one),
            ("POST", s + "/elements", self._find_all),
            ("POST", e + "/element", self._find_one),
            ("POST", e + "/elements", self._find_all),
            ("GET", s + "/element/active", self._active),
            ("POST", e + "/click", self._click),
            ("POST", e + "/clear", self._clear),
            ("POST", e + "/value", self._value),
            ("GET", e + "/screenshot", self._element_screenshot),
            ("GET", s + "/source", self._source),
            ("GET", s + "/screenshot", self._screenshot),
            ("GET", s + "/orientation", self._orientation),
            ("POST", s + "/orientation", self._set_orientation),
            ("GET", s + "/rotation", self._rotation),
            ("GET", s + "/appium/settings", self._get_settings),
            ("POST", s + "/appium/settings", self._set_settings),
            ("POST", s + "/back", self._back),
            ("POST", s + "/actions", self._actions),
            ("DELETE", s + "/actions", _nothing),
            ("POST", s + "/keys", self._keys),
            ("POST", s + "/appium/device/press_keycode", self._press),
            ("POST", s + "/appium/device/long_press_keycode", self._press),
            ("POST", s + "/appium/gestures/click", self._gesture_click),
            ("POST", s + "/appium/gestures/double_click", self._gesture_double_click),
            ("POST", s + "/appium/gestures/long_click", self._gesture_long_click),
            ("POST", s + "/appium/gestures/drag", self._gesture_drag),
            ("POST", s + "/appium/gestures/swipe", self._gesture_swipe),
            ("POST", s + "/appium/gestures/scroll", self._gesture_scroll),
            ("POST", s + "/appium/gestures/fling", self._gesture_scroll),
            ("GET", s + "/appium/device/info", self._info),
            ("GET", s + "/appium/device/pixel_ratio", self._pixel_ratio),
            ("GET", s + "/appium/device/display_density", self._density),
            ("GET", s + "/appium/device/system_bars", self._bars),
            ("GET", s + "/appium/device/battery_info", self._battery),
            ("GET", s + "/window/current/size", self._window),
            ("GET", s + "/window/rect", self._window_rect),
            ("GET", s + "/alert/text", self._alert),
            ("POST", s + "/alert/accept", self._alert),
            ("POST", s + "/alert/dismiss", self._alert),
            *(("GET", f"{e}/{what}", self._reader(what)) for what in _READERS),
            ("GET", e + "/attribute/{name}", self._attribute),
        ]
        routes = [Route(path, self._wrap(handler), methods=[method]) for method, path, handler in table]
        routes.append(Route("/{rest:path}", self._missing, methods=["GET", "POST", "DELETE", "PUT", "PATCH"]))
        return Starlette(routes=routes)

    def _wrap(self, handler: Handler) -> Callable[[Request], Awaitable[JSONResponse]]:
        async def answer(request: Request) -> JSONResponse:
            try:
                body = json.loads(await request.body() or b"{}")
                session = request.path_params.get("session")
                if session is not None and session != self._session:
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
        return JSONResponse({"sessionId": self._session, "value": value}, status)

    def _problem(self, error: str, message: str, status: int) -> JSONResponse:
        return self._answer({"error": error, "message": message, "stacktrace": ""}, status)

    async def _missing(self, request: Request) -> JSONResponse:
        line = {"at": time.time(), "kind": "route", "what": f"{request.method} {request.url.path}"}
        with self._unknown.open("a", encoding="utf-8") as journal:
            journal.write(json.dumps(line) + "\n")
        return self._problem("unknown command", f"{request.method} {request.url.path}", 404)

    # Sessions

    async def _status(self, call: Call) -> object:
        build = {"version": "10.6.6", "versionCode": 278}
        return {"ready": True, "message": "UiAutomator2 Server is ready to accept commands", "build": build}

    async def _sessions(self, call: Call) -> object:
        return [{"id": self._session, "capabilities": self._capabilities}] if self._session else []

    async def _create(self, call: Call) -> object:
        asked = call.body.get("capabilities", {})
        self._capabilities = {**asked.get("alwaysMatch", {}), **(asked.get("firstMatch") or [{}])[0]}
        self._session = f"virtual-{next(self._numbers)}-{time.time_ns():x}"
        return {"sessionId": self._session, "capabilities": self._capabilities}

    async def _describe(self, call: Call) -> object:
        return self._capabilities

    async def _delete(self, call: Call) -> object:
        self._session = None
        asyncio.get_running_loop().call_later(0.05, self._ended.set)  # the answer goes out first
        return None

    # Elements

    def _package(self) -> str:
        return self._screen.foreground() or "com.android.launcher3"

    async def _find_all(self, call: Call) -> object:
        strategy, selector = str(call.body["strategy"]), str(call.body["selector"])
        scroll = scroll_of(strategy, selector, self._package())
        if scroll is not None:
            return [self._handle(node) for node in await self._scroll_to(scroll)]
        tree = await self._screen.tree()
        context = call.parts.get("element") or call.body.get("context") or ""
        root = self._resolve(tree, str(context)) if context else tree
        found = find(tree, strategy, selector, self._package())
        if context:
            inside = set(root.iterdescendants())
            found = [node for node in found if node in inside]
        return [self._handle(node) for node in found]

    async def _scroll_to(self, scroll: Scroll) -> list[Node]:
        """The targets once one is shown: first back to the beginning, then forward, as UiScrollable does."""
        for way in (1, -1):
            before = b""
            for _ in range(_MAX_SWIPES):
                tree = await self._screen.tree()
                container, targets = scroll.look(tree)
                seen = etree.tostring(tree)
                if targets:
                    return targets
                if container is None or seen == before:
                    break
                before = seen
                left, top, right, bottom = _bounds(container)
                x, y, reach = (left + right) // 2, (top + bottom) // 2, way * (bottom - top) * 2 // 5
                await self._screen.swipe(x, y - reach, x, y + reach, _SWIPE_S)
        return []

    async def _find_one(self, call: Call) -> object:
        found = await self._find_all(call)
        if not isinstance(found, list) or not found:
            what = f"{call.body['strategy']}: {call.body['selector']}"
            raise Fault("no such element", f"no element by {what}", 404)
        return found[0]

    async def _active(self, call: Call) -> object:
        focused = (await self._screen.tree()).xpath("//node[@focused='true']")
        if not isinstance(focused, list) or not focused:
            raise Fault("no such element", "nothing has the focus", 404)
        node = focused[-1]
        if not isinstance(node, etree._Element):
            raise Fault("no such element", "nothing has the focus", 404)
        return self._handle(node)

    def _handle(self, node: Node) -> dict[str, str]:
        path = _path(node)
        known = next((key for key, one in self._elements.items() if one == path), None)
        if known is None:
            known = f"00000000-0000-0000-0000-{next(self._numbers):012x}"
            self._elements[known] = path
        return {"ELEMENT": known, W3C_ELEMENT: known}

    def _resolve(self, tree: Node, element: str) -> Node:
        path = self._elements.get(element)
        if path is None:
            raise Fault("no such element", f"element {element} was never found", 404)
        for node in tree.iter("node"):
            if _path(node) == path:
                return node
        raise Fault("stale element reference", f"element {element} is no longer shown", 404)

    async def _node(self, call: Call) -> Node:
        return self._resolve(await self._screen.tree(), call.element)

    async def _click(self, call: Call) -> object:
        await self._screen.tap(*_centre(await self._node(call)))
        return None

    async def _clear(self, call: Call) -> object:
        shown = (await self._node(call)).get("text", "")
        await self._click(call)
        await self._screen.key(123)
        for _ in shown:
            await self._screen.key(67)
        return None

    async def _value(self, call: Call) -> object:
        if call.body.get("replace"):
            await self._clear(call)
        elif (await self._node(call)).get("focused") != "true":
            await self._click(call)
        await self._screen.text(str(call.body.get("text") or "".join(call.body.get("value", ()))))
        return None

    def _reader(self, what: str) -> Handler:
        async def read(call: Call) -> object:
            return _READERS[what](await self._node(call))

        return read

    async def _attribute(self, call: Call) -> object:
        name = str(call.parts["name"])
        node = await self._node(call)
        value = node.get(_ALIASES.get(name, name))
        if name == "name":
            value = node.get("content-desc") or node.get("text")
        if value is None:
            raise Fault("invalid argument", f"no attribute {name!r}", 400)
        return value

    async def _element_screenshot(self, call: Call) -> object:
        box = _bounds(await self._node(call))
        with Image.open(io.BytesIO(await self._screen.png())) as picture:
            part = io.BytesIO()
            picture.crop(box).save(part, "PNG")
        return base64.b64encode(part.getvalue()).decode()

    # The whole screen

    async def _source(self, call: Call) -> object:
        tree = class_named(await self._screen.tree())
        return "<?xml version='1.0' encoding='UTF-8' standalone='yes' ?>\n" + etree.tostring(tree, encoding="unicode")

    async def _screenshot(self, call: Call) -> object:
        return base64.b64encode(await self._screen.png()).decode()

    async def _orientation(self, call: Call) -> object:
        width, height = self._screen.size
        return "LANDSCAPE" if width >= height else "PORTRAIT"

    async def _set_orientation(self, call: Call) -> object:
        wanted = str(call.body["orientation"]).upper()
        if wanted not in {"LANDSCAPE", "PORTRAIT"}:
            raise ValueError(f"orientation {wanted}")
        if wanted != await self._orientation(call):
            await self._screen.rotate(1 - self._screen.rotation % 2)
        return wanted

    async def _rotation(self, call: Call) -> object:
        return {"x": 0, "y": 0, "z": self._screen.rotation * 90}

    async def _get_settings(self, call: Call) -> object:
        return self._settings

    async def _set_settings(self, call: Call) -> object:
        self._settings.update(call.body.get("settings", {}))
        return None

    async def _back(self, call: Call) -> object:
        await self._screen.key(4)
        return None

    async def _press(self, call: Call) -> object:
        await self._screen.key(int(call.body["keycode"]))
        return None

    async def _keys(self, call: Call) -> object:
        await self._screen.text(str(call.body.get("text") or "".join(call.body.get("value", ()))))
        return None

    async def _actions(self, call: Call) -> object:
        tree = await self._screen.tree()
        for step in steps(call.body["actions"], lambda element: _centre(self._resolve(tree, element))):
            match step:
                case Pause(duration_s):
                    await asyncio.sleep(duration_s)
                case KeyText(text):
                    await self._screen.text(text)
                case Stroke():
                    await self._stroke(step)
        return None

    async def _stroke(self, stroke: Stroke) -> None:
        if stroke.is_tap:
            await self._screen.tap(*stroke.start)
        else:
            await self._screen.swipe(*stroke.start, *stroke.end, stroke.duration_s)

    async def _point(self, body: Body) -> tuple[int, int]:
        offset = body.get("offset")
        if origin := body.get("origin"):
            box = _bounds(self._resolve(await self._screen.tree(), str(next(iter(origin.values())))))
            if offset is None:
                return (box[0] + box[2]) // 2, (box[1] + box[3]) // 2
            return box[0] + int(offset["x"]), box[1] + int(offset["y"])
        if offset is None:
            raise ValueError("origin or offset is needed")
        return int(offset["x"]), int(offset["y"])

    async def _gesture_click(self, call: Call) -> object:
        await self._screen.tap(*await self._point(call.body))
        return None

    async def _gesture_double_click(self, call: Call) -> object:
        point = await self._point(call.body)
        await self._screen.tap(*point)
        await self._screen.tap(*point)
        return None

    async def _gesture_long_click(self, call: Call) -> object:
        point = await self._point(call.body)
        await self._screen.swipe(*point, *point, float(call.body.get("duration") or 500) / 1000)
        return None

    async def _gesture_drag(self, call: Call) -> object:
        start = await self._point({"origin": call.body.get("origin"), "offset": call.body.get("start")})
        end = call.body["end"]
        await self._screen.swipe(*start, int(end["x"]), int(end["y"]), 0.5)
        return None

    async def _gesture_swipe(self, call: Call) -> object:
        await self._gesture_move(call, 1)
        return None

    async def _gesture_scroll(self, call: Call) -> object:
        await self._gesture_move(call, -1)
        return None

    async def _gesture_move(self, call: Call, way: int) -> None:
        """A stroke inside an area. A swipe names where the finger goes; scroll and fling name the opposite."""
        if origin := call.body.get("origin"):
            left, top, right, bottom = _bounds(
                self._resolve(await self._screen.tree(), str(next(iter(origin.values()))))
            )
        else:
            area = call.body["area"]
            left, top = int(area["left"]), int(area["top"])
            right, bottom = left + int(area["width"]), top + int(area["height"])
        reach = min(1.0, float(call.body.get("percent") or 0.8)) / 2
        x, y = (left + right) // 2, (top + bottom) // 2
        dx, dy = way * round((right - left) * reach), way * round((bottom - top) * reach)
        sign = {"up": (0, -1), "down": (0, 1), "left": (-1, 0), "right": (1, 0)}[str(call.body["direction"]).lower()]
        await self._screen.swipe(x - sign[0] * dx, y - sign[1] * dy, x + sign[0] * dx, y + sign[1] * dy, 0.3)

    async def _info(self, call: Call) -> object:
        width, height = self._screen.size
        return {
            "androidId": "5ed0e7ed5ed0e7ed",
            "manufacturer": self._profile.manufacturer,
            "model": self._profile.model,
            "brand": self._profile.brand,
            "apiVersion": str(self._profile.api),
            "platformVersion": self._profile.release,
            "carrierName": "",
            "realDisplaySize": f"{width}x{height}",
            "displayDensity": self._profile.density,
            "networks": [],
        }

    async def _pixel_ratio(self, call: Call) -> object:
        return self._profile.density / 160

    async def _density(self, call: Call) -> object:
        return self._profile.density

    async def _bars(self, call: Call) -> object:
        return {"statusBar": 0}

    async def _battery(self, call: Call) -> object:
        return {"level": 1.0, "status": 5}  # full, as `dumpsys battery` says

    async def _window(self, call: Call) -> object:
        return {"width": self._screen.size[0], "height": self._screen.size[1]}

    async def _window_rect(self, call: Call) -> object:
        return {"x": 0, "y": 0, "width": self._screen.size[0], "height": self._screen.size[1]}

    async def _alert(self, call: Call) -> object:
        raise Fault("no such alert", "no dialog of the system is open", 404)


async def _nothing(call: Call) -> object:
    return None


def _path(node: Node) -> tuple[object, ...]:
    """What a node is known by: its nearest ancestor with a resource-id, and the way down from there."""
    way: list[object] = [node.get("class")]
    one: Node | None = node
    while one is not None and one.tag == "node":
        if one.get("resource-id"):
            same = one.getroottree().getroot().iter("node")
            twins = [other for other in same if other.get("resource-id") == one.get("resource-id")]
            return (*way, one.get("resource-id"), twins.index(one))
        way.append((one.get("class"), one.get("index")))
        one = one.getparent()
    return tuple(way)


def _bounds(node: Node) -> tuple[int, int, int, int]:
    left, top, right, bottom = (int(number) for number in re.findall(r"-?\d+", node.get("bounds", "")))
    return left, top, right, bottom


def _centre(node: Node) -> tuple[int, int]:
    left, top, right, bottom = _bounds(node)
    return (left + right) // 2, (top + bottom) // 2


def _rect(node: Node) -> dict[str, int]:
    left, top, right, bottom = _bounds(node)
    return {"x": left, "y": top, "width": right - left, "height": bottom - top}


_READERS: dict[str, Callable[[Node], object]] = {
    "text": lambda node: node.get("text", ""),
    "name": lambda node: node.get("content-desc") or node.get("text", ""),
    "rect": _rect,
    "size": lambda node: {key: value for key, value in _rect(node).items() if key in ("width", "height")},
    "location": lambda node: {key: value for key, value in _rect(node).items() if key in ("x", "y")},
    "displayed": lambda node: node.get("displayed") == "true",
    "enabled": lambda node: node.get("enabled") == "true",
    "selected": lambda node: node.get("selected") == "true",
}
