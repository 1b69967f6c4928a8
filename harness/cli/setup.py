"""`redeye setup`: find the tools, install what is missing, without root."""

from __future__ import annotations

import json
import os
from typing import Annotated

import typer
from rich.console import Console

from harness.cli.app import home_of
from harness.toolchain import default_home
from harness.toolchain import setup as setup_tools


def setup(as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False) -> None:
    """Find Node, the npm packages, Chromium and adb; install what is missing into REDEYE_HOME. Harmless twice."""
    environ = dict(os.environ)
    errors = Console(stderr=True, highlight=False)

    def progress(tool: str, what: str) -> None:
        errors.print(f"[dim]{tool}: {what}[/dim]")

    tools = setup_tools(home_of(environ) or default_home(), environ, progress).tools
    if as_json:
        rows = [{"name": t.name, "version": t.version, "path": str(t.path), "source": t.source.value} for t in tools]
        typer.echo(json.dumps({"tools": rows}, indent=2))
        return
    width = max(len(tool.name) for tool in tools)
    out = Console(highlight=False, soft_wrap=True)
    for tool in tools:
        name, version, source = tool.name.ljust(width), tool.version.ljust(14), tool.source.value.ljust(9)
        out.print(f"[green]✓[/green] [bold]{name}[/bold]  {version}  {source}  [dim]{tool.path}[/dim]")
