"""pure-python-adb's connection with its measured faults closed: exact reads, whole writes, a deadline, typed errors.

The stock one reads each field with a single recv, so a device list that came in two packets was an empty list, and
an empty list is what makes the virtual tablet the default.
"""

from __future__ import annotations

import socket
from types import TracebackType
from typing import Final

from harness.core.clock import Deadline
from harness.core.errors import (
    AdbProtocolError,
    AdbServerDown,
    AdbTimeout,
    DeviceError,
    DeviceOffline,
    DeviceUnauthorized,
)

from ._ppadb import Client, Connection, Device
from .blocks import encode_block, parse_length

DEFAULT_TIMEOUT_S: Final = 10.0
_PIECE_BYTES: Final = 64 * 1024
# The adb server sends small pieces with Nagle's delay: without an immediate ACK each small pull costs 40 ms (Linux).
_QUICK_ACK: Final[int | None] = getattr(socket, "TCP_QUICKACK", None)


def refusal(serial: str, request: str, text: str) -> DeviceError:
    """The error that adb's FAIL text means."""
    lowered = text.lower()
    problem = f"adb refused {request!r}: {text}"
    if "unauthorized" in lowered or "authorizing" in lowered:
        return DeviceUnauthorized(serial, f"{problem} (allow USB debugging on the tablet's screen)")
    gone = ("offline", "not found", "no devices", "device still connecting", "no device with transport")
    if any(word in lowered for word in gone) and "device" in lowered:
        return DeviceOffline(serial, problem)
    return DeviceError(serial, problem)


class AdbConnection(Connection):
    """One connection to the adb server. Every read and write keeps `deadline`; closing twice is harmless."""

    def __init__(self, host: str, port: int, deadline: Deadline, serial: str = "") -> None:
        super().__init__(host, port, deadline.budget_s)  # type: ignore[no-untyped-call]
        self.deadline = deadline
        self.serial = serial
        self.request = ""
        self.received_bytes = 0
        self._socket: socket.socket | None = None

    def __enter__(self) -> AdbConnection:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def connect(self) -> socket.socket:
        """Open the connection.

        Raises:
            AdbServerDown: nobody listens there.
            AdbTimeout: not connected before the deadline.
        """
        try:
            self._socket = socket.create_connection((self.host, self.port), timeout=self._budget_s())
        except TimeoutError as e:
            raise self._late("connecting") from e
        except OSError as e:
            raise AdbServerDown(self.serial, f"no adb server at {self.host}:{self.port}: {e.strerror or e}") from e
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket = self._socket
        return self._socket

    def close(self) -> None:
        """Close; another thread's waiting read ends."""
        if self._socket is None:
            return
        used, self._socket = self._socket, None
        try:
            used.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # the peer was first
        used.close()

    def receive_some(self, limit: int = _PIECE_BYTES) -> bytes:
        """At least one byte, or b"" when the peer closed."""
        used = self._open()
        budget_s = self._budget_s()
        try:
            used.settimeout(budget_s)  # another thread may close the socket at any line
            if _QUICK_ACK is not None:
                used.setsockopt(socket.IPPROTO_TCP, _QUICK_ACK, 1)
            data = used.recv(limit)
        except TimeoutError as e:
            raise self._late("reading") from e
        except OSError as e:
            raise AdbProtocolError(self.serial, f"{self._name()}: connection lost: {e.strerror or e}") from e
        self.received_bytes += len(data)
        return data

    def receive_exactly(self, count: int) -> bytes:
        """Exactly `count` bytes.

        Raises:
            AdbProtocolError: closed before that.
        """
        parts = bytearray()
        while len(parts) < count:
            data = self.receive_some(count - len(parts))
            if not data:
                raise AdbProtocolError(self.serial, f"{self._name()}: closed after {len(parts)} of {count} bytes")
            parts += data
        return bytes(parts)

    def receive_block(self) -> bytes:
        """One length-prefixed block, whole."""
        length = self._length()
        return self.receive_exactly(length)

    def receive_to_end(self) -> bytes:
        """Everything until the peer closes."""
        parts = bytearray()
        while data := self.receive_some():
            parts += data
        return bytes(parts)

    def send_all(self, data: bytes) -> None:
        """Every byte, or an error."""
        used = self._open()
        budget_s = self._budget_s()
        try:
            used.settimeout(budget_s)  # another thread may close the socket at any line
            used.sendall(data)
        except TimeoutError as e:
            raise self._late("sending") from e
        except OSError as e:
            raise AdbProtocolError(self.serial, f"{self._name()}: connection lost while sending: {e.strerror}") from e

    # What pure-python-adb calls.

    def _recv(self, length: int) -> bytes:
        return self.receive_exactly(length)

    def _recv_into(self, length: int) -> bytearray:
        return bytearray(self.receive_exactly(length))

    def _send(self, data: bytes) -> None:
        self.send_all(data)

    def read_all(self) -> bytearray:
        """Everything until the peer closes."""
        return bytearray(self.receive_to_end())

    def receive(self) -> str:
        """One block as text."""
        return self.receive_block().decode(errors="replace")

    def send(self, msg: str) -> bool:
        """Send a request and read its OKAY.

        Raises:
            DeviceError: adb refused; the kind tells offline and unauthorized apart.
        """
        self.request = msg
        self.send_all(encode_block(msg.encode()))
        return self._check_status()

    def check_status(self) -> bool:
        """Read the next OKAY; a request to a listener answers with two."""
        return self._check_status()

    def _check_status(self) -> bool:
        word = self.receive_exactly(4)
        if word == b"OKAY":
            return True
        if word != b"FAIL":
            raise AdbProtocolError(self.serial, f"{self._name()}: expected OKAY or FAIL, got {word!r}")
        raise refusal(self.serial, self.request[:120], self.receive())

    def _length(self) -> int:
        try:
            return parse_length(self.receive_exactly(4))
        except AdbProtocolError as e:
            raise AdbProtocolError(self.serial or e.serial, f"{self._name()}: {e.problem}") from e

    def _open(self) -> socket.socket:
        if self._socket is None:
            raise AdbProtocolError(self.serial, f"{self._name()}: the connection is closed")
        return self._socket

    def _budget_s(self) -> float:
        remaining = self.deadline.remaining_s
        if remaining <= 0:
            raise self._late("starting")
        return remaining

    def _late(self, doing: str) -> AdbTimeout:
        return AdbTimeout(
            self.serial,
            f"{self._name()}: not within {self.deadline.budget_s:.1f} s, still {doing} "
            f"after {self.received_bytes} bytes received",
        )

    def _name(self) -> str:
        return repr(self.request[:120]) if self.request else f"adb server {self.host}:{self.port}"


class ExactClient(Client):
    """pure-python-adb's client on our connection."""

    def __init__(self, host: str, port: int) -> None:
        super().__init__(host, port)  # type: ignore[no-untyped-call]

    def create_connection(self, timeout: float | None = None) -> AdbConnection:
        """A connection that must be done within `timeout` seconds (10 when None)."""
        return self.open(Deadline.after(timeout or DEFAULT_TIMEOUT_S))

    def open(self, deadline: Deadline, serial: str = "") -> AdbConnection:
        """A connection to the server that keeps `deadline`."""
        connection = AdbConnection(self.host, self.port, deadline, serial)
        connection.connect()
        return connection


class ExactDevice(Device):
    """pure-python-adb's device on our connection; a refused transport leaves no socket open."""

    def __init__(self, client: ExactClient, serial: str) -> None:
        super().__init__(client, serial)  # type: ignore[no-untyped-call]
        self._exact = client

    def get_state(self) -> str:
        """adb's word for the device's state."""
        return str(super().get_state())  # type: ignore[no-untyped-call]

    def create_connection(self, set_transport: bool = True, timeout: float | None = None) -> AdbConnection:
        """A connection, switched to this device unless told otherwise."""
        return self.open(Deadline.after(timeout or DEFAULT_TIMEOUT_S), set_transport=set_transport)

    def open(self, deadline: Deadline, service: str = "", *, set_transport: bool = True) -> AdbConnection:
        """A connection that runs `service` on the device."""
        connection = self._exact.open(deadline, self.serial)
        try:
            if set_transport:
                connection.send(f"host:transport:{self.serial}")
            if service:
                connection.send(service)
        except BaseException:
            connection.close()
            raise
        return connection
