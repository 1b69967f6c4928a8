"""What the tablet's front (adb, shell, Android commands) needs from its hardware: a screen and a radio.

The front is handed these as Protocols, so that the Chromium screen and the proxy radio can be built, faked and
tested apart from it. Nothing here does anything.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from lxml import etree

# Host streams are asyncio's own pair: what the reverse map's opener hands to the radio.
HostStream = tuple["StreamReader", "StreamWriter"]
OpenHostStream = Callable[[], Awaitable[HostStream]]


class StreamReader(Protocol):
    """The reading half of a byte stream; asyncio.StreamReader fits."""

    async def read(self, n: int = -1) -> bytes: ...


class StreamWriter(Protocol):
    """The writing half of a byte stream; asyncio.StreamWriter fits."""

    def write(self, data: bytes) -> None: ...
    async def drain(self) -> None: ...
    def close(self) -> None: ...
    async def wait_closed(self) -> None: ...


@dataclass(frozen=True)
class InstalledApp:
    """One app on the tablet.

    Args:
        package, activity: Android's names; activity as `.MainActivity` or in full.
        label: what the launcher shows.
        url: what the screen opens; empty for packages without a screen (helpers).
        uid: Android's user id, 10000 and above.
        secure_origin: origin that the screen treats as secure, e.g. "http://10.0.2.2:8080"; empty for none.
    """

    package: str
    activity: str
    label: str
    url: str
    uid: int
    secure_origin: str = ""
    version_name: str = "1.0"
    version_code: int = 1

    @property
    def component(self) -> str:
        """`package/activity`, as `am` prints it."""
        return f"{self.package}/{self.activity}"


@dataclass(frozen=True)
class TabletProfile:
    """What the tablet says it is. Size is (width, height) in its natural orientation; density in dpi."""

    api: int = 33
    release: str = "13"
    model: str = "Redeye Virtual Tablet"
    brand: str = "redeye"
    device: str = "redeye_tablet"
    size: tuple[int, int] = (1280, 800)
    density: int = 160
    manufacturer: str = "Redeye"
    properties: Mapping[str, str] = field(default_factory=dict)


class Screen(Protocol):
    """What the tablet shows and what a finger does to it.

    `size` is (width, height) as shown now; `rotation` counts quarter turns, 0 to 3.
    """

    size: tuple[int, int]
    rotation: int

    async def launch(self, app: InstalledApp, cold: bool) -> None:
        """Bring `app` to the front; cold ends its process first. Returns when its page is being shown."""

    async def kill(self, package: str) -> None:
        """End the app's process; storage stays. No error when it does not run."""

    async def png(self) -> bytes:
        """The picture now, as a PNG file. Raises CaptureError; there is no default picture."""

    async def raw(self) -> bytes:
        """The picture now, RGBA rows without padding, `size` px."""

    def cast(self) -> AsyncIterator[tuple[float, bytes]]:
        """Pictures as they change: (seconds on the screen's monotonic clock, JPEG file)."""

    async def tap(self, x: int, y: int) -> None: ...
    async def swipe(self, x1: int, y1: int, x2: int, y2: int, duration_s: float) -> None: ...
    async def key(self, keycode: int) -> None: ...
    async def text(self, text: str) -> None: ...

    async def tree(self) -> etree._Element:
        """The view tree as UiAutomator's hierarchy element."""

    async def playback(self) -> Mapping[str, object]:
        """The shown page's media session and player; {} when it has none.

        Keys: package, state ("playing", "paused", "buffering", "none", "stopped"), position_s, buffered_s, speed,
        duration_s, updated_s (host monotonic), title, sound (whether decoded sound is let out), frames_s (for each of
        the last frames when it was handed to the compositor and when it is shown, host monotonic; kept from the
        first call on).
        """

    def profile_dir(self, package: str) -> Path:
        """The app's storage on this machine: what /data/data/PACKAGE shows."""

    def foreground(self) -> str | None:
        """Package shown now; None for the home screen."""

    def pid(self, package: str) -> int | None:
        """The process id of the running app; None when it does not run."""

    async def record(self, file: Path, size: tuple[int, int], bit_rate: int, stop: asyncio.Event) -> None:
        """Write an MP4 of the screen until `stop` is set; the file is complete on return."""


class Radio(Protocol):
    """The tablet's network. The four flags are what the radios really do, not what a setting says."""

    airplane: bool
    wifi: bool
    data: bool
    bluetooth: bool

    @property
    def reverse(self) -> MutableMapping[int, OpenHostStream]:
        """Device port -> opener of a stream to the host (adb reverse). Never cut by the radio."""

    async def set_airplane(self, on: bool) -> None: ...
    async def set_wifi(self, on: bool) -> None: ...
    async def set_data(self, on: bool) -> None: ...
    def counters(self, uid: int) -> tuple[int, int]:
        """(received, sent) bytes of the app since start."""

    def interface_bytes(self) -> tuple[int, int]:
        """(received, sent) bytes of wlan0 since start."""

    async def probe(self, host: str, port: int) -> str | None:
        """None when a TCP connection to host:port succeeds, else the error as `nc` words it."""


class AutomationEndpoint(Protocol):
    """The UiAutomator2 server: what `tcp:6790` reaches. Runs only while an instrumentation does."""

    async def start(self) -> Path | int:
        """Begin to listen; the Unix socket's path or the loopback port to bridge to."""

    async def stop(self) -> None:
        """Stop listening and close every connection."""

    async def wait_session_ended(self) -> None:
        """Returns when a session was deleted: Android ends the instrumentation then."""
