"""Judging the sound of a recording: is it there, does it go on with the pictures, and is it with them?

Sound is judged only while the pictures of the title go on: a stall, a seek or a pause may be silent. The time
between sound and picture is positive when the sound is early, as in EBU R37 and ITU-R BT.1359.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from harness.core.outcome import Finding, Layer, Measurement, Severity
from harness.media.sound import TONE_END_S, TONE_START_S
from harness.playback.audio_tones import Tone
from harness.playback.audio_track import Listened, listen
from harness.playback.expectation import Expectation
from harness.playback.observation import Observation, Run
from harness.playback.scene import Scene, lay_out

__all__ = [
    "AudioExamination",
    "AudioLimits",
    "Listened",
    "TitleSound",
    "Tone",
    "audio_findings",
    "examine_audio",
    "listen",
]

_CODE_REPEATS_S = 64
_R37, _BT1359 = "EBU R37: +40/-60 ms", "ITU-R BT.1359-1 acceptability: +90/-185 ms"

Time = tuple[float, float]


class TitleSound(StrEnum):
    """What is known of the title's sound."""

    CODED = "coded"  # the samples': never silent for long, and it says its second
    PLAIN = "plain"  # it has sound, which may be silent at times
    NONE = "none"


@dataclass(frozen=True)
class AudioLimits:
    """The numbers that decide; smaller is stricter unless said otherwise. What is silent: see audio_track."""

    silent_note_s: float = 0.5  # ours
    silent_fail_s: float = 1.0  # ours, as for a hold of the picture (playback.md 5.3)
    early_note_ms: float = 40.0  # EBU R37, at the output to transmitters
    late_note_ms: float = 60.0
    early_fail_ms: float = 90.0  # ITU-R BT.1359-1, acceptability at the viewer
    late_fail_ms: float = 185.0
    other_second_s: float = 2.0  # ours: no longer out of step but elsewhere
    least_tones: int = 3  # larger is stricter on the instrument
    least_played_s: float = 1.0  # as above
    unread_s: float = 10.0  # so much audible sound with no tone of the code is worth a line


@dataclass(frozen=True)
class _Offset:
    """One tone against the pictures shown while it sounded: early_ms > 0 is sound before its picture."""

    tone: Tone
    second: int
    early_ms: float
    blur_ms: float


@dataclass(frozen=True)
class AudioExamination:
    """What was found and measured; `looked` is False when nothing could be said about the sound."""

    findings: tuple[Finding, ...]
    measurements: tuple[Measurement, ...] = ()
    looked: bool = False


def examine_audio(
    listened: Listened | None,
    observations: Iterable[Observation],
    expectation: Expectation,
    title_sound: TitleSound = TitleSound.CODED,
    limits: AudioLimits | None = None,
) -> AudioExamination:
    """What is wrong with the sound, and its numbers.

    Args:
        listened: what `listen` gave; None when the file has no audio track.
        observations: of the same file's pictures.
    """
    used = limits or AudioLimits()
    if title_sound is TitleSound.NONE:
        return AudioExamination(())
    if listened is None:
        message = "the recording has no audio track: nothing is said about the sound"
        return AudioExamination((Finding("audio_not_recorded", Layer.INSTRUMENT, Severity.NOTE, message),))
    if listened.end_s <= listened.start_s:
        message = f"the audio track could not be decoded ({listened.undecodable} bad packets)"
        return AudioExamination((Finding("audio_unreadable", Layer.INSTRUMENT, Severity.BLIND, message),))
    scene = lay_out(observations, expectation)
    going = _going(scene)
    heard = _without(going, _unheard(listened, scene))
    coded = title_sound is TitleSound.CODED
    offsets = _offsets(listened, scene, going) if coded else []
    found = _unrecorded(going, heard, used)
    missing = _missing(listened, heard, used)
    found += missing or _silent(listened, heard, title_sound, used)
    found += _out_of_step(offsets, used)
    found += _unread(listened, heard, used) if coded and not missing else []
    measured = _measured(listened, heard, offsets, used)
    return AudioExamination(tuple(found), tuple(measured), bool(heard))


def audio_findings(
    listened: Listened | None,
    observations: Iterable[Observation],
    expectation: Expectation,
    title_sound: TitleSound = TitleSound.CODED,
    limits: AudioLimits | None = None,
) -> list[Finding]:
    """Only the findings of `examine_audio`."""
    return list(examine_audio(listened, observations, expectation, title_sound, limits).findings)


def _measured(listened: Listened, heard: list[Time], offsets: list[_Offset], limits: AudioLimits) -> list[Measurement]:
    out = [Measurement("audio_tones_read", len(listened.tones), "tones")]
    heard_s = _length(heard)
    if heard_s > 0:
        silent_s = heard_s - _length(_without(heard, listened.silences))
        out.append(Measurement("audio_silent_share", 100 * silent_s / heard_s, "%"))
    early = [offset.early_ms for offset in offsets]
    if len(early) >= limits.least_tones:
        lower, upper = -limits.late_fail_ms, limits.early_fail_ms
        source = f"{_BT1359}; sound early is positive"
        out.append(Measurement("audio_offset", statistics.median(early), "ms", lower, upper, source))
        out.append(Measurement("audio_offset_spread", max(early) - min(early), "ms"))
    return out


def _missing(listened: Listened, heard: list[Time], limits: AudioLimits) -> list[Finding]:
    played = _length(heard)
    if played < limits.least_played_s or _without(heard, listened.silences):
        return []
    whole = _length(_without([(listened.start_s, listened.end_s)], [*listened.silences, *listened.holes]))
    other = f"{whole:.1f} s of other sound prove that the recorder hears" if whole else "the whole track is silent"
    message = f"nothing but silence in {played:.1f} s of playback; {other}"
    start, end, least = heard[0][0], heard[-1][1], limits.least_played_s
    return [_of_player("audio_missing", Severity.FAIL, message, start, end, played, "s", least, "redeye limit")]


def _silent(listened: Listened, heard: list[Time], title: TitleSound, limits: AudioLimits) -> list[Finding]:
    found = []
    for start, end in _both(heard, listened.silences):
        lasted = end - start
        if lasted < limits.silent_note_s:
            continue
        failed = lasted >= limits.silent_fail_s and title is TitleSound.CODED
        message = f"no sound for {lasted:.2f} s while the pictures went on"
        if title is not TitleSound.CODED:
            message += "; the title itself may be silent there"
        severity = Severity.FAIL if failed else Severity.NOTE
        limit = limits.silent_fail_s if failed else limits.silent_note_s
        found.append(_of_player("audio_silent", severity, message, start, end, lasted, "s", limit, "redeye limit"))
    return found


def _out_of_step(offsets: list[_Offset], limits: AudioLimits) -> list[Finding]:
    """The offset of the whole recording; when that is good, the worst of any few tones in a row."""
    least = limits.least_tones
    if len(offsets) < least:
        return []
    rows = [offsets, *(offsets[first : first + least] for first in range(len(offsets) - least + 1))]
    whole = _judged(offsets, limits)
    if whole is not None and whole.severity is Severity.FAIL:
        return [whole]
    # A median over everything would hide sound that left its pictures half way.
    parts = [finding for row in rows if (finding := _judged(row, limits)) is not None]
    parts.sort(key=lambda finding: (finding.severity is not Severity.FAIL, -abs(finding.value or 0)))
    if whole is not None and not any(part.severity is Severity.FAIL for part in parts):
        return [whole]
    return parts[:1]


def _judged(row: list[_Offset], limits: AudioLimits) -> Finding | None:
    early = statistics.median(offset.early_ms for offset in row)
    blur = statistics.median(offset.blur_ms for offset in row)
    surely = max(0.0, abs(early) - blur)
    fail, note = (
        (limits.early_fail_ms, limits.early_note_ms) if early > 0 else (limits.late_fail_ms, limits.late_note_ms)
    )
    if surely <= note:
        return None
    failed = surely > fail
    if abs(early) > 1000 * limits.other_second_s:
        middle = min(row, key=lambda offset: abs(offset.early_ms - early))
        picture_s = middle.second + (TONE_START_S + TONE_END_S) / 2 - middle.early_ms / 1000
        said = f"the sound is that of second {middle.second} while the pictures are at {picture_s:.1f} s"
    else:
        said = f"the sound is {abs(early):.0f} ms {'before' if early > 0 else 'after'} its pictures"
    low, high = min(offset.early_ms for offset in row), max(offset.early_ms for offset in row)
    message = f"{said} (median of {len(row)} tones, {low:+.0f} to {high:+.0f} ms, pictures timed to ±{blur:.0f} ms)"
    severity, source = (Severity.FAIL, _BT1359) if failed else (Severity.NOTE, _R37)
    limit = (fail if failed else note) * (1 if early > 0 else -1)
    start, end = row[0].tone.start_s, row[-1].tone.end_s
    return _of_player("audio_offset", severity, message, start, end, early, "ms", limit, source)


def _unrecorded(going: list[Time], heard: list[Time], limits: AudioLimits) -> list[Finding]:
    lost = _without(going, heard)
    total = _length(lost)
    if total < limits.silent_fail_s:
        return []
    message = f"the audio track has no samples for {total:.2f} s in which pictures went on"
    start, end = lost[0][0], lost[-1][1]
    return [Finding("audio_unreadable", Layer.INSTRUMENT, Severity.NOTE, message, start, end, total, "s")]


def _unread(listened: Listened, heard: list[Time], limits: AudioLimits) -> list[Finding]:
    audible = _length(_without(heard, listened.silences))
    if listened.tones or audible < limits.unread_s:
        return []
    message = f"no tone of the code in {audible:.1f} s of sound: it is another sound, or too noisy to say its offset"
    return [Finding("audio_unreadable", Layer.INSTRUMENT, Severity.NOTE, message, value=audible, unit="s")]


def _offsets(listened: Listened, scene: Scene, going: list[Time]) -> list[_Offset]:
    """Every tone that sounded while pictures went on, against those pictures."""
    out = []
    for tone in listened.tones:
        if not any(start <= tone.start_s and tone.end_s <= end for start, end in going):
            continue
        shown: list[Run] = []
        for span in scene.spans:
            first, after = np.searchsorted(span.runs.starts, (tone.start_s, tone.end_s)).tolist()
            shown += span.runs[first:after]
        if len(shown) >= scene.limits.believed_reads:
            out.append(_offset(tone, shown, scene.rate))
    return out


def _offset(tone: Tone, shown: list[Run], rate: float) -> _Offset:
    # The middle is exact even where noise or a codec moves both edges apart.
    middle_s = (tone.start_s + tone.end_s) / 2
    sounding = tone.second_mod_64 + (TONE_START_S + TONE_END_S) / 2 - middle_s
    early_s = statistics.median(sounding + run.start_s - run.frame_id / rate for run in shown)
    turns = -round(early_s / _CODE_REPEATS_S)
    # A picture appeared somewhere between its first capture and the one before.
    blur_s = statistics.median(run.start_s - run.before_s for run in shown) / 2
    second = tone.second_mod_64 + turns * _CODE_REPEATS_S
    return _Offset(tone, second, 1000 * (early_s + turns * _CODE_REPEATS_S), 1000 * blur_s)


def _going(scene: Scene) -> list[Time]:
    """When pictures of the title went on: holds and what the allowance after an action covers are left out."""
    going: list[Time] = []
    for steps in scene.steps:
        for step in steps:
            if step.excused or step.advance <= 0 or step.held_s >= scene.limits.hold_note_s:
                continue
            if going and going[-1][1] == step.before.start_s:
                going[-1] = (going[-1][0], step.after.start_s)
            else:
                going.append((step.before.start_s, step.after.start_s))
    return going


def _unheard(listened: Listened, scene: Scene) -> list[Time]:
    pictures = scene.observations.pts
    if not len(pictures):
        return []
    ends = [(float(pictures[0]), listened.start_s), (listened.end_s, float(pictures[-1]))]
    return [(start, end) for start, end in (ends[0], *listened.holes, ends[1]) if end > start]


def _both(times: Iterable[Time], others: Sequence[Time]) -> list[Time]:
    """Where both are."""
    cut = [(max(a, c), min(b, d)) for a, b in times for c, d in others]
    return [(start, end) for start, end in cut if end > start]


def _without(times: Iterable[Time], others: Iterable[Time]) -> list[Time]:
    """Times with others taken out; crumbs of less than a block of sound are nothing."""
    left = list(times)
    for start, end in others:
        left = [part for a, b in left for part in ((a, min(b, start)), (max(a, end), b)) if part[1] - part[0] > 0.01]
    return left


def _length(times: Iterable[Time]) -> float:
    return sum(end - start for start, end in times)


def _of_player(
    kind: str,
    severity: Severity,
    message: str,
    start: float,
    end: float,
    value: float,
    unit: str,
    limit: float,
    source: str,
) -> Finding:
    return Finding(kind, Layer.PLAYER, severity, message, start, end, value, unit, limit, source)
