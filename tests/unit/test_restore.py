"""What was changed on a tablet comes back, in reverse, also after a killed run."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.core.errors import DeviceError, InputFileError, NotRestored
from harness.device.restore import RestoreJournal


def journal(folder: Path, undone: list[str]) -> RestoreJournal:
    return RestoreJournal(
        folder,
        "127.0.0.1:5600",
        {"a": lambda was: undone.append(f"a={was}"), "b": lambda was: undone.append(f"b={was}")},
    )


def test_a_killed_run_is_undone_by_the_next(tmp_path: Path) -> None:
    first = journal(tmp_path, [])
    first.note("a", "off")
    first.note("b", "on")
    undone: list[str] = []
    journal(tmp_path, undone).restore()
    assert undone == ["b=on", "a=off"]
    assert journal(tmp_path, undone).pending() == ()


def test_a_torn_last_line_is_a_change_never_made(tmp_path: Path) -> None:
    first = journal(tmp_path, [])
    first.note("a", "off")
    with first.path.open("a") as file:
        file.write('{"what": "b", "wa')
    assert [c.what for c in journal(tmp_path, []).pending()] == ["a"]


def test_a_damaged_line_names_file_and_line(tmp_path: Path) -> None:
    first = journal(tmp_path, [])
    first.path.write_text("rubbish\n")
    with pytest.raises(InputFileError, match="line 1"):
        first.pending()


def test_what_cannot_be_undone_stays_written_down(tmp_path: Path) -> None:
    def refuse(was: str) -> None:
        raise DeviceError("t", "refused")

    stubborn = RestoreJournal(tmp_path, "t", {"a": refuse})
    stubborn.note("a", "off")
    with pytest.raises(NotRestored, match="not restored"):
        stubborn.restore()
    assert [c.what for c in stubborn.pending()] == ["a"]


def test_a_change_that_nobody_can_undo_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DeviceError, match="undo 'c'"):
        journal(tmp_path, []).note("c", "x")
