"""The restore journal: what was changed on a tablet is written down first, undone in reverse, and read back.

One JSONL file per tablet on the host. A line is flushed before the change is made, so a run that is killed leaves the
file behind, and the next run on that tablet undoes what it says before anything else.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from harness.core.errors import DeviceError, HarnessError, InputFileError, NotRestored

Undo = Callable[[str], None]


@dataclass(frozen=True)
class Change:
    """One thing that was changed. `was` is the value to bring back."""

    what: str
    was: str


class RestoreJournal:
    """What must be undone on one tablet.

    Args:
        folder: where the journals are kept.
        serial: the tablet; becomes the file's name.
        undo: by name of the change, what brings the old value back and reads it back (raises when it does not hold).
    """

    def __init__(self, folder: Path, serial: str, undo: dict[str, Undo]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / (re.sub(r"[^A-Za-z0-9._-]", "_", serial) + ".restore.jsonl")
        self._serial, self._undo = serial, undo

    def pending(self) -> tuple[Change, ...]:
        """Changes that were not undone yet, oldest first.

        Raises:
            InputFileError: a line that is not the last is damaged. A torn last line is a change that was never made.
        """
        if not self.path.exists():
            return ()
        lines = self.path.read_text("utf-8").split("\n")
        changes = []
        for number, line in enumerate(lines[:-1], 1):
            try:
                entry = json.loads(line)
                changes.append(Change(str(entry["what"]), str(entry["was"])))
            except (ValueError, KeyError, TypeError) as error:
                raise InputFileError(
                    str(self.path),
                    f"line {number}",
                    f"not a restore entry: {line[:80]!r}",
                    "restore by hand, then delete it",
                ) from error
        return tuple(changes)

    def note(self, what: str, was: str) -> None:
        """Write down that `what` is about to be changed from `was`; on the disk before this returns."""
        if what not in self._undo:
            raise DeviceError(self._serial, f"nobody knows how to undo {what!r}")
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"what": what, "was": was}) + "\n")
            file.flush()
            os.fsync(file.fileno())

    def restore(self) -> tuple[Change, ...]:
        """Undo all pending changes, newest first; what was undone.

        Raises:
            NotRestored: some could not be undone; the journal is kept for the next try.
        """
        pending = self.pending()
        faults: list[HarnessError] = []
        for change in reversed(pending):
            try:
                self._undo[change.what](change.was)
            except KeyError as error:
                faults.append(DeviceError(self._serial, f"nobody knows how to undo {error.args[0]!r}"))
            except HarnessError as error:
                faults.append(error)
        if faults:
            said = "; ".join(str(fault) for fault in faults)
            raise NotRestored(self._serial, f"not restored, see {self.path}: {said}")
        self.path.unlink(missing_ok=True)
        return pending
