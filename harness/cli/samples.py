"""`redeye samples`: check the media samples against their catalogue, make them anew, or mark a video of one's own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from harness.core.errors import ExitCode
from harness.media import catalogue, marking, studio
from harness.settings import data_folder

app = typer.Typer(help="The media samples that flows download and play.", no_args_is_help=True)


@app.command()
def check(
    folder: Annotated[Path | None, typer.Option(help="The samples folder; default: the one that comes along.")] = None,
) -> None:
    """List the samples, and compare every file with the size and sha256 in the catalogue. Exit 1 when one differs."""
    chosen = folder or data_folder("media_samples")
    known = catalogue.load(chosen)
    problems = catalogue.check(chosen)
    for problem in problems:
        typer.echo(f"{chosen / problem.path}: {problem.problem}")
    if problems:
        raise typer.Exit(ExitCode.FAIL)
    for sample in known.samples:
        typer.echo(f"{sample.id}: {sample.summary}")
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


@app.command()
def mark(
    source: Annotated[Path, typer.Argument(metavar="IN", help="Any video; its sound is copied.")],
    target: Annotated[Path, typer.Argument(metavar="OUT", help="Where to; .mp4, .m4v, .mov or .mkv.")],
    content_id: Annotated[int, typer.Option(help="Which rendition this is, 0 to 255; 1 to 4 are the samples'.")],
    first_id: Annotated[int, typer.Option(help="Frame id of the first frame.")] = 0,
    force: Annotated[bool, typer.Option(help="Overwrite OUT.")] = False,
) -> None:
    """Burn the marker into every frame of a video (H.264, same size and timestamps), so that playback can be judged."""
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as bars:
        task = bars.add_task(f"marking {source.name}", total=1.0)
        made = marking.mark(
            source,
            target,
            content_id=content_id,
            first_id=first_id,
            force=force,
            progress=lambda share: bars.update(task, completed=share),
        )
    lost = f"; {made.undecodable} packets of {source} could not be decoded" if made.undecodable else ""
    width, height = made.size
    frames = f"frames {made.first_id} to {made.last_id} of content {content_id}"
    typer.echo(f"wrote {made.path}: {frames}, {width}x{height}{lost}")
