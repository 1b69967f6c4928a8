"""What the playback should have looked like: content, actions on the recording's clock, and limits."""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from fractions import Fraction
from typing import Any, Literal

from harness.core.errors import UsageError


@dataclass(frozen=True)
class Action:
    """Something that was done to the player.

    Args:
        at_s: when, on the recording's clock, s.
        target_s: media time that a seek asked for; for speed the factor, 1 is as shot; else None.
        uncertainty_s: at_s may be wrong by this much in both directions.
        target_uncertainty_s: how exactly target_s could be asked for (a tap on a slider has its pixels).
    """

    kind: Literal["play", "seek", "pause", "resume", "speed", "stop"]
    at_s: float
    target_s: Fraction | None = None
    uncertainty_s: float = 0.0
    target_uncertainty_s: float = 0.0


@dataclass(frozen=True)
class Limits:
    """The numbers that decide. Each names its source; smaller is stricter unless said otherwise."""

    # AOSP VideoRenderQualityTracker traces from 0.4 s; from 0.3 s a recording shows every one (playback.md 4.5, 5.3).
    hold_note_s: float = 0.3
    hold_fail_s: float = 1.0  # playback.md 5.3: an event from 0.4 s, FAIL from 1 s
    held_share: float = 10.0  # %, all holds of a playback together; ours: one hold of 1 s in 10 s of playback
    startup_note_s: float = 1.0  # CTA-WAVE start-up delay
    startup_fail_s: float = 10.0  # ours: nobody waits longer
    dropped_share: float = 1.0  # %, media3 GTS DashTest
    seek_allowance_s: float = 1.0  # old picture, black or spinner after an action is not a stall
    seek_tolerance_s: float = 0.6  # playback.md 5.3
    skip_s: float = 0.6  # playback.md 5.3: further ahead than the clock without a seek
    speed_note: float = 1.0  # %, playback.md 5.3, over at least 10 s
    speed_fail: float = 3.0  # %, ours: plainly visible
    speed_least_s: float = 5.0  # larger is stricter on the instrument; ours
    end_tolerance_frames: int = 2  # the recorder may miss the last pictures
    recorder_gap_s: float = 1.0  # no picture for so long while ids go on: a hold could hide in there
    capture_ratio: float = 0.3  # larger is stricter; captured pictures per content frame (playback.md 4.5)
    capture_ratio_drops: float = 1.8  # larger is stricter; CTA asks 2x the content's rate to count frames
    read_share: float = 80.0  # %, larger is stricter; playback.md 4.2 reads 100 % on every screen condition
    half_rate_lost: float = 30.0  # %, playback.md 5.3: so many frames missing at the right speed
    half_rate_regular: float = 90.0  # %, larger is stricter; ours: steps of one same length, as a load never makes them
    repeated_per_30_s: float = 3.0  # CTS frame drop tests: 3 in 30 s
    loop_s: float = 0.5  # ours: further back is a loop, less is frames out of order
    hidden_s: float = 0.5  # ours: a shorter stretch without a marker is not worth a word
    black_light: float = 0.037  # playback.md 5.4: p99(Y) <= 24 of 16..235
    black_s: float = 0.5  # playback.md 5.4
    green_share: float = 0.25  # playback.md 5.4
    green_s: float = 0.2  # playback.md 5.4
    blocky: float = 4.0  # playback.md 5.4: clean is at most 2.5, smear at least 6.5
    blocky_note: float = 3.2  # ours: night-flight itself has 2.6 on a quiet recorder
    match: float = 0.6  # larger is stricter; ours: 150 kbit/s leave 0.85, a picture a second old has 0.1
    match_pictures: int = 3  # larger is stricter; playback.md 5.5
    frozen_note_s: float = 0.4  # AOSP VideoRenderQualityTracker
    frozen_s: float = 1.0  # playback.md 5.4
    area_change: float = 0.1  # share of its area by which the video must shrink or grow to be called moved; ours
    believed_reads: int = 3  # larger is stricter; playback.md 5.5
    lone_read_margin: float = 0.25  # larger is stricter; a single frame's claim, playback.md 5.5


def limits_of(*overrides: tuple[str, Mapping[str, float]]) -> Limits:
    """The usual limits with those of a profile and a sample put in, the later ones last.

    Args:
        overrides: (where they stand, for the error; name -> value).
    Raises:
        UsageError: a name that is no limit, with the nearest that is; or a value that is no positive number.
    """
    known = {field.name: field.type for field in fields(Limits)}
    limits = Limits()
    for where, values in overrides:
        for name, value in values.items():
            if name not in known:
                near = difflib.get_close_matches(name, known, 1)
                hint = f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(known)}"
                raise UsageError(f"{where}: limits: there is no limit {name!r}; {hint}")
            if not (math.isfinite(value) and value >= 0):
                raise UsageError(f"{where}: limits: {name} is {value!r}; expected a number from 0 up")
            changed: dict[str, Any] = {name: int(value) if known[name] == "int" else float(value)}
            limits = replace(limits, **changed)
    return limits


@dataclass(frozen=True)
class Expectation:
    """What is being judged against.

    Args:
        content_ids: content id in the marker -> rendition name; all that may be shown.
        frame_rate: frames of the content per second.
        frames: number of frames in the content.
        actions: in order of time; without a play action the recording is taken to be playback throughout.
        to_end: the playback was meant to reach the last frame.
        recording_end_s: when recording stopped; None: at its last picture. A variable-rate recorder makes no
            picture while the screen stands still, so the last picture alone cannot show a freeze at the end.
        renditions: content ids of the same title that should not be shown, with their names.
        quiet: (start_s, end_s) of media time in which the title itself is black or stands still.
        protected: the title is shown on a protected surface, black to every recorder.
        recorder_fps: rate that this recorder is known to reach; None: not known.
    """

    content_ids: Mapping[int, str]
    frame_rate: Fraction
    frames: int
    actions: tuple[Action, ...] = ()
    limits: Limits = field(default_factory=Limits)
    to_end: bool = False
    recording_end_s: float | None = None
    renditions: Mapping[int, str] = field(default_factory=dict)
    quiet: tuple[tuple[float, float], ...] = ()
    recorder_fps: float | None = None
    protected: bool = False

    @property
    def marked(self) -> bool:
        """Whether the title carries markers. Without them the picture alone proves little (playback.md 5.5)."""
        return bool(self.content_ids)
