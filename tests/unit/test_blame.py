"""Who is blamed for bytes that the device does not hold."""

from __future__ import annotations

import pytest

from harness.apps import StoredCheck
from harness.delivery import RequestEntry
from harness.flows.blame import blame_missing

A, B = "a.m4s", "b.m4s"


def asked(path: str, status: int = 200, completed: bool = True) -> RequestEntry:
    return RequestEntry(0.0, 0.0, "GET", f"/media/{path}", None, status, 10, completed, "c")


@pytest.mark.parametrize(
    ("stored", "requests", "kind", "layer"),
    [
        (StoredCheck(2, 0, 0, (A, B), ()), [], "phantom_download", "app"),
        (StoredCheck(2, 1, 1, (B,), ()), [asked(A)], "incomplete_download", "app"),
        (StoredCheck(2, 1, 1, (B,), ()), [asked(A), asked(B, 503)], "download_cut", "delivery"),
        (StoredCheck(2, 1, 1, (B,), ()), [asked(A), asked(B, 200, False)], "download_cut", "delivery"),
        (StoredCheck(2, 1, 1, (B,), ()), [asked(A), asked(B)], "stored_bytes_missing", "storage"),
        (StoredCheck(2, 1, 1, (), (B,)), [asked(A), asked(B)], "stored_bytes_differ", "storage"),
        (StoredCheck(2, 0, 0, (A, B), ()), [asked(A), asked(B)], "stored_bytes_missing", "storage"),
    ],
    ids=["phantom", "never-asked", "error", "cut", "lost-on-device", "damaged-on-device", "all-lost-on-device"],
)
def test_blame(stored: StoredCheck, requests: list[RequestEntry], kind: str, layer: str) -> None:
    assert [(f.kind, str(f.layer)) for f in blame_missing(stored, requests, "Downloaded")] == [(kind, layer)]


def test_all_equal_blames_nobody() -> None:
    assert blame_missing(StoredCheck(2, 2, 20, (), ()), [], "Downloaded") == ()
