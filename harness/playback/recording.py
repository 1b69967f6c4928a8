"""A recording read picture by picture into observations, with the few pictures that are worth keeping."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from harness.core.errors import InputFileError
from harness.media.decode import decode
from harness.playback.observation import Observation
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

    observations: tuple[Observation, ...]
    picks: tuple[int, ...]
    size: tuple[int, int]
    undecodable: int
    cut_short: bool
    problem: str = ""


def read_recording(path: Path, reader: MarkerReader | None = None) -> RecordingRead:
    """All pictures of a recording, read.

    A file that holds no decodable picture gives no observations and says so in `problem`: a recorder that
    failed is an answer about the instrument.

    Raises:
        InputFileError: there is no such file.
    """
    used = reader or MarkerReader()
    if not path.exists():
        raise InputFileError(str(path), "", "there is no such file")
    seen: list[Observation] = []
    try:
        decoding = decode(path)
    except InputFileError as e:
        return RecordingRead((), (), (0, 0), 0, True, e.problem)
    with decoding:
        problem = ""
        try:
            for frame in decoding:
                read = used.read(frame.luma)
                limit = BLACK_FULL if frame.full_range else BLACK_LIMITED
                black = read is None and bool(np.percentile(frame.luma[::8, ::8], 99) <= limit)
                seen.append(Observation(float(frame.pts_s), read, black))
        except InputFileError as e:
            problem = e.problem
        return RecordingRead(tuple(seen), picks(seen), decoding.size, decoding.undecodable, decoding.cut_short, problem)


def picks(seen: list[Observation], most: int = 12) -> tuple[int, ...]:
    """Indices of the pictures worth keeping as evidence, at most `most`, ascending."""
    if not seen:
        return ()
    readable = [index for index, o in enumerate(seen) if o.read is not None]
    chosen = [0, len(seen) - 1, *readable[:1], *readable[-1:]]
    changes = [
        index for before, index in itertools.pairwise(readable) if _frame_id(seen[before]) != _frame_id(seen[index])
    ]
    held = sorted(itertools.pairwise(changes), key=lambda pair: seen[pair[0]].pts_s - seen[pair[1]].pts_s)
    chosen += [index for first, after in held[:2] for index in (first, after)]
    inside = range(readable[0], readable[-1]) if readable else range(0)
    chosen += [index for index in inside if seen[index].read is None][:2]
    return tuple(sorted(dict.fromkeys(chosen[:most])))


def _frame_id(seen: Observation) -> int | None:
    return seen.read.frame_id if seen.read else None
