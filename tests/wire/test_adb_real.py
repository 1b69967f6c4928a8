"""The client against the REAL adb server, started here on a port of its own without USB and mDNS."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.adb import AdbServer
from harness.core.clock import Deadline, wait_for
from harness.core.errors import AdbServerDown, DeviceError, DeviceOffline, ToolMissing
from harness.toolchain import adb as adb_tool
from harness.toolchain import default_home
from harness.toolchain.programs import Versions


def _adb(stamps: Path) -> Path:
    home = Path(os.environ["REDEYE_HOME"]) if "REDEYE_HOME" in os.environ else default_home()
    try:
        versions = Versions(stamps, os.environ)
        return adb_tool.ready(home, os.environ, versions, lambda *said: None, install=False).path
    except ToolMissing as missing:
        pytest.skip(f"run `redeye setup` first: {missing}")


@pytest.fixture(scope="module")
def adb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AdbServer]:
    """A real server; ended by its pid."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    home = tmp_path_factory.mktemp("adb")
    # Without ADB_USB=0, libusb that cannot start holds the first answer back for 3 s. "tcp:127.0.0.1:N" is refused
    # by adb 36 ("listening on specified hostname currently unsupported").
    env = {"HOME": str(home), "TMPDIR": str(home), "ADB_USB": "0", "ADB_MDNS": "0"}
    argv = [str(_adb(home)), "-L", f"tcp:localhost:{port}", "nodaemon", "server"]
    server = AdbServer(port=port)

    def answer() -> int | str:
        try:
            return server.version()
        except AdbServerDown as down:
            return str(down)

    with (home / "adb.log").open("wb") as log, subprocess.Popen(argv, env=env, stdout=log, stderr=log) as process:
        try:
            wait_for("adb server", answer, lambda seen: isinstance(seen, int), Deadline.after(5), every_s=0.01)
            yield server
        finally:
            process.terminate()
            process.wait(5)


def test_version_and_features(adb: AdbServer) -> None:
    assert adb.version() >= 41
    assert "shell_v2" in adb.features()


def test_empty_listing_is_complete(adb: AdbServer) -> None:
    assert adb.devices() == ()
    assert adb.forwards() == ()


def test_connect_to_a_dead_port(adb: AdbServer) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(DeviceError, match="failed to connect"):
        adb.connect(f"127.0.0.1:{port}")


def test_unknown_device(adb: AdbServer) -> None:
    for ask in (adb.device("nope").state, lambda: adb.device("nope").shell("id"), adb.device("nope").reverses):
        with pytest.raises(DeviceOffline, match="'nope' not found"):
            ask()


def test_disconnect_of_a_stranger(adb: AdbServer) -> None:
    with pytest.raises(DeviceError, match="no such device"):
        adb.disconnect("127.0.0.1:9")


def test_kill_ends_it(adb: AdbServer) -> None:
    """Last in the file: nobody listens afterwards."""
    adb.kill()

    def down() -> bool:
        try:
            adb.version()
        except AdbServerDown:
            return True
        return False

    assert wait_for("adb server gone", down, bool, Deadline.after(3), every_s=0.01).value
