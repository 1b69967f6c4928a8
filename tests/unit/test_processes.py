"""Child: nothing that it starts outlives it. Commands are tiny Python scripts written by the tests."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from harness.core.clock import Deadline, wait_for
from harness.toolchain.processes import Child

PYTHON = [sys.executable, "-I", "-S", "-c"]
STUBBORN = (
    "import signal, os, sys, pathlib;"
    "signal.signal(signal.SIGTERM, signal.SIG_IGN);"
    "pid = os.fork();"
    "pathlib.Path(sys.argv[1], str(os.getpid())).touch();"
    "signal.pause()"
)
DAEMON = (
    "import os, sys, pathlib, signal;"
    "pid = os.fork();"
    "pid or os.setsid();"
    "pathlib.Path(sys.argv[1], str(os.getpid())).touch();"
    "signal.pause()"
)


def _ended(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def _pids(folder: Path, count: int) -> list[int]:
    seen = wait_for("pids", lambda: list(folder.iterdir()), lambda files: len(files) == count, Deadline.after(5), 0.01)
    return [int(file.name) for file in seen.value]


def _all_ended(pids: list[int]) -> None:
    wait_for("all ended", lambda: [p for p in pids if not _ended(p)], lambda left: not left, Deadline.after(6), 0.01)


@pytest.mark.parametrize(
    ("script", "code"),
    [
        pytest.param("raise SystemExit(0)", 0, id="zero"),
        pytest.param("raise SystemExit(7)", 7, id="seven"),
        pytest.param("import os; os.kill(os.getpid(), 9)", 128 + signal.SIGKILL, id="killed"),
    ],
)
def test_the_exit_code_is_passed_through(tmp_path: Path, script: str, code: int) -> None:
    with Child.start("child", [*PYTHON, script], log=tmp_path / "log") as child:
        assert child.wait(5) == code
        assert not child.running


def test_a_command_that_is_not_there_is_127_and_named_in_the_log(tmp_path: Path) -> None:
    with Child.start("child", [tmp_path / "nothing"], log=tmp_path / "log") as child:
        assert child.wait(5) == 127
    assert "nothing" in child.log_tail()


@pytest.mark.parametrize("script", [pytest.param(STUBBORN, id="ignores_sigterm"), pytest.param(DAEMON, id="daemon")])
def test_stop_ends_the_whole_family_and_removes_its_folders(tmp_path: Path, script: str) -> None:
    if script is DAEMON and sys.platform != "linux":
        pytest.skip("only Linux has a subreaper; run this on Linux")
    pids, extra = tmp_path / "pids", tmp_path / "extra"
    pids.mkdir()
    (extra / "deep").mkdir(parents=True)
    child = Child.start("child", [*PYTHON, script, pids], log=tmp_path / "log", remove=[extra])
    family = _pids(pids, 2)
    assert child.running
    child.stop(grace_s=0.1)
    child.stop()
    assert all(_ended(pid) for pid in family)
    assert not extra.exists()


def test_a_killed_parent_takes_everything_with_it(tmp_path: Path) -> None:
    pids, extra = tmp_path / "pids", tmp_path / "extra"
    pids.mkdir()
    extra.mkdir()
    parent_script = (
        "import sys, signal, pathlib;"
        "from harness.toolchain.processes import Child;"
        "here = pathlib.Path(sys.argv[1]);"
        "argv = [sys.executable, '-I', '-S', '-c', sys.argv[2], here / 'pids'];"
        "child = Child.start('child', argv, log=here / 'log', remove=[here / 'extra']);"
        "signal.pause()"
    )
    calm = STUBBORN.replace("signal.signal(signal.SIGTERM, signal.SIG_IGN);", "")
    parent = subprocess.Popen([sys.executable, "-c", parent_script, str(tmp_path), calm])
    try:
        family = _pids(pids, 2)
    finally:
        parent.kill()
        parent.wait(5)
    _all_ended(family)
    wait_for("folder removed", extra.exists, lambda there: not there, Deadline.after(5), 0.01)


def test_the_environment_and_the_working_folder_are_handed_over(tmp_path: Path) -> None:
    script = "import os; print(os.environ['COLOUR'], os.path.basename(os.getcwd()))"
    place = tmp_path / "place"
    place.mkdir()
    with Child.start("child", [*PYTHON, script], log=tmp_path / "log", env={"COLOUR": "red"}, cwd=place) as child:
        assert child.wait(5) == 0
    assert child.log_tail() == "red place"
