"""Android's texts as values: strict parsers that say UNKNOWN or raise, and never invent."""

from .network import (
    Address,
    Connectivity,
    InterfaceBytes,
    Network,
    Route,
    parse_addresses,
    parse_connectivity,
    parse_interface_bytes,
    parse_routes,
    parse_wifi_status,
)
from .properties import parse_getprop, parse_setting, parse_switch
from .seen import Seen
from .storage import FreeSpace, ListedFile, parse_df, parse_ls

__all__ = [
    "Address",
    "Connectivity",
    "FreeSpace",
    "InterfaceBytes",
    "ListedFile",
    "Network",
    "Route",
    "Seen",
    "parse_addresses",
    "parse_connectivity",
    "parse_df",
    "parse_getprop",
    "parse_interface_bytes",
    "parse_ls",
    "parse_routes",
    "parse_setting",
    "parse_switch",
    "parse_wifi_status",
]
