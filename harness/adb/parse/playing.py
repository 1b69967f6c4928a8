"""What plays: `dumpsys media_session`, `dumpsys SurfaceFlinger --list` and `--latency`, `dumpsys audio`'s players."""

from __future__ import annotations

import re
from dataclasses import dataclass

from .seen import lines_of, misread

# android.md 4.1 and 10: named states on newer releases, bare numbers on older ones and on some makers' builds.
_STATE = re.compile(
    r"state=PlaybackState\s*\{state=(?:([A-Z_]+)\((\d+)\)|(\d+)), position=(-?\d+)"
    r"(?:, buffered position=-?\d+)?, speed=(-?\d+(?:\.\d+)?)(?:, updated=(\d+))?"
)
_NAMES = (
    *("none", "stopped", "paused", "playing", "fast_forwarding", "rewinding", "buffering", "error", "connecting"),
    *("skipping_to_previous", "skipping_to_next", "skipping_to_queue_item"),
)
# android.md 4.3: Android 15 wraps the names.
_WRAPPED = re.compile(r"RequestedLayerState\{(.+?)(?: parentId=.*)?\}")
_PENDING_NS = (1 << 63) - 1
# android.md 4.2: with blanks between the fields from API 28, with dashes before.
_PLAYER = re.compile(
    r"\s*(?:AudioPlaybackConfiguration piid:\d+|ID:\d+)(?: --)? type:\S.*?\su/pid:(\d+)/(\d+)(?: --)? state:(\w+)\b"
)
_MUTED = re.compile(r"\bmutedState:(\S+)")


@dataclass(frozen=True)
class MediaSession:
    """One app's media session.

    Args:
        state: Android's word in small letters; None when the session has none (`state=null`).
        position_s: as it was at updated_s; None when the app does not say (live streams: -1).
        updated_s: on the clock of /proc/uptime; None where the release does not print it.
    """

    package: str
    active: bool
    state: str | None
    position_s: float | None
    speed: float | None
    updated_s: float | None

    def position_at(self, uptime_s: float) -> float | None:
        """Where the title should be now, s; None when the app does not say."""
        if self.position_s is None or self.state not in ("playing", "fast_forwarding", "rewinding"):
            return self.position_s
        if self.updated_s is None or self.speed is None:
            return None
        return self.position_s + self.speed * (uptime_s - self.updated_s)


@dataclass(frozen=True)
class AudioPlayer:
    """One track that an app has open. muted: None where the release does not say."""

    uid: int
    pid: int
    state: str
    muted: bool | None


def parse_media_sessions(text: str) -> tuple[MediaSession, ...]:
    """The sessions in the stack, topmost first; empty when there is none.

    Raises:
        DeviceError: without the stack's heading, or a state of another shape.
    """
    lines = lines_of(text)
    start = next((i for i, line in enumerate(lines) if line.strip().startswith("Sessions Stack - have ")), None)
    if start is None:
        raise misread("dumpsys media_session", "'Sessions Stack - have N sessions'", text)
    blocks: list[list[str]] = []
    for line in (line.strip() for line in lines[start + 1 :]):
        if line.startswith("package="):
            blocks.append([line])
        elif blocks:
            blocks[-1].append(line)
    count = re.match(r"Sessions Stack - have (\d+) sessions", lines[start].strip())
    if count is None or len(blocks) < int(count[1]):
        raise misread("dumpsys media_session", f"{lines[start].strip()!r} and as many packages", text[-200:])
    return tuple(_session(block) for block in blocks[: int(count[1])])


def _session(block: list[str]) -> MediaSession:
    package = block[0].removeprefix("package=")
    active = next((line for line in block if line.startswith("active=")), None)
    state = next((line for line in block if line.startswith("state=")), None)
    if active not in ("active=true", "active=false") or state is None:
        raise misread("dumpsys media_session", f"active= and state= of {package}", " | ".join(block))
    if state == "state=null":
        return MediaSession(package, active == "active=true", None, None, None, None)
    match = _STATE.match(state)
    number = int(match[2] or match[3]) if match else len(_NAMES)
    if match is None or number >= len(_NAMES):
        raise misread("dumpsys media_session", "PlaybackState {state=…, position=…, speed=…}", state)
    position, updated = int(match[4]), match[6]
    return MediaSession(
        package,
        active == "active=true",
        _NAMES[number],
        position / 1000 if position >= 0 else None,
        float(match[5]),
        int(updated) / 1000 if updated else None,
    )


def parse_layers(text: str) -> tuple[str, ...]:
    """The layers' names, without Android 15's wrapper.

    Raises:
        DeviceError: no layer at all: a screen always has one.
    """
    names = []
    for line in (line.strip() for line in lines_of(text)):
        wrapped = _WRAPPED.fullmatch(line)
        names.append(wrapped[1] if wrapped else line)
    if not names or any(name.startswith(("Can't find service", "Unknown option")) for name in names):
        raise misread("dumpsys SurfaceFlinger --list", "at least one layer", text)
    return tuple(names)


def video_layer(layers: tuple[str, ...], package: str) -> str | None:
    """The layer that gets the frames of the package's video surface; None when it has none of its own."""
    own = [n for n in layers if n.startswith(("SurfaceView[" + package + "/", "SurfaceView - " + package + "/"))]
    blast = [name for name in own if "(BLAST)" in name]
    return next(iter(blast or own), None)


def parse_latency(text: str) -> tuple[float, ...]:
    """When the layer's last frames were really shown, s on the tablet's monotonic clock, in order.

    Empty for a layer that shows nothing. Frames that are still to be shown are left out.

    Raises:
        DeviceError: no refresh period in the first line, or a row of another shape.
    """
    lines = [line.strip() for line in lines_of(text)]
    if not lines or not (lines[0].isascii() and lines[0].isdigit()):
        raise misread("dumpsys SurfaceFlinger --latency", "the refresh period in ns", text)
    shown = []
    for line in lines[1:]:
        fields = line.split()
        if len(fields) != 3 or not all(field.isascii() and field.isdigit() for field in fields):
            raise misread("dumpsys SurfaceFlinger --latency", "'desired actual ready' in ns", line)
        actual = int(fields[1])
        if 0 < actual < _PENDING_NS:
            shown.append(actual / 1e9)
    return tuple(sorted(shown))


def parse_players(text: str) -> tuple[AudioPlayer, ...] | None:
    """The open tracks; None where the release lists none (before API 26) or the section was cut off.

    Raises:
        DeviceError: a line in the section that is not a player.
    """
    lines = [line.rstrip("\r") for line in text.split("\n")]
    start = next((i for i, line in enumerate(lines) if line.strip() == "players:"), None)
    if start is None:
        return None
    found: list[AudioPlayer] = []
    for line in lines[start + 1 :]:
        if not line.strip():
            return tuple(found)
        match = _PLAYER.match(line)
        if match is None:
            raise misread("dumpsys audio", "'AudioPlaybackConfiguration piid:N type:… u/pid:U/P state:S'", line)
        muted = _MUTED.search(line)
        found.append(AudioPlayer(int(match[1]), int(match[2]), match[3], muted[1] != "none" if muted else None))
    return None  # no blank line behind it: the dump was cut inside the section
