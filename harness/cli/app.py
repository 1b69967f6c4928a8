"""The command `redeye`: which commands there are, and what every error becomes (exit code, one line on stderr).

A command is a file harness/cli/<name>.py with a function, or a typer.Typer for a group, and one line in COMMANDS.
Only the file of the command that was asked for is imported, so `redeye setup` starts without the rest.
"""

from __future__ import annotations

import importlib
import os
import sys
import tempfile
import traceback
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import typer

import harness
from harness.core.errors import ExitCode, HarnessError


@dataclass(frozen=True)
class Command:
    """Where a command lives: `module` has the function or typer.Typer called `name`; `settings` go to typer."""

    module: str
    name: str
    settings: dict[str, Any] = field(default_factory=dict)


_PASS_ON = {"context_settings": {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}}

COMMANDS: dict[str, Command] = {
    "setup": Command("harness.cli.setup", "setup"),
    "demo": Command("harness.cli.demo", "demo"),
    "bench": Command("harness.cli.bench", "bench"),
    "verify": Command("harness.cli.verify", "verify_command"),
    "run": Command("harness.cli.run", "run", _PASS_ON),
    "samples": Command("harness.cli.samples", "app"),
    "tablet": Command("harness.cli.tablet", "app"),
}


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"redeye {harness.__version__}")
        raise typer.Exit


def _options(
    version: bool = typer.Option(
        False, "--version", callback=_version, is_eager=True, help="Print the version and exit."
    ),
) -> None:
    """Prove that a streaming app's offline downloads really play on Android tablets."""


def build(names: Iterable[str] = COMMANDS) -> typer.Typer:
    """The app with these commands."""
    app = typer.Typer(name="redeye", no_args_is_help=True, pretty_exceptions_enable=False, add_completion=False)
    app.callback()(_options)
    for name in names:
        command = COMMANDS[name]
        what = getattr(importlib.import_module(command.module), command.name)
        if isinstance(what, typer.Typer):
            app.add_typer(what, name=name, **command.settings)
        else:
            app.command(name, **command.settings)(what)
    return app


def _record(problem: BaseException) -> str:
    """Where the traceback was written."""
    text = "".join(traceback.format_exception(problem))
    try:
        number, name = tempfile.mkstemp(prefix="redeye-error-", suffix=".txt")
        with os.fdopen(number, "w", encoding="utf-8") as file:
            file.write(text)
    except OSError:
        sys.stderr.write(text)
        return "traceback above"
    return f"traceback in {name}"


def _say(line: str) -> None:
    sys.stderr.write(f"redeye: {' '.join(line.split())}\n")


def _failed(problem: BaseException) -> ExitCode:
    """One line on stderr; what to exit with."""
    if isinstance(problem, KeyboardInterrupt):
        _say("interrupted")
        return ExitCode.INTERRUPTED
    code = getattr(problem, "exit_code", ExitCode.INTERNAL)
    if isinstance(problem, HarnessError):
        _say(str(problem))
        return code if isinstance(code, ExitCode) else ExitCode.INTERNAL
    if isinstance(problem, AssertionError) and isinstance(code, ExitCode) and code is not ExitCode.INTERNAL:
        _say(str(problem))  # PlaybackFailure: the tablet did wrong
        return code
    usage = _usage(problem)
    if usage is not None:
        sys.stderr.write(f"{usage}\n")
        return ExitCode.USAGE
    _say(f"internal error, {type(problem).__name__}: {problem} ({_record(problem)})")
    return ExitCode.INTERNAL


def _usage(problem: BaseException) -> str | None:
    """What the command line's own parser has to say; None for any other problem.

    typer keeps a click of its own, so its exceptions are known by what they can do.
    """
    if not callable(getattr(problem, "format_message", None)):
        return None
    message = str(problem.format_message())  # type: ignore[attr-defined]
    if type(problem).__name__ == "NoArgsIsHelpError":
        return message
    context = getattr(problem, "ctx", None)
    command = getattr(context, "command_path", "redeye")
    return f"redeye: {' '.join(message.split()).rstrip('.')}; see `{command} --help`"


def main(arguments: list[str] | None = None) -> None:
    """Run `redeye` and exit: with the command's code, or the error's."""
    words = sys.argv[1:] if arguments is None else arguments
    asked = words[:1] if words and words[0] in COMMANDS else COMMANDS
    try:
        code = build(() if words == ["--version"] else asked)(args=words, prog_name="redeye", standalone_mode=False)
        sys.exit(code if isinstance(code, int) else ExitCode.PASS)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the reader left, as `| head` does
        sys.exit(ExitCode.PASS)
    except (Exception, KeyboardInterrupt) as problem:
        sys.exit(_failed(problem))


def home_of(environ: dict[str, str]) -> Path | None:
    """REDEYE_HOME, where it is set."""
    said = environ.get("REDEYE_HOME", "")
    return Path(said) if said else None
