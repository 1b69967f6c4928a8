"""Commands that keep running on the device: lines as they come (logcat), and a shell that is ended by us."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

from harness.core.clock import Deadline
from harness.core.errors import AdbProtocolError, AdbTimeout, CommandFailed

from .blocks import NEED_DATA
from .connection import AdbConnection
from .shellv2 import FrameId, FrameReader, encode_frame

_GLANCE_S = 0.001  # poll() takes what has come and waits no longer than this
_MAX_LINE_BYTES = 1 << 20


@dataclass(frozen=True)
class ShellResult:
    """What a command on the device gave.

    Args:
        stderr: empty where the device has no shell v2; it is in stdout then.
        took_s: from opening the stream to its exit code.
    """

    command: str
    stdout: bytes
    stderr: bytes
    exit_code: int
    took_s: float

    @property
    def text(self) -> str:
        """stdout as text; bytes that are not UTF-8 become U+FFFD, carriage returns before newlines go."""
        return self.stdout.decode(errors="replace").replace("\r\n", "\n")

    @property
    def error_text(self) -> str:
        """stderr as text."""
        return self.stderr.decode(errors="replace").replace("\r\n", "\n")

    def require(self, serial: str) -> ShellResult:
        """This result when the command exited 0, else CommandFailed."""
        if self.exit_code:
            raise CommandFailed(serial, self.command, self.exit_code, self.error_text or self.text)
        return self


class LineStream:
    """A command's output as it comes. A context manager; close() from another thread ends a waiting read."""

    def __init__(self, connection: AdbConnection, command: str) -> None:
        self.command = command
        self._connection = connection
        self._lifetime = connection.deadline
        self._buffer = bytearray()
        self._ended = False
        self._closed = False

    def __enter__(self) -> LineStream:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __iter__(self) -> Iterator[bytes]:
        while (line := self.read_line()) is not None:
            yield line

    def close(self) -> None:
        """Close the stream; the device ends the command."""
        self._closed = True
        self._connection.close()

    def read_line(self, timeout_s: float | None = None) -> bytes | None:
        """The next line without its end; None when the command ended or the stream was closed.

        Args:
            timeout_s: how long to wait for it; None waits until the stream's own time is over.
        Raises:
            AdbTimeout: no whole line in time; what came is kept for the next call.
        """
        self._within(timeout_s)
        while (end := self._buffer.find(b"\n")) < 0:
            if self._ended or len(self._buffer) > _MAX_LINE_BYTES:
                rest, self._buffer = bytes(self._buffer), bytearray()
                return rest or None
            self._buffer += self._receive()
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        return line.removesuffix(b"\r")

    def read_some(self, timeout_s: float | None = None) -> bytes:
        """Bytes as they came, not cut in lines; b"" when the command ended."""
        self._within(timeout_s)
        if self._buffer:
            kept, self._buffer = bytes(self._buffer), bytearray()
            return kept
        return b"" if self._ended else self._receive()

    def _within(self, timeout_s: float | None) -> None:
        wanted = self._lifetime if timeout_s is None else Deadline.after(timeout_s)
        self._connection.deadline = wanted if wanted.at_s < self._lifetime.at_s else self._lifetime

    def _receive(self) -> bytes:
        try:
            data = self._connection.receive_some()
        except AdbProtocolError:
            if not self._closed:
                raise
            data = b""
        if not data:
            self._ended = True
        return data


class RunningCommand:
    """A shell v2 command that runs on the device until it ends or is ended. A context manager.

    Closing the stream makes adbd end the command's process group with SIGHUP.
    """

    def __init__(self, connection: AdbConnection, command: str, *, pty: bool) -> None:
        self.command = command
        self._connection = connection
        self._pty = pty
        self._reader = FrameReader()
        self._started_s = time.monotonic()
        self._stdout, self._stderr = bytearray(), bytearray()
        self._exit_code: int | None = None

    def __enter__(self) -> RunningCommand:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def stdout(self) -> bytes:
        """What came on stdout up to the last poll or wait."""
        return bytes(self._stdout)

    @property
    def stderr(self) -> bytes:
        """What came on stderr up to the last poll or wait."""
        return bytes(self._stderr)

    def poll(self) -> int | None:
        """The exit code, or None while it runs."""
        try:
            self._read_until_exit(Deadline.after(_GLANCE_S))
        except AdbTimeout:
            pass  # it still runs
        return self._exit_code

    def wait(self, deadline: Deadline) -> ShellResult:
        """The result once the command has ended; whatever its exit code is.

        Raises:
            AdbTimeout: it still runs at the deadline.
            AdbProtocolError: the stream ended without an exit code (the device went away).
        """
        self._read_until_exit(deadline)
        took_s = time.monotonic() - self._started_s
        code = self._exit_code if self._exit_code is not None else -1
        return ShellResult(self.command, self.stdout, self.stderr, code, took_s)

    def interrupt(self) -> None:
        """Press Ctrl-C, as screenrecord wants it to finish its file. Only a command spawned with pty=True hears it."""
        if not self._pty:
            raise ValueError("Ctrl-C needs a terminal: spawn with pty=True, or end it with close()")
        self.write(b"\x03")

    def write(self, data: bytes) -> None:
        """Send bytes to the command's stdin."""
        self._connection.deadline = Deadline.after(10.0)
        self._connection.send_all(encode_frame(FrameId.STDIN, data))

    def close_stdin(self) -> None:
        """Tell the command that no more input comes."""
        self._connection.deadline = Deadline.after(10.0)
        self._connection.send_all(encode_frame(FrameId.CLOSE_STDIN))

    def close(self) -> None:
        """Close the stream; the device ends the command."""
        self._connection.close()

    def _read_until_exit(self, deadline: Deadline) -> None:
        self._connection.deadline = deadline
        self._read_frames()
        self._connection.close()  # an ended command says nothing more

    def _read_frames(self) -> None:
        while self._exit_code is None:
            frame = self._reader.next_frame()
            if frame is NEED_DATA:
                if self._reader.closed:
                    raise AdbProtocolError(
                        self._connection.serial,
                        f"{self.command!r}: closed before its exit code, "
                        f"{len(self._stdout)} bytes of stdout and {len(self._stderr)} of stderr came",
                    )
                self._reader.receive_data(self._connection.receive_some())
            elif frame.id is FrameId.STDOUT:
                self._stdout += frame.data
            elif frame.id is FrameId.STDERR:
                self._stderr += frame.data
            elif frame.id is FrameId.EXIT:
                self._exit_code = frame.data[0]
            else:
                raise AdbProtocolError(self._connection.serial, f"shell frame {frame.id.name} from the device")
