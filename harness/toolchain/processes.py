"""Child processes that never outlive us: each runs under a guard (guard.py) that ends its whole group."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from harness.core.errors import EnvironmentFault

_GUARD = Path(__file__).with_name("guard.py")
_PARENT_DIED_GRACE_S = 3.0
_GUARD_EXTRA_S = 5.0  # beyond the grace: SIGKILL rounds and the removal of folders


class Child:
    """A command and everything it started, under a guard. Ended by `stop`, by leaving `with`, or by our death."""

    def __init__(self, name: str, log: Path, guard: subprocess.Popen[bytes], pipe: int) -> None:
        self.name, self.log = name, log
        self._guard = guard
        self._pipe: int | None = pipe

    @classmethod
    def start(
        cls,
        name: str,
        argv: Sequence[str | Path],
        *,
        log: Path,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        remove: Sequence[Path] = (),
    ) -> Self:
        """The started command.

        Args:
            name: how errors call it.
            log: gets its stdout and stderr, appended.
            env: its whole environment; None is ours.
            remove: folders that are deleted when it has ended, however it ended.
        Raises:
            EnvironmentFault: the log cannot be written or the guard cannot be started.
                A command that is not there ends with code 127 and a line in the log.
        """
        readable, writable = os.pipe()
        folders = json.dumps([os.fspath(folder.absolute()) for folder in remove])
        words = [os.fspath(word) for word in argv]
        guard = [sys.executable, "-I", "-S", os.fspath(_GUARD), str(readable), str(_PARENT_DIED_GRACE_S), folders]
        try:
            log.parent.mkdir(parents=True, exist_ok=True)
            with log.open("ab") as output:
                process = subprocess.Popen(
                    [*guard, *words],
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    env=None if env is None else dict(env),
                    cwd=cwd,
                    pass_fds=(readable,),
                    start_new_session=True,
                )
        except OSError as problem:
            os.close(writable)
            raise EnvironmentFault(f"{name} could not be started: {problem}") from problem
        finally:
            os.close(readable)
        return cls(name, log, process, writable)

    @property
    def pid(self) -> int:
        """The guard's process id; ends when the command and its group have ended."""
        return self._guard.pid

    @property
    def running(self) -> bool:
        return self._guard.poll() is None

    @property
    def exit_code(self) -> int | None:
        """The command's code, 128 + n when signal n ended it, 127 when it was not there; None while it runs."""
        return self._guard.poll()

    def wait(self, timeout_s: float) -> int | None:
        """The exit code, or None when it still runs after `timeout_s`."""
        try:
            return self._guard.wait(timeout_s)
        except subprocess.TimeoutExpired:
            return None

    def log_tail(self, lines: int = 15) -> str:
        """The last lines of the log, for error messages; empty when there is none."""
        try:
            return "\n".join(self.log.read_text("utf-8", "replace").splitlines()[-lines:])
        except OSError:
            return ""

    def stop(self, grace_s: float = 3.0) -> int:
        """The exit code, after SIGTERM to the whole group and SIGKILL `grace_s` later. Harmless twice."""
        if self._pipe is not None:
            try:
                os.write(self._pipe, f"{grace_s}\n".encode())
            except BrokenPipeError:
                pass  # the guard has ended already
            os.close(self._pipe)
            self._pipe = None
        try:
            return self._guard.wait(grace_s + _GUARD_EXTRA_S)
        except subprocess.TimeoutExpired as problem:
            self._guard.kill()
            self._guard.wait(_GUARD_EXTRA_S)
            raise EnvironmentFault(f"{self.name}: its guard (pid {self.pid}) did not end it") from problem

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
