"""Listening to a recording: levels, silences, holes and the tone code, in one pass over its first audio track."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import av.error
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.container import InputContainer
from numpy.typing import NDArray

from harness.core.errors import InputFileError
from harness.media.sound import SAMPLE_RATE
from harness.playback.audio_tones import Samples, Tone, ToneReader

LEVEL_S = 0.1
SILENCE_DBFS = -60.0  # ffmpeg's silencedetect: default noise tolerance -60 dB
SILENCE_S = 0.5  # ours: shorter pauses are not worth a line
HOLE_S = 0.06  # three packets of AAC; containers and recorders are exact to a few ms
PULL = 0.1  # how quickly our clock follows timestamps that drift or jitter
FLOOR_DBFS = -120.0

_CONTAINERS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,mpegts,avi,ivf,h264,hevc,flv,ogg,yuv4mpegpipe,wav,mp3,aac,flac"
_BLOCK = SAMPLE_RATE // 100  # silences are timed to 10 ms
_PIECE = SAMPLE_RATE  # samples worked on at once
_BLOCKS = round(LEVEL_S * 100)  # in a level


@dataclass(frozen=True, eq=False)
class Listened:
    """What the first audio track of a recording says; times are on the recording's clock.

    Args:
        start_s, end_s: first and last sound that was decoded; equal when there was none.
        levels_dbfs: one for each LEVEL_S from start_s on, -120..0 (a full-scale sine is at -3); NaN in holes.
        silences: (start, end) of at least SILENCE_S below SILENCE_DBFS in all channels.
        holes: (start, end) for which the track has no samples.
        undecodable: packets that the decoder refused.
        cut_short: reading ended in an error rather than at the end of the file.
    """

    start_s: float
    end_s: float
    levels_dbfs: NDArray[np.float32]
    silences: tuple[tuple[float, float], ...]
    holes: tuple[tuple[float, float], ...]
    tones: tuple[Tone, ...]
    undecodable: int = 0
    cut_short: bool = False


def listen(path: Path) -> Listened | None:
    """What is heard in a recording; None when it has no audio track. Memory: 40 bytes for each second.

    Raises:
        InputFileError: missing, or nothing that can be opened.
    """
    if path.is_dir():
        return None  # a folder of screenshots
    if not path.exists():
        raise InputFileError(str(path), "", "there is no such file")
    try:
        # As in harness.media.decode: a name like a protocol is still a file, playlists open other files.
        options = {"protocol_whitelist": "file", "format_whitelist": _CONTAINERS}
        container = av.open(f"file:{path.absolute()}", "r", options=options, metadata_errors="replace")
    except av.error.FFmpegError as e:
        raise InputFileError(str(path), "", f"cannot be opened: {e.strerror}") from e
    with container:
        return _Listening(container).all() if container.streams.audio else None


class _Meter:
    """Levels, silences and holes of sound that comes in pieces."""

    def __init__(self, start_s: float) -> None:
        self.start_s = self.end_s = start_s
        self.levels = array("f")
        self.silences: list[tuple[float, float]] = []
        self.holes: list[tuple[float, float]] = []
        self._silent_since: float | None = None

    def hear(self, start_s: float, sound: Samples) -> None:
        """Measure (channels, samples) from start_s on."""
        blocks = sound[:, : sound.shape[1] // _BLOCK * _BLOCK].reshape(sound.shape[0], -1, _BLOCK)
        power = np.square(blocks).mean(axis=(0, 2))
        for first in range(0, len(power), _BLOCKS):
            self._level(start_s + first / 100, float(power[first : first + _BLOCKS].mean()))
        quiet = power < 10 ** (SILENCE_DBFS / 10)
        for row in np.flatnonzero(np.diff(quiet, prepend=self._silent_since is not None)).tolist():
            self._turn(bool(quiet[row]), start_s + row / 100)
        self.end_s = start_s + sound.shape[1] / SAMPLE_RATE

    def interrupt(self, next_s: float | None) -> None:
        """The track ends here, or goes on at next_s."""
        self._turn(False, self.end_s)
        if next_s is not None and next_s - self.end_s > HOLE_S:
            self.holes.append((self.end_s, next_s))

    def _turn(self, silent: bool, at_s: float) -> None:
        if self._silent_since is not None and not silent and at_s - self._silent_since >= SILENCE_S:
            self.silences.append((self._silent_since, at_s))
        if silent != (self._silent_since is not None):
            self._silent_since = at_s if silent else None

    def _level(self, at_s: float, power: float) -> None:
        place = round((at_s - self.start_s) / LEVEL_S)
        missing = place - len(self.levels)
        if missing < 0:
            return  # timestamps went back: this moment has its level
        self.levels.extend([float("nan")] * missing)
        self.levels.append(max(FLOOR_DBFS, 10 * float(np.log10(max(power, 1e-15)))))


class _Listening:
    """One pass over a track."""

    def __init__(self, container: InputContainer) -> None:
        self._container = container
        self._stream = container.streams.audio[0]
        self._undecodable, self._cut_short = 0, False

    def all(self) -> Listened:
        meter: _Meter | None = None
        reader = ToneReader()
        for start_s, sound, after_hole in self._pieces():
            if meter is None:
                meter = _Meter(start_s)
            elif after_hole:
                meter.interrupt(start_s)
                reader.interrupt()
            meter.hear(start_s, sound)
            reader.hear(start_s, sound.mean(axis=0))
        if meter is None:
            empty = np.zeros(0, np.float32)
            return Listened(0.0, 0.0, empty, (), (), (), self._undecodable, self._cut_short)
        meter.interrupt(None)
        reader.interrupt()
        levels = np.frombuffer(meter.levels.tobytes(), np.float32)
        silences, holes, tones = tuple(meter.silences), tuple(meter.holes), tuple(reader.tones)
        return Listened(meter.start_s, meter.end_s, levels, silences, holes, tones, self._undecodable, self._cut_short)

    def _pieces(self) -> Iterator[tuple[float, Samples, bool]]:
        """(time of the first sample, (channels, samples), whether a hole is before it); a second each at most."""
        held: list[Samples] = []
        count, clock_s, begun, after_hole = 0, 0.0, False, False
        for at_s, sound in self._sounds():
            ahead = at_s - clock_s - count / SAMPLE_RATE if at_s is not None else 0.0
            changed = bool(held) and held[0].shape[0] != sound.shape[0]
            if begun and (abs(ahead) > HOLE_S or changed):
                if count:
                    yield clock_s, np.concatenate(held, axis=1), after_hole
                clock_s, held, count, after_hole = clock_s + count / SAMPLE_RATE + ahead, [], 0, True
            else:
                clock_s += ahead * PULL if begun else ahead
            begun = True
            held.append(sound)
            count += sound.shape[1]
            while count >= _PIECE:
                joined = np.concatenate(held, axis=1)
                yield clock_s, joined[:, :_PIECE], after_hole
                held, count, clock_s, after_hole = [joined[:, _PIECE:]], count - _PIECE, clock_s + 1.0, False
        if count:
            yield clock_s, np.concatenate(held, axis=1), after_hole

    def _sounds(self) -> Iterator[tuple[float | None, Samples]]:
        """Decoded sound at SAMPLE_RATE with its time, all channels kept: a downmix would silence opposite ones."""
        resampler: AudioResampler | None = None
        shape: tuple[Any, ...] = ()
        for frame in self._decoded():
            if resampler is None or shape != (frame.format.name, frame.layout.name, frame.sample_rate):
                if resampler is not None:
                    yield from map(_sound, resampler.resample(None))
                shape = (frame.format.name, frame.layout.name, frame.sample_rate)
                resampler = AudioResampler("fltp", frame.layout, SAMPLE_RATE)
            yield from map(_sound, resampler.resample(frame))
        if resampler is not None:
            yield from map(_sound, resampler.resample(None))

    def _decoded(self) -> Iterator[AudioFrame]:
        packets = self._container.demux(self._stream)
        while True:
            try:
                packet = next(packets)
            except StopIteration:
                return
            except av.error.FFmpegError:
                self._cut_short = True
                return
            try:
                yield from packet.decode()
            except av.error.EOFError:
                return
            except av.error.FFmpegError:
                self._undecodable += 1


def _sound(frame: AudioFrame) -> tuple[float | None, Samples]:
    samples = np.asarray(frame.to_ndarray(), np.float32)
    # A damaged packet can decode to anything.
    samples = np.clip(np.nan_to_num(samples), -4, 4)
    if frame.pts is None or frame.time_base is None:
        return None, samples
    return float(frame.pts * frame.time_base), samples
