"""The timeline picture: what the screen showed against what it should have shown, and what was found where.

x is the recording's time, y the media time of the frame that was read. Healthy playback lies on the expected line; a
stall is flat, a skip a step, wrong content another colour and a cross, blindness a hatched stretch.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from PIL import Image, ImageDraw

from harness.core.outcome import Finding, Outcome, Severity
from harness.playback import Action, Run
from harness.report import canvas

SIZE = (1600, 700)
_SCALE = 2  # drawn larger and reduced, for smooth edges
_PLOT = (96, 166, 1560, 590)
_FOOT = 0.08  # of the media time, below zero: room for the actions' labels
_NEAR_TARGET_S = 2.0
_UNREAD_S = 0.5  # a shorter stretch without a marker is not worth a hatch
_LANES = 3
_CONTENT = (canvas.BLUE, canvas.GREEN, canvas.PURPLE, canvas.SKY)
_FINDING = {Severity.FAIL: canvas.VERMILION, Severity.BLIND: canvas.ORANGE, Severity.NOTE: canvas.SOFT}


@dataclass(frozen=True)
class TimelinePicture:
    """Everything that is drawn.

    Args:
        kind: "virtual" or "real"; said in the title, so that a virtual PASS is never shown as a tablet's.
        runs: what was read, on the recording's clock.
        frames: frames of the content.
        content_names: content id -> rendition; all that may be shown. Others are drawn as foreign.
        end_s: end of the recording, s; None takes the last thing that is known.
    """

    outcome: Outcome
    kind: str
    sample: str
    runs: Sequence[Run]
    frame_rate: Fraction
    frames: int
    content_names: Mapping[int, str]
    actions: Sequence[Action] = ()
    findings: Sequence[Finding] = ()
    device: str = ""
    end_s: float | None = None

    @property
    def duration_s(self) -> float:
        ends = [run.end_s for run in self.runs] + [action.at_s for action in self.actions]
        ends += [finding.end_s for finding in self.findings if finding.end_s is not None]
        return max([*ends, self.end_s or 0.0, 1.0])

    @property
    def media_s(self) -> float:
        return max(float(self.frames / self.frame_rate), 1.0)

    def media_of(self, run: Run) -> float:
        return float(run.frame_id / self.frame_rate)


@dataclass(frozen=True)
class _Sheet:
    """The enlarged image and the way from seconds to its pixels."""

    image: Image.Image
    draw: ImageDraw.ImageDraw
    picture: TimelinePicture
    box: tuple[int, int, int, int] = field(default=(0, 0, 0, 0))

    def x(self, at_s: float) -> float:
        left, _, right, _ = self.box
        share = at_s / (self.picture.duration_s * 1.02)
        return left + min(max(share, 0.0), 1.0) * (right - left)

    def y(self, media_s: float) -> float:
        _, top, _, bottom = self.box
        share = (media_s / self.picture.media_s + _FOOT) / (1.05 + _FOOT)
        return bottom - min(max(share, 0.0), 1.0) * (bottom - top)

    def text(self, at: tuple[float, float], text: str, size: int, colour: canvas.Colour, anchor: str = "la") -> None:
        self.draw.text(at, text, fill=colour, font=canvas.font(size * _SCALE), anchor=anchor)


def draw_timeline(picture: TimelinePicture) -> bytes:
    """The picture as a PNG of SIZE."""
    image = Image.new("RGB", (SIZE[0] * _SCALE, SIZE[1] * _SCALE), canvas.PAPER)
    left, top, right, bottom = (v * _SCALE for v in _PLOT)
    sheet = _Sheet(image, ImageDraw.Draw(image, "RGBA"), picture, (left, top, right, bottom))
    _title(sheet)
    _unread(sheet)
    _findings(sheet)
    _axes(sheet)
    _expected(sheet)
    _reads(sheet)
    _actions(sheet)
    _legend(sheet)
    return canvas.png(image.resize(SIZE, Image.Resampling.LANCZOS))


def unread(picture: TimelinePicture) -> tuple[tuple[float, float], ...]:
    """Stretches between play and stop in which no marker was read, (start_s, end_s)."""
    found: list[tuple[float, float]] = []
    for start, end in _playing(picture):
        inside = [run for run in picture.runs if run.end_s >= start and run.start_s <= end]
        ended = bool(inside) and inside[-1].frame_id >= picture.frames - 2  # nothing is left to be read
        last = inside[-1].end_s if ended else end
        edges = [start, *itertools.chain.from_iterable((run.start_s, run.end_s) for run in inside), last]
        pairs = zip(edges[::2], edges[1::2], strict=True)
        found += [(a, b) for a, b in pairs if b - a >= _UNREAD_S]
    return tuple(found)


def _playing(picture: TimelinePicture) -> tuple[tuple[float, float], ...]:
    """From each play to its stop; the whole recording when nobody pressed play."""
    spans: list[tuple[float, float]] = []
    start: float | None = None
    for action in picture.actions:
        if action.kind == "seek":
            continue
        if start is not None:
            spans.append((start, action.at_s))
        start = action.at_s if action.kind == "play" else None
    if start is not None or not spans:
        spans.append((start or 0.0, picture.duration_s))
    return tuple(spans)


def _title(sheet: _Sheet) -> None:
    p, s = sheet.picture, _SCALE
    colour = canvas.OUTCOME_COLOURS[str(p.outcome)]
    face = canvas.font(22 * s)
    wide = sheet.draw.textlength(str(p.outcome), face)
    sheet.draw.rounded_rectangle((32 * s, 20 * s, 60 * s + wide, 58 * s), 8 * s, fill=colour)
    sheet.draw.text((46 * s, 39 * s), str(p.outcome), fill=(255, 255, 255), font=face, anchor="lm")
    at = 76 * s + wide
    subject = f"{p.sample}   on a {p.kind.upper()} tablet" + (f"   {p.device}" if p.device else "")
    sheet.text((at, 39 * s), canvas.fit(sheet.draw, subject, canvas.font(22 * s), 1568 * s - at), 22, canvas.INK, "lm")
    cause = next((f for f in p.findings if f.severity is not Severity.NOTE), None)
    said = f"{cause.kind} [{cause.layer}]: {cause.message}" if cause else _summary(p)
    line = canvas.fit(sheet.draw, said, canvas.font(16 * s), 1530 * s)
    sheet.text((33 * s, 72 * s), line, 16, _FINDING[cause.severity] if cause else canvas.SOFT)


def _summary(p: TimelinePicture) -> str:
    if not p.runs:
        return "no frame marker was read"
    seen = {run.frame_id for run in p.runs}
    return (
        f"{len(seen)} of {p.frames} frames read, ids {min(seen)} to {max(seen)}, in {p.duration_s:.1f} s of recording"
    )


def _axes(sheet: _Sheet) -> None:
    left, top, right, bottom = sheet.box
    p, s = sheet.picture, _SCALE
    for at in _ticks(p.duration_s * 1.02):
        sheet.draw.line((sheet.x(at), bottom, sheet.x(at), bottom + 6 * s), fill=canvas.SOFT, width=s)
        sheet.text((sheet.x(at), bottom + 10 * s), f"{at:g}", 14, canvas.SOFT, "ma")
    for media in _ticks(p.media_s):
        sheet.draw.line((left, sheet.y(media), right, sheet.y(media)), fill=canvas.GRID, width=s)
        sheet.text((left - 10 * s, sheet.y(media)), f"{media:g}", 14, canvas.SOFT, "rm")
    last = sheet.y(p.media_s)
    _dashed(sheet.draw, (left, last, right, last), canvas.SOFT, s, 4 * s)
    sheet.text((right + 6 * s, last), "end", 13, canvas.SOFT, "lm")
    sheet.draw.line((left, top, left, bottom, right, bottom), fill=canvas.INK, width=s)
    sheet.text(((left + right) / 2, bottom + 34 * s), "recording time, s", 14, canvas.SOFT, "ma")
    label = Image.new("RGB", (220 * s, 22 * s), canvas.PAPER)
    ImageDraw.Draw(label).text(
        (110 * s, 11 * s), "media time, s", fill=canvas.SOFT, font=canvas.font(14 * s), anchor="mm"
    )
    turned = label.rotate(90, expand=True)
    sheet.image.paste(turned, (24 * s, (top + bottom) // 2 - turned.height // 2))


def _ticks(length: float) -> list[float]:
    """Round values from 0 to `length`, about ten of them."""
    raw = length / 10
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= raw)
    return [round(n * step, 6) for n in range(int(length / step) + 1)]


def _unread(sheet: _Sheet) -> None:
    _, top, _, bottom = sheet.box
    for start, end in unread(sheet.picture):
        _hatch(sheet, (int(sheet.x(start)), top, int(sheet.x(end)), bottom))


def _hatch(sheet: _Sheet, box: tuple[int, int, int, int]) -> None:
    left, top, right, bottom = box
    wide, high = max(right - left, 1), bottom - top
    patch = Image.new("RGB", (wide, high), canvas.mix(canvas.HATCH, canvas.PAPER, 0.15))
    draw = ImageDraw.Draw(patch)
    for start in range(-high, wide, 12 * _SCALE):
        draw.line((start, high, start + high, 0), fill=canvas.HATCH, width=_SCALE)
    sheet.image.paste(patch, (left, top))


def _findings(sheet: _Sheet) -> None:
    _, top, right, bottom = sheet.box
    s = _SCALE
    free = [0.0] * _LANES
    placed = [f for f in sheet.picture.findings if f.start_s is not None]
    for finding in sorted(placed, key=lambda f: f.start_s or 0.0):
        start = finding.start_s or 0.0
        end = finding.end_s if finding.end_s is not None else start
        a, b = sheet.x(start), max(sheet.x(end), sheet.x(start) + 4 * s)
        colour = _FINDING[finding.severity]
        sheet.draw.rectangle((a, top, b, bottom), fill=(*colour, 46))
        sheet.draw.line((a, top - 4 * s, b, top - 4 * s), fill=colour, width=5 * s)
        words = finding.kind.replace("_", " ")
        if finding.value is not None:
            words += f" {finding.value:.3g} {finding.unit}".rstrip()
        wide = sheet.draw.textlength(words, canvas.font(15 * s))
        at = min(a, right - wide)
        lane = next((n for n in range(_LANES) if free[n] <= at), None)
        if lane is None:
            continue
        free[lane] = at + wide + 14 * s
        sheet.text((at, top - (12 + 20 * lane) * s), words, 15, colour, "ld")


def _expected(sheet: _Sheet) -> None:
    """One media second a second, from the first frame after each play, or near each seek's target, to the next one."""
    p = sheet.picture
    own = [run for run in p.runs if run.content_id in p.content_names]
    for start, end in _playing(p):
        seeks = [a for a in p.actions if a.kind == "seek" and start < a.at_s < end]
        asked = [Fraction(0), *(a.target_s for a in seeks)]
        parts = itertools.pairwise([start, *(a.at_s for a in seeks), end])
        for (begin, until), target in zip(parts, asked, strict=True):
            after = [run for run in own if begin <= run.start_s < until]
            if target:  # the player still shows the old place for some frames
                after = [run for run in after if abs(p.media_of(run) - float(target)) <= _NEAR_TARGET_S]
            first = after[0] if after else None
            if first is not None:
                at, media = first.start_s, p.media_of(first)
            elif target is not None:  # nothing of the title was seen: from where it was sent
                at, media = begin, float(target)
            else:
                continue
            stop = min(until, at + p.media_s - media)
            line = (sheet.x(at), sheet.y(media), sheet.x(stop), sheet.y(media + stop - at))
            _dashed(sheet.draw, line, canvas.SOFT, 2 * _SCALE, 8 * _SCALE)


def _reads(sheet: _Sheet) -> None:
    p, s = sheet.picture, _SCALE
    colours = {content: _CONTENT[n % len(_CONTENT)] for n, content in enumerate(sorted(p.content_names))}
    for run in p.runs:
        y = sheet.y(p.media_of(run))
        a, b = sheet.x(run.start_s), sheet.x(run.end_s)
        if run.content_id in colours:
            reach = 2.5 * s
            sheet.draw.rounded_rectangle(
                (a - reach, y - reach, b + reach, y + reach), reach, fill=colours[run.content_id]
            )
        else:
            _cross(sheet.draw, (a + b) / 2, y, canvas.VERMILION)


def _cross(draw: ImageDraw.ImageDraw, x: float, y: float, colour: canvas.Colour) -> None:
    r = 5 * _SCALE
    draw.line((x - r, y - r, x + r, y + r), fill=colour, width=2 * _SCALE)
    draw.line((x - r, y + r, x + r, y - r), fill=colour, width=2 * _SCALE)


def _actions(sheet: _Sheet) -> None:
    _, top, _, bottom = sheet.box
    s = _SCALE
    for action in sheet.picture.actions:
        x = sheet.x(action.at_s)
        _dashed(sheet.draw, (x, top, x, bottom), canvas.INK, s, 5 * s)
        words = (
            action.kind if action.target_s is None or action.kind != "seek" else f"seek {float(action.target_s):g} s"
        )
        face = canvas.font(13 * s)
        wide, high = sheet.draw.textlength(words, face) + 10 * s, 20 * s
        left = min(x, sheet.box[2] - wide)
        low = bottom - 6 * s
        sheet.draw.rounded_rectangle((left, low - high, left + wide, low), 4 * s, fill=canvas.INK)
        sheet.draw.text((left + 5 * s, low - high / 2), words, fill=canvas.PAPER, font=face, anchor="lm")


def _dashed(
    draw: ImageDraw.ImageDraw, line: tuple[float, float, float, float], colour: canvas.Colour, width: int, dash: int
) -> None:
    x0, y0, x1, y1 = line
    length = math.hypot(x1 - x0, y1 - y0)
    for n in range(0, max(int(length // dash), 1), 2):
        a, b = n * dash / max(length, 1), min((n + 1) * dash / max(length, 1), 1.0)
        ends = (x0 + (x1 - x0) * a, y0 + (y1 - y0) * a, x0 + (x1 - x0) * b, y0 + (y1 - y0) * b)
        draw.line(ends, fill=colour, width=width)


def _legend(sheet: _Sheet) -> None:
    p, s = sheet.picture, _SCALE
    middle = 664 * s
    at = float(_PLOT[0] * s)
    shown = {run.content_id for run in p.runs}

    def entry(words: str, sign: Callable[[float], None]) -> None:
        nonlocal at
        sign(at)
        sheet.text((at + 34 * s, middle), words, 14, canvas.INK, "lm")
        at += 34 * s + sheet.draw.textlength(words, canvas.font(14 * s)) + 26 * s

    def bar(colour: canvas.Colour) -> Callable[[float], None]:
        return lambda x: sheet.draw.rounded_rectangle(
            (x, middle - 3 * s, x + 26 * s, middle + 3 * s), 3 * s, fill=colour
        )

    def band(colour: canvas.Colour) -> Callable[[float], None]:
        return lambda x: sheet.draw.rectangle((x, middle - 9 * s, x + 26 * s, middle + 9 * s), fill=(*colour, 90))

    for n, content in enumerate(sorted(p.content_names)):
        if content in shown or len(p.content_names) == 1:
            entry(f"frames of {p.content_names[content]}", bar(_CONTENT[n % len(_CONTENT)]))
    if shown - set(p.content_names):
        ids = ", ".join(str(content) for content in sorted(shown - set(p.content_names)))
        entry(f"frames of other content ({ids})", lambda x: _cross(sheet.draw, x + 13 * s, middle, canvas.VERMILION))
    entry("expected", lambda x: _dashed(sheet.draw, (x, middle, x + 26 * s, middle), canvas.SOFT, 2 * s, 6 * s))
    names = {Severity.FAIL: "failure", Severity.BLIND: "could not see", Severity.NOTE: "note"}
    for severity, words in names.items():
        if any(f.severity is severity and f.start_s is not None for f in p.findings):
            entry(words, band(_FINDING[severity]))
    if unread(p):
        entry("no marker read", lambda x: _hatch(sheet, (int(x), middle - 9 * s, int(x) + 26 * s, middle + 9 * s)))
