"""Two families of witnesses, pictures and the tablet's own word, and what it means when they disagree.

A position is extrapolated and goes on under a frozen picture; a protected surface is black to every recorder and plays
well. `stretches` lays both families side by side, between one look at the tablet and the next; `agree` is the table of
playback.md 5.5 (6) for one stretch in which nothing changed.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

import numpy as np

from harness.core.outcome import Finding, Layer, Severity
from harness.playback.expectation import Expectation
from harness.playback.film import Film
from harness.playback.observation import Observation

SOURCE = "playback.md 5.5"
PROOF_SAMPLES = 3  # larger is stricter on us: looks at the tablet that agree before it is accused
PROOF_S = 3.0  # larger is stricter on us; for sound, which no picture shows
FROZEN_PROOF_S = 2.0  # larger is stricter on us; a starved machine may hold a picture for a second
MOVING_SHARE = 0.5  # of the clock: a position that advanced by this much goes on
STILL_SHARE = 0.1  # of the clock: less is standing still; between the two nothing is said
BLACK_LIGHT = 24 / 255  # playback.md 5.4: the 99th percentile of luma up to which a picture is black


class Pictures(StrEnum):
    """What the recording shows over a stretch."""

    MOVING = "moving"
    FROZEN = "frozen"
    BLACK = "black"
    UNREADABLE = "unreadable"
    UNKNOWN = "unknown"


class Goes(StrEnum):
    """What a witness of the tablet says over a stretch: the position or the layer's frames."""

    MOVING = "moving"
    STILL = "still"
    UNKNOWN = "unknown"


class Sound(StrEnum):
    """Whether a track of the app lets sound out."""

    ACTIVE = "active"
    INACTIVE = "inactive"
    UNKNOWN = "unknown"


class Look(NamedTuple):
    """One look at the tablet, at_s on the recording's clock; None: it did not say.

    reported_s: the app's last report of its position, on any one clock; equal ones in two looks prove nothing.
    """

    at_s: float
    uncertainty_s: float
    position_s: float | None
    reported_s: float | None
    presented_frames: int | None
    audio_active: bool | None


@dataclass(frozen=True)
class Stretch:
    """A time in which no witness changed its word.

    Args:
        samples: looks at the tablet that say so, both ends counted.
        lasting: it goes on to the end of what was watched. A protected surface never turns visible again.
    """

    pictures: Pictures
    position: Goes
    presenting: Goes
    audio: Sound
    start_s: float
    end_s: float
    samples: int
    lasting: bool = False

    @property
    def length_s(self) -> float:
        return self.end_s - self.start_s


def agree(seen: Stretch, *, has_sound: bool) -> list[Finding]:
    """What the witnesses of one stretch mean together; nothing when they agree or too little was seen.

    Args:
        has_sound: whether the title has any.
    """
    found = []
    proven = seen.samples >= PROOF_SAMPLES
    match (seen.pictures, seen.position):
        case (Pictures.FROZEN, Goes.MOVING) if seen.length_s >= FROZEN_PROOF_S:
            text = f"the picture stood for {seen.length_s:.1f} s while the app's position went on"
            found.append(_finding("frozen_picture", Layer.PLAYER, Severity.FAIL, text, seen, FROZEN_PROOF_S))
        case (Pictures.MOVING, Goes.STILL) if proven:
            text = f"the picture moved for {seen.length_s:.1f} s while the app's position stood: its session is wrong"
            found.append(_finding("position_stands", Layer.APP, Severity.NOTE, text, seen))
        case (Pictures.BLACK, _) if (
            proven and seen.lasting and seen.presenting is Goes.MOVING and seen.audio is Sound.ACTIVE
        ):
            text = f"black for {seen.length_s:.1f} s while its layer shows frames and sound plays: a secure surface"
            found.append(_finding("secure_surface", Layer.INSTRUMENT, Severity.BLIND, text, seen))
    if seen.pictures is Pictures.MOVING and seen.presenting is Goes.STILL and proven:
        text = f"the picture moved for {seen.length_s:.1f} s and the layer that was asked showed no frame"
        found.append(_finding("layer_disagrees", Layer.INSTRUMENT, Severity.NOTE, text, seen))
    silent = seen.audio is Sound.INACTIVE and seen.pictures is Pictures.MOVING and seen.position is not Goes.STILL
    if has_sound and silent and proven and seen.length_s >= PROOF_S:
        text = f"no track of the app was open for {seen.length_s:.1f} s of moving picture ({seen.samples} looks)"
        found.append(_finding("audio_missing", Layer.PLAYER, Severity.FAIL, text, seen, PROOF_S))
    return found


def agreement(
    looks: Sequence[Look], observations: Iterable[Observation], expectation: Expectation, *, has_sound: bool
) -> list[Finding]:
    """Findings over a whole playback, each stretch by itself; those that decide come first."""
    film = Film.of(observations)
    moving = [s for s in stretches(looks, film, expectation) if s.pictures is not Pictures.FROZEN]
    found: list[Finding] = []
    for stretch in (*standing(looks, film, expectation), *moving):
        found += agree(stretch, has_sound=has_sound)
    return sorted(found, key=lambda finding: finding.severity is not Severity.FAIL)


def stretches(looks: Sequence[Look], film: Film, expectation: Expectation) -> list[Stretch]:
    """The playback between its looks, neighbours that say the same joined.

    Times close to an action are left out: what is seen there is the action's doing.
    """
    pieces: list[Stretch] = []
    for before, after in itertools.pairwise(looks):
        if after.at_s <= before.at_s or _acted(before, after, expectation):
            continue
        piece = Stretch(
            pictures_between(film, before, after, expectation),
            _position(before, after),
            _presenting(before, after),
            _sound(before, after),
            before.at_s,
            after.at_s,
            2,
        )
        last = pieces[-1] if pieces else None
        if last and last.end_s == piece.start_s and _words(last) == _words(piece):
            pieces[-1] = Stretch(*_words(piece), last.start_s, piece.end_s, last.samples + 1)
        else:
            pieces.append(piece)
    if pieces:
        last = pieces[-1]
        pieces[-1] = Stretch(*_words(last), last.start_s, last.end_s, last.samples, lasting=True)
    return pieces


def standing(looks: Sequence[Look], film: Film, expectation: Expectation) -> list[Stretch]:
    """Pictures that stood, each from its first to its last capture, with what the looks around it say of that time.

    Sharper than the time between two looks, which hardly ever begin and end with the picture: a position that gained
    more than the rest of the time can explain went on while the picture stood.
    """
    found = []
    runs = film.runs().of_content(expectation.content_ids)
    for index in np.flatnonzero(runs.ends - runs.starts >= FROZEN_PROOF_S):
        run = runs[int(index)]
        stood = run.end_s - run.start_s
        if _at_end(run.frame_id, expectation):
            continue
        before = max((k for k in looks if k.at_s - k.uncertainty_s <= run.start_s), default=None)
        after = min((k for k in looks if k.at_s + k.uncertainty_s >= run.end_s), default=None)
        if before is None or after is None or before == after or _acted(before, after, expectation):
            continue
        position = _position(before, after)
        if position is not Goes.UNKNOWN and before.position_s is not None and after.position_s is not None:
            around = after.at_s - before.at_s - stood + before.uncertainty_s + after.uncertainty_s
            position = _goes(after.position_s - before.position_s - around, stood)
        count = sum(before.at_s <= k.at_s <= after.at_s for k in looks)
        words = (Pictures.FROZEN, position, _presenting(before, after), _sound(before, after))
        found.append(Stretch(*words, run.start_s, run.end_s, count))
    return found


def pictures_between(film: Film, before: Look, after: Look, expectation: Expectation) -> Pictures:
    """What the recording shows between two looks; frozen and black only when every picture says so."""
    inside = film.between(before.at_s + before.uncertainty_s, after.at_s - after.uncertainty_s)
    own = inside.readable & np.isin(inside.content_ids, list(expectation.content_ids))
    if len(inside) < 2:
        return Pictures.UNKNOWN
    if inside.readable.any():
        ids = inside.frame_ids[inside.readable]
        if len(np.unique(ids)) > 1:
            return Pictures.MOVING
        covered = float(inside.pts[-1] - inside.pts[0]) >= (after.at_s - before.at_s) / 2
        return Pictures.FROZEN if own.all() and covered and not _at_end(int(ids[0]), expectation) else Pictures.UNKNOWN
    light = inside.pictures[:, 0]
    black = inside.black | (light <= BLACK_LIGHT)  # nan, where nobody looked, is not black
    return Pictures.BLACK if black.all() else Pictures.UNREADABLE


def _at_end(frame_id: int, expectation: Expectation) -> bool:
    return frame_id >= expectation.frames - 1 - expectation.limits.end_tolerance_frames


def _acted(before: Look, after: Look, expectation: Expectation) -> bool:
    allowance = expectation.limits.seek_allowance_s
    return any(
        before.at_s - before.uncertainty_s <= action.at_s + action.uncertainty_s + allowance
        and after.at_s + after.uncertainty_s >= action.at_s - action.uncertainty_s
        for action in expectation.actions
    )


def _position(before: Look, after: Look) -> Goes:
    if before.position_s is None or after.position_s is None or before.reported_s == after.reported_s:
        return Goes.UNKNOWN
    return _goes(after.position_s - before.position_s, after.at_s - before.at_s)


def _presenting(before: Look, after: Look) -> Goes:
    if before.presented_frames is None or after.presented_frames is None:
        return Goes.UNKNOWN
    return Goes.MOVING if after.presented_frames > before.presented_frames else Goes.STILL


def _sound(before: Look, after: Look) -> Sound:
    said = {before.audio_active, after.audio_active}
    if True in said:
        return Sound.ACTIVE
    return Sound.INACTIVE if said == {False} else Sound.UNKNOWN


def _goes(advance_s: float, elapsed_s: float) -> Goes:
    if advance_s >= MOVING_SHARE * elapsed_s:
        return Goes.MOVING
    return Goes.STILL if abs(advance_s) <= STILL_SHARE * elapsed_s else Goes.UNKNOWN


def _words(seen: Stretch) -> tuple[Pictures, Goes, Goes, Sound]:
    return seen.pictures, seen.position, seen.presenting, seen.audio


def _finding(
    kind: str, layer: Layer, severity: Severity, text: str, seen: Stretch, limit: float | None = None
) -> Finding:
    source = SOURCE if limit is not None else ""
    return Finding(kind, layer, severity, text, seen.start_s, seen.end_s, seen.length_s, "s", limit, source)
