"""`redeye tablet start`: a virtual tablet for any adb client, until Ctrl-C."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
import threading
from pathlib import Path
from typing import Annotated

import typer

from harness.apps.cabin import cabin_documents, cabin_mounts
from harness.cli.fly import settings_of
from harness.core.clock import Deadline
from harness.core.errors import EnvironmentFault
from harness.delivery import Journal, Origin
from harness.lab.bench import cabin_app
from harness.lab.request import TABLET_FAULTS, BenchRequest
from harness.lab.virtual import VirtualTablet

app = typer.Typer(no_args_is_help=True, help="Virtual tablets.")


@app.callback()
def group() -> None:
    """Virtual tablets."""


@app.command()
def start(
    profile: Annotated[str | None, typer.Option(help="A device profile's id.")] = None,
    port: Annotated[int, typer.Option(help="TCP port for adb; 0 chooses one.", min=0, max=65535)] = 0,
    fault: Annotated[str | None, typer.Option(help=f"A fault, on purpose: {', '.join(TABLET_FAULTS)}.")] = None,
) -> None:
    """Start a virtual tablet with Cabin on it; prints its serial. Use it with `adb connect SERIAL`; Ctrl-C ends it."""
    typed = {"profile": profile, "kind": "virtual", "tablet_fault": fault}
    settings, _ = settings_of(typed)
    ask = BenchRequest.of(settings, Path(), dict(os.environ))
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    scratch = Path(tempfile.mkdtemp(prefix="redeye-tablet-"))
    documents = cabin_documents(ask.catalogue, ())
    try:
        mounts = cabin_mounts(ask.tools.packages, ask.media)
        with Origin(mounts, documents, Journal(None), port=ask.origin_port) as origin:
            tablet = VirtualTablet.start(
                ask.tools,
                state_dir=scratch / "tablet",
                log=scratch / "tablet.log",
                profile=ask.profile.virtual(),
                apps=[cabin_app(origin.port)],
                deadline=Deadline.after(30),
                port=port,
                fault=ask.tablet_fault,
            )
            try:
                typer.echo(tablet.serial)
                typer.echo(f"origin: {origin.url}  files: {scratch}  end: Ctrl-C", err=True)
                while not ended.wait(0.5):
                    if not tablet.running:
                        raise EnvironmentFault(f"the virtual tablet ended; its log is {scratch / 'tablet.log'}")
            finally:
                tablet.stop()
    finally:
        if ended.is_set():
            shutil.rmtree(scratch, ignore_errors=True)
