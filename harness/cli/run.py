"""`redeye run`: pytest plus the report. Everything after it goes to pytest as it is."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import typer

from harness.report.html import build_html
from harness.toolchain import default_home, find


def run(context: typer.Context) -> None:
    """Run pytest with these arguments, then build the Allure report. Exits with pytest's code."""
    results, out = Path("allure-results"), Path("allure-report")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "--alluredir", str(results), "--clean-alluredir", *context.args]
    ).returncode
    if results.is_dir() and any(results.glob("*-result.json")):
        home = os.environ.get("REDEYE_HOME")
        tools = find(Path(home) if home else default_home(), dict(os.environ))
        html = build_html(results, out, tools.node, tools.packages)
        typer.echo(f"report: {html}")
    sys.exit(done)
