"""The origin over real sockets: ranges, validators, contained paths, and what the journal says of a cut client."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from harness.core.clock import Deadline, wait_for
from harness.core.errors import EnvironmentFault
from harness.delivery.journal import Journal
from harness.delivery.origin import Document, Origin

BIG = 24 * 1024 * 1024
TEN = b"0123456789"


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes


@dataclass
class Served:
    origin: Origin
    journal: Journal
    folder: Path

    def ask(self, path: str, method: str = "GET", **headers: str) -> Answer:
        connection = http.client.HTTPConnection(self.origin.host, self.origin.port, timeout=5)
        try:
            connection.putrequest(method, path, skip_accept_encoding=True)
            for name, value in headers.items():
                connection.putheader(name.replace("_", "-"), value)
            connection.endheaders()
            got = connection.getresponse()
            return Answer(got.status, {k.lower(): v for k, v in got.getheaders()}, got.read())
        finally:
            connection.close()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("origin")
    media = folder / "media"
    (media / "deep").mkdir(parents=True)
    (media / "ten.m4s").write_bytes(TEN)
    (media / "empty.vtt").write_bytes(b"")
    (media / "deep" / "a b.mpd").write_text("<MPD/>")
    (folder / "secret.txt").write_text("outside")
    (media / "link.txt").symlink_to(folder / "secret.txt")
    with (media / "big.mp4").open("wb") as f:
        f.truncate(BIG)
    (folder / "app.mjs").write_text("export {}")
    journal = Journal(folder / "journal.jsonl")
    documents = {"/": Document(b"<p>hello", "text/html; charset=utf-8")}
    mounts = {"/media/": media, "/app.mjs": folder / "app.mjs"}
    with journal, Origin(mounts, documents, journal) as origin:
        yield Served(origin, journal, folder)


@pytest.mark.parametrize(
    ("header", "status", "body", "content_range"),
    [
        pytest.param("bytes=0-3", 206, b"0123", "bytes 0-3/10", id="first-bytes"),
        pytest.param("bytes=4-", 206, b"456789", "bytes 4-9/10", id="open-ended"),
        pytest.param("bytes=-3", 206, b"789", "bytes 7-9/10", id="suffix"),
        pytest.param("bytes=-99", 206, TEN, "bytes 0-9/10", id="suffix-longer-than-object"),
        pytest.param("bytes=9-9", 206, b"9", "bytes 9-9/10", id="last-byte"),
        pytest.param("bytes=5-99", 206, b"56789", "bytes 5-9/10", id="end-past-the-object"),
        pytest.param("bytes=10-", 416, None, "bytes */10", id="past-end"),
        pytest.param("bytes=-0", 416, None, "bytes */10", id="empty-suffix"),
        pytest.param("bytes=0-1,3-4", 200, TEN, None, id="several-ranges-answered-whole"),
        pytest.param("bytes=3-1", 200, TEN, None, id="backwards-is-ignored"),
        pytest.param("bytes=+1-2", 200, TEN, None, id="sign-is-ignored"),
        pytest.param("items=0-1", 200, TEN, None, id="other-unit-is-ignored"),
        pytest.param("bytes", 200, TEN, None, id="no-equals-is-ignored"),
    ],
)
def test_range(served: Served, header: str, status: int, body: bytes | None, content_range: str | None) -> None:
    got = served.ask("/media/ten.m4s", Range=header)
    assert (got.status, got.headers.get("content-range")) == (status, content_range)
    if body is not None:
        assert got.body == body
        assert got.headers["content-length"] == str(len(body))


def test_whole_object_has_type_cache_and_validator(served: Served) -> None:
    got = served.ask("/media/ten.m4s", Accept_Encoding="gzip")
    assert (got.status, got.body) == (200, TEN)
    assert got.headers["content-type"] == "video/iso.segment"
    assert got.headers["cache-control"] == "no-store"
    assert got.headers["accept-ranges"] == "bytes"
    assert got.headers["etag"].startswith('"') and got.headers["etag"].endswith('"')
    assert "content-encoding" not in got.headers and "transfer-encoding" not in got.headers


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        pytest.param("/", "text/html; charset=utf-8", id="document"),
        pytest.param("/app.mjs", "text/javascript; charset=utf-8", id="one-file-mount"),
        pytest.param("/media/deep/a%20b.mpd", "application/dash+xml", id="encoded-name"),
        pytest.param("/media/empty.vtt", "text/vtt; charset=utf-8", id="empty-object"),
    ],
)
def test_content_type(served: Served, path: str, kind: str) -> None:
    got = served.ask(path)
    assert (got.status, got.headers["content-type"]) == (200, kind)


def test_head_gives_the_length_and_no_body(served: Served) -> None:
    mark = served.journal.mark()
    got = served.ask("/media/big.mp4", "HEAD")
    assert (got.status, got.body, got.headers["content-length"]) == (200, b"", str(BIG))
    entry = ended(served.journal, mark)
    assert (entry.method, entry.bytes_sent, entry.completed) == ("HEAD", 0, True)


def test_conditions(served: Served) -> None:
    etag = served.ask("/media/ten.m4s").headers["etag"]
    assert served.ask("/media/ten.m4s").headers["etag"] == etag
    same = served.ask("/media/ten.m4s", If_None_Match=f'"x", W/{etag}')
    assert (same.status, same.body, same.headers["etag"]) == (304, b"", etag)
    assert served.ask("/media/ten.m4s", If_None_Match='"x"').status == 200
    assert served.ask("/media/ten.m4s", If_Match='"x"').status == 412
    assert served.ask("/media/ten.m4s", If_Match=etag).status == 200
    assert served.ask("/media/ten.m4s", Range="bytes=1-2", If_Range=etag).body == b"12"
    assert served.ask("/media/ten.m4s", Range="bytes=1-2", If_Range='"old"').body == TEN
    assert served.ask("/media/ten.m4s", Range="bytes=1-2", If_Range=f"W/{etag}").status == 200


def test_replaced_object_has_another_etag(served: Served) -> None:
    file = served.folder / "media" / "changes.txt"
    file.write_bytes(b"one")
    first = served.ask("/media/changes.txt").headers["etag"]
    other = file.with_suffix(".new")
    other.write_bytes(b"two")
    other.replace(file)
    assert served.ask("/media/changes.txt").headers["etag"] != first


@pytest.mark.parametrize(
    "path",
    [
        pytest.param("/media/../secret.txt", id="dots"),
        pytest.param("/media/%2e%2e/secret.txt", id="encoded-dots"),
        pytest.param("/media/%2e%2e%2fsecret.txt", id="encoded-slash"),
        pytest.param("/media/..%5csecret.txt", id="backslash"),
        pytest.param("/media/%252e%252e/secret.txt", id="doubly-encoded"),
        pytest.param("/media//etc/passwd", id="absolute"),
        pytest.param("/media/link.txt", id="symlink-out"),
        pytest.param("/media/ten.m4s%00.txt", id="nul"),
        pytest.param("/media/deep", id="folder"),
        pytest.param("/media/" + "x" * 300, id="name-too-long"),
        pytest.param("/nothing", id="no-mount"),
        pytest.param("/mediaten.m4s", id="prefix-without-slash"),
    ],
)
def test_path_that_leads_nowhere(served: Served, path: str) -> None:
    got = served.ask(path)
    assert (got.status, got.body) == (404, b"not found\n")


def test_other_methods_are_refused(served: Served) -> None:
    got = served.ask("/media/ten.m4s", "DELETE")
    assert (got.status, got.headers["allow"]) == (405, "GET, HEAD")


def ended(journal: Journal, mark: int):  # type: ignore[no-untyped-def]
    waited = wait_for(
        "request ended",
        lambda: journal.since(mark),
        lambda seen: seen and not seen[0].in_flight,
        Deadline.after(3),
        every_s=0.005,
    )
    return waited.value[0]


def test_journal_counts_what_was_sent(served: Served) -> None:
    mark = served.journal.mark()
    served.ask("/media/ten.m4s?run=7", Range="bytes=2-5")
    entry = ended(served.journal, mark)
    assert (entry.path, entry.query, entry.range) == ("/media/ten.m4s", "run=7", "bytes=2-5")
    assert (entry.status, entry.bytes_sent, entry.completed) == (206, 4, True)
    lines = (served.folder / "journal.jsonl").read_text().splitlines()
    assert json.loads(lines[-1])["bytes_sent"] == 4


def test_cut_client_is_seen_as_a_cut(served: Served) -> None:
    mark = served.journal.mark()
    with socket.create_connection((served.origin.host, served.origin.port), timeout=5) as client:
        client.sendall(b"GET /media/big.mp4 HTTP/1.1\r\nHost: x\r\n\r\n")
        client.recv(1000)
        (entry,) = served.journal.since(mark)
        assert entry.in_flight and not entry.completed
    entry = ended(served.journal, mark)
    assert entry.status == 200
    assert not entry.completed
    assert entry.bytes_sent < BIG / 2


def test_taken_port_is_named(served: Served) -> None:
    with pytest.raises(EnvironmentFault, match=rf"port {served.origin.port} .*taken.*choose another"):
        with Origin({}, {}, Journal(), port=served.origin.port):
            pass


def test_missing_mount_is_named(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentFault, match=r"gone \(served at /media/\) is not there"):
        with Origin({"/media/": tmp_path / "gone"}, {}, Journal()):
            pass


def test_closing_cuts_a_running_transfer(tmp_path: Path) -> None:
    with (tmp_path / "big.mp4").open("wb") as f:
        f.truncate(BIG)
    journal = Journal()
    with Origin({"/media/": tmp_path}, {}, journal) as origin:
        client = socket.create_connection((origin.host, origin.port), timeout=5)
        client.sendall(b"GET /media/big.mp4 HTTP/1.1\r\nHost: x\r\n\r\n")
        client.recv(1000)
    client.close()
    (entry,) = journal.entries()
    assert not entry.completed
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((origin.host, origin.port), timeout=1)
