"""The run folder: what was written is read back, and what was tampered with is found."""

from __future__ import annotations

import errno
import json
from pathlib import Path

import pytest

from harness.core.clock import FakeClock
from harness.core.errors import EnvironmentFault, HarnessError, InputFileError, UsageError
from harness.runs import RunFolder


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    return RunFolder.create(tmp_path / "redeye-runs", "demo night/flight", clock=FakeClock(), secrets=("hunter22",))


@pytest.fixture
def sealed(run: RunFolder) -> Path:
    run.event("step", {"name": "play"})
    run.evidence("end.png", b"picture", "screenshot")
    run.seal({"outcome": "PASS"})
    return run.path


def test_round_trip(sealed: Path) -> None:
    stored = RunFolder.open(sealed)
    assert stored.problems == ()
    assert stored.verdict == {"outcome": "PASS"} and stored.sealed
    assert [event.kind for event in stored.events] == ["run", "step", "evidence", "sealed"]
    assert [evidence.path for evidence in stored.evidence] == ["evidence/end.png"]


def test_name_has_stamp_safe_name_and_four_hex(run: RunFolder) -> None:
    stamp, *name, end = run.path.name.split("-")
    assert stamp == "20231114T221320Z"
    assert "-".join(name) == "demo-night-flight"
    assert len(end) == 4 and int(end, 16) >= 0


def test_event_is_on_disk_at_once_and_has_its_time(tmp_path: Path) -> None:
    clock = FakeClock()
    run = RunFolder.create(tmp_path, "x", clock=clock)
    clock.pause(1.5)
    run.event("note", {"text": "größer"})
    last = json.loads((run.path / "events.jsonl").read_text("utf-8").splitlines()[-1])
    assert (last["n"], last["at_s"], last["wall"]) == (1, 1.5, "2023-11-14T22:13:21.500+00:00")


def test_evidence_is_never_overwritten(run: RunFolder) -> None:
    names = [run.evidence("log.txt", text, "log") for text in (b"one", b"two")]
    assert names == ["evidence/log.txt", "evidence/log-2.txt"]
    assert (run.path / names[0]).read_bytes() == b"one"


def test_evidence_takes_files(run: RunFolder, tmp_path: Path) -> None:
    outside, inside = tmp_path / "outside.txt", run.path / "inside.mp4"
    outside.write_text("o")
    inside.write_text("i")
    run.evidence("outside.txt", outside, "log")
    outside.write_text("changed")
    run.evidence("inside.mp4", inside, "recording")
    run.seal({"outcome": "PASS"})
    assert RunFolder.open(run.path).problems == ()


@pytest.mark.parametrize("name", ["", "../x", "a/b", ".hidden", "x" * 200, "ü.txt", "a b"])
def test_unsafe_evidence_name(run: RunFolder, name: str) -> None:
    with pytest.raises(UsageError, match="evidence"):
        run.evidence(name, b"", "log")


def test_secrets_are_masked(tmp_path: Path) -> None:
    run = RunFolder.create(tmp_path, "x", secrets=('pa"ss', "hunter22", ""))
    run.event("settings", {"token": "Bearer hunter22", "nested": [{'key pa"ss': 'pa"ss'}]})
    run.seal({"outcome": "PASS", "why": "hunter22"})
    text = "".join(file.read_text("utf-8") for file in run.path.glob("*.json*"))
    assert "hunter22" not in text and 'pa\\"ss' not in text and "***" in text


def test_sealed_run_takes_nothing_more(run: RunFolder) -> None:
    run.seal({"outcome": "PASS"})
    with pytest.raises(HarnessError, match="sealed"):
        run.event("late", {})
    with pytest.raises(HarnessError, match="sealed"):
        run.evidence("late.txt", b"", "log")


def test_tampered_file_is_found(sealed: Path) -> None:
    (sealed / "evidence" / "end.png").write_bytes(b"forgery")
    assert RunFolder.open(sealed).problems == ("evidence/end.png: was changed after it was stored",)


def test_tampered_verdict_is_found(sealed: Path) -> None:
    (sealed / "verdict.json").write_text('{"outcome": "FAIL"}')
    assert RunFolder.open(sealed).problems == ("verdict.json: was changed after it was stored",)


def test_missing_and_added_files_are_found(sealed: Path) -> None:
    (sealed / "evidence" / "end.png").unlink()
    (sealed / "extra.txt").write_text("x")
    assert RunFolder.open(sealed).problems == (
        "evidence/end.png: is missing",
        "extra.txt: was added after the run was sealed",
    )


def test_torn_last_line_is_reported_and_the_rest_read(run: RunFolder) -> None:
    run.event("step", {"name": "play"})
    with (run.path / "events.jsonl").open("a") as f:
        f.write('{"n": 2, "at_s"')
    stored = RunFolder.open(run.path)
    assert [event.kind for event in stored.events] == ["run", "step"]
    assert not stored.sealed
    assert stored.problems[0].startswith("events.jsonl: the last line is torn after 15 characters")
    assert stored.problems[1].startswith("not sealed")


def test_removed_event_is_found(run: RunFolder) -> None:
    run.event("one", {})
    run.event("two", {})
    file = run.path / "events.jsonl"
    lines = file.read_text().splitlines(keepends=True)
    file.write_text(lines[0] + lines[2])
    assert "line 2 holds event 2; expected 1" in RunFolder.open(run.path).problems[0]


def test_no_run_folder(tmp_path: Path) -> None:
    with pytest.raises(InputFileError, match="is this a run folder"):
        RunFolder.open(tmp_path)


def test_full_disk_is_one_clear_line(run: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: Path, data: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(EnvironmentFault, match=r"run folder .*: cannot be written: No space left on device$"):
        run.evidence("x.txt", b"x", "log")


def test_root_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "root").write_text("")
    with pytest.raises(EnvironmentFault, match="cannot be written"):
        RunFolder.create(tmp_path / "root", "x")
