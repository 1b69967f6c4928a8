"""Finding all tools, and installing those that are missing; every step is skipped when its result is there."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from harness.toolchain import adb, chromium, node, packages
from harness.toolchain.model import Progress, Toolchain
from harness.toolchain.places import locked
from harness.toolchain.programs import Versions


def _silent(tool: str, what: str) -> None:
    return


def _assemble(home: Path, env: Mapping[str, str], progress: Progress, install: bool) -> Toolchain:
    versions = Versions(home / "stamps", env)
    node_tool, npm = node.ready(home, env, versions, progress, install)
    folder, rows = packages.ready(home, env, node_tool.path, npm, progress, install)
    browser, browser_env = chromium.ready(home, env, node_tool.path, folder, versions, progress, install)
    adb_tool = adb.ready(home, env, versions, progress, install)
    shown = tuple(row for row in rows if row.name != "@sparticuz/chromium")  # it is shown as chromium
    return Toolchain(
        node=node_tool.path,
        npm=npm,
        packages=folder,
        adb=adb_tool.path,
        sdk=adb.sdk_for(adb_tool.path, home, env),
        chromium=browser.path,
        chromium_env=browser_env,
        tools=(node_tool, *shown, browser, adb_tool),
    )


def find(home: Path, env: Mapping[str, str]) -> Toolchain:
    """The tools that are there; nothing is installed.

    Args:
        home: what `setup` was given.
        env: the environment to look in (PATH, ANDROID_HOME).
    Raises:
        ToolMissing: names the first that is missing; `redeye setup` is the remedy.
    """
    return _assemble(home.absolute(), env, _silent, install=False)


def setup(home: Path, env: Mapping[str, str], progress: Progress = _silent) -> Toolchain:
    """All tools; what is missing is installed into `home`, without root. Two at once are safe.

    Raises:
        ToolMissing: names the step, why it failed with the tool's own last lines, and what to do.
    """
    with locked(home.absolute()):
        return _assemble(home.absolute(), env, progress, install=True)
