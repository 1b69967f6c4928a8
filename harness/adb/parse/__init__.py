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
from .playing import (
    AudioPlayer,
    MediaSession,
    parse_latency,
    parse_layers,
    parse_media_sessions,
    parse_players,
    video_layer,
)
from .properties import parse_getprop, parse_setting, parse_switch
from .seen import Seen
from .storage import FreeSpace, ListedFile, parse_df, parse_ls

__all__ = [
    "Address",
    "AudioPlayer",
    "Connectivity",
    "FreeSpace",
    "InterfaceBytes",
    "ListedFile",
    "MediaSession",
    "Network",
    "Route",
    "Seen",
    "parse_addresses",
    "parse_connectivity",
    "parse_df",
    "parse_getprop",
    "parse_interface_bytes",
    "parse_latency",
    "parse_layers",
    "parse_ls",
    "parse_media_sessions",
    "parse_players",
    "parse_routes",
    "parse_setting",
    "parse_switch",
    "parse_wifi_status",
    "video_layer",
]
