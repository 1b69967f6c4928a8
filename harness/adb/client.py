"""The adb server on this machine: which devices it knows, which addresses it is connected to, its forwards."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from harness.core.clock import Deadline
from harness.core.errors import AdbProtocolError, DeviceError

from .connection import DEFAULT_TIMEOUT_S, ExactClient
from .device import AdbDevice, Forward, parse_forwards

CONNECT_TIMEOUT_S: Final = 20.0  # the server itself gives up after 10 s on an address that swallows packets

_ENTRY: Final = re.compile(
    r"(?P<serial>\(no serial number\)|\S+)\s+"
    r"(?P<state>no permissions.*?|no device|[a-z]+)"
    r"(?P<rest>(?:\s+[A-Za-z_]+:\S*|\s+[0-9]+-[0-9.]+X?)*)\s*"
)


@dataclass(frozen=True)
class DeviceEntry:
    """One line of adb's device list. Empty text: adb did not say (an offline device has no product).

    Args:
        state: adb's word: device, offline, unauthorized, recovery, ...
        transport_id: None where the server is too old to say it.
    """

    serial: str
    state: str
    product: str = ""
    model: str = ""
    device: str = ""
    transport_id: int | None = None

    @property
    def ready(self) -> bool:
        """Whether commands can be sent to it."""
        return self.state == "device"


def parse_devices(listing: str) -> tuple[DeviceEntry, ...]:
    """The entries of a complete `devices-l` listing.

    Raises:
        AdbProtocolError: a line that is not an entry, or the last line has no end.
    """
    if listing and not listing.endswith("\n"):
        raise AdbProtocolError("", f"device list ends in mid-line: {listing[-80:]!r}")
    return tuple(_entry(line) for line in listing.splitlines())


def _entry(line: str) -> DeviceEntry:
    match = _ENTRY.fullmatch(line)
    if match is None:
        raise AdbProtocolError("", f"not an entry of a device list: {line!r}")
    facts = dict(part.split(":", 1) for part in match["rest"].split() if ":" in part)
    number = facts.get("transport_id", "")
    return DeviceEntry(
        match["serial"],
        match["state"],
        facts.get("product", ""),
        facts.get("model", ""),
        facts.get("device", ""),
        int(number) if number.isascii() and number.isdigit() else None,
    )


class AdbServer:
    """The adb server at host:port. Holds no connection; each call opens one and closes it.

    Every call raises AdbServerDown when nobody listens, AdbTimeout when it is late and AdbProtocolError when the
    answer is cut.
    """

    def __init__(self, host: str = "127.0.0.1", port: int = 5037, *, timeout_s: float = DEFAULT_TIMEOUT_S) -> None:
        self.host, self.port, self.timeout_s = host, port, timeout_s
        self._client = ExactClient(host, port)

    def version(self) -> int:
        """The server's protocol version, e.g. 41."""
        text = self._ask("host:version")
        if not re.fullmatch("[0-9a-fA-F]{4}", text):
            raise AdbProtocolError("", f"expected a version of four hex digits, got {text!r}")
        return int(text, 16)

    def features(self) -> frozenset[str]:
        """What the server itself can do."""
        return frozenset(self._ask("host:host-features").split(","))

    def devices(self) -> tuple[DeviceEntry, ...]:
        """Every device that adb knows, also those that are offline. Empty only when adb answered completely."""
        with self._client.open(Deadline.after(self.timeout_s)) as connection:
            connection.send("host:devices-l")
            listing = connection.receive_block()
            behind = connection.receive_to_end()
        if behind:
            raise AdbProtocolError("", f"{len(behind)} bytes behind the device list: {behind[:80]!r}")
        try:
            return parse_devices(listing.decode())
        except UnicodeDecodeError as e:
            raise AdbProtocolError("", f"device list is not UTF-8: {listing[:80]!r}") from e

    def device(self, serial: str) -> AdbDevice:
        """The device of that serial; asks nothing yet."""
        return AdbDevice(self._client, serial)

    def connect(self, address: str) -> str:
        """Connect to a device at host:port; adb's words.

        Raises:
            DeviceError: adb says that it could not (its command line exits 0 then).
        """
        said = self._ask(f"host:connect:{address}", CONNECT_TIMEOUT_S).strip()
        if not said.startswith(("connected to", "already connected to")):
            raise DeviceError(address, f"adb connect: {said}")
        return said

    def disconnect(self, address: str) -> str:
        """Disconnect from a device at host:port; its forwards and streams end. adb's words."""
        return self._ask(f"host:disconnect:{address}").strip()

    def kill(self) -> None:
        """Ask the server to end. It ends for every user of this machine's port."""
        with self._client.open(Deadline.after(self.timeout_s)) as connection:
            connection.send("host:kill")

    def forward(self, serial: str, local: str, remote: str) -> str:
        """Listen on the host at `local` (tcp:PORT, tcp:0) and lead to `remote` on the device; the real local end."""
        with self._client.open(Deadline.after(self.timeout_s), serial) as connection:
            connection.send(f"host-serial:{serial}:forward:{local};{remote}")
            connection.check_status()
            return f"tcp:{connection.receive()}" if local == "tcp:0" else local

    def forwards(self, serial: str | None = None) -> tuple[Forward, ...]:
        """The forwards of every device, or of one."""
        listed = parse_forwards(self._ask("host:list-forward"))
        return tuple(entry for entry in listed if serial in (None, entry.serial))

    def forward_remove(self, serial: str, local: str) -> None:
        """Remove one forward."""
        with self._client.open(Deadline.after(self.timeout_s), serial) as connection:
            connection.send(f"host-serial:{serial}:killforward:{local}")
            connection.check_status()

    def _ask(self, request: str, timeout_s: float | None = None) -> str:
        with self._client.open(Deadline.after(timeout_s or self.timeout_s)) as connection:
            connection.send(request)
            return connection.receive()
