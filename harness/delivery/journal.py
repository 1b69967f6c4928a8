"""The request journal: every request that reached the origin, with the bytes that were really handed over.

A request is entered when it arrives and completed when it ends, so a request that is still in flight is already
there for whoever must prove that nothing came. The journal is a witness: it is asked, never edited.
"""

from __future__ import annotations

import dataclasses
import json
import threading
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TextIO

from harness.core.clock import Clock, SystemClock
from harness.core.errors import EnvironmentFault


@dataclass(frozen=True)
class RequestEntry:
    """One request as the origin saw it.

    Args:
        time_s: host monotonic seconds at arrival; wall_s the same moment for people.
        path: percent-decoded, without the query.
        range: the Range header as sent; None when there was none.
        status: HTTP status; 0 while the request is still in flight.
        bytes_sent: body bytes handed to the operating system before the end or the cut.
        completed: the whole promised body was handed over; False while in flight and after a cut.
        client: "host:port" of the peer.
    """

    time_s: float
    wall_s: float
    method: str
    path: str
    range: str | None
    status: int
    bytes_sent: int
    completed: bool
    client: str
    query: str = ""
    took_s: float = 0.0

    @property
    def in_flight(self) -> bool:
        return self.status == 0


class Journal:
    """All requests in the order of their arrival, in memory and (with a path) as JSON lines.

    Args:
        path: JSONL file to append to; a line is written when a request ends. None keeps memory only.
        clock: where time comes from.
    """

    def __init__(self, path: Path | None = None, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()
        self._lock = threading.Lock()
        self._entries: list[RequestEntry] = []
        self._file: TextIO | None = None
        self.path = path
        if path is not None:
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                self._file = path.open("a", encoding="utf-8")
            except OSError as e:
                raise EnvironmentFault(f"request journal {path}: cannot be written: {e.strerror}") from e

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    def begin(self, method: str, path: str, query: str, range_header: str | None, client: str) -> int:
        """The number of a new entry for a request that has just arrived."""
        now, wall = self._clock.monotonic(), self._clock.wall()
        entry = RequestEntry(now, wall, method, path, range_header, 0, 0, False, client, query)
        with self._lock:
            self._entries.append(entry)
            return len(self._entries) - 1

    def finish(self, number: int, *, status: int, bytes_sent: int, completed: bool) -> RequestEntry:
        """The entry as it ended; written to the file as one line."""
        with self._lock:
            begun = self._entries[number]
            took = self._clock.monotonic() - begun.time_s
            ended = dataclasses.replace(
                begun, status=status, bytes_sent=bytes_sent, completed=completed, took_s=round(took, 6)
            )
            self._entries[number] = ended
            self._write(number, ended)
            return ended

    def mark(self) -> int:
        """A place in the journal; hand it to `since` later."""
        with self._lock:
            return len(self._entries)

    def since(self, mark: int) -> tuple[RequestEntry, ...]:
        """The requests that arrived after `mark`, those still in flight included."""
        with self._lock:
            return tuple(self._entries[mark:])

    def entries(self, since: int | None = None) -> tuple[RequestEntry, ...]:
        """All requests, or those after a mark, in the order of their arrival."""
        return self.since(since or 0)

    def bytes_sent(self, since: int = 0) -> int:
        """Body bytes handed over in requests that arrived after `since` and have ended."""
        return sum(entry.bytes_sent for entry in self.since(since))

    def close(self) -> None:
        """Write what is still in flight and close the file; memory stays readable."""
        with self._lock:
            for number, entry in enumerate(self._entries):
                if entry.in_flight:
                    self._write(number, entry)
            if self._file is not None:
                self._file.close()
                self._file = None

    def _write(self, number: int, entry: RequestEntry) -> None:
        if self._file is None:
            return
        try:
            self._file.write(json.dumps({"n": number, **dataclasses.asdict(entry)}, ensure_ascii=False) + "\n")
            self._file.flush()
        except OSError as e:
            raise EnvironmentFault(f"request journal {self.path}: cannot be written: {e.strerror}") from e
