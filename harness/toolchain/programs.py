"""Programs of this machine: finding them on PATH, running them with a deadline, asking for versions once."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from harness.core.errors import ToolMissing

_VERSION = re.compile(r"\d+(?:\.\d+)+")
_ASK_TIMEOUT_S = 30.0
_SHOWN_LINES = 6


def on_path(name: str, env: Mapping[str, str]) -> Path | None:
    """The program that a shell with this environment would run; None when there is none."""
    found = shutil.which(name, path=env.get("PATH", ""))
    return Path(found) if found else None


def version_key(version: str) -> tuple[int, ...]:
    """The version as numbers that compare rightly: 22.9 < 22.12. Empty for text without a version."""
    found = _VERSION.search(version)
    return tuple(int(part) for part in found.group().split(".")) if found else ()


def last_lines(text: str, count: int = _SHOWN_LINES) -> str:
    """The last lines that say something, on one line."""
    said = [line.strip() for line in text.splitlines() if line.strip()]
    return " | ".join(said[-count:])


def run(
    tool: str,
    argv: Sequence[str | Path],
    *,
    env: Mapping[str, str],
    timeout_s: float,
    fix: str,
    cwd: Path | None = None,
    shorten: Callable[[str], str] | None = None,
) -> str:
    """What the command printed on stdout.

    Args:
        tool: named in the error, as is `fix`: what the user can do.
        shorten: makes one line of what it said on stderr; None or an empty line is the last lines.
    Raises:
        ToolMissing: it could not be run, ran too long or exited with an error; holds its last lines.
    """
    words = [os.fspath(word) for word in argv]
    try:
        done = subprocess.run(
            words,
            env=dict(env),
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout_s,
        )
    except subprocess.TimeoutExpired as problem:
        raise ToolMissing(tool, f"{words[0]} did not end within {timeout_s:.0f} s", fix) from problem
    except OSError as problem:
        raise ToolMissing(tool, f"{words[0]} could not be run: {problem.strerror}", fix) from problem
    if done.returncode != 0:
        said = (
            (shorten(done.stderr) if shorten else "")
            or last_lines(done.stderr)
            or last_lines(done.stdout)
            or "no message"
        )
        raise ToolMissing(tool, f"{Path(words[0]).name} exited {done.returncode}: {said}", fix)
    return done.stdout


class Versions:
    """Versions of programs, asked once and remembered in a stamp while the file stays the same."""

    def __init__(self, stamps: Path, env: Mapping[str, str]) -> None:
        self._stamps, self._env = stamps, env

    def of(self, tool: str, program: Path, flag: str = "--version", extra: Mapping[str, str] | None = None) -> str:
        """The version that `program` reports.

        Args:
            extra: added to the environment of the program.
        Raises:
            ToolMissing: it does not run, or prints no version.
        """
        fix = f"Repair or remove {program}"
        try:
            facts = program.stat()
        except OSError as problem:
            raise ToolMissing(tool, f"{program}: {problem.strerror}", fix) from problem
        stamp = self._stamps / f"{tool}-{hashlib.sha256(os.fsencode(program)).hexdigest()[:12]}.json"
        same = {"path": os.fspath(program), "size_bytes": facts.st_size, "mtime_ns": facts.st_mtime_ns}
        known = read_stamp(stamp)
        version = known.pop("version", None)
        if known == same and isinstance(version, str) and version:
            return version
        said = run(tool, [program, flag], env={**self._env, **(extra or {})}, timeout_s=_ASK_TIMEOUT_S, fix=fix)
        found: list[str] = _VERSION.findall(said)
        if not found:
            raise ToolMissing(tool, f"{program} {flag} printed no version: {last_lines(said)!r}", fix)
        version = found[1] if tool == "adb" and len(found) > 1 else found[0]  # adb: its protocol first, then its own
        write_stamp(stamp, {**same, "version": version})
        return version


def read_stamp(file: Path) -> dict[str, object]:
    """What the stamp says; empty when it is absent or cut off (then the work is done again)."""
    try:
        seen = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return seen if isinstance(seen, dict) else {}


def write_stamp(file: Path, facts: Mapping[str, object]) -> None:
    """Remember `facts`; whole or not at all. A folder that cannot be written costs time only."""
    part = file.with_name(f"{file.name}.{os.getpid()}.part")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(json.dumps(dict(facts)), "utf-8")
        part.replace(file)
    except OSError:
        return
