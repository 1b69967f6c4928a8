"""The wire readers fed whole, byte by byte, with trailing data, and cut at every byte."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

import pytest

from harness.adb.blocks import NEED_DATA, BlockReader, encode_block, parse_length
from harness.adb.quote import command_line, quote
from harness.adb.shellv2 import Frame, FrameId, FrameReader
from harness.adb.syncwire import Data, Done, Fail, Okay, RemoteStat, Stat, SyncReader, encode_request
from harness.core.errors import AdbProtocolError

# Written by hand from AOSP's documents, not by our encoders.
BLOCKS = b"000chello world!0000"
SHELL = b"\x01\x05\0\0\0hello\x02\x02\0\0\0\xff\xfe\x01\0\0\0\0\x03\x01\0\0\0\x07"
STAT2 = b"STA2" + struct.pack("<IQQIIIIQqqq", 0, 1, 2, 0o100644, 1, 2000, 1015, 5 << 32, 10, 20, 30)
SYNC = (
    b"STAT\xa4\x81\0\0\x05\0\0\0\x0a\0\0\0" + STAT2 + b"STA2" + struct.pack("<I", 2) + bytes(64)
    + b"DATA\x03\0\0\0abcDONE\0\0\0\0OKAY\0\0\0\0FAIL\x02\0\0\0no"
)  # fmt: skip


def read_blocks(pieces: list[bytes]) -> list[Any]:
    reader = BlockReader()
    return _drive(reader.receive_data, reader.next_block, pieces)


def read_shell(pieces: list[bytes]) -> list[Any]:
    reader = FrameReader()
    return _drive(reader.receive_data, reader.next_frame, pieces)


def read_sync(pieces: list[bytes]) -> list[Any]:
    reader = SyncReader()
    return _drive(reader.receive_data, reader.next_reply, pieces)


def _drive(receive: Callable[[bytes], None], following: Callable[[], Any], pieces: list[bytes]) -> list[Any]:
    """What comes out when `pieces` go in; an empty piece closes."""
    found = []
    for piece in pieces:
        receive(piece)
        while (event := following()) is not NEED_DATA:
            found.append(event)
    return found


CASES = [
    pytest.param(read_blocks, BLOCKS, [b"hello world!", b""], id="blocks"),
    pytest.param(
        read_shell,
        SHELL,
        [
            Frame(FrameId.STDOUT, b"hello"),
            Frame(FrameId.STDERR, b"\xff\xfe"),
            Frame(FrameId.STDOUT, b""),
            Frame(FrameId.EXIT, b"\x07"),
        ],
        id="shell-v2",
    ),
    pytest.param(
        read_sync,
        SYNC,
        [
            Stat(RemoteStat(0o100644, 5, 10), 0),
            Stat(RemoteStat(0o100644, 5 << 32, 20, 2000, 1015), 0),
            Stat(None, 2),
            Data(b"abc"),
            Done(),
            Okay(),
            Fail("no"),
        ],
        id="sync",
    ),
]


@pytest.mark.parametrize(("read", "wire", "events"), CASES)
def test_whole_and_byte_by_byte(read: Callable[[list[bytes]], list[Any]], wire: bytes, events: list[Any]) -> None:
    assert read([wire, b""]) == events
    assert read([wire[i : i + 1] for i in range(len(wire))] + [b""]) == events


@pytest.mark.parametrize(("read", "wire", "events"), CASES)
def test_cut_at_every_byte(read: Callable[[list[bytes]], list[Any]], wire: bytes, events: list[Any]) -> None:
    ends = 0
    for cut in range(len(wire) + 1):
        try:
            found = read([wire[:cut], b""])
        except AdbProtocolError as e:
            assert "closed after" in e.problem
        else:
            assert found == events[: len(found)]
            ends += 1
    assert ends == len(events) + 1  # only between messages is closing harmless


@pytest.mark.parametrize(("read", "wire", "events"), CASES)
def test_trailing_data_waits(read: Callable[[list[bytes]], list[Any]], wire: bytes, events: list[Any]) -> None:
    assert read([wire + wire[:3]]) == events
    with pytest.raises(AdbProtocolError, match="closed after 3 of"):
        read([wire + wire[:3], b""])


@pytest.mark.parametrize("digits", [b"+00c", b" 00c", b"0_0c", b"00c", b"0x0c", b"000g", b"\0\0\0\0"])
def test_length_is_four_hex_digits(digits: bytes) -> None:
    with pytest.raises(AdbProtocolError, match="four hex digits"):
        parse_length(digits)


@pytest.mark.parametrize(
    "wire",
    [b"\x09\0\0\0\0", b"\x03\x02\0\0\0", b"\x01\xff\xff\xff\xff"],
    ids=["unknown-id", "two-byte-exit", "endless-length"],
)
def test_shell_frames_that_do_not_exist(wire: bytes) -> None:
    with pytest.raises(AdbProtocolError, match="shell frame"):
        read_shell([wire])


@pytest.mark.parametrize("wire", [b"WHAT\0\0\0\0", b"DATA\xff\xff\xff\xff"], ids=["unknown-id", "endless-length"])
def test_sync_messages_that_do_not_exist(wire: bytes) -> None:
    with pytest.raises(AdbProtocolError, match="sync message"):
        read_sync([wire])


def test_what_we_cannot_send_is_our_mistake() -> None:
    assert encode_block(b"host:version") == b"000chost:version"
    for mistake in (
        lambda: encode_block(bytes(70000)),
        lambda: encode_request(b"RECV", "a\0b"),
        lambda: encode_request(b"RECV", ""),
        lambda: quote("a\0b"),
        lambda: command_line(""),
        lambda: command_line(["", "\0"]),
    ):
        with pytest.raises(ValueError, match=r"at most|not a|NUL"):
            mistake()


def test_arguments_are_one_word_each() -> None:
    assert command_line(["echo", "a b", "$(id)", "it's", ""]) == """echo 'a b' '$(id)' 'it'"'"'s' ''"""
