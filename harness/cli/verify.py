"""`redeye verify`: did the title in this recording really play?"""

from __future__ import annotations

import io
import json
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict, fields, replace
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

import typer
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from harness.cli.playback_file import known_playback
from harness.core.errors import ExitCode, UsageError
from harness.core.outcome import Outcome, Severity
from harness.media.catalogue import load
from harness.playback import Action, Expectation
from harness.playback.audio import TitleSound
from harness.playback.verify import (
    LEAST_RATE,
    MOST_RATE,
    Titles,
    Verification,
    expect,
    number_of,
    picture_times,
    verify,
)
from harness.report.verification import plot_verification, write_verification
from harness.settings import data_folder

_EXIT = {Outcome.PASS: ExitCode.PASS, Outcome.FAIL: ExitCode.FAIL}
_ACTION = re.compile(
    r"(?P<kind>[a-z]+)(?::(?:(?P<start>[0-9.]+)>)?(?P<target>[0-9.]+))?@(?P<at>[0-9.]+)(?:~(?P<off>[0-9.]+))?"
)
_SHOWN = ("frames_seen", "frames_expected", "marker_read_share", "capture_rate", "startup_delay", "audio_offset")
MOST_S = 10**8  # three years; longer is a slip
_Kind = Literal["play", "seek", "pause", "resume", "speed", "stop"]


def verify_command(
    file: Annotated[Path, typer.Argument(help="A recording (mp4, mkv, webm, h264), or a folder of screenshots.")],
    sample: Annotated[str | None, typer.Option(help="The title it should show; else known by its markers.")] = None,
    samples: Annotated[Path | None, typer.Option(help="The samples folder; default: the one that comes along.")] = None,
    content_id: Annotated[int | None, typer.Option(help="For your own marked title, with --fps and --frames.")] = None,
    fps: Annotated[str | None, typer.Option(help="Its frames per second, such as 25 or 30000/1001.")] = None,
    frames: Annotated[int | None, typer.Option(help="How many frames it has.")] = None,
    action: Annotated[
        list[str] | None,
        typer.Option(help="What was done: play@2, seek:5>20@8.5, pause@3, resume@5, speed:1.5@9, stop@30; repeatable."),
    ] = None,
    to_end: Annotated[bool, typer.Option(help="The title was meant to be played to its last frame.")] = False,
    sound: Annotated[TitleSound, typer.Option(help="What is known of the title's sound.")] = TitleSound.CODED,
    times: Annotated[
        Path | None, typer.Option(help="A text file with each picture's time in s, for a raw stream.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="A folder for pictures, evidence frames and verdict.json.")] = None,
    plot: Annotated[Path | None, typer.Option(help="Where to draw the timeline as PNG.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Judge a recording: instrument first, then picture, time line and sound, with what could have been missed.

    Exit: 0 PASS, 1 FAIL, 2 wrong input, 6 INCONCLUSIVE.
    """
    folder = samples or data_folder("media_samples")
    titles = Titles.load(folder, load(folder))
    actions = tuple(parse_action(text) for text in action or ())
    wanted, title = _wanted(titles, sample, content_id, fps, frames)
    if wanted is not None:
        wanted = replace(wanted, actions=actions, to_end=to_end)
    elif not actions and (known := known_playback(file, titles)) is not None:
        wanted, title = known
    done = _read(
        lambda progress: verify(
            file,
            wanted,
            title=title,
            titles=titles,
            actions=actions,
            sound=sound,
            times=picture_times(times) if times else (),
            progress=progress,
        )
    )
    result = as_result(done, file)
    if out is not None:
        write_verification(done, file, result, out)
    if plot is not None:
        plot_verification(done, file, plot)
    if as_json:
        print(json.dumps(result, indent=2))
    else:
        if isinstance(sys.stdout, io.TextIOWrapper):  # a terminal without ✗ must not turn a verdict into an error
            sys.stdout.reconfigure(errors="backslashreplace")
        show(Console(), result)
    sys.exit(_EXIT.get(done.verdict.outcome, ExitCode.INCONCLUSIVE))


def parse_action(text: str) -> Action:
    """The action that KIND[:[FROM>]TO]@T[~UNCERTAINTY] says.

    Raises:
        UsageError: it says none.
    """
    match, shown = _ACTION.fullmatch(text.strip()), text[:60]
    if match is None or match["kind"] not in get_args(_Kind):
        raise UsageError(f"--action {shown!r}: expected such as play@2 or seek:5>20@8.5 (5 s to 20 s, asked at 8.5 s)")
    kind: _Kind = next(k for k in get_args(_Kind) if k == match["kind"])
    if (kind in ("seek", "speed")) != (match["target"] is not None):
        raise UsageError(f"--action {shown!r}: {kind} {'needs' if kind in ('seek', 'speed') else 'takes no'} value")
    said = {name: match[name] for name in ("start", "target", "at", "off") if match[name] is not None}
    numbers = {name: number for name, word in said.items() if (number := number_of(word, MOST_S)) is not None}
    if len(numbers) < len(said):
        raise UsageError(f"--action {shown!r}: a number in it is none, or above {MOST_S}")
    if kind == "speed" and not numbers["target"]:
        raise UsageError(f"--action {shown!r}: a speed is above 0; pause@T says that it stood")
    return Action(kind, float(numbers["at"]), numbers.get("target"), float(numbers.get("off", Fraction(1, 10))))


def _wanted(
    titles: Titles, sample: str | None, content_id: int | None, fps: str | None, frames: int | None
) -> tuple[Expectation | None, str]:
    own = (content_id, fps, frames)
    if sample is not None:
        if own != (None, None, None):
            raise UsageError("--sample says content id, fps and frames already; give one or the other")
        return expect(titles.catalogue.sample(sample)), sample
    if own == (None, None, None):
        return None, ""
    if content_id is None or fps is None or frames is None:
        raise UsageError("your own title needs all of --content-id, --fps and --frames")
    rate = number_of(fps)
    if rate is None:
        raise UsageError(f"--fps {fps[:40]!r}: expected a number or a fraction such as 30000/1001")
    if not (0 <= content_id <= 255 and LEAST_RATE <= rate <= MOST_RATE and 0 < frames < 1 << 24):
        raise UsageError("--content-id is 0 to 255, --fps 1 to 1000, --frames 1 to 16777215")
    return Expectation({content_id: f"content {content_id}"}, rate, frames), f"content {content_id}"


def _read(work: Callable[[Callable[[float], None]], Verification]) -> Verification:
    """Run with a line of progress on stderr."""
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task("reading")
        return work(lambda at_s: bars.update(task, description=f"reading, at {at_s:.0f} s"))


def as_result(done: Verification, file: Path) -> dict[str, Any]:
    """The object of `--json`."""
    verdict, read = done.verdict, done.read
    limits = done.expectation.limits
    power = None if done.power is None else {**_plain(asdict(done.power)), "says": str(done.power)}
    span_s = float(read.observations.pts[-1] - read.observations.pts[0]) if read and len(read.observations) else 0.0
    return {
        "outcome": str(verdict.outcome),
        "file": str(file),
        "title": done.title,
        "cause": asdict(verdict.cause) if verdict.cause else None,
        "findings": [asdict(finding) for finding in verdict.findings],
        "instrument": {
            "pictures": len(read.observations) if read else None,
            "size": list(read.size) if read else None,
            "undecodable": read.undecodable if read else None,
            "untimed": read.untimed if read else None,
            "backwards": read.observations.backwards_count if read else None,
            "cut_short": read.cut_short if read else None,
        },
        "power": power,
        "measurements": [asdict(m) for m in verdict.measurements],
        "checks": list(verdict.checks),
        "limits": {field.name: getattr(limits, field.name) for field in fields(limits)},
        "timing": {"media_s": round(span_s, 3), "read_s": round(done.read_s, 3), "judged_s": round(done.judged_s, 3)},
    }


def _plain(value: Mapping[str, Any]) -> dict[str, Any]:
    return {k: {str(a): b for a, b in v.items()} if isinstance(v, dict) else v for k, v in value.items()}


def show(out: Console, result: Mapping[str, Any]) -> None:
    """The verdict for people."""

    def line(text: str, style: str = "") -> None:
        out.print(text, style=style, highlight=False, markup=False, soft_wrap=True)

    colour = {"PASS": "bold green", "FAIL": "bold red"}.get(str(result["outcome"]), "bold yellow")
    line(f"{result['outcome']}  {result['file']}  against {result['title'] or 'itself'}", colour)
    for finding in result["findings"]:
        line("  " + _finding(finding))
    for name in _SHOWN:
        for m in result["measurements"]:
            if m["name"] == name:
                line(f"  {name.replace('_', ' ')}: {m['value']:.4g} {m['unit']}")
    if result["power"]:
        line(f"  power: {result['power']['says']}")


def _finding(finding: Mapping[str, Any]) -> str:
    mark = {Severity.FAIL: "✗", Severity.BLIND: "?", Severity.NOTE: "·"}[finding["severity"]]
    at = f" at {finding['start_s']:.2f} s" if finding["start_s"] is not None else ""
    return f"{mark} {finding['kind']} [{finding['layer']}]{at}: {finding['message']}"
