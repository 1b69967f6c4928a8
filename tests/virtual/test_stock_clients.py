"""Stock clients against `redeye tablet start`: the real adb binary, pure-python-adb, Appium with its Python client.

Each test also demands that the tablet met nothing that it does not know.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import pty
import select
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from appium import webdriver
from appium.options.android import UiAutomator2Options
from lxml import etree
from PIL import Image
from ppadb.client import Client as AdbClient
from selenium.common.exceptions import InvalidSessionIdException, NoSuchElementException, WebDriverException
from selenium.webdriver.common.action_chains import ActionChains

from harness.core.clock import Deadline, SystemClock, wait_for
from harness.core.errors import ToolMissing
from harness.lab.bench import start_adb_server
from harness.profiles import load_profile
from harness.toolchain import Toolchain, default_home, find
from harness.ui import AppiumServer
from harness.ui.server import free_port

ROOT = Path(__file__).parents[2]
PROFILE = load_profile(ROOT / "device_profiles", "virtual-tablet")
CABIN = "tv.redeye.cabin"
SETTINGS_APP = "io.appium.settings"
SERVER_APP = "io.appium.uiautomator2.server"
UIAUTOMATOR = "-android uiautomator"
BIG_BYTES = 100_000_000
# Grey levels between a decoded H.264 frame and the screenshot: 1.7 on the launcher; Cabin instead of it would be 24.
MAX_MEAN_ERROR = 6.0


@dataclass(frozen=True)
class Lab:
    """A tablet that `redeye tablet start` runs, and the private adb server in front of it."""

    tools: Toolchain
    serial: str
    adb_port: int
    folder: Path
    said_at_connect: str

    @property
    def command(self) -> list[str]:
        return [str(self.tools.adb), "-P", str(self.adb_port)]

    @property
    def env(self) -> dict[str, str]:
        return _env(self.folder)

    def adb(self, *words: str, data: bytes | None = None) -> subprocess.CompletedProcess[bytes]:
        argv = [*self.command, *words]
        if data is None:
            return subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, timeout=60, env=self.env)
        return subprocess.run(argv, input=data, capture_output=True, timeout=60, env=self.env)

    def on(self, *words: str, data: bytes | None = None) -> subprocess.CompletedProcess[bytes]:
        return self.adb("-s", self.serial, *words, data=data)

    def out(self, *words: str) -> str:
        """What a command that must succeed printed."""
        done = self.on(*words)
        assert done.returncode == 0, done.stderr
        return done.stdout.decode()

    def unknown(self) -> list[str]:
        """What the tablet's contract log holds."""
        (state,) = self.folder.glob("redeye-tablet-*/tablet")
        log = state / "unknown.jsonl"
        lines = log.read_text("utf-8").splitlines() if log.exists() else []
        return [f"{entry['kind']}: {entry['what']}" for entry in map(json.loads, lines)]


def _env(folder: Path) -> dict[str, str]:
    kept = {key: os.environ[key] for key in ("PATH", "REDEYE_HOME") if key in os.environ}
    home = str(folder)
    return {"REDEYE_HOME": str(_home()), **kept, "HOME": home, "TMPDIR": home, "ADB_USB": "0", "ADB_MDNS": "0"}


def _home() -> Path:
    return Path(os.environ["REDEYE_HOME"]) if "REDEYE_HOME" in os.environ else default_home()


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """Both are ended by their own handles, and the tablet leaves nothing behind."""
    try:
        tools = find(_home(), dict(os.environ))
    except ToolMissing as missing:
        pytest.skip(f"run `redeye setup` first: {missing}")
    folder = tmp_path_factory.mktemp("stock")
    redeye = [str(Path(sys.executable).with_name("redeye")), "tablet", "start", "--port", "0"]
    adb_port = free_port()
    with (folder / "tablet.log").open("wb") as log:
        tablet = subprocess.Popen(redeye, stdout=subprocess.PIPE, stderr=log, env=_env(folder), cwd=ROOT, text=True)
    _server, adb = start_adb_server(tools, adb_port, folder / "adb.log", SystemClock())
    try:
        assert tablet.stdout is not None
        serial = tablet.stdout.readline().strip()
        assert serial, (folder / "tablet.log").read_text()
        connected = subprocess.run(
            [str(tools.adb), "-P", str(adb_port), "connect", serial], capture_output=True, timeout=30, env=_env(folder)
        )
        yield Lab(tools, serial, adb_port, folder, connected.stdout.decode())
    finally:
        tablet.terminate()
        tablet.wait(20)
        if tablet.stdout is not None:
            tablet.stdout.close()
        adb.stop()
    assert tablet.returncode == 0
    assert list(folder.glob("redeye-tablet-*")) == []


@pytest.fixture
def tablet(lab: Lab) -> Iterator[Lab]:
    """The lab, with the demand that the test asked nothing that the tablet does not know."""
    before = lab.unknown()
    yield lab
    assert lab.unknown() == before


@pytest.fixture(scope="module")
def big_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("big") / "big.bin"
    path.write_bytes(np.random.default_rng(7).bytes(BIG_BYTES))
    return path


def digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def echo_server() -> Iterator[int]:
    """The port of a server on this machine that sends back what each connection sends."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    peer, _ = listener.accept()
                except OSError:
                    return
                with peer:
                    while data := peer.recv(65536):
                        peer.sendall(data)

        thread = threading.Thread(target=serve, name="echo", daemon=True)
        thread.start()
        yield int(listener.getsockname()[1])
        listener.shutdown(socket.SHUT_RDWR)
    thread.join(5)


def through(connection: socket.socket, data: bytes) -> bytes:
    """What comes back for `data`, read while it is sent."""
    sender = threading.Thread(target=connection.sendall, args=(data,))
    sender.start()
    back = bytearray()
    while len(back) < len(data) and (part := connection.recv(65536)):
        back += part
    sender.join(10)
    return bytes(back)


# the adb binary ------------------------------------------------------------------------------------------------------


def test_adb_connects_and_lists_the_model(tablet: Lab) -> None:
    assert tablet.said_at_connect == f"connected to {tablet.serial}\n"
    assert tablet.adb("connect", tablet.serial).stdout == f"already connected to {tablet.serial}\n".encode()
    row = tablet.adb("devices", "-l").stdout.decode().splitlines()[1].split()
    assert row[:2] == [tablet.serial, "device"]
    assert {f"model:{PROFILE.model.replace(' ', '_')}", f"device:{PROFILE.device}"} <= set(row)


@pytest.mark.parametrize(("command", "code"), [("true", 0), ("false", 1), ("(exit", 1), ("exit 7", 7), ("nope", 127)])
def test_adb_shell_returns_the_commands_exit_code(lab: Lab, command: str, code: int) -> None:
    assert lab.on("shell", command).returncode == code


def test_adb_shell_keeps_stderr_apart(tablet: Lab) -> None:
    done = tablet.on("shell", "echo out; echo err >&2; exit 3")
    assert (done.stdout, done.stderr, done.returncode) == (b"out\n", b"err\n", 3)


def test_adb_shell_runs_what_stdin_says(tablet: Lab) -> None:
    done = tablet.on("shell", data=b"cd /sdcard\nA=5\necho $A; pwd\nwc -c\nrest\n")
    assert (done.stdout, done.returncode) == (b"5\n/sdcard\n5\n", 0)
    assert tablet.on("shell", data=b"exit 4\necho never\n").returncode == 4


def test_adb_shell_on_a_terminal(tablet: Lab) -> None:
    ours, theirs = pty.openpty()
    argv = [*tablet.command, "-s", tablet.serial, "shell"]
    with subprocess.Popen(argv, stdin=theirs, stdout=theirs, stderr=theirs, env=tablet.env) as shell:
        os.close(theirs)
        seen = b""

        def until(prompts: int) -> None:
            nonlocal seen
            while seen.count(b"$ ") < prompts:
                assert select.select([ours], [], [], 20)[0], seen
                seen += os.read(ours, 4096)

        until(1)
        os.write(ours, b"ecoh\x7f\x7fho typed\r")
        until(2)
        assert b"\r\ntyped\r\n" in seen
        os.write(ours, b"sleep 60\r")
        os.write(ours, b"\x03")
        until(3)
        os.write(ours, b"exit 6\r")
        assert shell.wait(20) == 6
    os.close(ours)


def test_adb_root_is_refused_as_on_a_user_build(tablet: Lab) -> None:
    assert tablet.on("root").stdout == b"adbd cannot run as root in production builds\n"
    assert tablet.out("shell", "id", "-u") == "2000\n"


def test_100_mb_go_there_and_back_unchanged(tablet: Lab, big_file: Path, tmp_path: Path) -> None:
    wanted = digest(big_file)
    tablet.out("push", str(big_file), "/sdcard/Download/")
    assert tablet.out("shell", "sha256sum", "/sdcard/Download/big.bin") == f"{wanted}  /sdcard/Download/big.bin\n"
    tablet.out("pull", "/sdcard/Download/big.bin", str(tmp_path / "back"))
    assert digest(tmp_path / "back") == wanted
    tablet.out("shell", "rm", "/sdcard/Download/big.bin")


def test_a_folder_goes_there_and_back(tablet: Lab, tmp_path: Path) -> None:
    files = {"a": b"", "in/b": b"b" * 70_000, "in/deep/ü c": b"c"}
    for name, content in files.items():
        (tmp_path / "sent" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "sent" / name).write_bytes(content)
    tablet.out("push", str(tmp_path / "sent"), "/sdcard/")
    tablet.out("pull", "/sdcard/sent", str(tmp_path / "back"))
    assert {name: (tmp_path / "back" / name).read_bytes() for name in files} == files
    tablet.out("shell", "rm -r /sdcard/sent")


def settings_apk(tools: Toolchain) -> Path:
    """A real APK of 3 MB: the helper app that Appium brings."""
    driver = tools.packages / "node_modules/appium-uiautomator2-driver/node_modules"
    return driver / SETTINGS_APP / "apks/settings_apk-debug.apk"


@pytest.mark.parametrize("how", [["install"], ["install", "--no-streaming", "-g"], ["install-multiple"]])
def test_an_apk_is_installed_and_uninstalled(tablet: Lab, how: list[str], tmp_path: Path) -> None:
    apk = settings_apk(tablet.tools)
    release = json.loads((apk.parents[1] / "package.json").read_text("utf-8"))["version"]
    try:
        assert tablet.out("uninstall", SETTINGS_APP) == "Success\n"
        assert f"package:{SETTINGS_APP}\n" not in tablet.out("shell", "pm", "list", "packages")
        assert tablet.on("shell", "pm", "path", SETTINGS_APP).returncode == 1
        assert tablet.on("shell", "pidof", SETTINGS_APP).returncode == 1
        assert b"does not exist" in tablet.on("shell", f"am start -n {SETTINGS_APP}/.Settings").stderr
        assert tablet.on("uninstall", SETTINGS_APP).returncode == 1
    finally:
        installed = tablet.on(*how, str(apk))
    assert (installed.returncode, installed.stdout.splitlines()[-1:]) == (0, [b"Success"])
    assert f"package:{SETTINGS_APP}\n" in tablet.out("shell", "pm", "list", "packages", "-3")
    assert f"versionName={release}\n" in tablet.out("shell", "dumpsys", "package", SETTINGS_APP)
    path = tablet.out("shell", "pm", "path", SETTINGS_APP).strip().removeprefix("package:")
    tablet.out("pull", path, str(tmp_path / "base.apk"))
    assert digest(tmp_path / "base.apk") == digest(apk)


def test_a_damaged_apk_is_refused(tablet: Lab, tmp_path: Path) -> None:
    (tmp_path / "half.apk").write_bytes(settings_apk(tablet.tools).read_bytes()[:1_000_000])
    done = tablet.on("install", str(tmp_path / "half.apk"))
    assert done.returncode == 1 and b"INSTALL_PARSE_FAILED_NOT_APK" in done.stdout + done.stderr


def test_logcat_dumps_filters_and_clears(tablet: Lab) -> None:
    tablet.out("shell", "log -t Probe -p w 'said once'; log -t Other there")
    dump = tablet.out("logcat", "-d")
    assert "W Probe   : said once" in dump and "I Other   : there" in dump
    only = tablet.out("logcat", "-d", "-s", "Probe:W")
    assert "said once" in only and "there" not in only
    tablet.out("logcat", "-c")
    assert "said once" not in tablet.out("logcat", "-d")


def screenshot(tablet: Lab) -> Image.Image:
    done = tablet.on("exec-out", "screencap", "-p")
    assert done.returncode == 0, done.stderr
    picture = Image.open(io.BytesIO(done.stdout))
    assert picture.format == "PNG"
    return picture.convert("RGB")


def test_screencap_is_a_png_of_the_profiles_size(tablet: Lab) -> None:
    assert screenshot(tablet).size == PROFILE.size


def test_raw_screencap_has_androids_header_and_the_same_picture(tablet: Lab) -> None:
    data = tablet.on("exec-out", "screencap").stdout
    width, height, pixel_format, colour_space = struct.unpack_from("<4I", data)
    assert ((width, height), pixel_format, colour_space) == (PROFILE.size, 1, 1)  # RGBA_8888, sRGB
    assert len(data) == 16 + width * height * 4
    raw = np.frombuffer(data, np.uint8, offset=16).reshape(height, width, 4)[:, :, :3]
    assert np.array_equal(raw, np.asarray(screenshot(tablet)))


def test_screenrecord_is_h264_of_what_the_screen_shows(tablet: Lab, tmp_path: Path) -> None:
    tablet.out("shell", "input", "keyevent", "HOME")
    tablet.out("shell", "screenrecord --time-limit 2 /sdcard/x.mp4")
    tablet.out("pull", "/sdcard/x.mp4", str(tmp_path / "x.mp4"))
    with av.open(str(tmp_path / "x.mp4")) as container:
        stream = container.streams.video[0]
        assert (stream.codec_context.name, (stream.width, stream.height)) == ("h264", PROFILE.size)
        frames = list(container.decode(stream))
    times = [frame.pts for frame in frames if frame.pts is not None]
    assert times == sorted(set(times)) and len(times) == len(frames) >= 2
    last = frames[-1].to_ndarray(format="rgb24").astype(float)
    assert np.abs(last - np.asarray(screenshot(tablet))).mean() < MAX_MEAN_ERROR


def test_reverse_and_forward_carry_bytes(tablet: Lab) -> None:
    """The host asks the tablet's port, behind which adb reverse leads to the host again."""
    data = np.random.default_rng(1).bytes(3_000_000)
    with echo_server() as port:
        device = tablet.out("reverse", "tcp:0", f"tcp:{port}").strip()
        local = int(tablet.out("forward", "tcp:0", f"tcp:{device}"))
        assert f"tcp:{device} tcp:{port}" in tablet.out("reverse", "--list")
        with socket.create_connection(("127.0.0.1", local), 10) as connection:
            assert through(connection, data) == data
        argv = [*tablet.command, "-s", tablet.serial, "shell", f"nc 127.0.0.1 {device}"]
        with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=tablet.env) as nc:
            assert nc.stdin is not None and nc.stdout is not None
            nc.stdin.write(b"from the tablet\n")
            nc.stdin.flush()
            assert nc.stdout.readline() == b"from the tablet\n"
        tablet.out("forward", "--remove", f"tcp:{local}")
        tablet.out("reverse", "--remove-all")
    assert tablet.on("shell", f"nc -z 127.0.0.1 {device}").returncode == 1


# pure-python-adb -----------------------------------------------------------------------------------------------------


@pytest.fixture
def ppadb(tablet: Lab) -> Any:  # pure-python-adb has no types
    device = AdbClient("127.0.0.1", tablet.adb_port).device(tablet.serial)  # type: ignore[no-untyped-call]
    assert device is not None
    return device


def test_ppadb_shell_packages_and_properties(ppadb: Any) -> None:
    assert ppadb.shell("echo one; echo two >&2; exit 3") == "one\ntwo\n"
    assert {CABIN, "android"} <= set(ppadb.list_packages())
    assert ppadb.is_installed(CABIN) and not ppadb.is_installed("no.such.app")
    assert ppadb.get_properties()["ro.product.model"] == PROFILE.model
    assert tuple(ppadb.wm_size()) == PROFILE.size
    assert ppadb.cpu_times().total() > 0


def test_ppadb_push_and_pull(ppadb: Any, tmp_path: Path) -> None:
    (tmp_path / "sent").write_bytes(np.random.default_rng(3).bytes(2_000_000))
    ppadb.push(str(tmp_path / "sent"), "/data/local/tmp/ppadb.bin")
    ppadb.pull("/data/local/tmp/ppadb.bin", str(tmp_path / "back"))
    assert digest(tmp_path / "back") == digest(tmp_path / "sent")


def test_ppadb_screencap(ppadb: Any) -> None:
    with Image.open(io.BytesIO(ppadb.screencap())) as picture:
        assert (picture.format, picture.size) == ("PNG", PROFILE.size)


def test_ppadb_uninstalls_and_installs(ppadb: Any, tablet: Lab) -> None:
    try:
        assert ppadb.uninstall(SETTINGS_APP) and not ppadb.is_installed(SETTINGS_APP)
    finally:
        assert ppadb.install(str(settings_apk(tablet.tools)))
    assert ppadb.is_installed(SETTINGS_APP)


def test_ppadb_names_the_activity_in_front(ppadb: Any) -> None:
    ppadb.shell(f"am start -W -n {CABIN}/.MainActivity")
    top = ppadb.get_top_activity()
    assert (top.package, top.activity, str(top.pid)) == (CABIN, ".MainActivity", ppadb.get_pid(CABIN))


# Appium --------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def appium(lab: Lab) -> Iterator[str]:
    """The URL of an unmodified Appium server."""
    with AppiumServer.start(
        lab.tools,
        log=lab.folder / "appium.log",
        state_dir=lab.folder / "appium",
        adb_port=lab.adb_port,
        deadline=Deadline.after(60),
    ) as server:
        yield server.url


@pytest.fixture(scope="module")
def opened(lab: Lab, appium: str) -> Iterator[webdriver.Remote]:
    options = UiAutomator2Options()
    options.udid, options.adb_port, options.system_port = lab.serial, lab.adb_port, free_port()
    options.app_package, options.app_activity, options.no_reset = CABIN, ".MainActivity", True
    driver = webdriver.Remote(appium, options=options)
    try:
        yield driver
    finally:
        with suppress(InvalidSessionIdException):  # the last test ended it
            driver.quit()


def wait_until_shown(driver: webdriver.Remote, selector: str) -> None:
    wait_for(selector, lambda: len(driver.find_elements(UIAUTOMATOR, selector)), bool, Deadline.after(20))


@pytest.fixture
def driver(opened: webdriver.Remote, tablet: Lab) -> webdriver.Remote:
    """The session with Cabin's catalogue in front."""
    opened.activate_app(CABIN)
    wait_until_shown(opened, 'new UiSelector().text("Ready")')
    opened.find_element("id", "nav-catalogue").click()
    wait_until_shown(opened, 'new UiSelector().resourceIdMatches("card-.+")')
    return opened


def test_a_session_starts_the_app_and_tells_the_device(driver: webdriver.Remote) -> None:
    said = driver.capabilities
    assert (said["deviceModel"], said["platformVersion"]) == (PROFILE.model, PROFILE.release)
    assert said["deviceScreenSize"] == f"{PROFILE.size[0]}x{PROFILE.size[1]}"
    assert (driver.current_package, driver.current_activity) == (CABIN, ".MainActivity")


SELECTORS = [
    ("id", "nav-downloads"),
    ("id", f"{CABIN}:id/nav-downloads"),
    ("css selector", "#nav-downloads"),
    (UIAUTOMATOR, 'new UiSelector().text("Downloads")'),
    (UIAUTOMATOR, 'new UiSelector().className("android.widget.Button").instance(1)'),
    (UIAUTOMATOR, 'new UiSelector().resourceId("top").childSelector(new UiSelector().textContains("load"))'),
    (UIAUTOMATOR, 'new UiSelector().text("Catalogue").fromParent(new UiSelector().index(1).clickable(true))'),
    ("xpath", "//android.widget.Button[@text='Downloads']"),
    ("xpath", "//*[matches(@text, '^Down.*s$')]"),
    ("xpath", "//*[lower-case(@resource-id)='nav-catalogue']/following-sibling::*"),
]


@pytest.mark.parametrize(("by", "selector"), SELECTORS, ids=[selector for _, selector in SELECTORS])
def test_elements_are_found(driver: webdriver.Remote, by: str, selector: str) -> None:
    element = driver.find_element(by, selector)
    assert (element.text, element.get_attribute("resource-id")) == ("Downloads", "nav-downloads")
    assert element.get_attribute("clickable") == "true" and element.is_displayed() and element.is_enabled()


def test_class_name_finds_all_in_order_and_nothing_is_an_error(driver: webdriver.Remote) -> None:
    names = [one.text for one in driver.find_elements("class name", "android.widget.Button")]
    assert names[:2] == ["Catalogue", "Downloads"] and {"Play", "Download"} <= set(names)
    with pytest.raises(NoSuchElementException):
        driver.find_element("id", "no-such-id")


def test_page_source_and_screenshot_are_of_one_screen(driver: webdriver.Remote) -> None:
    tree = etree.fromstring(driver.page_source.encode())
    assert (tree.tag, int(tree.get("width", "0")), int(tree.get("height", "0"))) == ("hierarchy", *PROFILE.size)
    assert tree.xpath(f"string(//android.webkit.WebView[@package='{CABIN}']/@bounds)") == "[0,0][1280,800]"
    with Image.open(io.BytesIO(driver.get_screenshot_as_png())) as picture:
        assert (picture.format, picture.size) == ("PNG", PROFILE.size)
    button = driver.find_element("id", "nav-downloads")
    with Image.open(io.BytesIO(button.screenshot_as_png)) as part:
        assert part.size == (button.rect["width"], button.rect["height"])


def test_a_click_and_a_touch_change_the_page(driver: webdriver.Remote) -> None:
    driver.find_element("id", "nav-downloads").click()
    assert driver.find_element("id", "nav-downloads").is_selected()
    catalogue = driver.find_element("id", "nav-catalogue")
    ActionChains(driver).move_to_element(catalogue).click().perform()
    assert driver.find_element("id", "nav-catalogue").is_selected()
    middle = driver.find_element("id", "nav-downloads").rect
    driver.tap([(middle["x"] + middle["width"] // 2, middle["y"] + middle["height"] // 2)])
    assert driver.find_element("id", "nav-downloads").is_selected()


def test_orientation_turns_the_screen(driver: webdriver.Remote) -> None:
    assert driver.orientation == "LANDSCAPE"
    try:
        driver.orientation = "PORTRAIT"
        assert driver.orientation == "PORTRAIT"
        assert driver.get_window_size() == {"width": PROFILE.size[1], "height": PROFILE.size[0]}
        with Image.open(io.BytesIO(driver.get_screenshot_as_png())) as picture:
            assert picture.size == (PROFILE.size[1], PROFILE.size[0])
    finally:
        driver.orientation = "LANDSCAPE"
    assert driver.get_window_size() == {"width": PROFILE.size[0], "height": PROFILE.size[1]}


def test_home_key_and_back_leave_the_app(driver: webdriver.Remote) -> None:
    driver.press_keycode(3)
    assert driver.current_package == "com.android.launcher3"
    driver.activate_app(CABIN)
    assert driver.query_app_state(CABIN) == 4  # in front
    driver.back()
    assert driver.current_package == "com.android.launcher3"


def test_an_app_is_terminated_and_started_again(driver: webdriver.Remote) -> None:
    assert driver.terminate_app(CABIN)
    assert driver.query_app_state(CABIN) == 1  # not running
    driver.execute_script("mobile: startActivity", {"intent": f"{CABIN}/.MainActivity", "wait": True})
    assert driver.query_app_state(CABIN) == 4


def test_files_go_through_the_session(driver: webdriver.Remote, tablet: Lab) -> None:
    driver.push_file("/sdcard/Download/note.txt", base64data="aGVsbG8=")
    assert driver.pull_file("/sdcard/Download/note.txt") == "aGVsbG8="
    assert tablet.out("shell", "cat", "/sdcard/Download/note.txt") == "hello"


def test_the_sessions_view_of_the_device(driver: webdriver.Remote) -> None:
    assert driver.get_display_density() == PROFILE.density
    assert driver.battery_info == {"level": 1, "state": 5}
    assert not driver.is_keyboard_shown()
    driver.lock()
    assert driver.is_locked()
    driver.unlock()
    assert not driver.is_locked()
    with pytest.raises(WebDriverException, match="no dialog"):
        _ = driver.switch_to.alert.text


def test_quit_ends_the_session_and_its_server_on_the_tablet(driver: webdriver.Remote, tablet: Lab) -> None:
    """Last, because it ends the module's session."""
    assert tablet.out("shell", "pidof", SERVER_APP).strip().isdigit()
    driver.quit()
    assert tablet.on("shell", "pidof", SERVER_APP).returncode == 1
    with pytest.raises(InvalidSessionIdException):
        driver.press_keycode(3)
