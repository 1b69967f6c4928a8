"""What the tablet itself says of a playback: position, frames shown and sound, in one round trip.

The second family of oracles beside the pictures (playback.md 5.5). Each says little alone: a position is extrapolated
and goes on under a frozen picture, a layer may present the same picture again, a track may play silence.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from harness.adb import AdbDevice, quote
from harness.adb.parse import (
    MediaSession,
    parse_latency,
    parse_layers,
    parse_media_sessions,
    parse_players,
    video_layer,
)
from harness.core.clock import Clock
from harness.core.errors import DeviceError

T = TypeVar("T")
SAMPLE_TIMEOUT_S = 5.0
_BETWEEN = "--redeye--"
_KEPT_ROWS = 120  # --latency keeps 127 or 128 frames by release (android.md 4.3); with as many new ones, some are lost


@dataclass(frozen=True)
class OracleSample:
    """One look. A field is None when the tablet did not say; `notes` then says why.

    Args:
        at_s: host monotonic time, give or take uncertainty_s.
        state: the media session's word: playing, paused, buffering, …
        position_s: media time at at_s, extrapolated from the last report as players do.
        reported_s: when the app last reported its position, s on the tablet's clock: equal in two samples means that
            what lies between them is extrapolation and proves nothing (android.md 4.1).
        presented_frames: frames shown on the video's layer since the first sample; never fewer than counted.
        audio_active: whether a track of the app is started and not muted.
    """

    at_s: float
    uncertainty_s: float
    state: str | None
    position_s: float | None
    reported_s: float | None
    presented_frames: int | None
    audio_active: bool | None
    notes: tuple[str, ...] = ()


class Oracles:
    """One app's playback on one tablet.

    Args:
        uid: the app's, by which its audio tracks are known.
    """

    def __init__(self, adb: AdbDevice, package: str, uid: int, clock: Clock) -> None:
        self._adb, self._package, self._uid, self._clock = adb, package, uid, clock
        self._layer: str | None = None
        self._frames, self._last_frame_s = 0, -1.0

    def sample(self) -> OracleSample:
        """What the tablet says now.

        Raises:
            DeviceError: the shell could not be asked at all.
        """
        frames = "" if self._layer is None else f"dumpsys SurfaceFlinger --latency {quote(self._layer)}"
        asked = (
            "dumpsys media_session",
            "cat /proc/uptime",
            "dumpsys audio",
            frames or "dumpsys SurfaceFlinger --list",
        )
        before = self._clock.monotonic()
        line = f"; echo {_BETWEEN}; ".join(asked)
        text = self._adb.shell(line, timeout_s=SAMPLE_TIMEOUT_S, check=False).text.replace("\r\n", "\n")
        after = self._clock.monotonic()
        parts = text.split(f"{_BETWEEN}\n")
        if len(parts) != len(asked):
            raise DeviceError(self._adb.serial, f"expected {len(asked)} answers of the oracles, got {len(parts)}")
        sessions, uptime, audio, surface = parts
        notes: list[str] = []
        session = _said(notes, lambda: self._session(sessions))
        position = _said(notes, lambda: session.position_at(_uptime_s(uptime)) if session else None)
        playing = _said(notes, lambda: self._audio(audio, notes))
        presented = _said(notes, lambda: self._presented(surface, listed=not frames))
        return OracleSample(
            (before + after) / 2,
            (after - before) / 2,
            session.state if session else None,
            position,
            session.updated_s if session else None,
            presented,
            playing,
            tuple(notes),
        )

    def _session(self, text: str) -> MediaSession | None:
        """The app's own session; an inactive one says nothing of now."""
        own = [s for s in parse_media_sessions(text) if s.package == self._package and s.active]
        if not own:
            raise DeviceError("", f"no active media session of {self._package}")
        return own[0]

    def _audio(self, text: str, notes: list[str]) -> bool | None:
        players = parse_players(text)
        if players is None:
            raise DeviceError("", "dumpsys audio lists no players")
        started = [player for player in players if player.uid == self._uid and player.state == "started"]
        if any(player.muted is not True for player in started):
            return True
        if started:
            notes.append("the app's track is started and muted by the system")
            return None
        return False

    def _presented(self, text: str, *, listed: bool) -> int | None:
        """Frames counted so far; the layer is looked for when it is not known or shows nothing."""
        if listed:
            self._layer = video_layer(parse_layers(text), self._package)
            if self._layer is None:
                raise DeviceError("", f"{self._package} has no video layer of its own")
            return None
        shown = parse_latency(text)
        if not shown:
            self._layer = None
            raise DeviceError("", "the video's layer shows nothing")
        new = sum(1 for at in shown if at > self._last_frame_s)
        first, self._last_frame_s = self._last_frame_s < 0, shown[-1]
        if first:
            return 0
        self._frames += new
        if new >= _KEPT_ROWS:
            raise DeviceError("", f"at least {new} frames since the last look, more than the layer keeps")
        return self._frames


def _said(notes: list[str], read: Callable[[], T]) -> T | None:
    """What was read; None and a note when it could not be."""
    try:
        return read()
    except DeviceError as problem:
        notes.append(str(problem))
        return None


def _uptime_s(text: str) -> float:
    first = text.split(" ", 1)[0]
    if not first.replace(".", "", 1).isdigit():
        raise DeviceError("", f"/proc/uptime: expected seconds, got {text[:80]!r}")
    return float(first)
