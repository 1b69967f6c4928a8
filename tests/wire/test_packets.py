"""The adb packet codec: whole, byte by byte, with trailing data, and what it must refuse."""

from __future__ import annotations

import struct

import pytest

from harness.core.errors import AdbProtocolError
from harness.virtual.packets import MAX_PAYLOAD, NEED_DATA, VERSION, Packet, PacketReader

# CNXN as adb 36.0.0 sends it (checksum 0 is not used at this version), banner shortened.
HOST_CNXN = bytes.fromhex("434e584e 01000001 00001000 06000000 00000000 bcb1a7b1") + b"host::"


def test_reads_the_hosts_first_packet() -> None:
    reader = PacketReader()
    reader.receive_data(HOST_CNXN)
    assert reader.next_packet() == Packet(b"CNXN", VERSION, MAX_PAYLOAD, b"host::")
    assert reader.next_packet() is NEED_DATA


def test_byte_by_byte_is_the_same() -> None:
    reader, found = PacketReader(), []
    for byte in HOST_CNXN + Packet(b"OKAY", 1, 2).encode():
        reader.receive_data(bytes([byte]))
        while (packet := reader.next_packet()) is not NEED_DATA:
            found.append(packet)
    assert found == [Packet(b"CNXN", VERSION, MAX_PAYLOAD, b"host::"), Packet(b"OKAY", 1, 2)]


def test_round_trip_of_the_largest_payload() -> None:
    packet = Packet(b"WRTE", 7, 9, b"x" * MAX_PAYLOAD)
    reader = PacketReader()
    reader.receive_data(packet.encode() + b"tail")
    assert reader.next_packet() == packet


@pytest.mark.parametrize(
    ("header", "why"),
    [
        pytest.param(struct.pack("<4s5I", b"WRTE", 0, 0, 0, 0, 0), "magic", id="wrong magic"),
        pytest.param(
            struct.pack("<4s5I", b"JUNK", 0, 0, 0, 0, int.from_bytes(b"JUNK", "little") ^ 0xFFFFFFFF),
            "unknown packet",
            id="unknown command",
        ),
        pytest.param(
            struct.pack("<4s5I", b"WRTE", 0, 0, MAX_PAYLOAD + 1, 0, int.from_bytes(b"WRTE", "little") ^ 0xFFFFFFFF),
            "announces",
            id="oversized",
        ),
    ],
)
def test_refuses(header: bytes, why: str) -> None:
    reader = PacketReader()
    reader.receive_data(header)
    with pytest.raises(AdbProtocolError, match=why):
        reader.next_packet()


@pytest.mark.parametrize("kept", [1, 23, 24, 29])
def test_end_inside_a_packet_is_an_error(kept: int) -> None:
    reader = PacketReader()
    reader.receive_data(HOST_CNXN[:kept])
    reader.receive_data(b"")
    with pytest.raises(AdbProtocolError, match="stream ended"):
        reader.next_packet()


def test_end_between_packets_is_not_an_error() -> None:
    reader = PacketReader()
    reader.receive_data(HOST_CNXN)
    reader.receive_data(b"")
    reader.next_packet()
    assert reader.next_packet() is NEED_DATA


def test_encode_refuses_our_own_mistakes() -> None:
    with pytest.raises(ValueError, match="no such adb command"):
        Packet(b"NOPE").encode()
    with pytest.raises(ValueError, match="above"):
        Packet(b"WRTE", payload=b"x" * (MAX_PAYLOAD + 1)).encode()
