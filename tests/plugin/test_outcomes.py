"""What pytest and Allure say when the app does wrong, and when our own side breaks: never the one for the other."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.flight

FLIGHT = """
from harness.flows import airplane_playback

def test_flight(flow):
    airplane_playback(flow)
    flow.require()
"""

KILLED = """
import os, signal
from pathlib import Path

def kill(child):
    guard = child.pid
    for pid in Path(f"/proc/{{guard}}/task/{{guard}}/children").read_text().split():
        os.kill(int(pid), signal.SIGKILL)

def test_flight(bench, flow):
    flow.start_app()
    flow.download()
    with flow.offline():
        kill(bench.{what}.child)
        flow.start_app()
        flow.play()
    flow.require()
"""


@dataclass(frozen=True)
class Ended:
    """A pytest process that ended: its words, Allure's result, the run folder's verdict."""

    code: int
    text: str
    allure: dict[str, Any]
    verdict: dict[str, Any]


def run_pytest(folder: Path, test: str, *options: str) -> Ended:
    (folder / "test_flight.py").write_text(test)
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q", "--kind", "virtual"]
    done = subprocess.run(
        [*command, "--alluredir", "allure", *options], cwd=folder, capture_output=True, text=True, timeout=170
    )
    text = done.stdout + done.stderr
    results = [json.loads(p.read_text()) for p in (folder / "allure").glob("*-result.json")]
    verdicts = [json.loads(p.read_text()) for p in (folder / "redeye-runs").glob("*/verdict.json")]
    assert (len(results), len(verdicts)) == (1, 1), text
    return Ended(done.returncode, text, results[0], verdicts[0])


@pytest.mark.timeout(180)
@pytest.mark.parametrize(
    ("fault", "cause", "layer"),
    [
        ("phantom_download", "phantom_download", "app"),
        ("streams_anyway", "streamed_although_stored", "app"),
        ("drops_last_segments", "incomplete_download", "app"),
        ("needs_network_to_start", "app_not_usable", "app"),
    ],
)
def test_a_fault_of_the_app_is_a_failure_that_names_it(fault: str, cause: str, layer: str, tmp_path: Path) -> None:
    ended = run_pytest(tmp_path, FLIGHT, "--fault", fault)
    assert ended.code == 1
    assert ended.allure["status"] == "failed"
    assert (ended.verdict["outcome"], ended.verdict["cause"]["kind"], ended.verdict["cause"]["layer"]) == (
        "FAIL",
        cause,
        layer,
    )
    accused = [f["kind"] for f in ended.verdict["findings"] if f["severity"] == "fail"]
    assert accused == [cause]
    assert f"FAIL test_flight.py::test_flight on virtual {ended.verdict['serial']}" in ended.text


@pytest.mark.timeout(180)
@pytest.mark.skipif(sys.platform != "linux", reason="finds the process to kill in /proc")
@pytest.mark.parametrize("what", ["appium", "virtual"])
def test_a_dead_appium_or_tablet_is_broken_and_never_a_failure(what: str, tmp_path: Path) -> None:
    ended = run_pytest(tmp_path, KILLED.format(what=what))
    assert ended.code == 1
    assert ended.allure["status"] == "broken"
    assert ended.verdict["outcome"] == "INCONCLUSIVE"
    assert {f["severity"] for f in ended.verdict["findings"]} == {"blind"}
    assert {f["layer"] for f in ended.verdict["findings"]} <= {"lab", "network", "instrument"}
