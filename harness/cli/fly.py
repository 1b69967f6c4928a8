"""One airplane flow from the settings to the sealed run folder. Shared by `redeye demo` and `redeye bench`."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.core.errors import HarnessError
from harness.core.outcome import Outcome, Verdict
from harness.flows import Flow, airplane_playback, summary
from harness.lab import Bench, BenchRequest
from harness.report import build_report
from harness.runs import RunFolder
from harness.settings import Settings, load_settings


@dataclass(frozen=True)
class Flown:
    """How it ended.

    Args:
        result: the object of `--json` (flows/summary.py), with wall_s and report.
        broken: our own fault that ended the flow, if one did.
    """

    verdict: Verdict
    result: Mapping[str, object]
    broken: HarnessError | None


def settings_of(typed: Mapping[str, Any]) -> tuple[Settings, dict[str, str]]:
    """The settings of this folder, this environment and these options, and where each value came from."""
    environ = {key: value for key, value in os.environ.items() if key.startswith("REDEYE_")}
    return load_settings(Path("pyproject.toml"), environ, typed)


def fly(
    settings: Settings, origins: Mapping[str, str], *, began: float, report: bool, say: Callable[[str], None]
) -> Flown:
    """The airplane flow on a tablet of this machine.

    Args:
        began: monotonic s at which the command started; wall_s counts from there to the verdict.
        origins: where each setting came from, for the run folder.
    Raises:
        HarnessError: a wrong input, or something could not be started; the run, if begun, is sealed as NOT_RUN.
    """
    ask = BenchRequest.of(settings, Path(), dict(os.environ))
    title = ask.catalogue.sample(settings.sample)
    run = RunFolder.create(settings.runs, f"demo-{title.id}")
    ask = ask.logging_to(run.logs)
    run.event("settings", {"values": settings.model_dump(mode="json"), "origin": dict(origins)})
    say(f"run folder {run.path}")
    verdict: Verdict | None = None
    broken: HarnessError | None = None
    try:
        with Bench(ask, say) as bench:
            run.event("device", {"kind": bench.tablet.kind, "serial": bench.tablet.serial})
            sight = ask.sight_of(title)
            flow = Flow(bench.tablet, bench.app, bench.journal, bench.origin_address, title, run, ask.clock, sight)
            for name, took in bench.took.items():
                flow.measure(name, took, "s")
            try:
                airplane_playback(flow, say=say)
                bench.check_contract()
            except HarnessError as error:
                broken = error
                flow.note_broken(error)
            verdict = flow.verdict()
            wall_s = time.monotonic() - began
            bench.collect_logs(run)
    except HarnessError as error:
        if verdict is None:
            run.keep_logs()
            run.seal({"outcome": str(Outcome.NOT_RUN), "why": str(error)})
            raise
        run.event("not_closed", {"why": str(error)})
    run.keep_logs()
    result = {**summary(flow, verdict), "wall_s": round(wall_s, 2), "report": None}
    if report:
        say("building the report")
    try:
        built = build_report(run, flow.playbacks, verdict, result, ask.tools if report else None)
        result["report"] = str(built.html) if built.html else None
    finally:
        run.seal(result)
    return Flown(verdict, result, broken)
