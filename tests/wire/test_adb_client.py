"""The client against a FAKE adb server that misbehaves on purpose.

The fake plays back scripted bytes: it is for faults that a real server cannot be made to show (split replies, cut
listings, silence). What a healthy server says is taken from the real one, in test_adb_real.py.
"""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from harness.adb import AdbServer
from harness.core.clock import Deadline
from harness.core.errors import (
    AdbProtocolError,
    AdbServerDown,
    AdbTimeout,
    CommandFailed,
    DeviceError,
    DeviceOffline,
    DeviceUnauthorized,
)

Step = bytes | int | str  # bytes: send them; int: read so many; "split": byte by byte from here; "drip": and slowly


class FakeServer:
    """A fake, for faults: each connection follows the next script of `scripts`, then closes."""

    def __init__(self, *scripts: Sequence[Step]) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(5)
        self.port: int = self._listener.getsockname()[1]
        self.requests: list[bytes] = []
        self._done = threading.Event()
        self._scripts = scripts
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> AdbServer:
        self._thread.start()
        return AdbServer(port=self.port, timeout_s=2.0)

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._listener.close()
        self._thread.join(5)

    def _serve(self) -> None:
        for script in self._scripts:
            try:
                peer, _ = self._listener.accept()
            except OSError:
                return
            with peer:
                peer.settimeout(5)
                peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                try:
                    self._follow(peer, script)
                except OSError:
                    pass  # the client gave up first

    def _follow(self, peer: socket.socket, script: Sequence[Step]) -> None:
        split, pause_s = False, 0.0
        for step in script:
            if step in ("split", "drip"):
                split, pause_s = True, 0.02 if step == "drip" else 0.0
            elif step == "hang":
                self._done.wait(5)
            elif isinstance(step, int):
                self.requests.append(_read(peer, step))
            elif isinstance(step, bytes):
                for piece in [step[i : i + 1] for i in range(len(step))] if split else [step]:
                    peer.sendall(piece)
                    if self._done.wait(pause_s):
                        return
        peer.shutdown(socket.SHUT_WR)
        while peer.recv(65536):
            pass


def _read(peer: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        data += peer.recv(count - len(data)) or exit_early()
    return data


def exit_early() -> bytes:
    raise OSError("the client closed")


def asked(request: str) -> int:
    """The length of a request on the wire."""
    return 4 + len(request)


def block(text: bytes) -> bytes:
    return b"%04x" % len(text) + text


LISTING = (
    b"emulator-5554          device product:sdk_gphone64 model:Pixel_Tablet device:emu64 transport_id:1\n"
    b"R52N                   unauthorized usb:1-2 transport_id:2\n"
)
DEVICES = asked("host:devices-l")
FEATURES = (asked("host-serial:T1:features"), b"OKAY" + block(b"cmd,shell_v2"))
OLD_FEATURES = (asked("host-serial:T1:features"), b"OKAY" + block(b"cmd"))
TRANSPORT = (asked("host:transport:T1"), b"OKAY")


def shell(command: str, *steps: Step) -> tuple[Step, ...]:
    return (*TRANSPORT, asked(f"shell,v2,raw:{command}"), b"OKAY", *steps)


def sync(path: str, *steps: Step) -> tuple[Step, ...]:
    return (*TRANSPORT, asked("sync:"), b"OKAY", 8 + len(path), *steps)


def test_reply_in_single_bytes() -> None:
    with FakeServer((DEVICES, "split", b"OKAY" + block(LISTING))) as adb:
        first, second = adb.devices()
    assert (first.serial, first.state, first.model, first.transport_id) == (
        "emulator-5554",
        "device",
        "Pixel_Tablet",
        1,
    )
    assert (second.serial, second.state, second.ready) == ("R52N", "unauthorized", False)


def test_listing_cut_at_every_byte_is_never_a_list() -> None:
    reply = b"OKAY" + block(LISTING)
    cuts = range(len(reply))
    with FakeServer(*[(DEVICES, reply[:cut]) for cut in cuts]) as adb:
        for _ in cuts:
            with pytest.raises(AdbProtocolError, match="closed after"):
                adb.devices()


@pytest.mark.parametrize(
    ("reply", "problem"),
    [
        pytest.param(b"OKAY" + block(LISTING[:40]), "mid-line", id="length-of-half-a-listing"),
        pytest.param(b"OKAY0000" + LISTING, "behind the device list", id="length-0-and-a-listing"),
        pytest.param(b"OKAY+0a1", "four hex digits", id="sign-in-length"),
        pytest.param(b"OKAY" + block(b"emulator-5554\n"), "not an entry", id="no-state"),
        pytest.param(b"OKAY" + block(b"\xff\xfe device\n"), "UTF-8", id="not-text"),
        pytest.param(b"WHAT", "expected OKAY or FAIL", id="not-adb"),
        pytest.param(b"", "closed after 0 of 4", id="closed-at-once"),
    ],
)
def test_listing_that_is_wrong(reply: bytes, problem: str) -> None:
    with FakeServer((DEVICES, reply)) as adb, pytest.raises(AdbProtocolError, match=problem):
        adb.devices()


def test_late_listing_is_an_error_within_the_deadline() -> None:
    with FakeServer((DEVICES, b"OKAY" + block(LISTING)[:50], "hang")) as adb:
        adb.timeout_s = 0.2
        with pytest.raises(AdbTimeout, match=r"'host:devices-l'.*0\.2 s.*after 54 bytes"):
            adb.devices()


def test_drip_does_not_renew_the_deadline() -> None:
    with FakeServer((DEVICES, "drip", b"OKAY" + block(LISTING))) as adb:
        adb.timeout_s = 0.2  # a deadline that each byte renewed would let the whole listing through
        with pytest.raises(AdbTimeout):
            adb.devices()


def test_refused_is_server_down() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(AdbServerDown, match=f"127.0.0.1:{port}"):
        AdbServer(port=port).devices()


@pytest.mark.parametrize(
    ("text", "error"),
    [
        (b"device 'T1' not found", DeviceOffline),
        (b"device offline", DeviceOffline),
        (b"device still authorizing", DeviceUnauthorized),
        (b"device unauthorized.\nThis adb server's $ADB_VENDOR_KEYS is not set", DeviceUnauthorized),
        (b"closed", DeviceError),
    ],
    ids=["not-found", "offline", "authorizing", "unauthorized", "closed"],
)
def test_refusals_have_kinds(text: bytes, error: type[DeviceError]) -> None:
    script = (asked("host:transport:T1"), b"FAIL" + block(text))
    with FakeServer(script) as adb, pytest.raises(DeviceError) as caught:
        adb.device("T1").exec_out("id")
    assert type(caught.value) is error
    assert caught.value.serial == "T1"
    assert text.decode() in str(caught.value)


def test_connect_reads_the_words() -> None:
    script = (asked("host:connect:10.0.0.9:5555"), b"OKAY" + block(b"failed to connect to 10.0.0.9:5555"))
    with FakeServer(script) as adb, pytest.raises(DeviceError, match="failed to connect"):
        adb.connect("10.0.0.9:5555")


def test_shell_keeps_bytes_streams_and_exit_code() -> None:
    frames = b"\x01\x02\0\0\0\xff\xfe\x02\x03\0\0\0bad\x03\x01\0\0\0\x07"
    with FakeServer(FEATURES, shell("x", "split", frames), shell("x", frames)) as adb:
        device = adb.device("T1")
        result = device.shell("x", check=False)
        with pytest.raises(CommandFailed, match="'x' exited 7: 'bad'"):
            device.shell(["x"])
    assert (result.stdout, result.stderr, result.exit_code) == (b"\xff\xfe", b"bad", 7)
    assert result.text == "��"


def test_shell_without_exit_code_is_an_error() -> None:
    with FakeServer(FEATURES, shell("x", b"\x01\x02\0\0\0ok")) as adb:
        with pytest.raises(AdbProtocolError, match="closed before its exit code, 2 bytes of stdout"):
            adb.device("T1").shell("x", check=False)


def test_silent_shell_is_a_timeout() -> None:
    with FakeServer(FEATURES, shell("x", "hang")) as adb:
        with pytest.raises(AdbTimeout, match=r"T1: .*not within 0\.2 s"):
            adb.device("T1").shell("x", timeout_s=0.2)


def test_spawned_command_is_polled() -> None:
    with FakeServer(FEATURES, shell("x", b"\x01\x02\0\0\0ok", "hang")) as adb:
        with adb.device("T1").spawn("x") as running:
            assert running.poll() is None
            with pytest.raises(AdbTimeout):
                running.wait(Deadline.after(0.1))
            assert running.stdout == b"ok"
            with pytest.raises(ValueError, match="pty"):
                running.interrupt()


def test_old_device_without_its_nonce_is_an_error() -> None:
    with FakeServer(OLD_FEATURES, (*TRANSPORT, asked("shell:x; echo redeye-0123456789abcdef:$?"), b"OKAYcut")) as adb:
        with pytest.raises(AdbProtocolError, match="closed before its exit code"):
            adb.device("T1").shell("x")


def test_lines_until_closed() -> None:
    script = (*TRANSPORT, asked("exec:logcat"), b"OKAY", "split", b"one\r\n\xfftwo\nrest")
    with FakeServer(script) as adb, adb.device("T1").stream("logcat") as lines:
        assert list(lines) == [b"one", b"\xfftwo", b"rest"]


def test_waiting_for_a_line_ends_when_closed_elsewhere() -> None:
    script = (*TRANSPORT, asked("exec:logcat"), b"OKAYone\nhal", "hang")
    with FakeServer(script) as adb, adb.device("T1").stream("logcat") as lines:
        assert lines.read_line(1.0) == b"one"
        with pytest.raises(AdbTimeout):
            lines.read_line(0.05)
        closer = threading.Timer(0.05, lines.close)
        closer.start()
        assert lines.read_line(3.0) == b"hal"
        assert lines.read_line(3.0) is None
        closer.join()


STAT_5 = b"STAT" + struct.pack("<III", 0o100644, 5, 1)
RECV = 8 + len("/f")


@pytest.mark.parametrize(
    ("steps", "problem"),
    [
        pytest.param((STAT_5, RECV, b"DATA\x05\0\0\0abc"), "closed after 11 of at least 13", id="closed-in-a-piece"),
        pytest.param((STAT_5, RECV, b"DATA\x03\0\0\0abc"), "closed before the end", id="closed-between-pieces"),
        pytest.param((STAT_5, RECV, b"DATA\x03\0\0\0abcDONE\0\0\0\0"), "3 bytes came, stat says 5", id="short"),
        pytest.param((STAT_5, RECV, b"FAIL\x06\0\0\0denied"), "pull /f: denied", id="refused"),
        pytest.param((b"STAT" + bytes(12),), "No such file", id="missing"),
        pytest.param((b"STAT" + struct.pack("<III", 0o40755, 0, 1),), "not a regular file", id="folder"),
    ],
)
def test_pull_that_fails_leaves_nothing(steps: tuple[Step, ...], problem: str, tmp_path: Path) -> None:
    with FakeServer(OLD_FEATURES, sync("/f", *steps)) as adb, pytest.raises(DeviceError, match=problem):
        adb.device("T1").pull("/f", tmp_path / "f")
    assert list(tmp_path.iterdir()) == []


def test_pull_checks_the_hash(tmp_path: Path) -> None:
    whole = (STAT_5, RECV, "split", b"DATA\x03\0\0\0abcDATA\x02\0\0\0deDONE\0\0\0\0")
    with FakeServer(OLD_FEATURES, sync("/f", *whole), sync("/f", *whole)) as adb:
        with pytest.raises(AdbProtocolError, match="sha256"):
            adb.device("T1").pull("/f", tmp_path / "f", sha256="00")
    with FakeServer(OLD_FEATURES, sync("/f", *whole)) as adb:
        pulled = adb.device("T1").pull("/f", tmp_path / "f")
    assert (pulled.path.read_bytes(), pulled.size_bytes) == (b"abcde", 5)


def test_push_is_measured_on_the_device() -> None:
    sent = 8 + len("/f,33188") + 8 + 3 + 8  # SEND, DATA, DONE
    steps = (*TRANSPORT, asked("sync:"), b"OKAY", sent, b"OKAY\0\0\0\0", RECV, STAT_5)
    with FakeServer(OLD_FEATURES, steps) as adb:
        with pytest.raises(AdbProtocolError, match="3 bytes to send, 3 sent, 5 bytes on the device"):
            adb.device("T1").push(b"abc", "/f")


def test_reverse_asks_with_a_semicolon() -> None:
    script = (*TRANSPORT, asked("reverse:forward:tcp:0;tcp:80"), b"OKAYOKAY" + block(b"41234"))
    fake = FakeServer(script)
    with fake as adb:
        assert adb.device("T1").reverse("tcp:0", "tcp:80") == "tcp:41234"
    assert fake.requests[-1].endswith(b"reverse:forward:tcp:0;tcp:80")


def test_reverse_that_is_refused() -> None:
    script = (*TRANSPORT, asked("reverse:killforward:tcp:1"), b"OKAYFAIL" + block(b"listener 'tcp:1' not found"))
    with FakeServer(script) as adb, pytest.raises(DeviceError, match="listener 'tcp:1' not found"):
        adb.device("T1").reverse_remove("tcp:1")
