"""Each thing that Cabin's player can do wrong is found, named and laid at the right door, by `redeye demo`."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.flight

COMMAND = [sys.executable, "-c", "from harness.cli import main; main()", "demo", "--no-report", "--json"]


def demo(folder: Path, *options: str) -> tuple[int, dict[str, Any]]:
    """The exit code and the one JSON object of a demo that ran in this folder."""
    done = subprocess.run([*COMMAND, *options], cwd=folder, capture_output=True, text=True, timeout=170)
    assert done.stdout.startswith("{"), done.stderr[-2000:]
    result: dict[str, Any] = json.loads(done.stdout)
    return done.returncode, result


def oracles_of(result: dict[str, Any]) -> list[dict[str, Any]]:
    text = (Path(result["run_dir"]) / "evidence" / "oracles.jsonl").read_text()
    return [json.loads(line) for line in text.splitlines()]


@pytest.mark.timeout(180)
@pytest.mark.parametrize(
    ("fault", "kinds", "layer"),
    [
        ("freeze", {"freeze_catch_up", "stall", "frozen_picture"}, "player"),
        ("black_video", {"black"}, "player"),
        ("half_rate", {"half_rate"}, "player"),
        ("wrong_title", {"wrong_content"}, "app"),
        ("late_start", {"startup_delay", "not_started"}, "player"),
        ("seek_off", {"seek_off_target"}, "player"),
        ("audio_missing", {"audio_missing"}, "player"),
    ],
)
def test_a_fault_of_the_player_is_found_and_named(fault: str, kinds: set[str], layer: str, tmp_path: Path) -> None:
    code, result = demo(tmp_path, "--fault", fault)
    found = [(f["kind"], f["severity"], f["message"]) for f in result["findings"]]
    assert (code, result["outcome"]) == (1, "FAIL"), found
    assert result["cause"]["kind"] in kinds and result["cause"]["layer"] == layer, found
    # No fault leads to an accusation of another: what else FAILs is the same thing seen again.
    assert {kind for kind, severity, _ in found if severity == "fail"} <= kinds, found
    seen = oracles_of(result)
    assert {sample["audio_active"] for sample in seen if sample["state"] == "playing"} == {fault != "audio_missing"}


@pytest.mark.timeout(180)
def test_a_healthy_player_agrees_with_its_pictures(tmp_path: Path) -> None:
    code, result = demo(tmp_path)
    assert code == 0, result["findings"]
    assert "playback.agreement" in result["checks"]
    measured = {m["name"]: m["value"] for m in result["measurements"]}
    seen = oracles_of(result)
    assert len(seen) == measured["oracle_samples"] >= 10
    playing = [sample for sample in seen if sample["state"] == "playing"]
    assert all(sample["audio_active"] for sample in playing)
    counts = [sample["presented_frames"] for sample in seen if sample["presented_frames"] is not None]
    assert counts == sorted(counts) and counts[-1] > counts[0] == 0
