"""playback.json: what a flow did while it recorded, beside the recording, so that it can be judged again."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

from harness.core.errors import InputFileError
from harness.playback import Action, Expectation
from harness.playback.verify import Titles, expect


def known_playback(recording: Path, titles: Titles) -> tuple[Expectation, str] | None:
    """What a recording of a run folder should show, and in words; None when nothing stands beside it.

    Raises:
        InputFileError: the file beside it is wrong.
    """
    path = recording.with_name(recording.stem.replace("recording", "playback", 1) + ".json")
    if not recording.stem.startswith("recording") or not path.is_file():
        return None
    try:
        said: dict[str, Any] = json.loads(path.read_text("utf-8"))
        sample = titles.catalogue.sample(str(said["sample"]))
        rendition = sample.rendition(str(said["rendition"]))
        actions = tuple(_action(entry) for entry in said["actions"])
        known = replace(expect(sample, rendition), actions=actions, to_end=bool(said["to_end"]))
    except (OSError, ArithmeticError, ValueError, LookupError, TypeError, AttributeError) as error:
        problem = f"is not what a flow writes: {type(error).__name__}: {error}"
        raise InputFileError(str(path), "", problem, "give --sample and --action instead") from error
    end_s = max((action.at_s for action in actions), default=None)
    return replace(known, recording_end_s=end_s), f"{sample.id} ({path.name})"


def _action(entry: dict[str, Any]) -> Action:
    if entry["kind"] not in ("play", "seek", "pause", "resume", "speed", "stop"):
        raise ValueError(f"there is no action {entry['kind']!r}")
    target = None if entry["target_s"] is None else Fraction(str(entry["target_s"]))
    exact = float(entry["uncertainty_s"]), float(entry["target_uncertainty_s"])
    return Action(entry["kind"], float(entry["at_s"]), target, *exact)
