"""The samples' sound: a soft chord that changes, and over it a code of two tones that says the second."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

SAMPLE_RATE = 48_000
LOW_TONES_HZ = tuple(1000 + 100 * k for k in range(8))
HIGH_TONES_HZ = tuple(2000 + 150 * k for k in range(8))
TONE_START_S = 0.10
TONE_END_S = 0.60
TONE_LEVEL = 0.06  # of full scale, each of the two
_CHORD_LEVEL = 0.07
_CHORD_S = 4


def tones_of(second: int) -> tuple[int, int]:
    """The two frequencies, Hz, that sound in a second: second % 8 chooses the low one, second // 8 % 8 the high."""
    return LOW_TONES_HZ[second % 8], HIGH_TONES_HZ[second // 8 % 8]


def compose(duration_s: int, chords: Sequence[Sequence[float]]) -> NDArray[np.float32]:
    """Stereo sound as (2, samples) in -1..1: the chords in turn, 4 s each, and the tone code.

    Args:
        duration_s: whole seconds.
        chords: frequencies in Hz of each chord; below 900 Hz they stay clear of the code.
    """
    moments = np.arange(duration_s * SAMPLE_RATE) / SAMPLE_RATE
    left, right = np.zeros_like(moments), np.zeros_like(moments)
    for start in range(0, duration_s, _CHORD_S):
        part = slice(start * SAMPLE_RATE, min(duration_s, start + _CHORD_S) * SAMPLE_RATE)
        at = moments[part]
        swell = np.sin(np.pi * np.clip((at - start) / _CHORD_S, 0, 1)) ** 0.6
        for i, pitch in enumerate(chords[start // _CHORD_S % len(chords)]):
            tone = np.sin(2 * np.pi * pitch * at) + 0.25 * np.sin(4 * np.pi * pitch * at + 0.5)
            sway = 0.2 * np.sin(2 * np.pi * (0.15 + 0.07 * i) * at)
            left[part] += _CHORD_LEVEL * swell * tone * (0.9 + sway)
            right[part] += _CHORD_LEVEL * swell * tone * (0.9 - sway)
    code = np.zeros_like(moments)
    for second in range(duration_s):
        first, last = (round((second + edge) * SAMPLE_RATE) for edge in (TONE_START_S, TONE_END_S))
        at = moments[first:last] - moments[first]
        fade = np.clip(np.minimum(at, at[-1] - at) / 0.03, 0, 1)
        code[first:last] = TONE_LEVEL * fade * sum(np.sin(2 * np.pi * hz * at) for hz in tones_of(second))
    return np.clip(np.stack([left + code, right + code]), -1, 1).astype(np.float32)
