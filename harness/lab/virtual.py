"""A virtual tablet as a process of its own: started, ready, ended with us."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.core.clock import Deadline, wait_for
from harness.core.errors import EnvironmentFault, WaitTimeout
from harness.toolchain import Toolchain
from harness.toolchain.processes import Child


@dataclass
class VirtualTablet:
    """A running virtual tablet.

    Args:
        serial: "127.0.0.1:PORT", what adb connects to.
        state_dir: its file system, apps' data and contract log; deleted when it ends.
    """

    serial: str
    state_dir: Path
    child: Child

    @classmethod
    def start(
        cls,
        tools: Toolchain,
        *,
        state_dir: Path,
        log: Path,
        profile: Mapping[str, object],
        apps: Sequence[Mapping[str, object]],
        deadline: Deadline,
        port: int = 0,
        fault: str | None = None,
    ) -> VirtualTablet:
        """A tablet that is ready for adb.

        Raises:
            EnvironmentFault: it ended or was not ready in time; its own words are in the message.
        """
        state_dir.mkdir(parents=True, exist_ok=True)
        config = state_dir / "tablet.json"
        config.write_text(
            json.dumps(
                {
                    "port": port,
                    "profile": dict(profile),
                    "apps": [dict(app) for app in apps],
                    "state_dir": str(state_dir),
                    "chromium": str(tools.chromium),
                    "chromium_env": dict(tools.chromium_env),
                    "fault": fault,
                }
            ),
            "utf-8",
        )
        log.unlink(missing_ok=True)
        argv = [sys.executable, "-m", "harness.virtual", str(config)]
        child = Child.start("tablet", argv, log=log, env=dict(os.environ), remove=[state_dir])
        try:
            ready = wait_for(
                "the virtual tablet", lambda: (_ready(log), child.running), lambda s: s[0] or not s[1], deadline, 0.03
            )
        except WaitTimeout as late:
            child.stop()
            raise EnvironmentFault(f"the virtual tablet was not ready in {late.waited_s:.0f} s: {_tail(log)}") from late
        serial = ready.value[0] or _ready(log)
        if serial is None:
            raise EnvironmentFault(f"the virtual tablet did not start: {_tail(log)}")
        return cls(serial, state_dir, child)

    @property
    def running(self) -> bool:
        return self.child.running

    def unknown(self) -> tuple[dict[str, object], ...]:
        """Commands and routes that the tablet did not know: the contract check demands none."""
        path = self.state_dir / "unknown.jsonl"
        if not path.exists():
            return ()
        return tuple(json.loads(line) for line in path.read_text("utf-8").splitlines() if line)

    def stop(self) -> None:
        self.child.stop()


def _ready(log: Path) -> str | None:
    try:
        lines = log.read_text("utf-8", "replace").splitlines()
    except OSError:
        return None
    for line in lines:
        if line.startswith('{"serial"') and line.endswith("}"):
            return str(json.loads(line)["serial"])
    return None


def _tail(log: Path) -> str:
    try:
        return " | ".join(log.read_text("utf-8", "replace").splitlines()[-3:])
    except OSError as error:
        return f"no log ({error})"
