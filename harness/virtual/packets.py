"""The adb transport's packets, without I/O: bytes in, packets out.

Header: six little-endian u32 (command, arg0, arg1, payload length, checksum, command XOR 0xFFFFFFFF), then the
payload. Source: adb's protocol.txt and apacket in system/core; at version 0x01000001 the checksum is not used.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import Enum
from typing import Final, Literal

from harness.core.errors import AdbProtocolError

VERSION: Final = 0x01000001
MAX_PAYLOAD: Final = 1024 * 1024
HEADER_BYTES: Final = 24
COMMANDS: Final = (b"CNXN", b"OPEN", b"OKAY", b"WRTE", b"CLSE", b"AUTH", b"STLS", b"SYNC")


class Need(Enum):
    """The reader's answer when a packet is not complete yet."""

    DATA = "data"


NEED_DATA: Final = Need.DATA


@dataclass(frozen=True)
class Packet:
    """One packet; `command` is its four letters."""

    command: bytes
    arg0: int = 0
    arg1: int = 0
    payload: bytes = b""

    def encode(self) -> bytes:
        """The packet on the wire, checksum 0 as both sides speak VERSION.

        Raises:
            ValueError: the payload is longer than MAX_PAYLOAD or the command is not one of COMMANDS.
        """
        if self.command not in COMMANDS:
            raise ValueError(f"no such adb command: {self.command!r}")
        if len(self.payload) > MAX_PAYLOAD:
            raise ValueError(f"payload of {len(self.payload)} bytes is above {MAX_PAYLOAD}")
        number = int.from_bytes(self.command, "little")
        return (
            struct.pack("<6I", number, self.arg0, self.arg1, len(self.payload), 0, number ^ 0xFFFFFFFF) + self.payload
        )


class PacketReader:
    """Cuts packets out of a byte stream. No I/O."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._closed = False

    def receive_data(self, data: bytes) -> None:
        """Add bytes; b"" says that the stream ended."""
        if data:
            self._buffer += data
        else:
            self._closed = True

    def next_packet(self) -> Packet | Literal[Need.DATA]:
        """The next complete packet, or NEED_DATA.

        Raises:
            AdbProtocolError: unknown command, wrong magic, oversized payload, or the stream ended inside a packet.
        """
        if len(self._buffer) < HEADER_BYTES:
            return self._wait(HEADER_BYTES)
        number, arg0, arg1, length, _checksum, magic = struct.unpack_from("<6I", self._buffer)
        command = number.to_bytes(4, "little")
        if magic != number ^ 0xFFFFFFFF:
            raise AdbProtocolError("", f"packet {command!r} has magic {magic:#x}, expected {number ^ 0xFFFFFFFF:#x}")
        if command not in COMMANDS:
            raise AdbProtocolError("", f"unknown packet {command!r}")
        if length > MAX_PAYLOAD:
            raise AdbProtocolError("", f"packet {command!r} announces {length} bytes, above {MAX_PAYLOAD}")
        end = HEADER_BYTES + length
        if len(self._buffer) < end:
            return self._wait(end)
        payload = bytes(memoryview(self._buffer)[HEADER_BYTES:end])
        del self._buffer[:end]
        return Packet(command, arg0, arg1, payload)

    def _wait(self, wanted: int) -> Literal[Need.DATA]:
        if self._closed and self._buffer:
            raise AdbProtocolError("", f"stream ended after {len(self._buffer)} of at least {wanted} bytes of a packet")
        return NEED_DATA
