"""One device through the adb server: shell with exit codes, streams, files, reverses."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.core.clock import Deadline
from harness.core.errors import AdbProtocolError, DeviceOffline, DeviceUnauthorized

from . import files
from .connection import DEFAULT_TIMEOUT_S, AdbConnection, ExactClient, ExactDevice
from .files import PulledFile, SyncSession
from .quote import command_line
from .streams import LineStream, RunningCommand, ShellResult
from .syncwire import RemoteStat

TRANSFER_TIMEOUT_S = 120.0
STREAM_TIMEOUT_S = 3600.0
READ_LIMIT_BYTES = 64 << 20


@dataclass(frozen=True)
class Forward:
    """A listener: `local` is where adb listens, `remote` where it leads. For a reverse, local is on the device."""

    serial: str
    local: str
    remote: str


def parse_forwards(text: str) -> tuple[Forward, ...]:
    """The entries of list-forward.

    Raises:
        AdbProtocolError: a line that is not `serial local remote`.
    """
    entries = []
    for line in text.splitlines():
        parts = line.split()
        if len(parts) != 3:
            raise AdbProtocolError("", f"not an entry of a forward list: {line!r}")
        entries.append(Forward(*parts))
    return tuple(entries)


class AdbDevice:
    """The device `serial`. Holds no connection; every call opens one, keeps a deadline and closes it."""

    def __init__(self, client: ExactClient, serial: str) -> None:
        self.serial = serial
        self._device = ExactDevice(client, serial)
        self._features: frozenset[str] | None = None

    def __repr__(self) -> str:
        return f"AdbDevice({self.serial!r})"

    def state(self) -> str:
        """adb's word for the device's state: device, offline, unauthorized, recovery, ...

        Raises:
            DeviceOffline: adb does not know the serial at all.
        """
        try:
            return self._device.get_state()
        except DeviceUnauthorized:
            return "unauthorized"
        except DeviceOffline as e:
            if "device offline" in e.problem:
                return "offline"
            raise

    def features(self) -> frozenset[str]:
        """What the device's adbd can do; asked once."""
        if self._features is None:
            with self._open(DEFAULT_TIMEOUT_S, set_transport=False) as connection:
                connection.send(f"host-serial:{self.serial}:features")
                self._features = frozenset(connection.receive().split(","))
        return self._features

    def getprop(self, name: str) -> str:
        """A system property; empty when it is not set."""
        return self.shell(["getprop", name]).text.removesuffix("\n")

    def shell(
        self, command: str | Sequence[str], *, timeout_s: float = DEFAULT_TIMEOUT_S, check: bool = True
    ) -> ShellResult:
        """Run a command to its end.

        Args:
            command: a shell line as it is, or arguments that are quoted here.
            check: raise CommandFailed unless it exits 0.
        Raises:
            AdbTimeout: still running after timeout_s; the device ends it.
        """
        line = command_line(command)
        deadline = Deadline.after(timeout_s)
        if "shell_v2" in self.features():
            with RunningCommand(self._device.open(deadline, f"shell,v2,raw:{line}"), line, pty=False) as running:
                result = running.wait(deadline)
        else:
            result = self._legacy_shell(line, deadline)
        return result.require(self.serial) if check else result

    def exec_out(self, command: str | Sequence[str], timeout_s: float = 30.0) -> bytes:
        """A command's raw stdout. There is no exit code: the caller judges the bytes."""
        with self._open(timeout_s, f"exec:{command_line(command)}") as connection:
            return connection.receive_to_end()

    def stream(self, command: str | Sequence[str], *, timeout_s: float = STREAM_TIMEOUT_S) -> LineStream:
        """A running command's stdout as it comes, raw, for at most timeout_s. Use as a context manager."""
        line = command_line(command)
        return LineStream(self._open(timeout_s, f"exec:{line}"), line)

    def spawn(self, command: str | Sequence[str], *, pty: bool = False) -> RunningCommand:
        """Start a command and keep it running. Use as a context manager.

        Args:
            pty: give it a terminal, so that interrupt() reaches it; stderr is then in stdout.
        """
        if "shell_v2" not in self.features():
            raise AdbProtocolError(self.serial, "a kept shell needs shell_v2, which this device's adbd does not have")
        line = command_line(command)
        kind = "pty" if pty else "raw"
        return RunningCommand(self._open(DEFAULT_TIMEOUT_S, f"shell,v2,{kind}:{line}"), line, pty=pty)

    def push(
        self, local: Path | bytes, remote: str, *, mode: int = 0o644, timeout_s: float = TRANSFER_TIMEOUT_S
    ) -> RemoteStat:
        """Send a file or bytes to the path `remote`; what the device then says about it, its length checked."""
        with self._sync(timeout_s) as session:
            return files.push(session, self.serial, local, remote, mode)

    def pull(
        self, remote: str, local: Path, *, sha256: str | None = None, timeout_s: float = TRANSFER_TIMEOUT_S
    ) -> PulledFile:
        """Fetch a regular file. `local` appears only when its length, and its sha256 where given, are right."""
        with self._sync(timeout_s) as session:
            return files.pull(session, self.serial, remote, local, sha256)

    def read(self, remote: str, *, limit_bytes: int = READ_LIMIT_BYTES, timeout_s: float = 30.0) -> bytes:
        """A regular file's bytes, whole. Not for /proc, whose files say length 0: use shell or exec_out."""
        with self._sync(timeout_s) as session:
            return files.read(session, self.serial, remote, limit_bytes)

    def stat(self, remote: str) -> RemoteStat | None:
        """What the device says about the path; None when it is not there."""
        with self._sync(DEFAULT_TIMEOUT_S) as session:
            return session.stat(remote)

    def reverse(self, remote: str, local: str) -> str:
        """Listen on the device at `remote` (tcp:PORT, tcp:0) and lead to `local` on the host; the real device end."""
        with self._open(DEFAULT_TIMEOUT_S, f"reverse:forward:{remote};{local}") as connection:
            connection.check_status()
            return f"tcp:{connection.receive()}" if remote == "tcp:0" else remote

    def reverses(self) -> tuple[Forward, ...]:
        """The device's listeners that lead to the host. They work in airplane mode: none may be left then."""
        with self._open(DEFAULT_TIMEOUT_S, "reverse:list-forward") as connection:
            return parse_forwards(connection.receive())

    def reverse_remove(self, remote: str) -> None:
        """Remove one of the device's listeners."""
        with self._open(DEFAULT_TIMEOUT_S, f"reverse:killforward:{remote}") as connection:
            connection.check_status()

    def reverse_remove_all(self) -> None:
        """Remove all of the device's listeners."""
        with self._open(DEFAULT_TIMEOUT_S, "reverse:killforward-all") as connection:
            connection.check_status()

    def _open(self, timeout_s: float, service: str = "", *, set_transport: bool = True) -> AdbConnection:
        return self._device.open(Deadline.after(timeout_s), service, set_transport=set_transport)

    def _sync(self, timeout_s: float) -> SyncSession:
        return SyncSession(self._device, Deadline.after(timeout_s), stat_v2="stat_v2" in self.features())

    def _legacy_shell(self, line: str, deadline: Deadline) -> ShellResult:
        """Run through the first shell service, which has no exit code: the shell prints it behind a nonce."""
        nonce = f"redeye-{secrets.token_hex(8)}"
        started_s = time.monotonic()
        with self._device.open(deadline, f"shell:{line}; echo {nonce}:$?") as connection:
            output = connection.receive_to_end()
        match = re.search(rb"(?s)\A(.*)" + nonce.encode() + rb":([0-9]{1,3})\r?\n\Z", output)
        if match is None:
            raise AdbProtocolError(self.serial, f"{line!r}: closed before its exit code; output ends {output[-80:]!r}")
        return ShellResult(line, match[1], b"", int(match[2]), time.monotonic() - started_s)
