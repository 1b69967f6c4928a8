"""playback.json beside a recording: taken for what was done, and refused in one line when it is damaged."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import pytest

from harness.cli.playback_file import known_playback
from harness.core.errors import InputFileError
from harness.media.catalogue import load
from harness.playback.verify import Titles
from harness.settings import data_folder

SEEK = {"kind": "seek", "at_s": 8.5, "target_s": "72/5", "uncertainty_s": 0.05, "target_uncertainty_s": 0.2}
STOP = {"kind": "stop", "at_s": 24.0, "target_s": None, "uncertainty_s": 0.05, "target_uncertainty_s": 0.0}
SAID = {"sample": "night-flight", "rendition": "v720", "to_end": True, "actions": [SEEK, STOP]}


@pytest.fixture(scope="module")
def titles() -> Titles:
    folder = data_folder("media_samples")
    return Titles.load(folder, load(folder))


def test_what_was_done_is_read(tmp_path: Path, titles: Titles) -> None:
    (tmp_path / "playback-2.json").write_text(json.dumps(SAID))
    known = known_playback(tmp_path / "recording-2.mp4", titles)
    assert known is not None
    expectation, title = known
    assert title == "night-flight (playback-2.json)"
    assert (dict(expectation.content_ids), dict(expectation.renditions)) == ({1: "v720"}, {2: "v360"})
    assert [(a.kind, a.at_s, a.target_s) for a in expectation.actions] == [
        ("seek", 8.5, Fraction(72, 5)),
        ("stop", 24.0, None),
    ]
    assert (expectation.to_end, expectation.recording_end_s) == (True, 24.0)


@pytest.mark.parametrize("name", ["capture.mp4", "recording-3.mp4"])
def test_without_one_nothing_is_known(name: str, tmp_path: Path, titles: Titles) -> None:
    (tmp_path / "playback.json").write_text(json.dumps(SAID))
    assert known_playback(tmp_path / name, titles) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        json.dumps({**SAID, "actions": [{**SEEK, "kind": "sek"}]}),
        json.dumps({**SAID, "actions": [{**SEEK, "target_s": "1/0"}]}),
        json.dumps({**SAID, "actions": [{**SEEK, "at_s": "soon"}]}),
        json.dumps({**SAID, "actions": 7}),
    ],
)
def test_a_damaged_one_is_named(text: str, tmp_path: Path, titles: Titles) -> None:
    (tmp_path / "playback.json").write_text(text)
    with pytest.raises(InputFileError, match=r"playback\.json: is not what a flow writes"):
        known_playback(tmp_path / "recording.mp4", titles)
