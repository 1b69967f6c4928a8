"""What a flow needs from an app: the contract that every adapter keeps."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol

from harness.core.clock import Deadline
from harness.media.catalogue import MediaObject


@dataclass(frozen=True)
class StartSeen:
    """What the app showed after its start. shown: its own words; None when it showed none of its screens."""

    usable: bool
    shown: str | None
    took_s: float


@dataclass(frozen=True)
class DownloadSeen:
    """What the app said about a download. state is the app's own word; complete is how the adapter reads it."""

    state: str
    complete: bool
    took_s: float


@dataclass(frozen=True)
class PlayerSeen:
    """What the app's player said. None: the app did not show it."""

    state: str | None
    source: str | None
    position_s: float | None
    error: str | None = None
    duration_s: float | None = None


@dataclass(frozen=True)
class StoredCheck:
    """What of a title is on the device, against the packager's hashes.

    Args:
        wanted, equal: objects of the renditions that an offline copy needs, and how many are there byte for byte.
        equal_bytes: the bytes of the equal ones.
        missing: paths of which there is no trace.
        damaged: paths of which something of their size is there with other bytes, or cut.
        notes: what the reader could not read, in words.
    """

    wanted: int
    equal: int
    equal_bytes: int
    missing: tuple[str, ...]
    damaged: tuple[str, ...]
    notes: tuple[str, ...] = ()


class AppAdapter(Protocol):
    """How one app is operated."""

    package: str

    def start(self, deadline: Deadline) -> StartSeen:
        """Start the app and wait until it is usable, says that it is not, or the deadline has passed."""

    def stop(self) -> None:
        """End the app's process."""

    def download(self, title: str, deadline: Deadline) -> DownloadSeen:
        """Ask for a download and wait until the app says that it ended, well or badly."""

    def play(self, title: str, deadline: Deadline) -> float:
        """Touch Play; host monotonic time of the touch, s."""

    def player(self) -> PlayerSeen:
        """What the player shows now."""

    def seek(self, target_s: Fraction, deadline: Deadline) -> float:
        """Touch the seek bar; host monotonic time of the touch, s."""

    def leave_player(self, deadline: Deadline) -> None:
        """Back to the list."""

    def stored(self, wanted: Iterable[MediaObject]) -> StoredCheck:
        """What of the wanted objects the device holds."""
