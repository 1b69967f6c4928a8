"""A real Appium server of our own: on loopback, ready when its status says so, ended with us, its log kept."""

from __future__ import annotations

import json
import os
import socket
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from harness.core.clock import Deadline, wait_for
from harness.core.errors import EnvironmentFault, WaitTimeout
from harness.toolchain import Toolchain
from harness.toolchain.processes import Child


def free_port() -> int:
    """A loopback TCP port that nobody listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class AppiumServer:
    """An Appium server process; a context manager.

    Args:
        url: where sessions are opened.
        log: the server's own log, kept as evidence.
    """

    url: str
    log: Path
    child: Child
    took_s: float = 0.0

    @classmethod
    def start(
        cls, tools: Toolchain, *, log: Path, state_dir: Path, adb_port: int, port: int = 0, deadline: Deadline
    ) -> AppiumServer:
        """A server that answered its status.

        Args:
            state_dir: its HOME and TMPDIR; deleted when it ends.

        Raises:
            EnvironmentFault: it ended or did not answer in time; the log's last lines are in the message.
        """
        began = deadline.clock.monotonic()
        chosen = port or free_port()
        state_dir.mkdir(parents=True, exist_ok=True)
        env = {
            **os.environ,
            "ANDROID_HOME": str(tools.sdk),
            "ANDROID_SDK_ROOT": str(tools.sdk),
            "APPIUM_HOME": str(tools.packages),
            "ANDROID_ADB_SERVER_PORT": str(adb_port),
            # Appium keeps its port locks and adb its log in TMPDIR, shared by everyone on the machine otherwise.
            "TMPDIR": str(state_dir),
            "HOME": str(state_dir),
            # Node 22 keeps compiled code there: the second start is about twice as fast.
            "NODE_COMPILE_CACHE": str(tools.packages / ".compile-cache"),
            "NO_COLOR": "1",
        }
        argv = [
            str(tools.node),
            str(tools.packages / "node_modules" / "appium" / "index.js"),
            "server",
            "--address",
            "127.0.0.1",
            "--port",
            str(chosen),
            "--log-level",
            "debug",
            "--log-no-colors",
            "--log-timestamp",
        ]
        child = Child.start("appium", argv, log=log, env=env, cwd=tools.packages, remove=[state_dir])
        server = cls(f"http://127.0.0.1:{chosen}", log, child)
        try:
            wait_for(
                "Appium's status",
                lambda: (server.ready(), child.running),
                lambda seen: seen[0] or not seen[1],
                deadline,
                0.05,
            )
        except WaitTimeout as late:
            child.stop()
            raise EnvironmentFault(
                f"Appium did not answer on {server.url} in {late.waited_s:.0f} s: {server.tail()}"
            ) from late
        if not child.running:
            raise EnvironmentFault(f"Appium ended at its start: {server.tail()}")
        server.took_s = deadline.clock.monotonic() - began
        return server

    def ready(self) -> bool:
        """Whether the server says that it is ready for sessions."""
        try:
            with urllib.request.urlopen(f"{self.url}/status", timeout=2) as reply:
                return bool(json.load(reply)["value"]["ready"])
        except (urllib.error.URLError, OSError, ValueError, KeyError):
            return False

    def tail(self, lines: int = 5) -> str:
        """The last lines of the log, on one line."""
        try:
            return " | ".join(self.log.read_text("utf-8", "replace").splitlines()[-lines:])
        except OSError as error:
            return f"no log ({error})"

    def stop(self) -> None:
        self.child.stop()

    def __enter__(self) -> AppiumServer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
