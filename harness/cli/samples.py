"""`redeye samples`: check the media samples against their catalogue, or make them anew."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from harness.core.errors import ExitCode
from harness.media import catalogue, studio
from harness.settings import data_folder

app = typer.Typer(help="The media samples that flows download and play.", no_args_is_help=True)


@app.command()
def check(
    folder: Annotated[Path | None, typer.Option(help="The samples folder; default: the one that comes along.")] = None,
) -> None:
    """Compare every file of every sample with the size and sha256 in the catalogue. Exit 1 when one differs."""
    chosen = folder or data_folder("media_samples")
    known = catalogue.load(chosen)
    problems = catalogue.check(chosen)
    for problem in problems:
        typer.echo(f"{chosen / problem.path}: {problem.problem}")
    if problems:
        raise typer.Exit(ExitCode.FAIL)
    count = sum(len(sample.objects) for sample in known.samples)
    size = sum(item.size_bytes for sample in known.samples for item in sample.objects)
    typer.echo(f"{len(known.samples)} samples, {count} files, {size / 1e6:.1f} MB: all as the catalogue says")


@app.command()
def build(
    out: Annotated[Path | None, typer.Option(help="Where to; default: the folder that `check` looks at.")] = None,
    only: Annotated[list[str] | None, typer.Option(help="A sample's id; may be repeated. Default: all.")] = None,
) -> None:
    """Paint, score, encode and package the samples, and write their catalogue (about a minute)."""
    chosen = out or data_folder("media_samples")
    columns = (TextColumn("{task.description:14}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as bars:
        tasks: dict[str, TaskID] = {}

        def progress(sample: str, share: float) -> None:
            if sample not in tasks:
                tasks[sample] = bars.add_task(sample, total=1.0)
            bars.update(tasks[sample], completed=share)

        path = studio.build(chosen, progress, tuple(only or ()))
    typer.echo(f"wrote {path}")
