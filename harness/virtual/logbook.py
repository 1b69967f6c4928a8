"""The tablet's log: bounded buffers, followed by any number of readers."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from dataclasses import dataclass

LEVELS = "VDIWEF"


@dataclass(frozen=True)
class LogEntry:
    """One line of the log; `at_s` is wall time."""

    number: int
    at_s: float
    pid: int
    tid: int
    level: str
    tag: str
    message: str
    buffer: str = "main"

    def text(self, style: str = "threadtime") -> str:
        """The line as `logcat -v STYLE` prints it, without its line end."""
        moment = time.strftime("%m-%d %H:%M:%S", time.localtime(self.at_s)) + f".{int(self.at_s % 1 * 1000):03d}"
        if style == "brief":
            return f"{self.level}/{self.tag:<8}({self.pid:5d}): {self.message}"
        if style == "raw":
            return self.message
        if style == "tag":
            return f"{self.level}/{self.tag:<8}: {self.message}"
        if style == "time":
            return f"{moment} {self.level}/{self.tag:<8}({self.pid:5d}): {self.message}"
        if style == "epoch":
            moment = f"{self.at_s:19.3f}"
        elif style == "year":
            moment = time.strftime("%Y-", time.localtime(self.at_s)) + moment
        return f"{moment} {self.pid:5d} {self.tid:5d} {self.level} {self.tag:<8}: {self.message}"


class Logbook:
    """The last `limit` entries."""

    def __init__(self, limit: int = 20_000) -> None:
        self._entries: deque[LogEntry] = deque(maxlen=limit)
        self._written = asyncio.Event()
        self._next = 1

    def write(self, tag: str, message: str, *, level: str = "I", pid: int = 1200, buffer: str = "main") -> None:
        """Add one entry per line of `message`."""
        for line in message.splitlines() or [""]:
            self._entries.append(LogEntry(self._next, time.time(), pid, pid, level, tag, line, buffer))
            self._next += 1
        self._written.set()
        self._written = asyncio.Event()

    def entries(self, after: int = 0) -> list[LogEntry]:
        """Entries numbered above `after`, oldest first."""
        return [entry for entry in self._entries if entry.number > after]

    async def wait(self) -> None:
        """Returns at the next write."""
        await self._written.wait()

    def clear(self, buffers: tuple[str, ...]) -> None:
        """Forget the entries of these buffers."""
        kept = [entry for entry in self._entries if entry.buffer not in buffers]
        self._entries.clear()
        self._entries.extend(kept)
