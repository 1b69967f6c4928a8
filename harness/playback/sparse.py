"""Judging sparse pictures: screenshots seconds apart, each somewhere within its bracket.

A recording shows a hold; a screenshot only shows how far the title lies behind. So every question here is asked of
bounds (`lag`), every finding says how exactly it is known, and a limit that lies between the bounds makes it
INCONCLUSIVE. A PASS needs pictures that would have shown a stall of 1 s (`power`).
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from harness.core.outcome import Finding, Layer, Measurement, Severity
from harness.playback import departures, lag
from harness.playback.departures import Departure
from harness.playback.detectors.instrument import blind
from harness.playback.expectation import Action, Expectation, Limits
from harness.playback.power import ADEQUATE, TRIALS, Power, power_of
from harness.playback.screenshots import Shot
from harness.playback.stretches import Playback, Sample, Stretch, off_target, playbacks

CHECKS = ("instrument", "wrong_content", "not_started", "startup_delay", "lag", "seek_off_target", "ended_early")
STILL_LEVELS = 0.8  # playback.md 5.4: p95 of the luma difference of two pictures that are the same


@dataclass(frozen=True)
class SparseExamination:
    """What was found, measured and looked at, and what could have been missed; hand it to `judge`."""

    findings: tuple[Finding, ...]
    measurements: tuple[Measurement, ...]
    checks: tuple[str, ...]
    power: Power


def examine_shots(
    shots: Sequence[Shot], expectation: Expectation | None, *, seed: int = 0, trials: int = TRIALS
) -> SparseExamination:
    """Everything that screenshots say; without an expectation or content ids, as much as unmarked ones can."""
    times = [shot.observation.pts_s for shot in shots]
    found: list[Finding] = []
    if not shots:
        found.append(blind("no_frames", "there are no screenshots"))
    back = [(a, b) for a, b in itertools.pairwise(times) if b <= a]
    if back:
        message = f"{len(back)} stamps do not go forward, first {back[0][1]:.3f} s after {back[0][0]:.3f} s"
        found.append(blind("timestamps_not_monotonic", message, back[0][1], back[0][0]))
        shots = sorted(shots, key=lambda shot: shot.observation.pts_s)
    if expectation is None or not expectation.content_ids:
        return _unmarked(shots, found, seed, trials)
    parts = playbacks(shots, expectation)
    scatter = max((_scatter(stretch, expectation) for part in parts for stretch in part.stretches), default=1.0)
    if scatter > 1:
        message = f"pictures scatter more than their stamps allow; brackets are taken {scatter:.1f} times as wide"
        found.append(_note("stamps_inexact", message))
        shots = [shot._replace(uncertainty_s=shot.uncertainty_s * scatter) for shot in shots]
        parts = playbacks(shots, expectation)
    for part in parts:
        for look in (_pictures, _wrong_content, _not_started, _startup_delay, _lag, _seek_off_target, _ended_early):
            found += look(part, expectation)
    power = power_of(
        [_times(stretch) for part in parts for stretch in part.stretches],
        marker=True,
        frame_rate=float(expectation.frame_rate),
        seed=seed,
        trials=trials,
    )
    found += _too_weak(power)
    rank = {Severity.FAIL: 0, Severity.BLIND: 1, Severity.NOTE: 2}
    found.sort(key=lambda finding: rank[finding.severity])
    checks = tuple(f"playback.{name}" for name in CHECKS) if shots else ()
    return SparseExamination(tuple(found), _measurements(shots, parts, power, expectation), checks, power)


def _times(stretch: Stretch) -> tuple[lag.Values, lag.Values]:
    return np.array([s.clock_s for s in stretch.samples]), np.array([s.error_s for s in stretch.samples])


def _scatter(stretch: Stretch, expectation: Expectation) -> float:
    if not stretch.samples:
        return 1.0
    clock, error = _times(stretch)
    measured = clock - np.array([s.media_s for s in stretch.samples]) / stretch.speed
    return lag.stamp_scatter(measured, lag.reach(error, float(expectation.frame_rate) * stretch.speed))


def _pictures(part: Playback, expectation: Expectation) -> list[Finding]:
    """Were there pictures at all, and could they be read?"""
    if not part.shots:
        return [blind("no_frames", "no screenshot was taken during playback", part.start_s, part.end_s)]
    if all(shot.observation.black for shot in part.shots):
        message = "every picture is black, as protected surfaces are to a screenshot"
        return [blind("black_picture", message, part.start_s, part.end_s)]
    least = expectation.limits.read_share
    if part.read_share is None or part.read_share >= least:
        return []
    message = f"the marker could be read in {part.read_share:.0f} % of the pictures; {least:.0f} % needed"
    return [blind("capture_insufficient", message, None, None, part.read_share, "%", least)]


def _wrong_content(part: Playback, expectation: Expectation) -> list[Finding]:
    """Was anything shown that does not belong to the title?"""
    found = []
    limits = expectation.limits
    allowed = ", ".join(f"{key} ({name})" for key, name in expectation.content_ids.items())
    for content_id in sorted({s.content_id for s in part.foreign}):
        shown = [s for s in part.foreign if s.content_id == content_id]
        kind = "wrong_rendition" if content_id in expectation.renditions else "wrong_content"
        message = f"content {content_id} was shown in {len(shown)} pictures; expected {allowed}"
        severity = Severity.FAIL if _sure(shown, limits) else Severity.NOTE
        start, end = shown[0].clock_s, shown[-1].clock_s
        count, source = float(len(shown)), "playback.md 5.5"
        found.append(Finding(kind, Layer.APP, severity, message, start, end, count, "pictures", 0.0, source))
    return found


def _not_started(part: Playback, expectation: Expectation) -> list[Finding]:
    """Did the title ever appear?"""
    if part.samples or part.foreign or not part.shots or all(shot.observation.black for shot in part.shots):
        return []
    limits = expectation.limits
    last = part.shots[-1]
    waited = last.observation.pts_s - last.uncertainty_s - (part.latest_play_s)
    message = f"no frame of the title in {len(part.shots)} pictures up to {waited:.1f} s after play"
    if waited >= limits.startup_fail_s and len(part.shots) >= limits.believed_reads:
        severity, layer = Severity.FAIL, Layer.PLAYER
    else:
        severity, layer = Severity.BLIND, Layer.INSTRUMENT
        message += f"; {limits.startup_fail_s:.0f} s and {limits.believed_reads} pictures are needed"
    limit, source = limits.startup_fail_s, "redeye limit"
    return [
        Finding("not_started", layer, severity, message, part.start_s, part.end_s, waited, "s", limit, source),
    ]


def _startup_delay(part: Playback, expectation: Expectation) -> list[Finding]:
    """How long from play to the first frame?"""
    if part.play is None or not part.samples:
        return []
    limits, first = expectation.limits, part.samples[0]
    unseen = [shot for shot in part.shots if shot.observation.pts_s < first.clock_s]
    least = max((shot.observation.pts_s - shot.uncertainty_s for shot in unseen), default=0.0) - part.latest_play_s
    most = first.clock_s + first.error_s - (part.play.at_s - part.play.uncertainty_s)
    if least <= limits.startup_note_s:
        return []
    late = least > limits.startup_fail_s
    limit, source = (
        (limits.startup_fail_s, "redeye limit") if late else (limits.startup_note_s, "CTA-WAVE start-up delay")
    )
    message = f"the first frame came {_between(least, most)} after play"
    severity = Severity.FAIL if late else Severity.NOTE
    value = (least + most) / 2
    return [Finding("startup_delay", Layer.PLAYER, severity, message, None, None, value, "s", limit, source)]


def _lag(part: Playback, expectation: Expectation) -> list[Finding]:
    """Did the title stand, catch up, jump or go at another pace?"""
    found: list[Finding] = []
    limits = expectation.limits
    for stretch in part.stretches:
        events = departures.departures(stretch, expectation)
        said = [(one, finding) for one in events if (finding := _said(one, limits)) is not None]
        found += [finding for _, finding in said]
        short = [one for one, finding in said if one.kind == "stall" and finding.severity is not Severity.FAIL]
        if len(short) < 2:
            continue
        long = sum(one.most for one, finding in said if one.kind == "stall" and finding.severity is Severity.FAIL)
        held = departures.lost_s(stretch, expectation) - long
        played = stretch.samples[-1].clock_s - stretch.samples[0].clock_s
        if held >= limits.hold_fail_s and 100 * held > limits.held_share * played:
            share, limit, source = 100 * held / played, limits.held_share, "redeye limit"
            message = f"short stalls of at least {held:.2f} s together are {share:.0f} % of {played:.1f} s of playback"
            at = (short[0].start_s, short[-1].end_s)
            found.append(
                Finding("stall", Layer.PLAYER, Severity.FAIL, message, *at, share, "%", limit, source),
            )
    return found


def _said(one: Departure, limits: Limits) -> Finding | None:
    between = f"between {one.start_s:.2f} s and {one.end_s:.2f} s"
    amount = _between(one.least, one.most)
    value, unit, note, fail = (one.least + one.most) / 2, "s", limits.hold_note_s, limits.hold_fail_s
    if one.kind == "speed":
        note, fail, unit = limits.speed_note, limits.speed_fail, "%"
        value = one.value
        doubt = (one.most - one.least) / 2
        if abs(value) - doubt <= note:
            return None
        severity = Severity.FAIL if abs(value) - doubt > fail and one.sure else Severity.NOTE
        message = f"the title went {value:+.1f} ±{doubt:.1f} % off the clock's pace from {one.start_s:.2f} s on"
    else:
        if one.kind == "jumped":
            message = f"the title went {amount} ahead of the clock {between}, unasked"
            note = fail = limits.skip_s
        elif one.kind == "back":
            message, value, unit = (
                f"the title went back by {-one.value:.0f} frames {between}, unasked",
                one.value,
                "frames",
            )
        elif one.kind == "freeze_catch_up":
            message = f"the picture stood for {amount} {between} and caught up"
        elif one.stands:
            message = f"frame {one.frame_id} stood for {amount} from {one.start_s:.2f} s on and never went on"
        else:
            message = f"the title fell {amount} behind the clock {between}"
        severity = _severity(one, fail)
        if severity is Severity.BLIND:
            message += f"; whether that reaches {fail:g} s cannot be told from these pictures"
    layer = Layer.INSTRUMENT if severity is Severity.BLIND else Layer.PLAYER
    limit = note if severity is Severity.NOTE else fail
    kind = "jumped" if one.kind == "back" else one.kind
    start, end = one.start_s, one.end_s
    return Finding(kind, layer, severity, message, start, end, value, unit, limit, "playback.md 5.3")


def _severity(one: Departure, fail: float) -> Severity:
    if one.kind == "back":
        return Severity.FAIL if one.sure and one.value < -1 else Severity.NOTE
    if one.least >= fail:
        return Severity.FAIL if one.sure else Severity.NOTE
    return Severity.BLIND if one.most >= fail else Severity.NOTE


def _seek_off_target(part: Playback, expectation: Expectation) -> list[Finding]:
    """Did each seek land where it was asked to, and soon?"""
    found = []
    limits = expectation.limits
    for stretch in part.stretches:
        seek = stretch.after
        if seek is None or seek.kind != "seek" or seek.target_s is None:
            continue
        if not stretch.samples:
            message = f"no picture of the title after the seek to {float(seek.target_s):.2f} s"
            found.append(blind("capture_insufficient", message, seek.at_s, max(seek.at_s, stretch.end_s)))
            continue
        first = stretch.samples[0]
        off = off_target(first, seek, stretch.speed, expectation)
        if off:
            limit, source = _tolerance(seek, limits), "playback.md 5.3 and the tap's uncertainty"
            message = (
                f"asked for {float(seek.target_s):.2f} s, the first picture {first.clock_s - seek.at_s:.2f} s later"
                f" (±{first.error_s + seek.uncertainty_s:.2f}) was {off:+.2f} s off"
            )
            severity = Severity.FAIL if _sure(stretch.samples, limits) else Severity.NOTE
            at = (seek.at_s, first.clock_s)
            found.append(Finding("seek_off_target", Layer.PLAYER, severity, message, *at, off, "s", limit, source))
            continue
        waited = _waited(stretch, seek, limits)
        if waited >= limits.hold_note_s:
            failed = waited >= limits.hold_fail_s
            message = f"the title went on at least {waited:.2f} s later than the allowance after a seek"
            severity = Severity.FAIL if failed else Severity.NOTE
            limit = limits.hold_fail_s if failed else limits.hold_note_s
            at, source = (seek.at_s, first.clock_s), "playback.md 5.3"
            found.append(Finding("stall", Layer.PLAYER, severity, message, *at, waited, "s", limit, source))
    return found


def _tolerance(seek: Action, limits: Limits) -> float:
    return limits.seek_tolerance_s + seek.target_uncertainty_s


def _waited(stretch: Stretch, seek: Action, limits: Limits) -> float:
    """For how long the old place surely stood beyond the allowance, s."""
    allowed = seek.at_s + seek.uncertainty_s + limits.seek_allowance_s
    if stretch.late:
        return stretch.late[-1].clock_s - stretch.late[-1].error_s - allowed
    first = stretch.samples[0]
    played = max(0.0, first.media_s - float(seek.target_s or 0) + _tolerance(seek, limits)) / stretch.speed
    return first.clock_s - first.error_s - allowed - played


def _ended_early(part: Playback, expectation: Expectation) -> list[Finding]:
    """Did the title go on until its end, or until it was stopped?"""
    if not part.samples or not part.running:
        return []
    limits, last, rate = expectation.limits, part.samples[-1], float(expectation.frame_rate)
    least = expectation.frames - 1 - limits.end_tolerance_frames
    if last.frame_id >= least:
        return []
    rest = (least - last.frame_id) / rate / part.speed
    due = last.clock_s - last.error_s + rest
    after = [shot for shot in part.shots if shot.observation.pts_s > last.clock_s]
    gone = [shot for shot in after if shot.observation.pts_s + shot.uncertainty_s < due]
    gone = [shot for shot in gone if not part.excused(shot.observation.pts_s)]
    seen = f"{last.clock_s:.2f} s ±{last.error_s:.2f}"
    left = f"frame {last.frame_id} of {expectation.frames - 1} was the last seen, at {seen}"
    at, value = (last.clock_s, part.end_s), float(last.frame_id)
    if gone:
        enough = len(gone) >= 2 and gone[-1].observation.pts_s - last.clock_s >= limits.hold_fail_s
        message = (
            f"{left}; {len(gone)} pictures without the title before {due:.2f} s, when its end was due at the earliest"
        )
        if enough:
            source = "playback.md 5.3"
            return [
                Finding(
                    "ended_early", Layer.PLAYER, Severity.FAIL, message, *at, value, "frame id", float(least), source
                )
            ]
        return [blind("ended_early", message + "; two pictures and 1 s are needed", *at, value, "frame id")]
    if not expectation.to_end:
        return []
    if part.end_s + last.error_s < due:
        message = f"{left}; the pictures or the playback were stopped while the title was still playing"
        return [blind("stopped_before_end", message, *at, value, "frame id", float(least))]
    if not after and rest > limits.hold_fail_s:
        message = f"{left}; no picture shows the {rest:.2f} s up to its end"
        return [blind("capture_gap", message, *at, value, "frame id", float(least))]
    return []


def _too_weak(power: Power) -> list[Finding]:
    if power.adequate:
        return []
    chance = power.stall[1.0]
    message = f"nothing found would say too little, {ADEQUATE:.0f} % are needed for a stall of 1 s; {power}"
    return [blind("capture_insufficient", message, None, None, chance, "%", ADEQUATE)]


def _unmarked(shots: Sequence[Shot], found: list[Finding], seed: int, trials: int) -> SparseExamination:
    """Without ids: equal pictures are a suspicion, different ones no proof. Never a PASS and never a FAIL."""
    equal = [shot.change is not None and shot.change <= STILL_LEVELS for shot in shots]
    index = 0
    for still, group in itertools.groupby(equal):
        size = len(list(group))
        if still:
            first, last = shots[index - 1], shots[index + size - 1]
            start, end = first.observation.pts_s, last.observation.pts_s
            doubt = first.uncertainty_s + last.uncertainty_s
            message = (
                f"{size + 1} pictures are the same, {end - start:.2f} s (±{doubt:.2f}) apart;"
                " a title that stands still and a frozen player look alike without a marker"
            )
            found.append(blind("frozen", message, start, end, end - start, "s"))
        index += size
    times = np.array([shot.observation.pts_s for shot in shots])
    power = power_of(
        [(times, np.array([shot.uncertainty_s for shot in shots]))], marker=False, seed=seed, trials=trials
    )
    found += _too_weak(power)
    message = "no marker says which frame should be on the screen, so these pictures cannot prove playback"
    found.append(blind("capture_insufficient", message))
    checks = ("playback.instrument", "playback.frozen") if shots else ()
    return SparseExamination(tuple(found), _power_measurements(power), checks, power)


def _measurements(
    shots: Sequence[Shot], parts: Sequence[Playback], power: Power, expectation: Expectation
) -> tuple[Measurement, ...]:
    out = [Measurement("screenshots", len(shots), "pictures")]
    errors = [shot.uncertainty_s for shot in shots]
    gaps = [b.observation.pts_s - a.observation.pts_s for a, b in itertools.pairwise(shots)]
    if gaps:
        out.append(Measurement("screenshot_interval", float(np.median(gaps)), "s"))
    if errors:
        out.append(Measurement("stamp_uncertainty", float(np.median(errors)), "s", None, 0.15, "playback.md 5.8"))
    shares = [part.read_share for part in parts if part.read_share is not None]
    if shares:
        least = expectation.limits.read_share
        out.append(Measurement("marker_read_share", min(shares), "%", least, None, "playback.md 4.2"))
    return (*out, *_power_measurements(power))


def _power_measurements(power: Power) -> tuple[Measurement, ...]:
    out = []
    for name, chances in (("stall", power.stall), ("freeze", power.freeze)):
        for length, chance in chances.items():
            least = ADEQUATE if (name, length) == ("stall", 1.0) else None
            out.append(Measurement(f"power_{name}_{length:g}s", chance, "%", least, None, "simulated"))
    out.append(Measurement("power_speed_5", power.speed, "%", None, None, "simulated"))
    return (*out, Measurement("false_alarms", power.false_alarm, "%", None, None, "simulated"))


def _sure(samples: Sequence[Sample], limits: Limits) -> bool:
    """Whether these reads may accuse anybody (playback.md 5.5)."""
    return len(samples) >= limits.believed_reads or max(s.margin for s in samples) >= limits.lone_read_margin


def _between(least: float, most: float) -> str:
    return f"{(least + most) / 2:.2f} s (±{max(0.0, most - least) / 2:.2f})"


def _note(kind: str, message: str) -> Finding:
    return Finding(kind, Layer.INSTRUMENT, Severity.NOTE, message)
