"""`redeye demo`: the airplane flow on one sample, a verdict, a report."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping
from typing import Annotated, Any

import typer
from rich.console import Console

from harness.apps.cabin.adapter import CABIN_FAULTS
from harness.cli.fly import fly, settings_of
from harness.core.errors import ExitCode
from harness.core.outcome import Outcome, Severity
from harness.lab.request import TABLET_FAULTS

_EXIT = {
    Outcome.PASS: ExitCode.PASS,
    Outcome.FAIL: ExitCode.FAIL,
    Outcome.INCONCLUSIVE: ExitCode.INCONCLUSIVE,
    Outcome.NOT_RUN: ExitCode.INCONCLUSIVE,
}
_SHOWN = ("frames_seen", "frames_expected", "marker_read_share", "observed_playback", "startup_delay", "longest_hold")


def demo(
    fault: Annotated[
        str | None, typer.Option(help=f"A fault of the app, on purpose: {', '.join(CABIN_FAULTS)}.")
    ] = None,
    tablet_fault: Annotated[
        str | None, typer.Option(help=f"A fault of the virtual tablet, on purpose: {', '.join(TABLET_FAULTS)}.")
    ] = None,
    sample: Annotated[str | None, typer.Option(help="The title to play; `redeye samples check` lists them.")] = None,
    profile: Annotated[str | None, typer.Option(help="A device profile's id.")] = None,
    origin_port: Annotated[int | None, typer.Option(help="The origin's port; 0 chooses one.", min=0, max=65535)] = None,
    report: Annotated[bool, typer.Option(help="Build the Allure report.")] = True,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Download a title on a virtual tablet, fly, play it, look at it, and say whether it really played.

    Exit: 0 PASS, 1 FAIL, 2 wrong input, 3 something on this machine, 6 INCONCLUSIVE.
    """
    began = time.monotonic()
    out, err = Console(), Console(stderr=True)

    def say(text: str) -> None:
        err.print(f"[dim]{time.monotonic() - began:6.1f} s[/dim]  {text}", highlight=False, soft_wrap=True)

    settings, origins = settings_of(
        {
            "kind": "virtual",
            "fault": fault,
            "tablet_fault": tablet_fault,
            "sample": sample,
            "profile": profile,
            "origin_port": origin_port,
        }
    )
    flown = fly(settings, origins, began=began, report=report, say=say)
    if as_json:
        print(json.dumps(flown.result, indent=2))
    else:
        show(out, flown.result)
    if flown.broken is not None:
        cause = flown.verdict.cause
        err.print(f"redeye: {cause.message if cause else flown.broken}", highlight=False, markup=False, soft_wrap=True)
    sys.exit(_EXIT[flown.verdict.outcome])


def show(out: Console, result: Mapping[str, Any]) -> None:
    """The verdict for people."""

    def line(text: str) -> None:
        out.print(f"  {text}", highlight=False, soft_wrap=True)

    values = {m["name"]: m for m in result["measurements"]}
    colour = {"PASS": "green", "FAIL": "red"}.get(str(result["outcome"]), "yellow")
    out.print(
        f"[bold {colour}]{result['outcome']}[/]  {result['sample']} on a [bold]{result['kind']}[/] tablet "
        f"({result['model']}, {result['serial']})",
        highlight=False,
        soft_wrap=True,
    )
    for finding in result["findings"]:
        mark = {Severity.FAIL: "✗", Severity.BLIND: "?", Severity.NOTE: "·"}[finding["severity"]]
        line(f"{mark} {finding['kind']} \\[{finding['layer']}] {finding['message'].replace('[', chr(92) + '[')}")
    witnesses = ", ".join(f"{name} {says}" for name, says in result["witnesses"].items())
    line(f"offline witnesses: {witnesses or 'none'}")
    for name in _SHOWN:
        if name in values:
            line(f"{name.replace('_', ' ')}: {values[name]['value']:g} {values[name]['unit']}")
    line(f"wall {result['wall_s']} s, floor {result['floor_s']} s")
    line(f"run folder: {result['run_dir']}")
    line(f"report: {result['report'] or 'not built'}")
