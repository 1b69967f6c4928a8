"""The npm packages, exactly those of npm/package-lock.json, in a folder named after that file's hash."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping
from pathlib import Path

from harness.core.errors import ToolMissing
from harness.toolchain.model import Progress, Source, Tool
from harness.toolchain.places import filled
from harness.toolchain.programs import read_stamp, run, write_stamp

_PINS = Path(__file__).with_name("npm")
_STAMP = "redeye.json"
_TIMEOUT_S = 1200.0
_QUICK = ["--fetch-retries=2", "--fetch-retry-mintimeout=1000", "--fetch-retry-maxtimeout=5000"]


def reason(said: str) -> str:
    """Why npm failed, on one line, out of the dozens that it prints."""
    lines = [line.removeprefix("npm error").strip() for line in said.splitlines() if line.startswith("npm error")]
    codes = [line for line in lines if line.startswith("code ")][:1]
    causes = [line for line in lines if "reason:" in line or "Invalid" in line or "integrity" in line]
    others = [
        line for line in lines if line and line not in codes and not line.startswith(("errno", "syscall", "A comp"))
    ]
    return ": ".join(codes + (causes or others)[:1])


def folder_of(home: Path, pins: Path = _PINS) -> Path:
    """Where the locked packages are, or would be."""
    return home / f"npm-{hashlib.sha256((pins / 'package-lock.json').read_bytes()).hexdigest()[:12]}"


def _rows(folder: Path, pins: Path) -> tuple[Tool, ...] | None:
    """One row for each package that we asked for; None when the folder is not whole."""
    if not read_stamp(folder / _STAMP):
        return None
    rows = []
    for name in json.loads((pins / "package.json").read_text("utf-8"))["dependencies"]:
        place = folder / "node_modules" / name
        version = read_stamp(place / "package.json").get("version")
        if not isinstance(version, str):
            return None
        rows.append(Tool(name, version, place, Source.INSTALLED))
    return tuple(rows)


def ready(
    home: Path, env: Mapping[str, str], node: Path, npm: Path, progress: Progress, install: bool, pins: Path = _PINS
) -> tuple[Path, tuple[Tool, ...]]:
    """The folder that holds node_modules, and a row for each package.

    Args:
        pins: the folder with package.json and package-lock.json.
    Raises:
        ToolMissing: they are not there and could not be installed; holds npm's last lines.
    """
    folder = folder_of(home, pins)
    rows = _rows(folder, pins)
    if rows is None and not install:
        raise ToolMissing("npm packages", f"{folder} is not there or not whole", "Run `redeye setup`")
    if rows is None:
        progress("npm packages", "installing (about 350 MB on disk)")
        with filled(folder) as new:
            for name in ("package.json", "package-lock.json"):
                shutil.copyfile(pins / name, new / name)
            argv: list[str | Path] = [node, npm]
            argv += ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--omit=dev", "--loglevel=error"]
            path = f"{node.parent}:{env.get('PATH', '')}"
            fix = "Check that npm can reach its registry (`npm ping`), then run `redeye setup` again"
            told = {**env, "PATH": path, "npm_config_update_notifier": "false"}
            run("npm packages", [*argv, *_QUICK], env=told, cwd=new, timeout_s=_TIMEOUT_S, fix=fix, shorten=reason)
            write_stamp(new / _STAMP, {"whole": True})
        rows = _rows(folder, pins)
    if rows is None:
        raise ToolMissing("npm packages", f"npm ended well but {folder} is not whole", "Remove it and try again")
    return folder, rows
