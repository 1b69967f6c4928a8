"""The one object that says how a run ended: for `--json`, the sealed verdict and the report."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict

from harness.core.outcome import Measurement, Verdict
from harness.device import OfflineProof, WitnessSays
from harness.flows.flow import Flow


def summary(flow: Flow, verdict: Verdict) -> dict[str, object]:
    """outcome, identity, findings, witnesses, checks, measurements, floor_s; times in s.

    floor_s is what any tool must spend: the download's transfer, the app's starts and the observed playback.
    """
    return {
        "outcome": str(verdict.outcome),
        "kind": flow.tablet.kind,
        "sample": flow.sample.id,
        "serial": flow.tablet.serial,
        "model": flow.tablet.model,
        "cause": asdict(verdict.cause) if verdict.cause else None,
        "findings": [asdict(finding) for finding in verdict.findings],
        "witnesses": offline_summary(flow.proofs),
        "checks": list(verdict.checks),
        "measurements": [asdict(m) for m in verdict.measurements],
        "floor_s": round(floor_s(verdict.measurements), 2),
        "run_dir": str(flow.run.path),
    }


def floor_s(measurements: Iterable[Measurement]) -> float:
    """Seconds that downloading, starting and playing took by themselves."""
    needed = ("download_transfer", "observed_playback")
    return sum(m.value for m in measurements if m.name in needed or m.name.startswith("app_start_"))


def offline_summary(proofs: Iterable[OfflineProof]) -> dict[str, str]:
    """Witness -> the worst that it said over all phases."""
    order = [WitnessSays.OFFLINE, WitnessSays.UNKNOWN, WitnessSays.ONLINE]
    said: dict[str, WitnessSays] = {}
    for proof in proofs:
        for witness in proof.witnesses:
            said[witness.name] = max(said.get(witness.name, WitnessSays.OFFLINE), witness.says, key=order.index)
    return {name: str(says) for name, says in said.items()}
