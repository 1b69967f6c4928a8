"""Judging a file: whatever holds pictures and their times, against a title or against nothing but itself."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path

import numpy as np

from harness.core.errors import InputFileError
from harness.core.outcome import Finding, Layer, Measurement, Severity, Verdict, judge
from harness.media.catalogue import Catalogue, Rendition, Sample
from harness.media.reference import load_sheet
from harness.playback.audio import TitleSound, examine_audio
from harness.playback.audio_track import listen
from harness.playback.examine import examine
from harness.playback.expectation import Action, Expectation, Limits
from harness.playback.film import Film, Runs
from harness.playback.picture import References
from harness.playback.power import Power, recording_power
from harness.playback.reader import MarkerReader
from harness.playback.recording import RecordingRead, read_recording
from harness.playback.screenshots import Screenshots
from harness.playback.sparse import examine_shots

RATES = tuple(Fraction(r) for r in ("24000/1001", "24", "25", "30000/1001", "30", "48", "50", "60000/1001", "60"))
LEAST_RATE, MOST_RATE = 1, 1000  # frames/s; what goes otherwise is no title at its own pace
RATE_OFF = 0.03  # an estimate this near to a usual rate is taken for it
UNMARKED = Expectation({}, Fraction(25), 0)
BAD_PACKETS = 0.01  # share of undecodable packets above which a recording proves nothing


@dataclass(frozen=True)
class Titles:
    """What recordings may show: a catalogue, and what its frames look like."""

    catalogue: Catalogue
    references: References

    @classmethod
    def load(cls, folder: Path, catalogue: Catalogue) -> Titles:
        """The titles of a samples folder, with their reference pictures."""
        thumbs = {key: thumb for sample in catalogue.samples for key, thumb in load_sheet(folder, sample).items()}
        widths = {
            r.content_id: r.width for s in catalogue.samples for r in s.video if r.content_id is not None and r.width
        }
        return cls(catalogue, References(thumbs, widths))

    def of_content(self, content_id: int) -> Sample | None:
        """The title that carries this content id."""
        return next((s for s in self.catalogue.samples if any(r.content_id == content_id for r in s.video)), None)


@dataclass(frozen=True)
class Sight:
    """What pictures are held against.

    Args:
        references: what frames of known titles look like.
        recorder_fps: what the tablet's recorder is known to reach.
    """

    references: References | None = None
    limits: Limits = field(default_factory=Limits)
    recorder_fps: float | None = None


@dataclass(frozen=True)
class Verification:
    """What was judged, against what, and how much it could have missed.

    Args:
        title: what it was judged against, in words.
        power: chances that faults would have been found; None when there were too few pictures to say.
        read_s, judged_s: wall time of reading and of judging.
    """

    verdict: Verdict
    title: str
    expectation: Expectation
    runs: Runs
    read: RecordingRead | None
    power: Power | None
    read_s: float
    judged_s: float


def verify(
    path: Path,
    expectation: Expectation | None = None,
    *,
    title: str = "",
    titles: Titles | None = None,
    actions: Sequence[Action] = (),
    sound: TitleSound = TitleSound.CODED,
    times: Sequence[Fraction] = (),
    progress: Callable[[float], None] = lambda at_s: None,
) -> Verification:
    """The verdict on a recording or a folder of stamped screenshots.

    Args:
        expectation: what it should show; None takes the title whose markers are read, or none.
        titles: known titles, to recognise and to compare pictures with.
        actions: what was done, for a title that is recognised.
        sound: what is known of the title's sound; looked at when the recording has a sound track.
        times: presentation times for a stream without timestamps.
    Raises:
        InputFileError: there is no such file, or a screenshot folder is wrong.
    """
    began = time.monotonic()
    if path.is_dir():
        return _shots(path, expectation, title, titles, actions, began)
    references = titles.references if titles else None
    read = read_recording(path, MarkerReader(), references, progress, times)
    listened = listen(path) if len(read.observations) else None
    read_s = time.monotonic() - began
    film = read.observations
    known, title = (expectation, title) if expectation else recognise(film, titles, actions)
    examined = examine(film, known)
    findings = [*_of_file(read, len(times)), *examined.findings]
    measurements = [*examined.measurements, Measurement("undecodable", float(read.undecodable), "packets")]
    checks = list(examined.checks)
    if known.marked and len(film):
        heard = examine_audio(listened, film, known, sound)
        findings += heard.findings
        measurements += heard.measurements
        checks += ["playback.audio"] if heard.looked else []
    power = _power(film, known)
    rank = {Severity.FAIL: 0, Severity.BLIND: 1, Severity.NOTE: 2}
    findings.sort(key=lambda finding: rank[finding.severity])
    verdict = judge(findings, checks, measurements)
    return Verification(verdict, title, known, examined.runs, read, power, read_s, time.monotonic() - began - read_s)


def expect(sample: Sample, rendition: Rendition | None = None) -> Expectation:
    """What a recording of this title should show: one rendition, or whichever."""
    wanted = [r for r in sample.video if rendition is None or r.id == rendition.id]
    first = wanted[0]
    others = {r.content_id: r.id for r in sample.video if r not in wanted and r.content_id is not None}
    own = {r.content_id: r.id for r in wanted if r.content_id is not None}
    return Expectation(own, first.frame_rate or Fraction(30), first.frames, renditions=others)


def recognise(film: Film, titles: Titles | None, actions: Sequence[Action] = ()) -> tuple[Expectation, str]:
    """What the markers in a recording say that it is, and how that was known."""
    ids = film.content_ids[film.readable]
    if not len(ids):
        return replace(UNMARKED, actions=tuple(actions)), "unmarked"
    content_id = int(np.bincount(ids).argmax())
    sample = titles.of_content(content_id) if titles else None
    if sample is not None:
        return replace(expect(sample), actions=tuple(actions)), f"{sample.id} (by its markers)"
    rate = _rate(film)
    last = int(film.frame_ids.max())
    known = Expectation({content_id: f"content {content_id}"}, rate, last + 1, tuple(actions))
    return known, f"content {content_id}, taken for {float(rate):.5g} frames/s"


def _rate(film: Film) -> Fraction:
    """The usual frame rate nearest to how ids go with the clock: the middle of many slopes, whatever faults do."""
    pts, ids = film.pts[film.readable], film.frame_ids[film.readable]
    apart = max(1, len(ids) // 20)
    went, passed = (ids[apart:] - ids[:-apart]).astype(np.float64), pts[apart:] - pts[:-apart]
    timed = passed > 1e-6  # s; no clock of a container is finer
    slopes = went[timed] / passed[timed]
    middle = float(np.median(slopes)) if len(slopes) else 0.0
    if not LEAST_RATE <= middle <= MOST_RATE:
        return Fraction(25)
    near = min(RATES, key=lambda rate: abs(float(rate) - middle))
    return near if abs(float(near) / middle - 1) <= RATE_OFF else Fraction(middle).limit_denominator(100)


def _of_file(read: RecordingRead, times: int) -> list[Finding]:
    """What the file itself says against the recording."""
    found = []
    if read.problem and not len(read.observations):
        found.append(_blind("capture_unreadable", read.problem))
    elif read.cut_short:
        found.append(_blind("capture_unreadable", "the file ends in the middle: what came after cannot be judged"))
    packets = read.undecodable + len(read.observations)
    if read.undecodable and read.undecodable > BAD_PACKETS * packets:
        message = f"{read.undecodable} of {packets} packets could not be decoded"
        found.append(_blind("capture_unreadable", message, 100 * read.undecodable / packets, "%", 100 * BAD_PACKETS))
    if read.untimed:
        message = f"{read.untimed} pictures have no time; a freeze would be invisible"
        found.append(_blind("timestamps_missing", message, float(read.untimed), "pictures", 0.0))
    pictures = read.untimed + len(read.observations)
    if times and (times > pictures or read.undecodable):
        message = f"{times} times were given, {pictures} pictures came: which belong together cannot be said"
        found.append(_blind("timestamps_missing", message, float(times), "times", float(pictures)))
    return found


def _blind(kind: str, message: str, value: float | None = None, unit: str = "", limit: float | None = None) -> Finding:
    return Finding(kind, Layer.INSTRUMENT, Severity.BLIND, message, None, None, value, unit, limit, "playback.md 3")


def _power(film: Film, expectation: Expectation) -> Power | None:
    gaps = np.diff(film.pts)
    if len(gaps) < 2 or not expectation.marked:
        return None
    usual = gaps[gaps < max(expectation.limits.hold_note_s, 3 / float(expectation.frame_rate))]
    if not len(usual) or usual.sum() <= 0:
        return None
    rate, length = len(usual) / float(usual.sum()), float(film.pts[-1] - film.pts[0])
    return recording_power(rate, float(expectation.frame_rate), float(gaps.max()), duration_s=length)


def _shots(
    path: Path,
    expectation: Expectation | None,
    title: str,
    titles: Titles | None,
    actions: Sequence[Action],
    began: float,
) -> Verification:
    shots = list(Screenshots(path).read())
    read_s = time.monotonic() - began
    film = Film.of(shot.observation for shot in shots)
    known, title = (expectation, title) if expectation else recognise(film, titles, actions)
    examined = examine_shots(shots, known)
    verdict = judge(examined.findings, examined.checks, examined.measurements)
    judged_s = time.monotonic() - began - read_s
    return Verification(verdict, title, known, film.runs(), None, examined.power, read_s, judged_s)


def number_of(text: str, most: int = 10**9) -> Fraction | None:
    """The number that a text says, exactly, such as 25, 0.04 or 30000/1001; None when it is none up to `most`."""
    words = text.strip()
    # An exponent would be worked out digit by digit, and take for ever.
    if len(words) > 100 or not words.isascii() or "e" in words.lower():
        return None
    try:
        number = Fraction(words)
    except (ValueError, ZeroDivisionError):
        return None
    return number if abs(number) <= most else None


def picture_times(path: Path) -> tuple[Fraction, ...]:
    """The presentation times in a text file, one a line, s.

    Raises:
        InputFileError: a line is no number, or does not come after the one before.
    """
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputFileError(str(path), "", f"cannot be read: {error}") from error
    times: list[Fraction] = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        at = number_of(line)
        if at is None:
            raise InputFileError(str(path), f"line {number}", f"{line[:40]!r} is not a time in seconds") from None
        if times and float(at) <= float(times[-1]):
            raise InputFileError(str(path), f"line {number}", f"{line.strip()} does not come after the line before")
        times.append(at)
    if not times:
        raise InputFileError(str(path), "", "holds no times; one line for each picture was expected")
    return tuple(times)
