"""`redeye demo`: the airplane flow on one sample, a verdict, a report."""

from __future__ import annotations

import json
import os
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from harness.cli.start import bench_request, default_environ
from harness.core.errors import EnvironmentFault, ExitCode, HarnessError, UsageError
from harness.core.outcome import Outcome, Severity, Verdict
from harness.flows import Flow, airplane_playback
from harness.flows.flow import offline_summary
from harness.lab import Bench
from harness.report import build_report
from harness.runs import RunFolder
from harness.settings import load_settings

_EXIT = {
    Outcome.PASS: ExitCode.PASS,
    Outcome.FAIL: ExitCode.FAIL,
    Outcome.INCONCLUSIVE: ExitCode.INCONCLUSIVE,
    Outcome.NOT_RUN: ExitCode.INCONCLUSIVE,
}


def demo(
    fault: Annotated[
        str | None, typer.Option(help="A fault of the app: phantom_download, streams_anyway, drops_last_segments.")
    ] = None,
    tablet_fault: Annotated[
        str | None, typer.Option(help="A fault of the virtual tablet: airplane_lies, recorder_gaps.")
    ] = None,
    sample: Annotated[str | None, typer.Option(help="The title to play; `redeye samples check` lists them.")] = None,
    profile: Annotated[str | None, typer.Option(help="A device profile's id.")] = None,
    origin_port: Annotated[int | None, typer.Option(help="The origin's port; 0 chooses one.")] = None,
    report: Annotated[bool, typer.Option(help="Build the Allure report.")] = True,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Download a title on a virtual tablet, fly, play it, look at it, and say whether it really played."""
    began = time.monotonic()
    out, err = Console(), Console(stderr=True)

    def say(text: str) -> None:
        err.print(f"[dim]{time.monotonic() - began:6.1f} s[/dim]  {text}", highlight=False)

    settings, origin = load_settings(
        Path("pyproject.toml"),
        default_environ(os.environ),
        {
            "kind": "virtual",
            "fault": fault,
            "tablet_fault": tablet_fault,
            "sample": sample,
            "profile": profile,
            "origin_port": origin_port,
        },
    )
    ask = bench_request(settings)
    title = ask.catalogue.sample(settings.sample)
    run = RunFolder.create(settings.runs, f"demo-{title.id}")
    run.event("settings", {"values": settings.model_dump(mode="json"), "origin": origin})
    say(f"run folder {run.path}")
    flow: Flow | None = None
    broken: HarnessError | None = None
    identity: dict[str, str] = {"kind": "virtual", "sample": title.id, "serial": "", "model": ask.profile.model}
    try:
        with Bench(ask, say) as bench:
            identity["serial"] = bench.tablet.serial
            run.event("device", dict(identity))
            flow = Flow(bench.tablet, bench.app, bench.journal, bench.origin_address, title, run, ask.clock)
            for name, took in bench.took.items():
                flow.measure(name, took, "s")
            try:
                airplane_playback(flow, say=say)
                _contract(bench, flow)
            except HarnessError as error:
                if isinstance(error, UsageError):
                    raise
                broken = error
                flow.note_broken(error)
            verdict = flow.verdict()
            wall_s = time.monotonic() - began
            run.evidence("logcat.txt", bench.tablet.adb.exec_out("logcat -d", timeout_s=10), "log")
    except (EnvironmentFault, UsageError):
        run.seal({"outcome": str(Outcome.NOT_RUN)})
        raise
    except ExceptionGroup as group:
        raise EnvironmentFault("; ".join(str(error) for error in group.exceptions)) from group
    if flow is None:
        raise HarnessError("the flow did not start")
    for log in sorted(ask.logs.glob("*")):
        run.evidence(log.name, log, "log")
    result = summary(flow, verdict, identity, wall_s, run)
    if report:
        say("building the report")
    built = build_report(run, flow.playbacks, verdict, result, ask.tools if report else None)
    result["report"] = str(built.html) if built.html else None
    run.seal(result)
    if as_json:
        print(json.dumps(result, indent=2))
    else:
        show(out, result)
    if broken is not None:
        err.print(f"redeye: {broken}", highlight=False)
    sys.exit(_EXIT[verdict.outcome])


def _contract(bench: Bench, flow: Flow) -> None:
    """Commands and routes that the virtual tablet did not know fail the contract check."""
    unknown = bench.virtual.unknown() if bench.virtual else ()
    flow.checks.append("virtual_tablet_contract")
    if unknown:
        raise EnvironmentFault(
            f"the virtual tablet met {len(unknown)} unknown commands or routes, the first {unknown[0]}"
        )


def summary(flow: Flow, verdict: Verdict, identity: dict[str, str], wall_s: float, run: RunFolder) -> dict[str, object]:
    """The one object of `--json`."""
    value = {m.name: m.value for m in verdict.measurements}
    starts = sum(v for name, v in value.items() if name.startswith("app_start"))
    floor = value.get("download_transfer", 0.0) + starts + value.get("observed_playback", 0.0)
    return {
        "outcome": str(verdict.outcome),
        **identity,
        "cause": asdict(verdict.cause) if verdict.cause else None,
        "findings": [asdict(finding) for finding in verdict.findings],
        "witnesses": offline_summary(flow.proofs),
        "checks": list(verdict.checks),
        "measurements": [asdict(m) for m in verdict.measurements],
        "wall_s": round(wall_s, 2),
        "floor_s": round(floor, 2),
        "run_dir": str(run.path),
        "report": None,
    }


def show(out: Console, result: dict[str, object]) -> None:
    """The verdict for people."""
    values = {m["name"]: m for m in result["measurements"]}  # type: ignore[attr-defined]
    colour = {"PASS": "green", "FAIL": "red"}.get(str(result["outcome"]), "yellow")
    out.print(
        f"[bold {colour}]{result['outcome']}[/]  {result['sample']} on a [bold]{result['kind']}[/] tablet "
        f"({result['model']}, {result['serial']})",
        highlight=False,
    )
    for finding in result["findings"]:  # type: ignore[attr-defined]
        mark = {Severity.FAIL: "✗", Severity.BLIND: "?", Severity.NOTE: "·"}[finding["severity"]]
        out.print(f"  {mark} {finding['kind']} \\[{finding['layer']}] {finding['message']}", highlight=False)
    witnesses = ", ".join(f"{name} {says}" for name, says in result["witnesses"].items())  # type: ignore[attr-defined]
    out.print(f"  offline witnesses: {witnesses or 'none'}", highlight=False)
    for name in (
        "frames_seen",
        "frames_expected",
        "marker_read_share",
        "observed_playback",
        "startup_delay",
        "longest_hold",
    ):
        if name in values:
            out.print(f"  {name.replace('_', ' ')}: {values[name]['value']:g} {values[name]['unit']}", highlight=False)
    out.print(f"  wall {result['wall_s']} s, floor {result['floor_s']} s", highlight=False)
    out.print(f"  run folder: {result['run_dir']}", highlight=False, soft_wrap=True)
    out.print(f"  report: {result['report'] or 'not built'}", highlight=False, soft_wrap=True)
