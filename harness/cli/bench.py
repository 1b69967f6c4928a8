"""`redeye bench`: what Redeye adds to what downloading, starting and playing need by themselves."""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from harness.cli.bench_eye import bench_eye
from harness.cli.fly import Flown, fly, settings_of
from harness.core.errors import InconclusiveError, PlaybackFailure
from harness.core.outcome import Outcome
from harness.lab import Bench, BenchRequest

PUSHED_BYTES = 32_000_000


@dataclass(frozen=True)
class Figure:
    """One figure. `what` says how it was measured and what it is compared with."""

    name: str
    value: float
    unit: str
    what: str


def bench(
    flights: Annotated[int, typer.Option(help="How many airplane flows.", min=1)] = 5,
    sample: Annotated[str | None, typer.Option(help="The title to play.")] = None,
    peers: Annotated[
        Path | None, typer.Option(help="A Python with zxing-cpp, stbt_core and imageio-ffmpeg, to compare with.")
    ] = None,
    out: Annotated[Path, typer.Option(help="Where the figures go as JSON.")] = Path("bench.json"),
    as_json: Annotated[bool, typer.Option("--json", help="Print that JSON instead of lines.")] = False,
) -> None:
    """Fly several times and print the medians, one `name: value unit` a line; also as bench.json.

    Every speed is a ratio to a floor of the same run, because machines differ. Exit 1 or 6 when a flight does not PASS.
    """
    err = Console(stderr=True)
    load = os.getloadavg()[0]
    settings, origins = settings_of({"kind": "virtual", "sample": sample})
    flown: list[Flown] = []
    for number in range(flights):
        began = time.monotonic()
        err.print(f"[dim]flight {number + 1} of {flights}[/dim]", highlight=False)
        flown.append(fly(settings, origins, began=began, report=False, say=lambda text: None))
        verdict = flown[-1].verdict
        if verdict.outcome is not Outcome.PASS:
            kind = PlaybackFailure if verdict.outcome is Outcome.FAIL else InconclusiveError
            why = verdict.cause.message if verdict.cause else "nothing was checked"
            raise kind(f"flight {number + 1}: {verdict.outcome}: {why}; {flown[-1].result['run_dir']}")
    figures = _of_flights(flown)
    err.print("[dim]pushing and pulling[/dim]", highlight=False)
    with tempfile.TemporaryDirectory(prefix="redeye-bench-") as folder:
        figures += _transfers(BenchRequest.of(settings, Path(folder) / "logs", dict(os.environ)), Path(folder))
    err.print("[dim]looking, beside other tools[/dim]", highlight=False)
    with tempfile.TemporaryDirectory(prefix="redeye-bench-") as folder:
        ask = BenchRequest.of(settings, Path(folder), dict(os.environ))

        def told(name: str, value: float, unit: str, what: str) -> None:
            figures.append(Figure(name, value, unit, what))

        bench_eye(settings.samples, ask.catalogue, Path(folder), peers, told)
    value = {"machine": _machine(load), "flights": flights, "figures": [asdict(figure) for figure in figures]}
    out.write_text(json.dumps(value, indent=2) + "\n", "utf-8")
    if as_json:
        print(json.dumps(value, indent=2))
        return
    for figure in figures:
        print(f"{figure.name}: {figure.value:.4g} {figure.unit}")
    err.print(f"[dim]{_machine(load)}; also in {out}[/dim]", highlight=False, soft_wrap=True)


def _of_flights(flown: Sequence[Flown]) -> list[Figure]:
    values = [{m.name: m.value for m in one.verdict.measurements} for one in flown]
    walls: list[Any] = [one.result["wall_s"] for one in flown]
    floors: list[Any] = [one.result["floor_s"] for one in flown]

    def median(pick: Callable[[dict[str, float]], float]) -> float:
        return statistics.median(pick(each) for each in values)

    overhead = statistics.median((wall - floor) / floor for wall, floor in zip(walls, floors, strict=True))
    starts = [v for each in values for name, v in each.items() if name.startswith("app_start_")]
    said = f"median of {len(flown)} flights"
    return [
        Figure("session_start", median(lambda v: v["session_start"]), "s", f"Appium session, {said}"),
        Figure("app_cold_start", statistics.median(starts), "s", "force-stopped to usable, median of all starts"),
        Figure("wall", statistics.median(walls), "s", f"command's start to verdict, {said}"),
        Figure("floor", statistics.median(floors), "s", f"transfer + app starts + observed playback, {said}"),
        Figure("overhead", overhead, "ratio", f"(wall - floor) / floor, {said}"),
        Figure("observed_playback", median(lambda v: v["observed_playback"]), "s", said),
        Figure(
            "marker_read_share",
            min(each["marker_read_share"] for each in values),
            "%",
            "recorded frames of the playing title whose marker was read, worst flight",
        ),
    ]


def _transfers(request: BenchRequest, folder: Path) -> list[Figure]:
    """Our push and pull against stock adb's, on the same tablet in turn."""
    local, back = folder / "payload.bin", folder / "back.bin"
    local.write_bytes(os.urandom(PUSHED_BYTES))
    with Bench(request) as opened:
        adb, port, serial = opened.tablet.adb, opened.adb_server_port, opened.tablet.serial
        remote = "/sdcard/Download/payload.bin"

        def stock(*words: str) -> None:
            command = [str(request.tools.adb), "-P", str(port), "-s", serial, *words]
            subprocess.run(command, check=True, capture_output=True, timeout=60)

        push = _ratio(lambda: adb.push(local, remote), lambda: stock("push", str(local), remote))
        pull = _ratio(lambda: adb.pull(remote, back), lambda: stock("pull", remote, str(back)))
    return [
        Figure("push", push, "ratio", "time of AdbDevice.push to `adb push`, 32 MB, medians of 3 in turn"),
        Figure("pull", pull, "ratio", "time of AdbDevice.pull to `adb pull`, 32 MB, medians of 3 in turn"),
    ]


def _ratio(ours: Callable[[], object], floor: Callable[[], object], rounds: int = 3) -> float:
    taken: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds):
        for times, work in zip(taken, (ours, floor), strict=True):
            began = time.perf_counter()
            work()
            times.append(time.perf_counter() - began)
    return statistics.median(taken[0]) / statistics.median(taken[1])


def _machine(load: float) -> str:
    """The machine, as a reader of the figures needs it."""
    model = platform.processor() or platform.machine()
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
        model = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), model)
    except OSError:
        pass  # not Linux
    system = f"{platform.system()} {platform.release().split('-')[0]}"
    return f"{os.cpu_count()} x {model}, {system}, Python {platform.python_version()}, load before {load:.1f}"
