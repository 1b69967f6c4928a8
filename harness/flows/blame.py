"""Who is at fault: the origin's journal against the app's claim and the bytes on the device."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath

from harness.apps import StoredCheck
from harness.apps.adapter import PlayerSeen
from harness.core.outcome import Finding, Layer, Severity
from harness.delivery import RequestEntry

_MEDIA = (".m4s", ".mp4", ".mpd", ".webm", ".m4a", ".m4v", ".ts", ".m3u8", ".vtt")


def media_entries(entries: Iterable[RequestEntry]) -> tuple[RequestEntry, ...]:
    """The requests that are for manifests, segments or text; posters and the app's shell are not media."""
    return tuple(e for e in entries if PurePosixPath(e.path.split("?")[0]).suffix in _MEDIA)


def blame_missing(stored: StoredCheck, asked: Sequence[RequestEntry], claim: str) -> tuple[Finding, ...]:
    """Findings for objects that the app claims and the device does not hold as the packager made them."""
    if stored.equal == stored.wanted and not stored.damaged:
        return ()
    lacking = (*stored.missing, *stored.damaged)
    requests = {path: [e for e in asked if e.path.endswith(path)] for path in lacking}
    never = [path for path, seen in requests.items() if not seen]
    bad = [path for path, seen in requests.items() if seen and not any(_whole(e) for e in seen)]
    kept = f"{stored.equal} of {stored.wanted} objects are on the device as the packager made them"
    if stored.equal == 0 and len(never) == len(lacking):
        return (
            Finding(
                "phantom_download",
                Layer.APP,
                Severity.FAIL,
                f"the app says {claim!r} but it never asked the origin for the title's media; {kept}",
                value=0.0,
                unit="objects",
                limit=float(stored.wanted),
                limit_source="catalogue.yaml",
            ),
        )
    if bad:
        kind, layer = "download_cut", Layer.DELIVERY
        why = f"the origin's answer for {bad[0]} was not whole"
    elif never:
        kind, layer = "incomplete_download", Layer.APP
        why = f"the app never asked for {len(never)} of them, the first {never[0]}"
    elif stored.damaged:
        kind, layer = "stored_bytes_differ", Layer.STORAGE
        why = f"{stored.damaged[0]} was delivered whole and differs on the device"
    else:
        kind, layer = "stored_bytes_missing", Layer.STORAGE
        why = f"{stored.missing[0]} was delivered whole and is not on the device"
    return (
        Finding(
            kind,
            layer,
            Severity.FAIL,
            f"the app says {claim!r} but {kept}; {why}",
            value=float(stored.equal),
            unit="objects",
            limit=float(stored.wanted),
            limit_source="catalogue.yaml",
        ),
    )


def _whole(entry: RequestEntry) -> bool:
    return entry.completed and entry.status in (200, 206, 304)


def streamed(asked: Sequence[RequestEntry], seen: PlayerSeen) -> tuple[Finding, ...]:
    """A finding when a stored title was fetched again to be played."""
    if asked:
        return (
            Finding(
                "streamed_although_stored",
                Layer.APP,
                Severity.FAIL,
                f"playing the downloaded title online made {len(asked)} media requests, the first for {asked[0].path}; "
                f"the player says its source is {seen.source!r}",
                value=float(len(asked)),
                unit="requests",
                limit=0.0,
                limit_source="offline_defects.md D03",
            ),
        )
    return ()
