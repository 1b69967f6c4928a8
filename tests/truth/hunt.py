"""How long to look for a counterexample: a moment in the suite, REDEYE_FUZZ_S seconds for each law when asked."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable

from hypothesis import HealthCheck, settings

SECONDS = float(os.environ.get("REDEYE_FUZZ_S", "0"))
EXECUTIONS: Counter[str] = Counter()

law = settings(
    max_examples=200 if SECONDS else 60, deadline=None, database=None, suppress_health_check=list(HealthCheck)
)


def hunt(name: str, check: Callable[[], None]) -> int:
    """Run a hypothesis test once, and then again with other examples until the time is over; gives the executions."""
    end = time.monotonic() + SECONDS
    check()
    while time.monotonic() < end:
        check()
    print(f"{name}: {EXECUTIONS[name]} executions")
    return EXECUTIONS[name]
