"""`ip -o addr`, `ip route`, `dumpsys connectivity`, `cmd wifi status`, /proc/net/dev."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

from .seen import Seen, lines_of, misread

_ADDRESS = re.compile(r"^(\d+): (\S+?)(?:@\S+)?\s+(inet6?) (\S+?)(?:/(\d+))?(?: peer \S+)?(?: brd \S+)? scope (\S+)")
_LINK = re.compile(r"^\d+: \S+:? .*(?:<[A-Z0-9_,-]*>|link/)")
_ROUTE_KINDS = frozenset(
    ("unicast", "local", "broadcast", "multicast", "anycast", "unreachable", "prohibit", "blackhole", "throw")
)
_DESTINATION = re.compile(r"default|[0-9a-fA-F:.]+(?:/\d+)?")
# facts: android.md 10. The first match only: the dump's history repeats the line.
_ACTIVE = re.compile(r"^\s*Active default network: (none|\d+)\s*$", re.M)
_NET_ID = re.compile(r"network\{(\d+)\}")
_TRANSPORTS = re.compile(r"Transports: ([A-Z0-9_|]+)")
_CAPABILITIES = re.compile(r"Capabilities: ([A-Z0-9_&]+)")
_INTERFACE = re.compile(r"InterfaceName: (\S+)")


@dataclass(frozen=True)
class Address:
    """An interface's address; family is inet or inet6."""

    interface: str
    family: str
    address: str
    prefix: int | None
    scope: str


@dataclass(frozen=True)
class Route:
    """A route; interface is None where none is named, table "main" where none is said."""

    kind: str
    destination: str
    gateway: str | None
    interface: str | None
    table: str

    @property
    def leads_out(self) -> bool:
        """Whether packets could leave the device by it."""
        return self.kind == "unicast" and self.interface != "lo" and not (self.interface or "").startswith("dummy")


@dataclass(frozen=True)
class Network:
    """One agent of the connectivity service; capabilities is None when the line did not say them."""

    net_id: int
    interface: str | None
    transports: frozenset[str]
    capabilities: frozenset[str] | None
    text: str


@dataclass(frozen=True)
class Connectivity:
    """What the connectivity service says.

    Args:
        default: ON with a system default network, OFF without; UNKNOWN when the line is missing.
        default_net_id: its number; None without one.
        networks: the current networks; None when their section is missing.
    """

    default: Seen
    default_net_id: int | None
    networks: tuple[Network, ...] | None

    @property
    def internet(self) -> Seen:
        """Whether any current network offers the internet."""
        if self.networks is None:
            return Seen.UNKNOWN
        if any(network.capabilities and "INTERNET" in network.capabilities for network in self.networks):
            return Seen.ON
        unsaid = any(network.capabilities is None for network in self.networks)
        return Seen.UNKNOWN if unsaid else Seen.OFF

    @property
    def validated(self) -> Seen:
        """Whether any current network offers the internet and was validated. VPNs can be, with nothing beneath."""
        if self.internet is not Seen.ON:
            return self.internet
        both = {"INTERNET", "VALIDATED"}
        return Seen.ON if any(both <= (n.capabilities or set()) for n in self.networks or ()) else Seen.OFF


@dataclass(frozen=True)
class InterfaceBytes:
    """An interface's counters since it came up."""

    interface: str
    received_bytes: int
    sent_bytes: int


def parse_addresses(text: str) -> tuple[Address, ...]:
    """The addresses of `ip -o addr`; lines about links without an address are passed over.

    Raises:
        DeviceError: a line of another kind, or no line at all: lo always has one.
    """
    found = []
    for line in lines_of(text):
        match = _ADDRESS.match(line)
        if match is not None:
            prefix = int(match[5]) if match[5] else None
            found.append(Address(match[2], match[3], match[4], prefix, match[6]))
        elif _LINK.match(line) is None:
            raise misread("ip -o addr", "'N: interface inet ADDRESS/PREFIX scope S'", line)
    if not found:
        raise misread("ip -o addr", "at least lo's address", text)
    return tuple(found)


def parse_routes(text: str) -> tuple[Route, ...]:
    """The routes of `ip route`. Empty output is no route: look at the exit code too.

    Raises:
        DeviceError: a line that is not a route.
    """
    return tuple(_route(line) for line in lines_of(text))


def _route(line: str) -> Route:
    words = line.split()
    kind = words.pop(0) if words[0] in _ROUTE_KINDS else "unicast"
    if not words or _DESTINATION.fullmatch(words[0]) is None or (kind == "unicast" and len(words) < 2):
        raise misread("ip route", "a destination", line)
    named = {word: value for word, value in pairwise(words) if word in ("via", "dev", "table")}
    if kind == "unicast" and not named:
        raise misread("ip route", "via or dev", line)
    return Route(kind, words[0], named.get("via"), named.get("dev"), named.get("table", "main"))


def parse_connectivity(text: str) -> Connectivity:
    """What `dumpsys connectivity` says. What is missing is UNKNOWN or None, never "no network"."""
    clean = text.replace("\r\n", "\n")
    active = _ACTIVE.search(clean)
    if active is None:
        return Connectivity(Seen.UNKNOWN, None, _networks(clean))
    if active[1] == "none":
        return Connectivity(Seen.OFF, None, _networks(clean))
    return Connectivity(Seen.ON, int(active[1]), _networks(clean))


def _networks(text: str) -> tuple[Network, ...] | None:
    lines = text.split("\n")
    start = next((i for i, line in enumerate(lines) if line.strip() == "Current Networks:"), None)
    if start is None:
        return None
    margin = len(lines[start]) - len(lines[start].lstrip())
    found: list[Network] = []
    for line in lines[start + 1 :]:
        inside = len(line) - len(line.lstrip()) > margin
        if line.strip() and not inside and not line.lstrip().startswith("NetworkAgentInfo"):
            return tuple(found)
        if line.lstrip().startswith("NetworkAgentInfo"):
            found.append(_network(line.strip()))
    return None  # no heading behind it: the dump was cut inside the section


def _network(line: str) -> Network:
    number, interface = _NET_ID.search(line), _INTERFACE.search(line)
    if number is None:
        raise misread("dumpsys connectivity", "network{N} in an agent", line)
    transports, capabilities = _TRANSPORTS.search(line), _CAPABILITIES.search(line)
    return Network(
        int(number[1]),
        interface[1] if interface else None,
        frozenset(transports[1].split("|")) if transports else frozenset(),
        frozenset(capabilities[1].split("&")) if capabilities else None,
        line,
    )


def parse_wifi_status(text: str) -> Seen:
    """Whether Wi-Fi is on, by the first line of `cmd wifi status` or, before API 30, of `dumpsys wifi`."""
    first = next(iter(lines_of(text)), "").strip()
    match = re.fullmatch(r"Wi-?[Ff]i is (enabled|disabled)", first)
    if match is None:
        return Seen.UNKNOWN
    return Seen.ON if match[1] == "enabled" else Seen.OFF


def parse_interface_bytes(text: str) -> tuple[InterfaceBytes, ...]:
    """The counters in /proc/net/dev.

    Raises:
        DeviceError: without its heading or with a line of another shape (newer builds refuse it to the shell).
    """
    lines = lines_of(text)
    if len(lines) < 2 or not lines[0].startswith("Inter-|") or "|bytes" not in lines[1]:
        raise misread("/proc/net/dev", "its two heading lines", text)
    found = []
    for line in lines[2:]:
        name, colon, counts = line.partition(":")
        numbers = counts.split()
        if not colon or len(numbers) != 16 or not all(number.isdigit() for number in numbers):
            raise misread("/proc/net/dev", "'interface: 16 numbers'", line)
        found.append(InterfaceBytes(name.strip(), int(numbers[0]), int(numbers[8])))
    return tuple(found)
