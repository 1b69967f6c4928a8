"""The UiAutomator2 server's HTTP endpoint: what the unmodified Appium driver talks to through `tcp:6790`.

Here are its life, its session and what concerns the whole screen; elements and gestures are beside it.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import itertools
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import uvicorn
from lxml import etree

from harness.virtual.elements import Elements
from harness.virtual.finger import Finger
from harness.virtual.hardware import Screen, TabletProfile
from harness.virtual.routes import SESSION, Body, Call, Fault, Routes, Row
from harness.virtual.selectors import class_named

_STOP_TIMEOUT_S = 5.0


class TurningScreen(Screen, Protocol):
    """A screen that can be rotated."""

    async def rotate(self, quarters: int) -> None: ...


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
        self._elements = Elements(screen)
        self._finger = Finger(screen, self._elements)
        self._ended = asyncio.Event()
        self._server: _Server | None = None
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> int:
        self._session, self._ended = None, asyncio.Event()
        self._elements.forget()
        bound = socket.create_server(("127.0.0.1", 0))
        port = int(bound.getsockname()[1])
        config = uvicorn.Config(
            Routes(self._rows(), lambda: self._session, self._unknown).application(),
            log_config=None,
            access_log=False,
            lifespan="off",
            ws="none",
            timeout_keep_alive=120,
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

    def _rows(self) -> list[Row]:
        own: list[Row] = [
            ("GET", "/status", self._status),
            ("GET", "/sessions", self._sessions),
            ("POST", "/session", self._create),
            ("GET", SESSION, self._describe),
            ("DELETE", SESSION, self._delete),
            ("GET", SESSION + "/source", self._source),
            ("GET", SESSION + "/screenshot", self._screenshot),
            ("GET", SESSION + "/orientation", self._orientation),
            ("POST", SESSION + "/orientation", self._set_orientation),
            ("GET", SESSION + "/rotation", self._rotation),
            ("GET", SESSION + "/appium/settings", self._get_settings),
            ("POST", SESSION + "/appium/settings", self._set_settings),
            ("POST", SESSION + "/back", self._back),
            ("POST", SESSION + "/keys", self._keys),
            ("POST", SESSION + "/appium/device/press_keycode", self._press),
            ("POST", SESSION + "/appium/device/long_press_keycode", self._press),
            ("GET", SESSION + "/appium/device/info", self._info),
            ("GET", SESSION + "/appium/device/pixel_ratio", self._pixel_ratio),
            ("GET", SESSION + "/appium/device/display_density", self._density),
            ("GET", SESSION + "/appium/device/system_bars", self._bars),
            ("GET", SESSION + "/appium/device/battery_info", self._battery),
            ("GET", SESSION + "/window/current/size", self._window),
            ("GET", SESSION + "/window/rect", self._window_rect),
            ("GET", SESSION + "/alert/text", self._alert),
            ("POST", SESSION + "/alert/accept", self._alert),
            ("POST", SESSION + "/alert/dismiss", self._alert),
        ]
        return [*own, *self._elements.rows(), *self._finger.rows()]

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
