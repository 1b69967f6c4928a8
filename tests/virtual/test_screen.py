"""The screen and the radio with a real Chromium and a small page on this machine's loopback."""

from __future__ import annotations

import asyncio
import http.server
import json
import os
import re
import threading
import urllib.error
import urllib.request
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import av
import psutil
import pytest
from lxml import etree

from harness.core.errors import EnvironmentFault
from harness.toolchain import default_home, find
from harness.virtual.chromium import ChromiumBinary
from harness.virtual.hardware import InstalledApp, TabletProfile
from harness.virtual.radio import ProxyRadio
from harness.virtual.screen import ChromiumScreen
from harness.virtual.uiautomator import UiAutomatorServer

PAGE = b"""<!doctype html><title>Probe</title><meta name=viewport content="width=device-width">
<button id=go aria-label="Fetch it">go</button><p id=out>idle</p><p id=worker>none</p><script>
const say = (id, text) => document.getElementById(id).textContent = text;
navigator.serviceWorker.register('/sw.js').then(() => navigator.serviceWorker.ready).then(() => say('worker', 'ready'));
document.getElementById('go').onclick = async () => {
  try { say('out', 'got ' + (await (await fetch('/data.bin', {cache: 'no-store'})).arrayBuffer()).byteLength); }
  catch (e) { say('out', 'failed, online ' + navigator.onLine); }
};</script>"""
WORKER = b"""addEventListener('install', e => e.waitUntil(caches.open('a').then(c => c.addAll(['/']))));
addEventListener('activate', e => e.waitUntil(clients.claim()));
addEventListener('fetch', e => { if (new URL(e.request.url).pathname === '/') e.respondWith(caches.match('/')); });"""
DATA_BYTES = 300_000
LONG_PAGE = b"<!doctype html><meta name=viewport content='width=device-width'>" + b"".join(
    b"<p style='margin:30px'><button>Row %d</button></p>" % number for number in range(20)
)


class _Site(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    BODIES = {  # noqa: RUF012
        "/": ("text/html", PAGE),
        "/long": ("text/html", LONG_PAGE),
        "/sw.js": ("text/javascript", WORKER),
        "/data.bin": ("application/octet-stream", bytes(DATA_BYTES)),
    }

    def do_GET(self) -> None:
        kind, body = self.BODIES.get(self.path, ("text/plain", b""))
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


@dataclass
class Tablet:
    screen: ChromiumScreen
    radio: ProxyRadio
    app: InstalledApp
    port: int
    state: Path

    async def text(self, node_id: str) -> str:
        found = (await self.screen.tree()).xpath(f"//node[@resource-id='{node_id}']/@text")
        return str(found[0]) if isinstance(found, list) and found else ""

    async def until(self, node_id: str, start: str) -> str:
        async with asyncio.timeout(8):
            while not (shown := await self.text(node_id)).startswith(start):
                await asyncio.sleep(0.02)
        return shown

    async def tap(self, node_id: str) -> None:
        found = (await self.screen.tree()).xpath(f"//node[@resource-id='{node_id}']")
        node = found[0] if isinstance(found, list) else None
        assert isinstance(node, etree._Element)
        left, top, right, bottom = map(int, re.findall(r"\d+", node.get("bounds", "")))
        await self.screen.tap((left + right) // 2, (top + bottom) // 2)


Scenario = Callable[[Tablet], Awaitable[None]]


@pytest.fixture(scope="session")
def chromium() -> ChromiumBinary:
    try:
        tools = find(default_home(), os.environ)
    except EnvironmentFault as problem:
        pytest.skip(f"run `redeye setup` first: {problem}")
    return ChromiumBinary(tools.chromium, tools.chromium_env)


@pytest.fixture
def run(chromium: ChromiumBinary, tmp_path: Path) -> Iterator[Callable[[Scenario], None]]:
    site = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Site)
    site.daemon_threads = True
    thread = threading.Thread(target=site.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    origin = f"http://10.0.2.2:{site.server_port}"
    app = InstalledApp("org.probe", ".Main", "Probe", origin + "/", 10_100, origin)

    async def whole(scenario: Scenario) -> None:
        radio = ProxyRadio()
        screen = ChromiumScreen([app], radio, tmp_path, chromium, size=(640, 400))
        try:
            await scenario(Tablet(screen, radio, app, site.server_port, tmp_path))
        finally:
            await screen.close()
            await radio.close()

    yield lambda scenario: asyncio.run(whole(scenario))
    site.shutdown()
    thread.join(5)
    site.server_close()


def test_airplane_mode_cuts_the_page_and_the_offline_start_comes_from_its_own_storage(
    run: Callable[[Scenario], None],
) -> None:
    async def scenario(tablet: Tablet) -> None:
        await tablet.screen.launch(tablet.app, cold=True)
        await tablet.until("worker", "ready")
        before = tablet.radio.counters(10_100)[0]
        await tablet.tap("go")
        assert await tablet.until("out", "got") == f"got {DATA_BYTES}"
        received, sent = tablet.radio.counters(10_100)
        assert DATA_BYTES < received - before < DATA_BYTES + 2000
        assert sent > 0

        await tablet.radio.set_airplane(True)
        await tablet.tap("go")
        assert await tablet.until("out", "failed") == "failed, online false"
        assert (tablet.radio.attempts[-1].path, tablet.radio.attempts[-1].reason) == (
            "/data.bin",
            "Network is unreachable",
        )
        await tablet.screen.launch(tablet.app, cold=True)
        assert await tablet.text("out") == "idle"
        assert tablet.radio.counters(10_100) == (received, sent)
        assert await tablet.radio.probe("10.0.2.2", tablet.port) == "Network is unreachable"
        await tablet.radio.set_airplane(False)
        assert await tablet.radio.probe("10.0.2.2", tablet.port) is None
        assert await tablet.radio.probe("127.0.0.1", tablet.port) == "Connection refused"

    run(scenario)


def test_a_recording_has_true_times_and_holds_a_still_screen_to_the_end(
    run: Callable[[Scenario], None], tmp_path: Path
) -> None:
    async def scenario(tablet: Tablet) -> None:
        await tablet.screen.launch(tablet.app, cold=True)
        await tablet.until("worker", "ready")
        stop = asyncio.Event()
        asyncio.get_running_loop().call_later(1.0, stop.set)
        await tablet.screen.record(tmp_path / "a.mp4", (640, 400), 4_000_000, stop)

    run(scenario)
    with av.open(str(tmp_path / "a.mp4")) as file:
        times = [frame.pts * frame.time_base for frame in file.decode(video=0) if frame.pts is not None]
    assert times[0] == 0
    assert times == sorted(set(times))
    assert 0.95 < times[-1] < 3


def test_the_last_change_is_brought_once_more(run: Callable[[Scenario], None]) -> None:
    async def scenario(tablet: Tablet) -> None:
        await tablet.screen.launch(tablet.app, cold=True)
        await tablet.until("worker", "ready")
        came = []
        async with asyncio.timeout(10):
            async for at_s, _jpeg in tablet.screen.frames():  # the page stands still from here on
                came.append(at_s)
                if len(came) == 2:
                    break
        assert came == sorted(came)

    run(scenario)


def test_a_killed_app_leaves_no_process_and_the_launcher_shows(run: Callable[[Scenario], None]) -> None:
    async def scenario(tablet: Tablet) -> None:
        await tablet.screen.launch(tablet.app, cold=True)
        pid = tablet.screen.pid("org.probe")
        assert pid is not None
        family = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
        await tablet.screen.kill("org.probe")
        assert [p for p in family if p.is_running() and p.status() != psutil.STATUS_ZOMBIE] == []
        assert tablet.screen.foreground() is None
        assert (await tablet.screen.png()).startswith(b"\x89PNG")
        await tablet.tap("org.probe")
        assert tablet.screen.foreground() == "org.probe"

    run(scenario)


def _http(method: str, url: str, body: object = None) -> tuple[int, dict[str, object]]:
    data = json.dumps(body).encode() if body is not None else None
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as problem:
        with problem:
            return problem.code, json.load(problem)


def test_the_uiautomator_endpoint_finds_taps_reads_and_notes_unknown_routes(run: Callable[[Scenario], None]) -> None:
    async def scenario(tablet: Tablet) -> None:
        await tablet.screen.launch(tablet.app, cold=True)
        server = UiAutomatorServer(tablet.screen, TabletProfile(), tablet.state / "unknown.jsonl")
        base = f"http://127.0.0.1:{await server.start()}"

        async def ask(method: str, path: str, body: object = None) -> tuple[int, object]:
            status, answer = await asyncio.to_thread(_http, method, base + path, body)
            return status, answer["value"]

        _, made = await ask("POST", "/session", {"capabilities": {"firstMatch": [{}], "alwaysMatch": {}}})
        assert isinstance(made, dict)
        session = f"/session/{made['sessionId']}"
        by_id = {"strategy": "id", "selector": "org.probe:id/go"}
        _, element = await ask("POST", f"{session}/element", by_id)
        assert isinstance(element, dict)
        assert await ask("GET", f"{session}/element/{element['ELEMENT']}/text") == (200, "Fetch it")
        await ask("POST", f"{session}/element/{element['ELEMENT']}/click", {})
        await tablet.until("out", "got")
        status, problem = await ask("POST", f"{session}/element", {"strategy": "id", "selector": "absent"})
        assert (status, isinstance(problem, dict) and problem["error"]) == (404, "no such element")
        await tablet.screen.key(3)
        status, problem = await ask("GET", f"{session}/element/{element['ELEMENT']}/text")
        assert (status, isinstance(problem, dict) and problem["error"]) == (404, "stale element reference")
        assert (await ask("GET", f"{session}/appium/news"))[0] == 404
        assert json.loads((tablet.state / "unknown.jsonl").read_text())["what"].endswith("/appium/news")
        await ask("DELETE", session)
        await asyncio.wait_for(server.wait_session_ended(), 2)
        await server.stop()

    run(scenario)


def test_a_scrollable_is_scrolled_forward_and_back_until_the_row_shows(run: Callable[[Scenario], None]) -> None:
    async def scenario(tablet: Tablet) -> None:
        await tablet.screen.launch(replace(tablet.app, url=tablet.app.url + "long"), cold=True)
        server = UiAutomatorServer(tablet.screen, TabletProfile(), tablet.state / "unknown.jsonl")
        base = f"http://127.0.0.1:{await server.start()}"
        _, made = await asyncio.to_thread(_http, "POST", f"{base}/session", {"capabilities": {}})

        async def status_of(row: str, call: str) -> int:
            selector = f"new UiScrollable(new UiSelector().scrollable(true)).{call.format(row)}"
            body = {"strategy": "-android uiautomator", "selector": selector}
            path = f"{base}/session/{made['sessionId']}/element"
            return (await asyncio.to_thread(_http, "POST", path, body))[0]

        async def rows() -> list[str]:
            found = (await tablet.screen.tree()).xpath("//node[starts-with(@text, 'Row ')]/@text")
            return [str(one) for one in found] if isinstance(found, list) else []

        assert "Row 0" in await rows() and "Row 15" not in await rows()
        assert await status_of("Row 15", 'scrollIntoView(new UiSelector().text("{}"))') == 200
        assert "Row 15" in await rows() and "Row 0" not in await rows()
        assert await status_of("Row 0", 'setAsVerticalList().scrollTextIntoView("{}")') == 200
        assert "Row 0" in await rows()
        assert await status_of("Row 99", 'scrollTextIntoView("{}")') == 404
        await server.stop()

    run(scenario)
