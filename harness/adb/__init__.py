"""Layer 1: devices through the adb server. The only importer of pure-python-adb."""

from .client import AdbServer, DeviceEntry
from .connection import AdbConnection
from .device import AdbDevice, Forward
from .files import PulledFile
from .quote import quote
from .streams import LineStream, RunningCommand, ShellResult
from .syncwire import RemoteStat

__all__ = [
    "AdbConnection",
    "AdbDevice",
    "AdbServer",
    "DeviceEntry",
    "Forward",
    "LineStream",
    "PulledFile",
    "RemoteStat",
    "RunningCommand",
    "ShellResult",
    "quote",
]
