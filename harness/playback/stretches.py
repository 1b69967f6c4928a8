"""Sparse pictures laid out by what the user did: playbacks, and the stretches between two actions.

Between two actions a healthy title has one lag behind the clock, so that is where bounds may be compared.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.playback.expectation import Action, Expectation
from harness.playback.screenshots import Shot


@dataclass(frozen=True)
class Sample:
    """A picture of the title: its time within error_s, and the middle of the frame's media time, s."""

    clock_s: float
    error_s: float
    frame_id: int
    content_id: int
    media_s: float
    margin: float


@dataclass(frozen=True)
class Stretch:
    """Uninterrupted playback.

    Args:
        after: the action that began it; None at the start of the pictures.
        samples: pictures from the seek's landing on; all when it landed nowhere.
        late: pictures before that which still show the old place.
    """

    start_s: float
    end_s: float
    speed: float
    after: Action | None
    samples: tuple[Sample, ...]
    late: tuple[Sample, ...] = ()


@dataclass(frozen=True)
class Playback:
    """From a play action to its stop, the next play or the last picture.

    Args:
        samples: all pictures of the title, also those just after an action.
        foreign: pictures of anything else that carries a marker.
        read_share: pictures with a marker between the first and the last of the title, %.
        running, speed: how the title should be going at the end.
        windows: (start_s, end_s) after an action, when the screen may show anything.
    """

    start_s: float
    end_s: float
    play: Action | None
    shots: tuple[Shot, ...]
    samples: tuple[Sample, ...]
    foreign: tuple[Sample, ...]
    stretches: tuple[Stretch, ...]
    read_share: float | None
    running: bool
    speed: float
    windows: tuple[tuple[float, float], ...]

    @property
    def latest_play_s(self) -> float:
        """The latest time at which it can have been started."""
        return self.play.at_s + self.play.uncertainty_s if self.play else self.start_s

    def excused(self, at_s: float) -> bool:
        return any(low <= at_s <= high for low, high in self.windows)


def playbacks(shots: Sequence[Shot], expectation: Expectation) -> tuple[Playback, ...]:
    """The playbacks that these pictures show, in order."""
    actions = sorted(expectation.actions, key=lambda action: action.at_s)
    first = shots[0].observation.pts_s if shots else 0.0
    last = max((shot.observation.pts_s for shot in shots), default=0.0)
    last = max([last, expectation.recording_end_s or last, *(action.at_s for action in actions[-1:])])
    plays: list[Action | None] = [action for action in actions if action.kind == "play"]
    plays = plays or [None]
    starts = [play.at_s - play.uncertainty_s if play else first for play in plays]
    out = []
    for index, (start, play) in enumerate(zip(starts, plays, strict=True)):
        end = starts[index + 1] if index + 1 < len(starts) else max(last, start)
        stop = next((a for a in actions if a.kind == "stop" and start < a.at_s <= end), None)
        end = max(start, stop.at_s if stop else end)  # uncertainties of two plays can overlap
        own = [a for a in actions if a.kind not in ("play", "stop") and start <= a.at_s <= end]
        out.append(_playback(start, end, play, own, shots, expectation))
    return tuple(out)


def _playback(
    start: float, end: float, play: Action | None, actions: Sequence[Action], shots: Sequence[Shot], spec: Expectation
) -> Playback:
    allowance = spec.limits.seek_allowance_s
    inside = tuple(shot for shot in shots if start <= shot.observation.pts_s <= end)
    known = {**spec.content_ids, **spec.renditions}
    reads = [sample for shot in inside if (sample := _sample(shot, spec)) is not None]
    samples = _without_poster([s for s in reads if s.content_id in known], start, shots)
    foreign = tuple(s for s in reads if s.content_id not in spec.content_ids)
    windows = tuple((a.at_s - a.uncertainty_s, a.at_s + a.uncertainty_s + allowance) for a in actions)
    stretches, running, speed, begin = [], True, 1.0, start
    after: Action | None = None
    for action in (*actions, None):
        until = action.at_s - action.uncertainty_s if action else end
        if running and (samples or after):
            part = tuple(s for s in samples if begin <= s.clock_s - s.error_s and s.clock_s + s.error_s <= until)
            if action is None:  # nothing follows that a late picture could show
                part = tuple(s for s in samples if begin <= s.clock_s - s.error_s)
            if after is None:  # nothing came before that an early picture could show
                part = tuple(s for s in samples if s.clock_s + s.error_s <= until or action is None)
            part = _until_last_frame(part, spec)
            landed = _landing(part, after, speed, spec)
            stretches.append(Stretch(begin, until, speed, after, part[landed:], part[:landed]))
        if action is None:
            break
        if action.kind in ("pause", "resume"):
            running = action.kind == "resume"
        if action.kind == "speed":
            speed = float(action.target_s or 1)
        begin, after = action.at_s + action.uncertainty_s + allowance, action
    share = None
    if samples:
        shown = [s for s in inside if samples[0].clock_s <= s.observation.pts_s <= samples[-1].clock_s]
        shown = [s for s in shown if not any(low <= s.observation.pts_s <= high for low, high in windows)]
        share = 100 * sum(s.observation.read is not None for s in shown) / len(shown) if shown else None
    return Playback(start, end, play, inside, tuple(samples), foreign, tuple(stretches), share, running, speed, windows)


def off_target(sample: Sample, seek: Action, speed: float, spec: Expectation) -> float:
    """How far a picture lies outside of where a seek can have led to, s of media time; 0 within."""
    target, tolerance = float(seek.target_s or 0), spec.limits.seek_tolerance_s + seek.target_uncertainty_s
    passed = (sample.clock_s + sample.error_s - seek.at_s + seek.uncertainty_s) * speed
    if sample.media_s < target - tolerance:
        return sample.media_s - target
    if sample.media_s > target + passed + tolerance:
        return sample.media_s - target - passed
    return 0.0


def _landing(samples: tuple[Sample, ...], after: Action | None, speed: float, spec: Expectation) -> int:
    if after is None or after.kind != "seek" or after.target_s is None:
        return 0
    return next((n for n, s in enumerate(samples) if off_target(s, after, speed, spec) == 0), 0)


def _sample(shot: Shot, spec: Expectation) -> Sample | None:
    read = shot.observation.read
    if read is None:
        return None
    media = (read.frame_id + 0.5) / float(spec.frame_rate)
    return Sample(shot.observation.pts_s, shot.uncertainty_s, read.frame_id, read.content_id, media, read.margin)


def _without_poster(samples: list[Sample], start: float, shots: Sequence[Shot]) -> list[Sample]:
    """Without the frame that was on the screen before play already, if the title ever left it."""
    earlier = [shot.observation.read for shot in shots if shot.observation.pts_s < start and shot.observation.read]
    if not samples or not earlier or earlier[-1].frame_id != samples[0].frame_id:
        return samples
    poster = samples[0].frame_id
    gone = next((n for n, s in enumerate(samples) if s.frame_id != poster), 0)
    return samples[gone:]


def _until_last_frame(samples: tuple[Sample, ...], spec: Expectation) -> tuple[Sample, ...]:
    """Without what comes after the title's end: players leave the last frame standing."""
    least = spec.frames - 1 - spec.limits.end_tolerance_frames
    end = next((n for n, s in enumerate(samples) if s.frame_id >= least), len(samples))
    return samples[:end]
