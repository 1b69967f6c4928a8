"""Looks at the tablet's own word on a playback about once a second, inside the waits that a flow has anyway."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict

from harness.core.clock import Clock
from harness.core.errors import DeviceError
from harness.core.outcome import Measurement
from harness.device import Oracles, OracleSample
from harness.playback.agreement import Look

EVERY_S = 1.0
FAILURES = 3  # in a row; then the tablet is left alone: the pictures judge without it


class Sampler:
    """The oracle samples of one playback, in order of time."""

    def __init__(self, oracles: Oracles, clock: Clock) -> None:
        self._oracles, self._clock = oracles, clock
        self._due_s, self._failed = clock.monotonic(), 0
        self.samples: list[OracleSample] = []
        self.problems: list[str] = []

    def look(self, spare_s: float) -> None:
        """Take a sample when one is due and the wait has at least as much time left as the dearest one took."""
        now = self._clock.monotonic()
        if self._failed >= FAILURES or now < self._due_s or spare_s < self.dearest_s:
            return
        self._due_s = now + EVERY_S
        try:
            self.samples.append(self._oracles.sample())
            self._failed = 0
        except DeviceError as problem:
            self._failed += 1
            self.problems.append(str(problem))

    @property
    def dearest_s(self) -> float:
        """What the slowest look so far took, s."""
        return max((2 * sample.uncertainty_s for sample in self.samples), default=0.0)

    def looks(self, began_s: float, uncertainty_s: float) -> list[Look]:
        """The samples on the clock of a recording that began at host time began_s, give or take uncertainty_s."""
        return [
            Look(
                s.at_s - began_s,
                s.uncertainty_s + uncertainty_s,
                s.position_s,
                s.reported_s,
                s.presented_frames,
                s.audio_active,
            )
            for s in self.samples
        ]

    def measurements(self) -> Sequence[Measurement]:
        """How many samples there are, and what they cost."""
        if not self.samples:
            return (Measurement("oracle_samples", 0.0, "samples"),)
        costs = sorted(2 * sample.uncertainty_s for sample in self.samples)
        return (
            Measurement("oracle_samples", float(len(self.samples)), "samples"),
            Measurement("oracle_sample_took", costs[len(costs) // 2], "s"),
            Measurement("oracle_sample_took_longest", costs[-1], "s"),
        )

    def json_lines(self, began_s: float) -> bytes:
        """One line a sample, its time on the recording's clock; then what could not be asked."""
        lines = [json.dumps({**asdict(s), "at_s": round(s.at_s - began_s, 4)}) for s in self.samples]
        lines += [json.dumps({"problem": problem}) for problem in self.problems]
        return "".join(f"{line}\n" for line in lines).encode()
