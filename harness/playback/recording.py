"""A recording read picture by picture into observations, with the few pictures that are worth keeping."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np

from harness.core.errors import InputFileError
from harness.media.decode import Frame, decode
from harness.playback.film import Film, Reel
from harness.playback.observation import Observation
from harness.playback.picture import PictureEye, References
from harness.playback.reader import MarkerReader

BLACK_FULL, BLACK_LIMITED = 10, 24  # playback.md 5.4: p99(Y) <= 24 in limited range


@dataclass(frozen=True)
class RecordingRead:
    """What a recording says.

    Args:
        observations: one for each picture, in the file's order.
        picks: frame indices of pictures that settle an argument: first and last picture, first and last of
            the title, ends of the longest holds and first unreadable ones; ascending.
        undecodable: packets that the decoder refused.
        problem: why the file could not be read at all, in words; empty when it could.
    """

    observations: Film
    picks: tuple[int, ...]
    size: tuple[int, int]
    undecodable: int
    cut_short: bool
    problem: str = ""
    untimed: int = 0


def read_recording(
    path: Path,
    reader: MarkerReader | None = None,
    references: References | None = None,
    progress: Callable[[float], None] = lambda at_s: None,
    times: Sequence[Fraction] = (),
) -> RecordingRead:
    """All pictures of a recording, read and looked at in one pass.

    Args:
        references: what frames of known titles look like.
        times: presentation time of each picture, s, for a file that has none.
        progress: told now and then how far on the recording's clock reading is, s.

    A file that holds no decodable picture gives no observations and says so in `problem`: a recorder that
    failed is an answer about the instrument.

    Raises:
        InputFileError: there is no such file.
    """
    used, eye = reader or MarkerReader(), PictureEye(references)
    if not path.exists():
        raise InputFileError(str(path), "", "there is no such file")
    seen = Reel()
    try:
        decoding = decode(path, times)
    except InputFileError as e:
        return RecordingRead(Reel().film(), (), (0, 0), 0, True, e.problem)
    with decoding:
        problem = ""
        try:
            for frame in decoding:
                read = used.read(frame.luma)
                picture = eye.look(frame, read, used.geometry)
                black = read is None and _black(frame)
                seen.add(Observation(float(frame.pts_s), read, black, picture))
                if frame.index % 256 == 0:
                    progress(float(frame.pts_s))
        except InputFileError as e:
            problem = e.problem
        film = seen.film()
        return RecordingRead(
            film, picks(film), decoding.size, decoding.undecodable, decoding.cut_short, problem, decoding.untimed
        )


def _black(frame: Frame) -> bool:
    """Whether the whole picture is black: 99 % of it."""
    counts = np.bincount(frame.luma[::8, ::8].ravel(), minlength=256)
    dark = counts[: (BLACK_FULL if frame.full_range else BLACK_LIMITED) + 1].sum()
    return bool(dark >= 0.99 * counts.sum())


def picks(film: Film, most: int = 12) -> tuple[int, ...]:
    """Indices of the pictures worth keeping as evidence, at most `most`, ascending."""
    if not len(film):
        return ()
    readable = np.flatnonzero(film.readable)
    changes = readable[1:][np.diff(film.frame_ids[readable]) != 0]
    longest = np.argsort(-np.diff(film.pts[changes]), kind="stable")[:2] if len(changes) > 1 else ()
    chosen = [0, len(film) - 1, *readable[:1], *readable[-1:]]
    chosen += [index for hold in longest for index in (changes[hold], changes[hold + 1])]
    if len(readable):
        between = np.arange(readable[0], readable[-1])
        chosen += [*between[~film.readable[between]][:2]]
    return tuple(sorted(dict.fromkeys(int(index) for index in chosen[:most])))
