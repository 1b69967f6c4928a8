"""kill -9 of the runner in mid-flight: no process or scratch stays, its evidence does, and the next run flies."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from harness.core.clock import Deadline, SystemClock, wait_for
from harness.runs import RunFolder

pytestmark = [
    pytest.mark.flight,
    pytest.mark.skipif(sys.platform != "linux", reason="finds processes in /proc"),
    pytest.mark.timeout(180),
]


def children_of(pid: int) -> set[int]:
    """All processes below `pid`."""
    try:
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
        direct = {int(word) for task in tasks for word in (task / "children").read_text().split()}
    except OSError:
        return set()
    return direct.union(*(children_of(child) for child in direct)) if direct else set()


def alive(pids: set[int]) -> list[int]:
    """Those that still run; a zombie has ended."""
    found = []
    for pid in pids:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            continue
        if state != "Z":
            found.append(pid)
    return found


def events_of(runs: Path) -> list[str]:
    """The names of the steps begun so far."""
    files = list(runs.glob("*/events.jsonl"))
    lines = files[0].read_text().splitlines() if files else []
    return [e["data"]["name"] for e in map(json.loads, lines) if e["kind"] == "step_start"]


def test_a_killed_runner_leaves_only_its_evidence(tmp_path: Path) -> None:
    scratch, runs = tmp_path / "scratch", tmp_path / "redeye-runs"
    scratch.mkdir()
    env = {**os.environ, "TMPDIR": str(scratch)}
    command = [str(Path(sys.executable).with_name("redeye")), "demo", "--no-report"]
    runner = subprocess.Popen(command, cwd=tmp_path, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = Deadline.after(60, SystemClock())
    try:
        wait_for("playing", lambda: events_of(runs), lambda names: "play night-flight" in names, deadline, 0.1)
        below = children_of(runner.pid)
    finally:
        os.kill(runner.pid, signal.SIGKILL)
        runner.wait()
    assert len(below) > 8  # adb, Appium, the tablet, Chromium's processes, and their guards
    wait_for("an end of all", lambda: alive(below), lambda pids: not pids, Deadline.after(20, SystemClock()), 0.1)
    assert list(scratch.glob("redeye-*")) == []

    killed = RunFolder.open(next(runs.iterdir()))
    assert killed.problems == ("not sealed: the run did not end in the usual way",)
    assert {Path(e.path).name for e in killed.evidence} >= {"after-download.png", "stored.json", "offline-before.txt"}
    assert {log.name for log in (killed.path / "logs").iterdir()} >= {"appium.log", "tablet.log", "origin.jsonl"}

    again = subprocess.run([*command, "--json"], cwd=tmp_path, env=env, capture_output=True, text=True, timeout=100)
    assert again.returncode == 0, again.stderr
    assert json.loads(again.stdout)["outcome"] == "PASS"
