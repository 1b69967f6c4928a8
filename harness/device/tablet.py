"""One tablet: what it is, and its parts. What it is doing is read, not remembered."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from harness.adb import AdbDevice
from harness.core.clock import Clock, Deadline, SystemClock
from harness.core.errors import DeviceError
from harness.device.airplane import Airplane, NetState
from harness.device.oracles import Oracles
from harness.device.proof import Witness, tablet_witnesses
from harness.device.restore import Change, RestoreJournal
from harness.device.screen import Screen
from harness.device.storage import Storage


@dataclass
class Tablet:
    """One tablet under test.

    Args:
        adb: the way to it.
        kind: "virtual" or "real"; shown wherever an outcome is.
        model: what it calls itself.
        state_dir: where its restore journal is kept.
    """

    adb: AdbDevice
    kind: str
    model: str
    state_dir: Path
    clock: Clock = field(default_factory=SystemClock)

    def __post_init__(self) -> None:
        self.airplane = Airplane(self.adb)
        self.storage = Storage(self.adb)
        self.screen = Screen(self.adb, self.clock)
        self.journal = RestoreJournal(self.state_dir / "restore", self.adb.serial, {"airplane": self._airplane_back})

    @property
    def serial(self) -> str:
        return self.adb.serial

    def restore(self) -> tuple[Change, ...]:
        """Undo what an earlier run left behind; call it before anything else."""
        return self.journal.restore()

    @contextmanager
    def offline(self, shape: str = "airplane", timeout_s: float = 15.0) -> Iterator[NetState]:
        """Take the tablet offline; it is brought back and read back at the end, also after an error.

        Args:
            shape: "airplane"; other shapes are not built yet.
        """
        if shape != "airplane":
            raise DeviceError(self.serial, f"offline shape {shape!r} is not built yet; there is 'airplane'")
        self.adb.reverse_remove_all()
        before = self.airplane.read()
        self.journal.note("airplane", "on" if before.airplane else "off")
        try:
            yield self.airplane.switch(True, Deadline.after(timeout_s, self.clock)).value
        finally:
            self.journal.restore()

    def witnesses(self, origin: tuple[str, int]) -> tuple[Witness, ...]:
        """What the tablet itself shows of being offline; see `proof`."""
        return tablet_witnesses(self.adb, origin, self.clock)

    def uid_of(self, package: str) -> int:
        """The app's uid.

        Raises:
            DeviceError: the package is not installed.
        """
        text = self.adb.shell(["dumpsys", "package", package]).text
        match = re.search(r"\b(?:userId|appId)=(\d+)", text)
        if match is None:
            raise DeviceError(self.serial, f"{package} is not installed")
        return int(match.group(1))

    def app_bytes(self, uid: int) -> int | None:
        """Bytes that the app moved over the network since boot, both ways; None when the tablet does not say."""
        text = self.adb.shell("dumpsys netstats --full --uid", timeout_s=20, check=False).text
        return app_bytes(text, uid)

    def oracles(self, package: str) -> Oracles:
        """What the tablet itself says of the app's playback."""
        return Oracles(self.adb, package, self.uid_of(package), self.clock)

    def start_app(self, component: str) -> None:
        """Start an activity (PACKAGE/ACTIVITY) and wait until Android says that it is there."""
        done = self.adb.shell(["am", "start-activity", "-W", "-n", component], timeout_s=30)
        if "Status: ok" not in done.text:
            raise DeviceError(self.serial, f"{component} did not start: {done.text.strip()[:300]!r}")

    def stop_app(self, package: str) -> None:
        """Force-stop an app: what comes next is a cold start."""
        self.adb.shell(["am", "force-stop", package])

    def _airplane_back(self, was: str) -> None:
        seen = self.airplane.switch(was == "on", Deadline.after(20, self.clock)).value
        if seen.airplane is not (was == "on"):
            raise DeviceError(self.serial, f"airplane mode should be {was} again but reads {seen.airplane}")
        if was == "off":
            self.airplane.wifi(True, Deadline.after(20, self.clock))


def app_bytes(netstats: str, uid: int) -> int | None:
    """Bytes of one uid in the output of `dumpsys netstats --full --uid`; None when the section is missing."""
    if "UID stats:" not in netstats:
        return None
    section = netstats.split("UID stats:", 1)[1].split("UID tag stats:", 1)[0]
    total, mine = 0, False
    for line in section.splitlines():
        owner = re.search(r"\buid=(-?\d+)", line)
        if owner:
            mine = int(owner.group(1)) == uid
        bucket = re.search(r"\brb=(\d+) rp=\d+ tb=(\d+)", line)
        if bucket and mine:
            total += int(bucket.group(1)) + int(bucket.group(2))
    return total
