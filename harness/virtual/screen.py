"""The tablet's screen: one Chromium per app, a launcher page when no app is shown, and a finger."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import html
import io
import time
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from lxml import etree
from PIL import Image

from harness.core.errors import CaptureError, DeviceError
from harness.virtual import player, recording
from harness.virtual.cdp import CdpError, Session
from harness.virtual.chromium import Chromium, ChromiumBinary
from harness.virtual.hardware import InstalledApp
from harness.virtual.radio import ProxyRadio
from harness.virtual.tree import WALK, hierarchy

LAUNCHER = "com.android.launcher3"
_LAUNCHER_UID = 10_001
_LOAD_TIMEOUT_S = 20.0
_TOUCH_STEP_S = 0.016
_SETTLE_S = 0.2

# Android key code -> (key, code, Windows virtual key code, text)
_KEYS: Mapping[int, tuple[str, str, int, str]] = {
    19: ("ArrowUp", "ArrowUp", 38, ""),
    20: ("ArrowDown", "ArrowDown", 40, ""),
    21: ("ArrowLeft", "ArrowLeft", 37, ""),
    22: ("ArrowRight", "ArrowRight", 39, ""),
    23: ("Enter", "Enter", 13, "\r"),
    61: ("Tab", "Tab", 9, ""),
    62: (" ", "Space", 32, " "),
    66: ("Enter", "Enter", 13, "\r"),
    67: ("Backspace", "Backspace", 8, ""),
    111: ("Escape", "Escape", 27, ""),
    112: ("Delete", "Delete", 46, ""),
    122: ("Home", "Home", 36, ""),
    123: ("End", "End", 35, ""),
}
_MEDIA_KEYS: Mapping[int, str] = {
    85: "v.paused ? v.play() : v.pause()",
    86: "v.pause()",
    126: "v.play()",
    127: "v.pause()",
}


class ChromiumScreen:
    """A hardware.Screen that is real Chromium.

    Args:
        apps: the installed apps; the launcher shows those with an url.
        size: natural (width, height), px.
        state_dir: data/<package> is the app's storage.
        fault: "recorder_gaps" or another part's fault.
    """

    def __init__(
        self,
        apps: Sequence[InstalledApp],
        radio: ProxyRadio,
        state_dir: Path,
        chromium: ChromiumBinary,
        *,
        size: tuple[int, int] = (1280, 800),
        fault: str | None = None,
    ) -> None:
        self.size, self.rotation, self.awake, self.volume = size, 0, True, 7
        self.crashes: list[tuple[float, str]] = []
        self._apps = {app.package: app for app in apps if app.url}
        self._radio, self._state, self._binary, self._fault = radio, state_dir, chromium, fault
        self._natural = size
        self._running: dict[str, Chromium] = {}
        self._front: str | None = None
        self._changed = asyncio.Event()
        self._finger: tuple[int, int] | None = None
        self._starting = asyncio.Lock()
        radio.listeners.append(self._radio_changed)

    async def launch(self, app: InstalledApp, cold: bool) -> None:
        if cold:
            await self.kill(app.package)
        async with self._starting:
            browser = self._running.get(app.package)
            if browser is None or not browser.running:
                browser = await self._start(app)
                await self._open(browser.page, app.url)
            self._show(app.package)

    async def kill(self, package: str) -> None:
        browser = self._running.pop(package, None)
        if self._front == package:
            self._show(None)
        if browser is not None:
            await browser.stop()

    async def close(self) -> None:
        """End every Chromium."""
        self._radio.listeners.remove(self._radio_changed)
        browsers, self._running = list(self._running.values()), {}
        await asyncio.gather(*(browser.stop() for browser in browsers))

    async def png(self) -> bytes:
        if not self.awake:
            picture = io.BytesIO()
            Image.new("RGB", self.size).save(picture, "PNG", compress_level=1)
            return picture.getvalue()
        page = await self._page()
        try:
            answer = await page.call("Page.captureScreenshot", format="png", optimizeForSpeed=True)
        except CdpError as problem:
            raise CaptureError(f"no screenshot: {problem}") from problem
        return base64.b64decode(answer["data"])

    async def raw(self) -> bytes:
        with Image.open(io.BytesIO(await self.png())) as picture:
            return picture.convert("RGBA").tobytes()

    def cast(self) -> AsyncIterator[tuple[float, bytes]]:
        return self.frames()

    async def frames(self, quality: int = 60) -> AsyncGenerator[tuple[float, bytes], None]:
        """Pictures as they change, of whatever is in front; ends when nothing can be shown."""
        while True:
            changed = self._changed
            page = await self._page()
            offset_s = asyncio.get_running_loop().time() - time.time()
            try:
                session = await self._browser_of_front().connection.attach(page.target_id)
                async with session.events("Page.screencastFrame") as queue:
                    await session.call("Page.startScreencast", format="jpeg", quality=quality)
                    quiet = _Quiet()
                    while (event := await _get(queue, changed, quiet.wait_s)) is not None:
                        if not event:
                            await session.call("Page.captureScreenshot", format="jpeg", optimizeForSpeed=True)
                            quiet.asked()
                            continue
                        quiet.came()
                        await session.post("Page.screencastFrameAck", sessionId=event["sessionId"])
                        yield float(event["metadata"]["timestamp"]) + offset_s, base64.b64decode(event["data"])
                await session.detach()
            except CdpError:
                if not changed.is_set():
                    raise

    async def record(self, file: Path, size: tuple[int, int], bit_rate: int, stop: asyncio.Event) -> None:
        start_s = asyncio.get_running_loop().time()
        frames = self.frames()
        async with contextlib.aclosing(frames):
            await recording.write(
                frames,
                file,
                start_s=start_s,
                size=size,
                bit_rate=bit_rate,
                stop=stop,
                gaps=self._fault == "recorder_gaps",
            )

    async def tap(self, x: int, y: int) -> None:
        await self.touch("touchStart", x, y)
        await self.touch("touchEnd", x, y)
        await self._launcher_tap(x, y)

    async def swipe(self, x1: int, y1: int, x2: int, y2: int, duration_s: float) -> None:
        await self.touch("touchStart", x1, y1)
        loop = asyncio.get_running_loop()
        start = loop.time()
        while (part := (loop.time() - start) / max(duration_s, 0.001)) < 1.0:
            await self.touch("touchMove", round(x1 + (x2 - x1) * part), round(y1 + (y2 - y1) * part))
            await asyncio.sleep(_TOUCH_STEP_S)
        await self.touch("touchMove", x2, y2)
        await self.touch("touchEnd", x2, y2)

    async def touch(self, kind: str, x: int, y: int) -> None:
        """One step of a finger: "touchStart", "touchMove" or "touchEnd". A dark screen feels nothing."""
        if not self.awake:
            return
        page = await self._page()
        points = [] if kind == "touchEnd" else [{"x": x, "y": y}]
        await page.call("Input.dispatchTouchEvent", type=kind, touchPoints=points)

    async def key(self, keycode: int) -> None:
        match keycode:
            case 3:
                self._show(None)
            case 4:
                await self._back()
            case 24 | 25:
                self.volume = min(15, max(0, self.volume + (1 if keycode == 24 else -1)))
            case 26:
                self.awake = not self.awake
            case 223 | 224:
                self.awake = keycode == 224
            case _ if keycode in _MEDIA_KEYS:
                script = f"(v => {{ if (v) {_MEDIA_KEYS[keycode]} }})(document.querySelector('video,audio'))"
                await (await self._page()).evaluate(script, gesture=True)
            case _ if keycode in _KEYS:
                await self._press(*_KEYS[keycode])
            case _ if 7 <= keycode <= 16:
                await self.text(str(keycode - 7))
            case _ if 29 <= keycode <= 54:
                await self.text(chr(ord("a") + keycode - 29))
            case _:
                pass  # Android ignores keys that the app does not handle

    async def text(self, text: str) -> None:
        await (await self._page()).call("Input.insertText", text=text)

    async def tree(self) -> etree._Element:
        page = await self._page()
        walked = await page.evaluate(WALK)
        return hierarchy(walked or {}, self._front or LAUNCHER, self.size, self.rotation)

    async def rotate(self, quarters: int) -> None:
        """Turn the screen to `quarters` quarter turns from its natural orientation."""
        self.rotation = quarters % 4
        self.size = self._natural if self.rotation % 2 == 0 else (self._natural[1], self._natural[0])
        await asyncio.gather(*(self._measure(browser.page) for browser in self._running.values()))

    async def playback(self) -> Mapping[str, object]:
        for package in (self._front, *self._running):
            browser = self._running.get(package or "")
            if package in (None, LAUNCHER) or browser is None or not browser.running:
                continue
            if seen := await player.read(browser.page):
                return {**seen, "package": package}
        return {}

    def profile_dir(self, package: str) -> Path:
        return self._state / "data" / package

    def foreground(self) -> str | None:
        return self._front

    def pid(self, package: str) -> int | None:
        browser = self._running.get(package)
        return browser.pid if browser is not None and browser.running else None

    def _show(self, package: str | None) -> None:
        if package != self._front:
            self._front = package
            self._changed.set()
            self._changed = asyncio.Event()

    async def _start(self, app: InstalledApp) -> Chromium:
        name = app.package
        browser = await Chromium.start(
            self._binary,
            self.profile_dir(name) / "app_chrome",
            size=self.size,
            proxy_port=await self._radio.port_for(app.uid),
            secure_origins=[app.secure_origin] if app.secure_origin else [],
            temporary=self._state / "tmp" / name,
            log=self._state / "logs" / f"{name}.log",
            on_gone=lambda: self._gone(name),
        )
        self._running[name] = browser
        for domain in ("Page", "Network"):
            await browser.page.call(f"{domain}.enable")
        await browser.page.call("Emulation.setTouchEmulationEnabled", enabled=True, maxTouchPoints=5)
        await self._measure(browser.page)
        await self._tell_online(browser.page, self._radio.online)
        return browser

    def _gone(self, package: str) -> None:
        """The browser ended without being asked: the app crashed."""
        if package in self._running:
            self.crashes.append((time.monotonic(), package))
            if self._front == package:
                self._show(None)

    async def _open(self, page: Session, url: str) -> None:
        async with page.events("Page.domContentEventFired") as queue:
            await page.call("Page.navigate", _LOAD_TIMEOUT_S, url=url)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(queue.get(), _LOAD_TIMEOUT_S)
        await self._tell_online(page, self._radio.online)  # a new renderer forgets it

    async def _measure(self, page: Session) -> None:
        width, height = self.size
        await page.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=True
        )

    async def _radio_changed(self, online: bool) -> None:
        for browser in tuple(self._running.values()):
            with contextlib.suppress(CdpError):
                await self._tell_online(browser.page, online)

    async def _tell_online(self, page: Session, online: bool) -> None:
        """navigator.onLine only: the proxy is what cuts, and it must see what the app tries."""
        await page.call(
            "Network.overrideNetworkState", offline=not online, latency=0, downloadThroughput=-1, uploadThroughput=-1
        )

    def _browser_of_front(self) -> Chromium:
        browser = self._running.get(self._front or LAUNCHER)
        if browser is None or not browser.running:
            raise DeviceError("", f"{self._front or 'the launcher'} is not running")
        return browser

    async def _page(self) -> Session:
        """The shown page; starts the launcher when there is none."""
        if self._front is None:
            async with self._starting:
                home = self._running.get(LAUNCHER)
                if home is None or not home.running:
                    self._running.pop(LAUNCHER, None)
                    app = InstalledApp(LAUNCHER, ".Launcher", "Home", "about:blank", _LAUNCHER_UID)
                    home = await self._start(app)
                    await self._open(home.page, self._launcher_url())
        return self._browser_of_front().page

    def _launcher_url(self) -> str:
        labels = "".join(
            f'<button id="{html.escape(app.package)}">{html.escape(app.label)}</button>' for app in self._apps.values()
        )
        page = (
            "<!doctype html><meta name=viewport content='width=device-width'><title>Home</title><style>"
            "body{margin:0;background:#101418;display:flex;flex-wrap:wrap;gap:24px;padding:64px;font:20px sans-serif}"
            "button{width:180px;height:96px;border:0;border-radius:16px;background:#26303a;color:#fff;font:inherit}"
            f"</style>{labels}"
        )
        return "data:text/html;base64," + base64.b64encode(page.encode()).decode()

    async def _launcher_tap(self, x: int, y: int) -> None:
        home = self._running.get(LAUNCHER)
        if self._front is not None or home is None:
            return
        package = await home.page.evaluate(f"document.elementFromPoint({x}, {y})?.closest('button')?.id || ''")
        if package in self._apps:
            await self.launch(self._apps[package], cold=False)

    async def _back(self) -> None:
        if self._front is None:
            return
        page = await self._page()
        if await page.evaluate("!!document.querySelector('dialog[open]') || !!document.fullscreenElement"):
            await self._press(*_KEYS[111])
            return
        history: dict[str, Any] = await page.call("Page.getNavigationHistory")
        index = int(history["currentIndex"])
        if index > 0 and history["entries"][index - 1]["url"] != "about:blank":
            await page.evaluate("history.back()", gesture=True)
        else:
            self._show(None)

    async def _press(self, key: str, code: str, virtual: int, text: str) -> None:
        page = await self._page()
        names: dict[str, Any] = {"key": key, "code": code, "windowsVirtualKeyCode": virtual}
        down = {**names, "text": text} if text else names
        await page.call("Input.dispatchKeyEvent", type="keyDown" if text else "rawKeyDown", **down)
        await page.call("Input.dispatchKeyEvent", type="keyUp", **names)


class _Quiet:
    """When to ask for a picture: once after each change.

    Chromium leaves pictures out while earlier ones are on their way, and brings the one that was left out only with the
    next change: without asking, a loaded machine never records the last frame of a title. A screenshot brings it.
    """

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._asked_s: float | None = None

    @property
    def wait_s(self) -> float | None:
        """How long to wait for the next change before asking; None: it was asked for."""
        return _SETTLE_S if self._asked_s is None else None

    def asked(self) -> None:
        """The screenshot was made."""
        self._asked_s = self._loop.time()

    def came(self) -> None:
        """A picture came: the screenshot's own, or a change."""
        if self._asked_s is not None and self._loop.time() - self._asked_s > _SETTLE_S:
            self._asked_s = None


async def _get(queue: asyncio.Queue[Any], changed: asyncio.Event, wait_s: float | None) -> Any:
    """The next event; None when another app came to the front; {} when nothing came for wait_s."""
    if not queue.empty():
        return queue.get_nowait()
    event = asyncio.create_task(queue.get())
    other = asyncio.create_task(changed.wait())
    try:
        done, _ = await asyncio.wait((event, other), timeout=wait_s, return_when=asyncio.FIRST_COMPLETED)
        if not done:
            return {}
        return event.result() if event.done() else None
    finally:
        for task in (event, other):
            task.cancel()
