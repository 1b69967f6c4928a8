"""Reading the tone code out of sound: which second of the title is heard, and when exactly.

Every 10 ms the strength at each tone of the code is compared with that at its neighbours and at the frequencies
between them, which the code never uses. A tone is believed when one pair stands out for as long as the code
lets it, at the code's frequencies and with both of its edges. The law is zero wrong tones: whatever is in
doubt is none, and a tone that was cut short is in doubt.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.media.sound import HIGH_TONES_HZ, LOW_TONES_HZ, SAMPLE_RATE, TONE_END_S, TONE_START_S

Samples = NDArray[np.float32]

TONE_S = TONE_END_S - TONE_START_S
FADE_S = 0.03  # media_samples/README.md; half strength is in the middle of a fade
WINDOW_S, HOP_S = 0.05, 0.01  # a Hann window of 50 ms is 80 Hz wide; the code's tones are 100 Hz apart and more
STANDS_OUT = 2.0  # 6 dB over every neighbour in both tones; 300 000 windows of white noise never did (measured)
QUIETEST = 10 ** (-66 / 20)  # of full scale; the code is at -24 dB
TWIST = 4.0  # the two tones of a pair are equally strong; 12 dB leaves room for small loudspeakers and codecs
OFF_HZ = 6.0  # notes of tempered music are 24 Hz and more away from every high tone
LENGTHS_S = (0.42, 0.56)  # around the code's 0.5 s
DECIDED = 0.8  # of the windows inside a tone
HOLE = 5  # undecided windows inside a tone, 50 ms
LONGEST = 100  # windows kept while a pair sounds; a longer one is no tone of the code

_WINDOW, _HOP = round(WINDOW_S * SAMPLE_RATE), round(HOP_S * SAMPLE_RATE)
_EDGE = 12  # windows after a pair's last one before its end is looked for
_LOW_GAP, _HIGH_GAP = LOW_TONES_HZ[1] - LOW_TONES_HZ[0], HIGH_TONES_HZ[1] - HIGH_TONES_HZ[0]
_TONES = len(LOW_TONES_HZ)
_BETWEEN_LOW = [LOW_TONES_HZ[0] + _LOW_GAP * (k - 0.5) for k in range(_TONES + 1)]
_BETWEEN_HIGH = [HIGH_TONES_HZ[0] + _HIGH_GAP * (k - 0.5) for k in range(_TONES + 1)]
_FREQUENCIES = np.array([*LOW_TONES_HZ, *HIGH_TONES_HZ, *_BETWEEN_LOW, *_BETWEEN_HIGH])


@dataclass(frozen=True)
class Tone:
    """A second of the title that was heard.

    Args:
        second_mod_64: the code repeats after 64 s.
        start_s, end_s: where the code says TONE_START_S and TONE_END_S, on the recording's clock; about 2 ms exact.
        confidence: 0.5 (6 dB over everything near) to 1.
    """

    second_mod_64: int
    start_s: float
    end_s: float
    confidence: float


def _kernel() -> Samples:
    hann = np.hanning(_WINDOW + 1)[:-1]
    turns = np.outer(np.arange(_WINDOW) / SAMPLE_RATE, _FREQUENCIES) * 2 * np.pi
    scaled = hann[:, None] * 2 / hann.sum()
    return np.concatenate([np.cos(turns) * scaled, -np.sin(turns) * scaled], axis=1).astype(np.float32)


_KERNEL = _kernel()
# How far a pure tone of the code turns from one window to the next.
_TURN = np.exp(-2j * np.pi * _FREQUENCIES[: 2 * _TONES] * HOP_S)


@dataclass
class _Windows:
    """What the windows not yet settled say; one row each."""

    middle_s: NDArray[np.float64]
    waves: NDArray[np.complex64]  # at the 16 tones
    pair: NDArray[np.int64]  # second % 64, or -1
    ratio: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.pair)

    def since(self, first: int) -> _Windows:
        return _Windows(self.middle_s[first:], self.waves[first:], self.pair[first:], self.ratio[first:])

    def and_then(self, later: _Windows) -> _Windows:
        return _Windows(
            np.concatenate([self.middle_s, later.middle_s]),
            np.concatenate([self.waves, later.waves]),
            np.concatenate([self.pair, later.pair]),
            np.concatenate([self.ratio, later.ratio]),
        )


class ToneReader:
    """Tones of one recording; give it the sound in order, without holes, and `interrupt` it where there is one."""

    def __init__(self) -> None:
        self.tones: list[Tone] = []
        self._tail = np.zeros(0, np.float32)
        self._open = _windows(0.0, self._tail)

    def hear(self, start_s: float, mono: Samples) -> None:
        """Listen to the next samples, of which the first is at start_s."""
        start_s -= len(self._tail) / SAMPLE_RATE
        sound = np.concatenate([self._tail, mono])
        heard = _windows(start_s, sound)
        self._tail = sound[len(heard) * _HOP :]
        self._open = self._open.and_then(heard)
        self._settle(len(self._open) - _EDGE)

    def interrupt(self) -> None:
        """The sound ends here, or goes on after a hole."""
        self._settle(len(self._open))
        self._tail = np.zeros(0, np.float32)
        self._open = _windows(0.0, self._tail)

    def _settle(self, until: int) -> None:
        rows, settled = self._open, 0
        for first, last in _groups(rows.pair):
            if last >= until:
                break
            tone = _tone(rows, first, last)
            if tone is not None:
                self.tones.append(tone)
            settled = last + 1
        going = next((first for first, last in _groups(rows.pair) if last >= until), len(rows))
        self._open = rows.since(max(settled, min(going, len(rows)) - _EDGE, len(rows) - LONGEST))


def _windows(start_s: float, sound: Samples) -> _Windows:
    count = max(0, (len(sound) - _WINDOW) // _HOP + 1)
    if count == 0:
        waves = np.zeros((0, len(_FREQUENCIES)), np.complex64)
    else:
        cut = np.lib.stride_tricks.sliding_window_view(sound, _WINDOW)[::_HOP]
        parts = np.ascontiguousarray(cut) @ _KERNEL
        waves = (parts[:, : len(_FREQUENCIES)] + 1j * parts[:, len(_FREQUENCIES) :]).astype(np.complex64)
    strength = np.abs(waves)
    low, low_ratio, low_strength = _best(strength[:, :_TONES], strength[:, 2 * _TONES : 3 * _TONES + 1])
    high, high_ratio, high_strength = _best(strength[:, _TONES : 2 * _TONES], strength[:, 3 * _TONES + 1 :])
    weaker, stronger = np.minimum(low_strength, high_strength), np.maximum(low_strength, high_strength)
    ratio = np.minimum(low_ratio, high_ratio)
    clear = (ratio >= STANDS_OUT) & (weaker >= QUIETEST) & (stronger <= weaker * TWIST)
    middle_s = start_s + WINDOW_S / 2 + np.arange(count, dtype=np.float64) * HOP_S
    return _Windows(middle_s, waves[:, : 2 * _TONES], np.where(clear, low + _TONES * high, -1), ratio)


def _best(tones: Samples, between: Samples) -> tuple[NDArray[np.int64], Samples, Samples]:
    """(index of the strongest tone, how far it stands out, its strength) for each window."""
    if len(tones) == 0:
        return np.zeros(0, np.int64), np.zeros(0, np.float32), np.zeros(0, np.float32)
    ranked = np.sort(tones, axis=1)
    strongest = ranked[:, -1]
    others = np.maximum(ranked[:, -2], between.max(axis=1))
    return tones.argmax(axis=1), strongest / np.maximum(others, 1e-9), strongest


def _groups(pair: NDArray[np.int64]) -> list[tuple[int, int]]:
    """First and last window (inclusive) of every stretch in which one pair sounds."""
    groups: list[tuple[int, int]] = []
    for row in np.flatnonzero(pair >= 0).tolist():
        if groups and pair[groups[-1][1]] == pair[row] and row - groups[-1][1] <= HOLE + 1:
            groups[-1] = (groups[-1][0], row)
        else:
            groups.append((row, row))
    return groups


def _tone(rows: _Windows, first: int, last: int) -> Tone | None:
    pair = int(rows.pair[first])
    columns = [pair % _TONES, _TONES + pair // _TONES]
    waves = rows.waves[:, columns]
    strength = np.abs(waves)
    envelope = (strength / np.median(strength[first : last + 1], axis=0)).mean(axis=1)
    middle = (first + last) // 2
    before = np.flatnonzero(envelope[:middle] < 0.5)
    after = np.flatnonzero(envelope[middle:] < 0.5)
    if not len(before) or not len(after) or (last - first) * HOP_S > LENGTHS_S[1] + WINDOW_S:
        return None  # cut off, or a pair that goes on through dips
    low, high = int(before[-1]), middle + int(after[0])
    start_s = _crossing(rows.middle_s, envelope, low) - FADE_S / 2
    end_s = _crossing(rows.middle_s, envelope, high - 1) + FADE_S / 2
    inside = rows.pair[low + 1 : high] == pair
    if not LENGTHS_S[0] <= end_s - start_s <= LENGTHS_S[1] or inside.mean() < DECIDED:
        return None
    turned = (waves[low + 2 : high] * waves[low + 1 : high - 1].conj()).sum(axis=0) * _TURN[columns]
    if np.abs(np.angle(turned)).max() > 2 * np.pi * OFF_HZ * HOP_S:
        return None
    ratio = float(np.median(rows.ratio[low + 1 : high][inside]))
    return Tone(pair, start_s, end_s, 1 - 1 / ratio)


def _crossing(middle_s: NDArray[np.float64], envelope: NDArray[np.float32], row: int) -> float:
    """When the envelope passes a half between this row and the next, s."""
    here, there = float(envelope[row]), float(envelope[row + 1])
    return float(middle_s[row]) + (0.5 - here) / (there - here) * HOP_S
