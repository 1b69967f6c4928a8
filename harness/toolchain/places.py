"""The home folder of the tools, and putting things into it whole or not at all."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import filelock
import platformdirs

from harness.core.errors import ToolMissing

_LOCK_TIMEOUT_S = 1200.0
_HOME_FIX = "Set REDEYE_HOME to a folder that you can write"


def default_home() -> Path:
    """The user's cache folder for Redeye; REDEYE_HOME takes its place where cli and plugin read it."""
    return platformdirs.user_cache_path("redeye")


@contextmanager
def locked(home: Path) -> Iterator[None]:
    """Alone in `home`, which exists then; a second setup waits.

    Raises:
        ToolMissing: it cannot be written, or another setup holds it for too long.
    """
    try:
        home.mkdir(parents=True, exist_ok=True)
        lock = filelock.FileLock(home / "setup.lock", timeout=_LOCK_TIMEOUT_S)
        lock.acquire()
    except filelock.Timeout as problem:
        raise ToolMissing("home", f"another setup has held {home} for 20 min", "End it and try again") from problem
    except OSError as problem:
        raise ToolMissing("home", f"{home} cannot be written: {problem.strerror}", _HOME_FIX) from problem
    try:
        yield
    finally:
        lock.release()


@contextmanager
def filled(target: Path) -> Iterator[Path]:
    """A new folder next to `target` that takes its place when the block ends well, and is removed otherwise.

    To be used under `locked`: what a killed setup left half filled is removed first.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        for left in target.parent.glob(f".{target.name}-*"):
            shutil.rmtree(left, ignore_errors=True)
        new = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    except OSError as problem:
        raise ToolMissing("home", f"{target.parent} cannot be written: {problem.strerror}", _HOME_FIX) from problem
    try:
        yield new
        new.chmod(0o755)
        if target.exists():
            shutil.rmtree(target)
        os.replace(new, target)  # noqa: PTH105 (Path.replace types the target as a Path of the same kind only)
    finally:
        shutil.rmtree(new, ignore_errors=True)
