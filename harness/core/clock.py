"""Time: a clock that is an argument, deadlines, and waiting for observations. Nothing here sleeps for a fixed time."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from harness.core.errors import WaitTimeout

T = TypeVar("T")


class Clock(Protocol):
    """Monotonic seconds for intervals, wall seconds for people."""

    def monotonic(self) -> float: ...
    def wall(self) -> float: ...
    def pause(self, seconds: float) -> None: ...


class SystemClock:
    """The machine's clock."""

    def monotonic(self) -> float:
        return time.monotonic()

    def wall(self) -> float:
        return time.time()

    def pause(self, seconds: float) -> None:
        time.sleep(seconds)


@dataclass
class FakeClock:
    """A clock that moves only when told or when somebody pauses on it."""

    now: float = 0.0
    epoch: float = 1_700_000_000.0

    def monotonic(self) -> float:
        return self.now

    def wall(self) -> float:
        return self.epoch + self.now

    def pause(self, seconds: float) -> None:
        self.now += seconds


@dataclass(frozen=True)
class Deadline:
    """A moment by which something must have happened; handed down, never renewed."""

    at_s: float
    budget_s: float
    clock: Clock

    @classmethod
    def after(cls, seconds: float, clock: Clock | None = None) -> Deadline:
        """A deadline `seconds` from now."""
        used = clock or SystemClock()
        return cls(used.monotonic() + seconds, seconds, used)

    @property
    def remaining_s(self) -> float:
        """Seconds left, never below 0."""
        return max(0.0, self.at_s - self.clock.monotonic())

    @property
    def expired(self) -> bool:
        return self.remaining_s <= 0.0


@dataclass(frozen=True)
class Waited(Generic[T]):
    """The observation that was accepted and how long it took."""

    value: T
    took_s: float
    tries: int


def wait_for(
    what: str, observe: Callable[[], T], accept: Callable[[T], object], deadline: Deadline, every_s: float = 0.05
) -> Waited[T]:
    """The first observation that `accept` takes.

    Args:
        what: named in the error.
        observe: looks; at least once, also when the deadline has passed.
        accept: truthy when the observation is the wanted one.
        every_s: pause between looks, s.
    Raises:
        WaitTimeout: none came in time; it holds the last observation.
    """
    start = deadline.clock.monotonic()
    tries = 0
    while True:
        seen = observe()
        tries += 1
        if accept(seen):
            return Waited(seen, deadline.clock.monotonic() - start, tries)
        if deadline.expired:
            raise WaitTimeout(what, deadline.clock.monotonic() - start, seen)
        deadline.clock.pause(min(every_s, max(deadline.remaining_s, 0.001)))
