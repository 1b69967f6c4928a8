"""What `redeye` makes of errors: the exit code, and one line on stderr."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import pytest

from harness.cli import COMMANDS, app, main
from harness.core.errors import HarnessError, InconclusiveError, NoDevice, PlaybackFailure, ToolMissing, UsageError


@pytest.mark.parametrize(
    ("problem", "code", "line"),
    [
        pytest.param(UsageError("no such title"), 2, "redeye: no such title\n", id="usage"),
        pytest.param(ToolMissing("adb", "gone", "Install it"), 3, "redeye: adb: gone. Install it\n", id="environment"),
        pytest.param(HarnessError("two\nlines"), 4, "redeye: two lines\n", id="harness"),
        pytest.param(NoDevice("none"), 5, "redeye: none\n", id="no_device"),
        pytest.param(InconclusiveError("blind"), 6, "redeye: blind\n", id="inconclusive"),
        pytest.param(PlaybackFailure("stall"), 1, "redeye: stall\n", id="playback_failure"),
        pytest.param(KeyboardInterrupt(), 130, "", id="interrupted"),
    ],
)
def test_an_error_becomes_its_exit_code(
    problem: BaseException,
    code: int,
    line: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    _command(monkeypatch, problem)
    with pytest.raises(SystemExit) as ended:
        main(["stand-in"])
    assert ended.value.code == code
    assert capsys.readouterr().err == line


def test_an_unknown_error_is_4_and_its_traceback_is_in_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    _command(monkeypatch, ZeroDivisionError("oh"))
    with pytest.raises(SystemExit) as ended:
        main(["stand-in"])
    assert ended.value.code == 4
    (file,) = tmp_path.iterdir()
    assert capsys.readouterr().err == f"redeye: internal error, ZeroDivisionError: oh (traceback in {file})\n"
    assert "ZeroDivisionError: oh" in file.read_text()


@pytest.mark.parametrize(
    ("words", "code"),
    [
        pytest.param(["--version"], 0, id="version"),
        pytest.param(["setup", "--nonsense"], 2, id="unknown_option"),
        pytest.param(["setup", "--help"], 0, id="help"),
    ],
)
def test_words_become_exit_codes(words: list[str], code: int) -> None:
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == code


def _command(monkeypatch: pytest.MonkeyPatch, problem: BaseException) -> None:
    """Register a command that raises `problem`."""

    def fail() -> None:
        raise problem

    module = ModuleType("stand_in_command")
    module.__dict__["fail"] = fail
    monkeypatch.setitem(sys.modules, "stand_in_command", module)
    monkeypatch.setitem(COMMANDS, "stand-in", app.Command("stand_in_command", "fail"))
