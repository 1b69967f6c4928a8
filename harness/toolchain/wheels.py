"""Programs that come as Python wheels: pinned, with hashes, installed into the home folder and not into the venv."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from harness.core.errors import ToolMissing
from harness.toolchain.places import filled
from harness.toolchain.programs import run

_PINS = Path(__file__).with_name("wheels.txt")
_TIMEOUT_S = 900.0


def pin(package: str) -> str:
    """The lines of wheels.txt for one package: its version and hashes."""
    lines: list[str] = []
    for line in _PINS.read_text("utf-8").splitlines():
        if line.startswith(f"{package}=="):
            lines = [line]
        elif lines and line.startswith(" "):
            lines.append(line)
        elif lines:
            break
    if not lines:
        raise ToolMissing(package, f"{_PINS.name} does not pin it", "Install Redeye again")
    return "\n".join(lines) + "\n"


def folder_of(home: Path, package: str) -> Path:
    """Where the pinned version is, or would be."""
    pinned = pin(package)
    version = pinned.split("==", 1)[1].split()[0]
    return home / "wheels" / f"{package}-{version}-{hashlib.sha256(pinned.encode()).hexdigest()[:8]}"


def install(tool: str, package: str, home: Path, env: Mapping[str, str]) -> Path:
    """The folder with the unpacked wheel.

    Raises:
        ToolMissing: pip failed; holds its last lines.
    """
    target = folder_of(home, package)
    with filled(target) as new:
        pins = new / "pins.txt"
        pins.write_text(pin(package), "utf-8")
        argv = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
        argv += ["--no-compile", "--only-binary=:all:", "--require-hashes"]
        argv += ["--target", os.fspath(new), "-r", os.fspath(pins)]
        fix = f"Check that pip can reach its package index, or install {tool} yourself"
        run(tool, argv, env=env, timeout_s=_TIMEOUT_S, fix=fix)
    return target
