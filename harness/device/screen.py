"""The tablet's screen: a screenshot, and a recording that knows when it began."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from pathlib import Path

from harness.adb import AdbDevice, RunningCommand
from harness.core.clock import Clock, Deadline, wait_for
from harness.core.errors import CaptureError, DeviceError, WaitTimeout

PNG_START = b"\x89PNG\r\n\x1a\n"


@dataclass
class Recording:
    """A running screenrecord.

    Args:
        remote: the file on the tablet.
        began_s: host monotonic time of the recording's pts 0, give or take uncertainty_s.
    """

    remote: str
    command: RunningCommand
    began_s: float
    uncertainty_s: float


class Screen:
    """Pictures of one tablet's screen."""

    def __init__(self, adb: AdbDevice, clock: Clock) -> None:
        self._adb, self._clock = adb, clock

    def screenshot(self) -> bytes:
        """The screen as PNG bytes.

        Raises:
            CaptureError: what came is no PNG. There is no default picture.
        """
        data = self._adb.exec_out("screencap -p", timeout_s=15)
        at = data.find(PNG_START)  # multi-display tablets print a warning in front of it (android.md 0.8)
        if at < 0:
            raise CaptureError(f"{self._adb.serial}: screencap gave {len(data)} bytes that are no PNG: {data[:80]!r}")
        return data[at:]

    def start_recording(self, deadline: Deadline) -> Recording:
        """Start screenrecord; returns when its file exists."""
        remote = f"/sdcard/redeye-{uuid.uuid4().hex[:8]}.mp4"
        before = self._clock.monotonic()
        command = self._adb.spawn(["screenrecord", "--bit-rate", "12M", remote])
        try:
            wait_for(
                "the recording's file",
                lambda: (self._adb.stat(remote), command.poll()),
                lambda seen: seen[0] is not None or seen[1] is not None,
                deadline,
                0.02,
            )
        except WaitTimeout as late:
            command.close()
            raise CaptureError(f"{self._adb.serial}: screenrecord wrote no file in {late.waited_s:.1f} s") from late
        after = self._clock.monotonic()
        if command.poll() is not None:
            ended = command.wait(deadline)
            said = (ended.text + ended.error_text).strip()[:200]
            raise CaptureError(f"{self._adb.serial}: screenrecord ended at once ({ended.exit_code}): {said!r}")
        return Recording(remote, command, (before + after) / 2, (after - before) / 2)

    def stop_recording(self, recording: Recording, local: Path, deadline: Deadline) -> Path:
        """Finish the recording, pull it to `local` and delete it on the tablet.

        Raises:
            CaptureError: the recorder failed or left no file.
        """
        self._adb.shell(["killall", "-2", "screenrecord"], check=False)  # SIGINT finalises the file
        try:
            done = recording.command.wait(deadline)
            self._adb.pull(recording.remote, local)
        except (WaitTimeout, DeviceError) as error:
            raise CaptureError(f"{self._adb.serial}: the recording was not finished: {error}") from error
        finally:
            recording.command.close()
        self._adb.shell(["rm", "-f", recording.remote], check=False)
        if done.exit_code not in (0, 130):
            said = (done.text + done.error_text).strip()[:200]
            raise CaptureError(f"{self._adb.serial}: screenrecord exited {done.exit_code}: {said!r}")
        return local
