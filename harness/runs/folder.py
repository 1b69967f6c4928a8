"""The run folder: events as they happen, hashed evidence, and at the end a verdict and a manifest that seal it.

Events reach the disk one by one, so a killed run still tells its story. Evidence is never overwritten. Sealing writes
the hash of every file; reading a folder back checks them, and says what is missing, changed or added since.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets as random_source
import shutil
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from harness.core.clock import Clock, SystemClock
from harness.core.errors import EnvironmentFault, HarnessError, InputFileError, UsageError

EVENTS = "events.jsonl"
EVIDENCE = "evidence"
LOGS = "logs"
VERDICT = "verdict.json"
MANIFEST = "manifest.json"
FORMAT = 1
MASK = "***"
_SHORTEST_SECRET = 4  # a shorter one would mask ordinary text

_SAFE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,120}", re.ASCII)


@dataclass(frozen=True)
class Event:
    """One thing that happened.

    Args:
        n: its number, from 0, without gaps.
        at_s: monotonic seconds since the run began.
        wall: ISO 8601, UTC.
    """

    n: int
    at_s: float
    wall: str
    kind: str
    data: Mapping[str, Any]


@dataclass(frozen=True)
class Evidence:
    """A stored file. `path` is relative to the run folder."""

    path: str
    kind: str
    size_bytes: int
    sha256: str


@dataclass(frozen=True)
class StoredRun:
    """A run folder as it was read back.

    Args:
        verdict: what the run was sealed with; None for a run that never ended.
        problems: what cannot be trusted, in words; empty for a sound and sealed folder.
    """

    path: Path
    events: tuple[Event, ...]
    evidence: tuple[Evidence, ...]
    verdict: Mapping[str, Any] | None
    problems: tuple[str, ...]

    @property
    def sealed(self) -> bool:
        return self.verdict is not None

    def of_kind(self, kind: str) -> tuple[Event, ...]:
        """The events of one kind, in order."""
        return tuple(event for event in self.events if event.kind == kind)


class RunFolder:
    """A run that is being written. Made by `create`; `open` reads one back."""

    def __init__(self, path: Path, clock: Clock, secrets: Sequence[str]) -> None:
        self.path = path
        self._clock = clock
        self._secrets = _forms(secrets)
        self._began_s = clock.monotonic()
        self._lock = threading.Lock()
        self._count = 0
        self._stored: dict[str, Evidence] = {}
        self._sealed = False

    @classmethod
    def create(cls, root: Path, name: str, *, clock: Clock | None = None, secrets: Sequence[str] = ()) -> RunFolder:
        """A new folder `<root>/<UTC stamp>-<name>-<4 hex>`.

        Args:
            root: usually `redeye-runs`; made when it is not there.
            secrets: strings that must never reach an event or the verdict; each becomes ***.
        """
        used = clock or SystemClock()
        stamp = datetime.fromtimestamp(used.wall(), UTC).strftime("%Y%m%dT%H%M%SZ")
        safe = re.sub(r"[^A-Za-z0-9._-]+", "-", name, flags=re.ASCII).strip("-.")[:80] or "run"
        with _disk(root):
            while True:
                path = root.absolute() / f"{stamp}-{safe}-{random_source.token_hex(2)}"
                try:
                    path.mkdir(parents=True)
                    break
                except FileExistsError:
                    if not root.is_dir():
                        raise
            (path / EVIDENCE).mkdir()
        run = cls(path, used, secrets)
        run.event("run", {"format": FORMAT, "name": name})
        return run

    @property
    def sealed(self) -> bool:
        return self._sealed

    @property
    def stored(self) -> tuple[Evidence, ...]:
        """The evidence so far, in the order in which it came."""
        return tuple(self._stored.values())

    def event(self, kind: str, data: Mapping[str, Any]) -> Event:
        """The event as it was written; it is on its way to the disk when this returns."""
        with self._lock:
            self._open_or_raise()
            at_s = round(self._clock.monotonic() - self._began_s, 6)
            wall = datetime.fromtimestamp(self._clock.wall(), UTC).isoformat(timespec="milliseconds")
            made = Event(self._count, at_s, wall, kind, self._masked(data))
            line = json.dumps(
                {"n": made.n, "at_s": at_s, "wall": wall, "kind": kind, "data": made.data}, ensure_ascii=False
            )
            with _disk(self.path):
                _append(self.path / EVENTS, line)
            self._count += 1
            return made

    def evidence(self, name: str, source: bytes | Path, kind: str) -> str:
        """The run-folder path of `source`, stored under evidence/ with its hash.

        Args:
            name: letters, digits, dot, dash and underscore. A name that is taken gets -2, -3 and so on.
            source: the bytes, or a file to copy.
            kind: what it is, e.g. "screenshot", "recording", "log".
        """
        if not _SAFE_NAME.fullmatch(name):
            raise UsageError(f"evidence {name!r}: use letters, digits, '.', '-' and '_', 120 at most")
        with self._lock:
            self._open_or_raise()
            target = self._free(name)
            with _disk(self.path):
                self._put(source, target)
                stored = Evidence(f"{EVIDENCE}/{target.name}", kind, target.stat().st_size, _sha256(target))
        return self._kept(stored)

    @property
    def logs(self) -> Path:
        """Where programs of this run write their logs while it runs; a killed run keeps what they wrote."""
        return self.path / LOGS

    def keep_logs(self) -> tuple[str, ...]:
        """The run-folder paths of all logs, now evidence; call it when their writers have ended."""
        with self._lock:
            self._open_or_raise()
            with _disk(self.path):
                found = [
                    Evidence(f"{LOGS}/{file.name}", "log", file.stat().st_size, _sha256(file))
                    for file in sorted(self.logs.glob("*"))
                    if file.is_file()
                ]
        return tuple(self._kept(stored) for stored in found)

    def _kept(self, stored: Evidence) -> str:
        self._stored[stored.path] = stored
        size = {"path": stored.path, "kind": stored.kind, "size_bytes": stored.size_bytes, "sha256": stored.sha256}
        self.event("evidence", size)
        return stored.path

    def seal(self, verdict: Mapping[str, Any]) -> None:
        """Write verdict.json and manifest.json; nothing can be added afterwards."""
        self.event("sealed", {"outcome": verdict.get("outcome")})
        with self._lock:
            self._sealed = True
            with _disk(self.path):
                _write_json(self.path / VERDICT, self._masked(verdict))
                files = {
                    relative: {"size_bytes": file.stat().st_size, "sha256": _sha256(file)}
                    for relative, file in _files(self.path)
                }
                _write_json(self.path / MANIFEST, {"format": FORMAT, "files": files})

    def _open_or_raise(self) -> None:
        if self._sealed:
            raise HarnessError(f"run folder {self.path}: is sealed; nothing can be added")

    def _free(self, name: str) -> Path:
        folder = self.path / EVIDENCE
        stem, dot, ending = name.rpartition(".")
        number, target = 1, folder / name
        while target.exists():
            number += 1
            target = folder / (f"{stem}-{number}.{ending}" if dot else f"{name}-{number}")
        return target

    @staticmethod
    def _put(source: bytes | Path, target: Path) -> None:
        if isinstance(source, bytes):
            target.write_bytes(source)
        else:  # never a link: whoever made the file may write it again
            shutil.copyfile(source, target)

    def _masked(self, data: Mapping[str, Any]) -> Mapping[str, Any]:
        text = json.dumps(data, ensure_ascii=False, default=str)
        for secret in self._secrets:
            text = text.replace(secret, MASK)
        masked: Mapping[str, Any] = json.loads(text)
        return masked

    @staticmethod
    def open(path: Path) -> StoredRun:
        """The run in `path`, with everything about it that cannot be trusted.

        Raises:
            InputFileError: the folder has no readable event file, so it is no run folder.
        """
        problems: list[str] = []
        events = tuple(_read_events(path, problems))
        verdict = _read_json(path / VERDICT, problems)
        manifest = _read_json(path / MANIFEST, problems)
        evidence = tuple(
            Evidence(e.data["path"], e.data["kind"], e.data["size_bytes"], e.data["sha256"])
            for e in events
            if e.kind == "evidence"
        )
        if manifest is None:
            problems.append("not sealed: the run did not end in the usual way")
            problems += _compare(path, {e.path: e.sha256 for e in evidence}, complete=False)
        else:
            listed = {name: str(entry["sha256"]) for name, entry in manifest["files"].items()}
            problems += _compare(path, listed, complete=True)
        return StoredRun(path, events, evidence, verdict, tuple(problems))


def _forms(secrets: Sequence[str]) -> tuple[str, ...]:
    """The secrets as they look inside JSON, the longest first."""
    kept = [s for s in secrets if len(s) >= _SHORTEST_SECRET]
    return tuple(sorted({json.dumps(s, ensure_ascii=False)[1:-1] for s in kept}, key=len, reverse=True))


@contextmanager
def _disk(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as e:
        raise EnvironmentFault(f"run folder {path}: cannot be written: {e.strerror or e}") from e


def _append(file: Path, line: str) -> None:
    """Opened for each event: nothing is left open when a run is given up, and a killed run keeps all it wrote."""
    with file.open("a", encoding="utf-8") as f:
        f.write(line + "\n")


def _sha256(file: Path) -> str:
    with file.open("rb") as f:
        return hashlib.file_digest(f, "sha256").hexdigest()


def _files(path: Path) -> Iterator[tuple[str, Path]]:
    for file in sorted(path.rglob("*")):
        relative = file.relative_to(path).as_posix()
        if file.is_file() and not file.is_symlink() and relative != MANIFEST:
            yield relative, file


def _write_json(file: Path, value: object) -> None:
    part = file.with_suffix(".part")
    with part.open("w", encoding="utf-8") as f:
        f.write(json.dumps(value, ensure_ascii=False, indent=2) + "\n")
        f.flush()
        os.fsync(f.fileno())
    part.replace(file)


def _read_json(file: Path, problems: list[str]) -> Mapping[str, Any] | None:
    try:
        found = json.loads(file.read_text("utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as e:
        problems.append(f"{file.name}: unreadable: {e}")
        return None
    if isinstance(found, dict):
        return found
    problems.append(f"{file.name}: not an object")
    return None


def _read_events(path: Path, problems: list[str]) -> Iterator[Event]:
    try:
        lines = (path / EVENTS).read_text("utf-8", errors="replace").split("\n")
    except OSError as e:
        raise InputFileError(str(path), EVENTS, f"cannot be read: {e.strerror}", "is this a run folder?") from e
    torn = lines.pop()
    if torn:
        problems.append(f"{EVENTS}: the last line is torn after {len(torn)} characters; the run was cut while writing")
    for number, line in enumerate(lines):
        try:
            raw = json.loads(line)
            event = Event(raw["n"], float(raw["at_s"]), raw["wall"], raw["kind"], raw["data"])
        except (ValueError, KeyError, TypeError):
            problems.append(f"{EVENTS}: line {number + 1} is not an event")
            continue
        if event.n != number:
            problems.append(f"{EVENTS}: line {number + 1} holds event {event.n}; expected {number}")
        yield event


def _compare(path: Path, listed: Mapping[str, str], *, complete: bool) -> Iterator[str]:
    for name, sha256 in listed.items():
        file = path / name
        if not file.resolve().is_relative_to(path.resolve()):
            yield f"{name}: lies outside the run folder"
        elif not file.is_file():
            yield f"{name}: is missing"
        elif _sha256(file) != sha256:
            yield f"{name}: was changed after it was stored"
    if complete:
        yield from (f"{name}: was added after the run was sealed" for name, _ in _files(path) if name not in listed)
