"""How much could have been missed: the chance that the verdict's own rule finds a fault of a given length.

Simulated with the pictures' real times and brackets, through the very functions that judge (`lag`). A fault
begins anywhere between the first and the last picture; each picture is taken anywhere within its bracket.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from harness.playback import lag
from harness.playback.expectation import Limits
from harness.playback.lag import Values

STALLS_S = (0.3, 0.5, 1.0)
FREEZES_S = (0.5, 1.0, 2.0, 3.0)
SPEED_OFF = 0.05
ADEQUATE = 95.0  # %, for a stall of Limits.hold_fail_s; below it nothing found says too little for a PASS
TRIALS = 2000
_WINDOW = 80  # pictures around the fault; those further away say nothing about it
_FRAME_RATE = 25.0


@dataclass(frozen=True)
class Power:
    """Chances of being found, %.

    Args:
        stall: length, s -> chance; the title waits and goes on where it was.
        freeze: length, s -> chance; the picture stands and then catches up.
        speed: the title goes 5 % too slowly throughout.
        false_alarm: something is found in healthy playback.
        trials: simulated playbacks for each number; 0 false alarms mean less than `upper_bound(trials)`.
        subject: what was simulated, in words.
    """

    stall: Mapping[float, float]
    freeze: Mapping[float, float]
    speed: float
    false_alarm: float
    trials: int
    subject: str

    @property
    def adequate(self) -> bool:
        """Whether finding nothing is worth a PASS."""
        return bool(self.stall[1.0] >= ADEQUATE)

    def __str__(self) -> str:
        stalls = ", ".join(f"{length:g} s {_percent(chance)}" for length, chance in self.stall.items())
        freezes = ", ".join(f"{length:g} s {_percent(chance)}" for length, chance in self.freeze.items())
        return (
            f"{self.subject}: finds a stall of {stalls}; a freeze that catches up of {freezes};"
            f" 5 % slow {_percent(self.speed)}; false alarms {self._alarms()}"
        )

    def _alarms(self) -> str:
        if self.false_alarm > 0 or not self.trials:
            return _percent(self.false_alarm)
        return f"< {upper_bound(self.trials):.2g} % (0 of {self.trials})"


def upper_bound(trials: int) -> float:
    """What a rate is below with 95 % confidence when it was seen in none of `trials`, %; about 300/trials."""
    if trials < 1:
        raise ValueError(f"{trials} trials say nothing about a rate")
    return 100 * (1 - float(0.05 ** (1 / trials)))


def power(
    interval_s: float, uncertainty_s: float, duration_s: float, *, marker: bool, seed: int = 0, trials: int = TRIALS
) -> Power:
    """The power of pictures at a steady interval.

    Args:
        uncertainty_s: half the bracket.
        marker: whether pictures carry frame ids; without, two equal pictures are all that can be seen.
    """
    if not (interval_s > 0 and uncertainty_s >= 0 and duration_s > 0 and trials > 0):
        raise ValueError(f"no such sampling: {interval_s} s ±{uncertainty_s} s for {duration_s} s, {trials} trials")
    clock = np.arange(0, duration_s, interval_s, dtype=np.float64)
    return power_of([(clock, np.full(len(clock), uncertainty_s))], marker=marker, seed=seed, trials=trials)


def power_of(
    stretches: Sequence[tuple[Values, Values]],
    *,
    marker: bool,
    frame_rate: float = _FRAME_RATE,
    seed: int = 0,
    trials: int = TRIALS,
) -> Power:
    """The power of pictures at these times.

    Args:
        stretches: (middle of the bracket, half the bracket), s, of the pictures between two actions of the user;
            bounds are never compared across an action.
    """
    usable = [(clock, error) for clock, error in stretches if len(clock) >= 2]
    subject = _subject(usable, sum(len(clock) for clock, _ in stretches), marker)
    lengths = np.array([clock[-1] - clock[0] for clock, _ in usable])
    if not len(lengths) or lengths.sum() <= 0:
        return Power(dict.fromkeys(STALLS_S, 0.0), dict.fromkeys(FREEZES_S, 0.0), 0.0, 0.0, 0, subject)
    shares = np.floor(trials * lengths / lengths.sum() + 0.5).astype(int)
    shares[int(np.argmax(lengths))] += trials - int(shares.sum())
    rng = np.random.default_rng(seed)
    found: dict[tuple[str, float], int] = {}
    for (clock, error), share in zip(usable, shares, strict=True):
        for kind, size in _faults():
            hits = _trial(clock, error, kind, size, int(share), rng, marker, frame_rate) if share > 0 else 0
            found[kind, size] = found.get((kind, size), 0) + hits
    chance = {key: 100 * hits / trials for key, hits in found.items()}
    return Power(
        {length: chance["stall", length] for length in STALLS_S},
        {length: chance["freeze", length] for length in FREEZES_S},
        chance["speed", SPEED_OFF],
        chance["healthy", 0.0],
        trials,
        subject,
    )


def recording_power(
    capture_rate_fps: float,
    content_rate: float,
    widest_gap_s: float,
    *,
    duration_s: float = 60.0,
    limits: Limits | None = None,
    seed: int = 0,
    trials: int = TRIALS,
) -> Power:
    """The power of a recording, by the rules of `detectors.stall`, `freeze_catch_up` and `speed`.

    Args:
        widest_gap_s: longest time without a picture; one such gap lies anywhere in the recording, and a freeze
            that touches it is not called one.
        duration_s: length of the playback that was recorded.
    """
    if not (capture_rate_fps > 0 and content_rate > 0 and widest_gap_s >= 0 and duration_s > 0 and trials > 0):
        raise ValueError(f"no such recording: {capture_rate_fps} fps of {content_rate} fps for {duration_s} s")
    rules, rng = limits or Limits(), np.random.default_rng(seed)
    picture, frame = 1 / capture_rate_fps, 1 / content_rate
    # The held frame is due at 0; the fault begins within its time, and pictures come at any phase.
    begins, first = rng.uniform(0, frame, trials), rng.uniform(0, picture, trials)

    def found(end: Values, lost: float) -> float:
        """Share of holds until `end` that are called a stall or a freeze, %."""
        after = first + np.ceil((end - first) / picture) * picture
        advance = np.floor((after - lost) / frame + 1e-9)
        elapsed = after - first
        held = elapsed - np.maximum(0.0, advance - 1) * frame
        is_stall = (held >= rules.hold_note_s) & (held > elapsed / 2)
        is_freeze = (elapsed >= rules.hold_note_s) & (advance >= 2) & (elapsed - picture >= elapsed / 2)
        return 100 * float(np.mean(is_stall | is_freeze))

    touched = widest_gap_s >= max(rules.hold_note_s, 3 * frame)
    stalls, freezes = {}, {}
    for length in STALLS_S:
        stalls[length] = found(np.full(trials, frame + length), length)
    for length in FREEZES_S:
        missed = min(1.0, (length + widest_gap_s) / duration_s) if touched else 0.0
        freezes[length] = found(np.maximum(frame, begins + length), 0.0) * (1 - missed)
    blur = 100 * picture / duration_s
    steady = picture < rules.hold_note_s and duration_s >= rules.speed_least_s
    speed = 100.0 if steady and rules.speed_note + blur < 100 * SPEED_OFF else 0.0
    subject = f"recording at {capture_rate_fps:.3g} pictures/s of {content_rate:.3g} frames/s"
    return Power(stalls, freezes, speed, 0.0, trials, f"{subject}, widest gap {widest_gap_s:.2f} s")


def _faults() -> list[tuple[str, float]]:
    stalls, freezes = [("stall", length) for length in STALLS_S], [("freeze", length) for length in FREEZES_S]
    return [*stalls, *freezes, ("speed", SPEED_OFF), ("healthy", 0.0)]


def _trial(
    clock: Values,
    error: Values,
    kind: str,
    size: float,
    trials: int,
    rng: np.random.Generator,
    marker: bool,
    frame_rate: float,
) -> int:
    """In how many of the trials something is found."""
    length = size if kind in ("stall", "freeze") else 0.0
    starts = rng.uniform(clock[0], max(clock[0], clock[-1] - length), trials)[:, None]
    wide = min(_WINDOW, len(clock))
    first = np.clip(np.searchsorted(clock, starts[:, 0]) - wide // 2, 0, len(clock) - wide)
    index = first[:, None] + np.arange(wide)
    times, errors = clock[index], error[index]
    taken = times + errors * rng.uniform(-1, 1, index.shape)
    since = taken - starts
    if kind == "stall":
        lost = np.clip(since, 0, size)
    elif kind == "freeze":
        lost = np.where((since >= 0) & (since < size), since, 0.0)
    else:
        lost = (taken - times[:, :1]) * (size if kind == "speed" else 0.0)
    media = taken - lost
    if not marker:
        # Equal pictures: both were taken while one frame stood; a moving title never repeats one.
        inside = (since >= 0) & (since < length)
        return int((inside[:, 1:] & inside[:, :-1]).any(axis=-1).sum())
    frames = np.floor((media - clock[0] + rng.uniform(0, 1, (trials, 1))) * frame_rate)
    measured = times - (frames + 0.5) / frame_rate
    spread = lag.reach(errors, frame_rate)
    return int(lag.departs(measured - spread, measured + spread, times).sum())


def _subject(usable: Sequence[tuple[Values, Values]], pictures: int, marker: bool) -> str:
    if not usable:
        return f"{pictures} screenshots"
    interval = float(np.median(np.concatenate([np.diff(clock) for clock, _ in usable])))
    error = float(np.median(np.concatenate([error for _, error in usable])))
    return f"{pictures} screenshots {interval:.2g} s apart, ±{error:.2f} s" + ("" if marker else ", no marker")


def _percent(chance: float) -> str:
    return f"{chance:.1f} %" if 99 < chance < 100 or 0 < chance < 1 else f"{chance:.0f} %"
