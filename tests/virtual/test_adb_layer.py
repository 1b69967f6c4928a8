"""The adb layer through the real adb server to the virtual tablet: exit codes, files, reverses, streams."""

from __future__ import annotations

import hashlib
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.adb import AdbDevice, AdbServer
from harness.core.clock import Deadline, wait_for
from harness.core.errors import AdbServerDown, AdbTimeout, CommandFailed, DeviceError, ToolMissing
from harness.toolchain import adb as adb_tool
from harness.toolchain import default_home
from harness.toolchain.programs import Versions


@pytest.fixture(scope="module")
def tablet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AdbDevice]:
    """A virtual tablet whose screen is never opened, behind an adb server of its own; both ended by pid."""
    folder = tmp_path_factory.mktemp("tablet")
    home = Path(os.environ["REDEYE_HOME"]) if "REDEYE_HOME" in os.environ else default_home()
    try:
        adb = adb_tool.ready(home, os.environ, Versions(folder, os.environ), lambda *said: None, install=False).path
    except ToolMissing as missing:
        pytest.skip(f"run `redeye setup` first: {missing}")
    config = folder / "tablet.json"
    config.write_text(json.dumps({"state_dir": str(folder / "state"), "chromium": str(folder / "not-needed")}))
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    server = AdbServer(port=port)
    env = {"HOME": str(folder), "TMPDIR": str(folder), "ADB_USB": "0", "ADB_MDNS": "0"}
    argv = [str(adb), "-L", f"tcp:localhost:{port}", "nodaemon", "server"]
    virtual = [sys.executable, "-m", "harness.virtual", str(config)]
    root = Path(__file__).parents[2]

    def answer() -> int | str:
        try:
            return server.version()
        except AdbServerDown as down:
            return str(down)

    with (
        (folder / "adb.log").open("wb") as log,
        subprocess.Popen(virtual, stdout=subprocess.PIPE, stderr=log, cwd=root) as front,
        subprocess.Popen(argv, env=env, stdout=log, stderr=log) as process,
    ):
        try:
            if front.stdout is None:
                raise OSError("no pipe")
            serial = json.loads(front.stdout.readline())["serial"]
            wait_for("adb server", answer, lambda seen: isinstance(seen, int), Deadline.after(5), every_s=0.01)
            server.connect(serial)
            yield server.device(serial)
        finally:
            process.terminate()
            front.terminate()
            process.wait(5)
            front.wait(5)


def test_shell_keeps_streams_and_exit_code_apart(tablet: AdbDevice) -> None:
    result = tablet.shell("echo out; echo err >&2; exit 3", check=False)
    assert (result.stdout, result.stderr, result.exit_code) == (b"out\n", b"err\n", 3)
    with pytest.raises(CommandFailed, match="'false' exited 1"):
        tablet.shell("false")


def test_arguments_arrive_as_they_are(tablet: AdbDevice) -> None:
    assert tablet.shell(["echo", "a  b", "it's", "$HOME", 'x"y']).text == "a  b it's $HOME x\"y\n"


@pytest.mark.parametrize("size", [0, 1, 65536, 65537, 1_000_000])
def test_files_come_back_the_same(tablet: AdbDevice, size: int, tmp_path: Path) -> None:
    content = bytes(i * 7 & 255 for i in range(size))
    assert tablet.push(content, "/data/local/tmp/f").size_bytes == size
    pulled = tablet.pull("/data/local/tmp/f", tmp_path / "f", sha256=hashlib.sha256(content).hexdigest())
    assert pulled.path.read_bytes() == tablet.read("/data/local/tmp/f") == content
    assert tablet.exec_out("cat /data/local/tmp/f") == content


def test_missing_and_refused_files_are_errors(tablet: AdbDevice, tmp_path: Path) -> None:
    assert tablet.stat("/nope") is None
    with pytest.raises(DeviceError, match="No such file"):
        tablet.pull("/nope", tmp_path / "f")
    with pytest.raises(DeviceError, match="Read-only file system"):
        tablet.push(bytes(1_000_000), "/proc/nope")
    assert list(tmp_path.iterdir()) == []


def test_reverses_come_and_go(tablet: AdbDevice) -> None:
    chosen = tablet.reverse("tcp:0", "tcp:9")
    assert {(entry.local, entry.remote) for entry in tablet.reverses()} == {(chosen, "tcp:9")}
    tablet.reverse_remove_all()
    assert tablet.reverses() == ()
    with pytest.raises(DeviceError, match="not found"):
        tablet.reverse_remove(chosen)


def test_a_kept_command_is_polled_and_awaited(tablet: AdbDevice) -> None:
    with tablet.spawn("sleep 0.1; echo done; exit 4") as running:
        assert running.poll() is None
        ended = running.wait(Deadline.after(3))
    assert (ended.text, ended.exit_code) == ("done\n", 4)


def test_a_slow_command_is_a_timeout(tablet: AdbDevice) -> None:
    with pytest.raises(AdbTimeout, match="not within"):
        tablet.shell("sleep 5", timeout_s=0.1)
    with tablet.stream("echo one; sleep 5") as lines:
        assert lines.read_line(1.0) == b"one"
        with pytest.raises(AdbTimeout):
            lines.read_line(0.1)
