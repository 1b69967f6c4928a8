"""The tablet's front under the real adb binary: a private server, HOME and TMPDIR, a stand-in screen and radio.

The stand-in screen draws nothing and says so; pictures are tested where the real screen is.
"""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import threading
import time
from collections.abc import AsyncIterator, Iterator, Mapping, MutableMapping
from pathlib import Path

import pytest
from lxml import etree

from harness.core.errors import CaptureError, HarnessError
from harness.toolchain import default_home, find
from harness.virtual.front import Front
from harness.virtual.hardware import InstalledApp, OpenHostStream, TabletProfile
from harness.virtual.tablet import Tablet

APP = InstalledApp("org.example.app", ".MainActivity", "Example", "http://10.0.2.2:1/", 10201)


class NoScreen:
    """A stand-in: apps run and are in front, but there is no picture."""

    def __init__(self, folder: Path) -> None:
        self.size, self.rotation, self._folder = (1280, 800), 0, folder
        self._front: str | None = None

    async def launch(self, app: InstalledApp, cold: bool) -> None:
        self._front = app.package

    async def kill(self, package: str) -> None:
        self._front = None if self._front == package else self._front

    async def png(self) -> bytes:
        raise CaptureError("the stand-in screen has no picture")

    async def raw(self) -> bytes:
        raise CaptureError("the stand-in screen has no picture")

    def cast(self) -> AsyncIterator[tuple[float, bytes]]:
        raise CaptureError("the stand-in screen has no picture")

    async def record(self, file: Path, size: tuple[int, int], bit_rate: int, stop: asyncio.Event) -> None:
        raise CaptureError("the stand-in screen has no picture")

    async def tap(self, x: int, y: int) -> None: ...
    async def swipe(self, x1: int, y1: int, x2: int, y2: int, duration_s: float) -> None: ...
    async def key(self, keycode: int) -> None: ...
    async def text(self, text: str) -> None: ...

    async def tree(self) -> etree._Element:
        return etree.Element("hierarchy")

    async def playback(self) -> Mapping[str, object]:
        return {}

    def profile_dir(self, package: str) -> Path:
        return self._folder / package

    def foreground(self) -> str | None:
        return self._front

    def pid(self, package: str) -> int | None:
        return 9001 if package == self._front else None


class Switches:
    """A stand-in radio: four flags."""

    def __init__(self) -> None:
        self.airplane, self.wifi, self.data, self.bluetooth = False, True, False, True
        self._reverse: dict[int, OpenHostStream] = {}

    @property
    def reverse(self) -> MutableMapping[int, OpenHostStream]:
        return self._reverse

    async def set_airplane(self, on: bool) -> None:
        self.airplane = on

    async def set_wifi(self, on: bool) -> None:
        self.wifi = on

    async def set_data(self, on: bool) -> None:
        self.data = on

    def counters(self, uid: int) -> tuple[int, int]:
        return 0, 0

    def interface_bytes(self) -> tuple[int, int]:
        return 0, 0

    async def probe(self, host: str, port: int) -> str | None:
        return None if self.wifi else "connect: Network is unreachable"


class Bench:
    """A front on a thread of its own and the real adb against it."""

    def __init__(self, adb: Path, folder: Path, profile: TabletProfile | None = None, fault: str | None = None) -> None:
        self.adb_binary, self.folder = adb, folder
        self.state = folder / "state"
        self.state.mkdir()
        with socket.create_server(("127.0.0.1", 0)) as free:
            self._server_port = free.getsockname()[1]
        home = folder / "home"
        home.mkdir()
        self._env = {"HOME": str(home), "TMPDIR": str(home), "PATH": os.defpath, "ADB_MDNS": "0"}
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, name="front")
        self._thread.start()
        self.radio = Switches()
        self.serial = f"127.0.0.1:{self.call(self._start(profile or TabletProfile(), fault))}"

    async def _start(self, profile: TabletProfile, fault: str | None) -> int:
        screen = NoScreen(self.folder / "data")
        self.tablet = Tablet(profile, screen, self.radio, self.state, {APP.package: APP}, fault=fault)
        self.front = Front(self.tablet)
        return await self.front.start(0)

    def call(self, work: object) -> object:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(20)  # type: ignore[arg-type]

    def adb(self, *words: str, data: bytes | None = None) -> subprocess.CompletedProcess[bytes]:
        command = [str(self.adb_binary), "-P", str(self._server_port), *words]
        stdin = {"stdin": subprocess.DEVNULL} if data is None else {"input": data}
        return subprocess.run(command, capture_output=True, timeout=30, env=self._env, **stdin)  # type: ignore[call-overload, no-any-return]

    def on(self, *words: str, data: bytes | None = None) -> subprocess.CompletedProcess[bytes]:
        return self.adb("-s", self.serial, *words, data=data)

    def shell(self, text: str) -> str:
        done = self.on("shell", text)
        return done.stdout.decode()

    def until(self, look: object, wanted: object, within_s: float = 3.0) -> None:
        deadline = time.monotonic() + within_s
        pause = threading.Event()
        while (seen := look()) != wanted:  # type: ignore[operator]
            if time.monotonic() > deadline:
                pytest.fail(f"still {seen!r}, expected {wanted!r}")
            pause.wait(0.01)

    def close(self) -> None:
        self.adb("kill-server")
        self.call(self.front.stop())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(5)
        self.loop.close()


@pytest.fixture(scope="module")
def adb_binary() -> Path:
    try:
        return find(default_home(), dict(os.environ)).adb
    except HarnessError as missing:
        pytest.skip(f"no adb on this machine: run `redeye setup` ({missing})")


@pytest.fixture(scope="module")
def bench(adb_binary: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    made = Bench(adb_binary, tmp_path_factory.mktemp("front"))
    try:
        assert b"connected to" in made.adb("connect", made.serial).stdout
        yield made
    finally:
        made.close()


def test_is_listed_with_its_model(bench: Bench) -> None:
    listed = bench.adb("devices", "-l").stdout.decode()
    assert f"{bench.serial} " in listed and "model:Redeye_Virtual_Tablet" in listed


@pytest.mark.parametrize(("text", "code"), [("true", 0), ("false", 1), ("exit 7", 7), ("no_such_thing", 127)])
def test_exit_code_reaches_the_host(bench: Bench, text: str, code: int) -> None:
    assert bench.on("shell", text).returncode == code


def test_stderr_comes_apart(bench: Bench) -> None:
    done = bench.on("shell", "echo out; cat /sdcard/missing")
    assert (done.stdout, done.stderr) == (b"out\n", b"cat: /sdcard/missing: No such file or directory\n")


def test_stdin_reaches_a_command(bench: Bench) -> None:
    assert bench.on("shell", "wc -c", data=b"x" * 300_000).stdout == b"300000\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("getprop ro.build.version.sdk", "33\n"),
        ("getprop no.such other", "other\n"),
        ("settings get global mobile_data", "0\n"),
        ("settings get global not_there", "null\n"),
        ("wm size", "Physical size: 1280x800\n"),
        ("echo a b | cut -d ' ' -f 2", "b\n"),
        ("false; echo $?", "1\n"),
        ("A=1; echo \"$A\" '$A'", "1 $A\n"),
        ("seq 3 2>/dev/null || echo none", "none\n"),
        ("[ -e /sdcard ] && echo __PASS__", "__PASS__\n"),
        ("cd /sdcard && mkdir -p g && touch g/1.a g/2.a && echo g/*.a; rm -r g", "g/1.a g/2.a\n"),
        ("run-as org.example.app sh -c 'pwd; id -u'", "/data/user/0/org.example.app\n10201\n"),
        ("cat /proc/net/unix | head -n 1 | wc -l", "1\n"),
        ("printf '%s-%s' a b > /sdcard/p; cat /sdcard/p; rm /sdcard/p", "a-b"),
    ],
)
def test_shell(bench: Bench, text: str, expected: str) -> None:
    assert bench.shell(text) == expected


@pytest.mark.parametrize(
    "path",
    ["/sdcard/../../../../etc/passwd", "/data/data/org.example.app/x", "/data/user/0/org.example.app", "/data"],
)
def test_files_are_contained(bench: Bench, path: str) -> None:
    assert bench.on("shell", f"ls {path}").returncode == 1


def test_a_link_does_not_lead_out(bench: Bench) -> None:
    (bench.state / "fs/sdcard/out").symlink_to("/")
    assert b"Permission denied" in bench.on("shell", "ls /sdcard/out/etc").stderr


def test_system_is_read_only(bench: Bench) -> None:
    assert b"Read-only file system" in bench.on("shell", "touch /system/bin/x").stderr


def test_push_and_pull_are_identical(bench: Bench, tmp_path: Path) -> None:
    sent, back = tmp_path / "sent", tmp_path / "back"
    sent.write_bytes(os.urandom(5_000_000))
    assert bench.on("push", str(sent), "/data/local/tmp/new/dir/f").returncode == 0
    assert bench.on("pull", "/data/local/tmp/new/dir/f", str(back)).returncode == 0
    assert back.read_bytes() == sent.read_bytes()
    assert bench.on("exec-out", "cat /data/local/tmp/new/dir/f").stdout == sent.read_bytes()


def test_push_to_a_forbidden_place_fails(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"x")
    assert b"Read-only file system" in bench.on("push", str(tmp_path / "f"), "/system/f").stderr


def test_install_of_something_else_is_refused(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "tiny.apk").write_bytes(b"not an apk")
    done = bench.on("install", str(tmp_path / "tiny.apk"))
    assert done.returncode != 0 and b"INSTALL_PARSE_FAILED_NOT_APK" in done.stdout + done.stderr


def test_logcat_dump_and_filter(bench: Bench) -> None:
    bench.shell("log -t Probe hello; log -t Other there")
    assert "Probe   : hello" in bench.on("logcat", "-d").stdout.decode()
    only = bench.on("logcat", "-d", "-s", "Probe:V").stdout.decode()
    assert "hello" in only and "there" not in only


def test_reverse_and_forward_are_listed_and_removed(bench: Bench) -> None:
    assert bench.on("reverse", "tcp:8099", "tcp:8099").returncode == 0
    assert bench.on("reverse", "--list").stdout.split() == [b"UsbFfs", b"tcp:8099", b"tcp:8099"]
    assert bench.radio.reverse.keys() == {8099}
    assert bench.on("reverse", "--remove", "tcp:8099").returncode == 0
    assert b"not found" in bench.on("reverse", "--remove", "tcp:8099").stderr
    assert bench.on("reverse", "--list").stdout.split() == []
    port = bench.on("forward", "tcp:0", "tcp:6790").stdout.strip().decode()
    assert f"tcp:{port} tcp:6790".encode() in bench.on("forward", "--list").stdout
    bench.on("forward", "--remove-all")


def test_reverse_reaches_the_host(bench: Bench) -> None:
    with socket.create_server(("127.0.0.1", 0)) as host:
        port = host.getsockname()[1]
        bench.on("reverse", "tcp:8100", f"tcp:{port}")

        async def ask() -> bytes:
            reader, writer = await bench.radio.reverse[8100]()
            writer.write(b"ping")
            await writer.drain()
            answer = await reader.read()
            writer.close()
            await writer.wait_closed()
            return answer

        asked = asyncio.run_coroutine_threadsafe(ask(), bench.loop)
        peer, _ = host.accept()
        with peer:
            assert peer.recv(4) == b"ping"
            peer.sendall(b"pong")
            assert asked.result(5) == b"pong"
    bench.on("reverse", "--remove-all")


def test_start_focus_and_stop(bench: Bench) -> None:
    assert "Status: ok" in bench.shell("am start-activity -W -n org.example.app/.MainActivity")
    assert "mCurrentFocus=Window{85a52f2 u0 org.example.app/org.example.app.MainActivity}" in bench.shell(
        "dumpsys window displays"
    )
    assert bench.shell("pidof org.example.app") == "9001\n"
    bench.shell("am force-stop org.example.app")
    assert bench.on("shell", "pidof org.example.app").returncode == 1
    assert b"does not exist" in bench.on("shell", "am start-activity -n org.example.app/.Other").stderr


def test_failed_picture_is_an_error_not_black(bench: Bench) -> None:
    done = bench.on("exec-out", "screencap -p 2>/dev/null")
    assert done.stdout == b""
    assert bench.on("shell", "screencap -p").returncode == 1


def test_airplane_mode_moves_the_radios_and_comes_back(bench: Bench) -> None:
    assert bench.shell("cmd connectivity airplane-mode") == "disabled\n"
    assert bench.on("shell", "cmd connectivity airplane-mode enable").stdout == b""
    assert bench.shell("cmd connectivity airplane-mode; settings get global wifi_on") == "enabled\n3\n"
    bench.until(lambda: (bench.radio.airplane, bench.radio.wifi), (True, False))
    seen = bench.shell("dumpsys connectivity; ip route show table all; cmd wifi status")
    assert "Active default network: none" in seen and "INTERNET" not in seen and "default via" not in seen
    assert "Wifi is disabled" in seen
    bench.on("shell", "cmd connectivity airplane-mode disable")
    bench.until(lambda: (bench.radio.airplane, bench.radio.wifi), (False, True))
    assert bench.shell("settings get global wifi_on") == "1\n"


def test_a_setting_alone_moves_no_radio(bench: Bench) -> None:
    bench.shell("settings put global airplane_mode_on 1")
    refused = bench.on("shell", "am broadcast -a android.intent.action.AIRPLANE_MODE --ez state true")
    assert refused.returncode == 255 and b"SecurityException" in refused.stderr
    assert not bench.radio.airplane
    bench.shell("settings put global airplane_mode_on 0")


def test_unknown_calls_are_written_down(bench: Bench) -> None:
    bench.on("shell", "frobnicate --now")
    bench.on("shell", "cmd no_such_service")
    text = (bench.state / "unknown.jsonl").read_text()
    assert "frobnicate --now" in text and "no_such_service" in text


def test_a_lying_airplane_mode_can_be_ordered(adb_binary: Path, tmp_path: Path) -> None:
    bench = Bench(adb_binary, tmp_path, fault="airplane_lies")
    try:
        bench.adb("connect", bench.serial)
        bench.shell("cmd connectivity airplane-mode enable")
        assert bench.shell("settings get global airplane_mode_on") == "1\n"
        assert "Active default network: 100" in bench.shell("sleep 0.3; dumpsys connectivity")
        assert bench.radio.wifi
    finally:
        bench.close()
