"""How Cabin is operated on a tablet, by its ids, and where it keeps its downloads."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from pathlib import Path

from harness.apps.adapter import DownloadSeen, PlayerSeen, StartSeen, StoredCheck
from harness.apps.cabin.stored import stored_objects
from harness.core.clock import Deadline, wait_for
from harness.core.errors import HarnessError, UsageError, WaitTimeout
from harness.delivery import Document
from harness.device import Tablet
from harness.media.catalogue import Catalogue, MediaObject
from harness.ui import Session

CABIN_FAULTS = (
    "phantom_download",
    "streams_anyway",
    "drops_last_segments",
    "needs_network_to_start",
    "freeze",
    "black_video",
    "half_rate",
    "wrong_title",
    "late_start",
    "seek_off",
    "audio_missing",
)
PACKAGE = "tv.redeye.cabin"
ACTIVITY = ".MainActivity"
# Chromium's own layout below an app's data directory (Chrome on Android: app_chrome/Default/IndexedDB).
INDEXED_DB = "app_chrome/Default/IndexedDB"


def cabin_mounts(packages: Path, media: Path) -> dict[str, Path]:
    """URL prefix -> folder that an origin must serve for Cabin."""
    return {
        "/shaka/": packages / "node_modules" / "shaka-player" / "dist",
        "/media/": media,
        "/": Path(__file__).parent / "web",
    }


def cabin_documents(catalogue: Catalogue, faults: Sequence[str]) -> dict[str, Document]:
    """URL path -> document that Cabin asks for at its start.

    Raises:
        UsageError: an unknown fault; names those that exist.
    """
    unknown = [fault for fault in faults if fault not in CABIN_FAULTS]
    if unknown:
        raise UsageError(f"Cabin has no fault {unknown[0]!r}; it has {', '.join(CABIN_FAULTS)}")
    titles = [
        {
            "id": sample.id,
            "title": sample.title,
            "summary": sample.summary,
            "duration_s": float(sample.duration_s),
            "manifest": f"/media/{sample.manifest}",
            "poster": next((f"/media/{o.path}" for o in sample.objects if o.role == "poster"), ""),
        }
        for sample in catalogue.samples
    ]
    return {
        "/catalogue.json": _json({"titles": titles}),
        "/config.json": _json({"faults": list(faults)}),
    }


def _json(value: Mapping[str, object]) -> Document:
    return Document(json.dumps(value).encode(), "application/json", "no-cache")


class CabinAdapter:
    """Cabin on one tablet, through one Appium session."""

    package = PACKAGE

    def __init__(self, tablet: Tablet, session: Session) -> None:
        self._tablet, self._session = tablet, session

    def start(self, deadline: Deadline) -> StartSeen:
        began = deadline.clock.monotonic()
        self._tablet.start_app(f"{PACKAGE}/{ACTIVITY}")
        try:
            shown = self._session.wait_text("app-ready", lambda text: text.startswith(("Ready", "Not")), deadline).value
        except WaitTimeout as late:
            shown = late.last if isinstance(late.last, str) else None
        return StartSeen(
            shown == "Ready", shown if shown == "Ready" else self._why(shown), deadline.clock.monotonic() - began
        )

    def _why(self, shown: str | None) -> str | None:
        """The app's words, with those of its error dialog where there is one."""
        said = [text for text in (shown, self._session.text("error-message")) if text]
        return ": ".join(said) or None

    def stop(self) -> None:
        self._tablet.stop_app(PACKAGE)

    def download(self, title: str, deadline: Deadline) -> DownloadSeen:
        self._session.tap("nav-catalogue", deadline)
        began = self._session.tap(f"download-{title}", deadline)
        ended = self._session.wait_text(
            f"state-{title}", lambda text: text.startswith(("Downloaded", "Failed")), deadline
        )
        state = ended.value or ""
        return DownloadSeen(state, state.startswith("Downloaded"), deadline.clock.monotonic() - began)

    def play(self, title: str, deadline: Deadline) -> float:
        self._session.tap("nav-downloads", deadline)
        return self._session.tap(f"row-play-{title}", deadline)

    def player(self) -> PlayerSeen:
        error = self._session.text("error-message")
        state, source = self._session.text("player-state"), self._session.text("player-source")
        position, _, duration = (self._session.text("player-time") or "").partition("/")
        return PlayerSeen(state, source, _seconds(position), error, _seconds(duration))

    def seek(self, target_s: Fraction, deadline: Deadline) -> float:
        width, height = self._screen_size()
        # The first touch only brings the controls; seeking is a touch on the bar itself.
        if self._session.text("player-state") is None or not self._controls_shown():
            self._session.tap_at(width // 2, height // 2, deadline)
        bar = wait_for(
            "the seek bar", lambda: self._session.read("player-seek"), lambda node: node is not None, deadline
        ).value
        if bar is None:
            raise HarnessError("Cabin shows no seek bar")
        left, top, right, bottom = bar.bounds
        fraction = float(target_s / self._duration(deadline))
        # The thumb's centre travels between half a thumb (12 px in Cabin's style) from either end.
        x = left + THUMB_PX / 2 + fraction * (right - left - THUMB_PX)
        return self._session.tap_at(round(x), (top + bottom) // 2, deadline)

    def leave_player(self, deadline: Deadline) -> None:
        width, height = self._screen_size()
        if not self._controls_shown():
            self._session.tap_at(width // 2, height // 2, deadline)
        self._session.tap("player-back", deadline)

    def close_error(self, deadline: Deadline) -> None:
        """Close an error dialog when there is one."""
        if self._session.text("error-message") is not None:
            self._session.tap("error-close", deadline)

    def stored(self, wanted: Iterable[MediaObject]) -> StoredCheck:
        return stored_objects(self._tablet.storage.read(PACKAGE, INDEXED_DB), tuple(wanted))

    def _controls_shown(self) -> bool:
        node = self._session.read("player-back")
        return node is not None and node.enabled

    def _duration(self, deadline: Deadline) -> Fraction:
        text = self._session.wait_text("player-time", lambda t: "/" in t, deadline).value or ""
        total = _seconds(text.split("/")[1])
        if not total:
            raise HarnessError(f"Cabin shows the time {text!r}; expected '0:12 / 0:32'")
        return Fraction(total)

    def _screen_size(self) -> tuple[int, int]:
        text = self._tablet.adb.shell("wm size").text
        match = re.search(r"(\d+)x(\d+)\s*$", text.strip())
        if match is None:
            raise HarnessError(f"wm size printed {text!r}; expected 'Physical size: WxH'")
        return int(match.group(1)), int(match.group(2))


THUMB_PX = 24


def _seconds(text: str) -> float | None:
    parts = text.strip().split(":")
    if not all(part.strip().isdigit() for part in parts):
        return None
    total = 0.0
    for part in parts:
        total = total * 60 + int(part)
    return total
