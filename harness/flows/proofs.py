"""Offline witnesses on the host's side: the origin's journal and the app's byte counter."""

from __future__ import annotations

from collections.abc import Sequence

from harness.delivery import RequestEntry
from harness.device import Witness, WitnessSays


def origin_witness(since: Sequence[RequestEntry], at_s: float) -> Witness:
    """Silent since the tablet was told to go offline, or not."""
    if not since:
        return Witness("origin", WitnessSays.OFFLINE, "no request since the tablet was told to go offline", at_s)
    first = since[0]
    return Witness("origin", WitnessSays.ONLINE, f"{len(since)} requests, the first {first.method} {first.path}", at_s)


def byte_witness(before: int | None, now: int | None, at_s: float) -> Witness:
    """The app's own network bytes since then: none, some, or the tablet does not say."""
    if before is None or now is None:
        return Witness("app_bytes", WitnessSays.UNKNOWN, "the tablet prints no byte counter for the app", at_s)
    says = WitnessSays.OFFLINE if now == before else WitnessSays.ONLINE
    return Witness("app_bytes", says, f"{before} bytes before, {now} now", at_s)
