"""adb: the Android SDK's, PATH's, or the one inside the adbutils wheel; and a folder that Appium takes for an SDK."""

from __future__ import annotations

import hashlib
import os
import platform
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from harness.core.errors import ToolMissing
from harness.toolchain import wheels
from harness.toolchain.model import Progress, Source, Tool
from harness.toolchain.programs import Versions, on_path

_WHEEL = "adbutils"
_NAME = "adb.exe" if sys.platform == "win32" else "adb"
_SDK_VARIABLES = ("ANDROID_HOME", "ANDROID_SDK_ROOT")


def wheel_has_adb(system: str, machine: str) -> bool:
    """Whether the wheel for this platform holds an adb; its Linux one is x86-64 only."""
    return system in ("darwin", "win32") or (system == "linux" and machine.lower() in ("x86_64", "amd64"))


def _in_wheel(home: Path) -> Path:
    return wheels.folder_of(home, _WHEEL) / "adbutils" / "binaries" / _NAME


def _candidates(home: Path, env: Mapping[str, str]) -> Iterator[tuple[Path, Source]]:
    for variable in _SDK_VARIABLES:
        if env.get(variable):
            yield Path(env[variable]) / "platform-tools" / _NAME, Source.FOUND
    command = on_path("adb", env)
    if command is not None:
        yield command, Source.FOUND
    yield _in_wheel(home), Source.INSTALLED


def ready(home: Path, env: Mapping[str, str], versions: Versions, progress: Progress, install: bool) -> Tool:
    """adb; installed when `install` and none is usable.

    Raises:
        ToolMissing: there is none, with what was seen instead.
    """
    seen: list[str] = []
    for again in (False, True):
        for program, source in _candidates(home, env):
            if not program.is_file():
                continue
            try:
                return Tool("adb", versions.of("adb", program), program, source)
            except ToolMissing as problem:
                seen.append(problem.why)
        if again or not install or not wheel_has_adb(sys.platform, platform.machine()):
            break
        progress("adb", "installing its wheel")
        wheels.install("adb", _WHEEL, home, env)
        if _in_wheel(home).is_file():
            _in_wheel(home).chmod(0o755)
    why = "; ".join(dict.fromkeys(seen)) or "not in ANDROID_HOME, ANDROID_SDK_ROOT or PATH"
    if not wheel_has_adb(sys.platform, platform.machine()):
        why += f"; there is no wheel with adb for {sys.platform} {platform.machine()}"
        raise ToolMissing("adb", why, "Install adb (package `adb` or `android-tools`) and try again")
    raise ToolMissing("adb", why, "Install adb" if install else "Run `redeye setup`")


def sdk_for(adb: Path, home: Path, env: Mapping[str, str]) -> Path:
    """A folder whose platform-tools/adb is this adb: the real SDK where it is one, else one of links.

    Raises:
        ToolMissing: the links cannot be made.
    """
    for variable in _SDK_VARIABLES:
        if env.get(variable) and adb == Path(env[variable]) / "platform-tools" / _NAME:
            return Path(env[variable])
    sdk = home / f"sdk-{hashlib.sha256(os.fsencode(adb)).hexdigest()[:12]}"
    link = sdk / "platform-tools" / _NAME
    if link.is_symlink() and link.readlink() == adb:
        return sdk
    try:
        link.parent.mkdir(parents=True, exist_ok=True)
        link.unlink(missing_ok=True)
        link.symlink_to(adb)
    except FileExistsError:
        return sdk  # another process made it meanwhile
    except OSError as problem:
        raise ToolMissing("adb", f"{link} cannot be made: {problem.strerror}", "Set ANDROID_HOME") from problem
    return sdk
