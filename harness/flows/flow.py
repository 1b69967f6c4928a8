"""One title on one tablet: the steps a test can take, and the verdict on all that they saw.

Steps add findings and go on where there is more to see; `verdict` judges once, at the end.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from harness.apps import AppAdapter, DownloadSeen, StartSeen, StoredCheck
from harness.core.clock import Clock, Deadline, SystemClock
from harness.core.errors import HarnessError, WaitTimeout
from harness.core.outcome import Finding, Layer, Measurement, Severity, Verdict, judge
from harness.delivery import Journal
from harness.device import OfflineProof, Tablet, Witness
from harness.flows.blame import blame_missing, media_entries, streamed
from harness.flows.play import Playback, PlaybackPlan, watch
from harness.flows.proofs import byte_witness, origin_witness
from harness.media.catalogue import MediaObject, Rendition, Sample
from harness.playback.verify import Sight
from harness.runs import RunFolder

FULL_BYTES = 1 << 20  # less cannot hold a second of recording at 12 Mbit/s


@dataclass
class Flow:
    """The steps on one title. Every step writes what it saw to the run folder.

    Args:
        origin_address: the origin as the tablet calls it; the offline probe goes there.
        journal: the origin's request journal.
        sight: references, limits and recorder that recordings are judged with.
    """

    tablet: Tablet
    app: AppAdapter
    journal: Journal
    origin_address: tuple[str, int]
    sample: Sample
    run: RunFolder
    clock: Clock = field(default_factory=SystemClock)
    sight: Sight = field(default_factory=Sight)
    findings: list[Finding] = field(default_factory=list)
    checks: list[str] = field(default_factory=list)
    measurements: list[Measurement] = field(default_factory=list)
    proofs: list[OfflineProof] = field(default_factory=list)
    playbacks: list[Playback] = field(default_factory=list)
    listeners: list[Callable[[str, Mapping[str, Any]], None]] = field(default_factory=list)
    stored: StoredCheck | None = None
    _offline_mark: int | None = None
    _offline_bytes: int | None = None

    @contextmanager
    def step(self, name: str) -> Iterator[list[str]]:
        """A named step of the run; yields a list for the names of its evidence. Its end is written whatever happens."""
        began, before = self.clock.monotonic(), len(self.findings)
        evidence: list[str] = []
        status = "broken"
        self._tell("step_start", {"name": name})
        try:
            yield evidence
            new = {finding.severity for finding in self.findings[before:]}
            status = "failed" if Severity.FAIL in new else "broken" if Severity.BLIND in new else "passed"
        finally:
            self._tell(
                "step",
                {
                    "name": name,
                    "status": status,
                    "start_s": began,
                    "stop_s": self.clock.monotonic(),
                    "evidence": evidence,
                },
            )

    def _tell(self, kind: str, data: Mapping[str, Any]) -> None:
        self.run.event(kind, data)
        for listener in self.listeners:
            listener(kind, data)

    def find(self, *findings: Finding) -> None:
        """Add findings, in the order in which they were seen.

        What is seen of the playback after a cause was found is its consequence: it is kept as a note that names the
        cause, so that nobody is blamed for what an earlier layer did. The outcome is FAIL already.
        """
        cause = next((f for f in self.findings if f.severity is Severity.FAIL), None)
        for found in findings:
            finding = found
            if cause is not None and found.severity is not Severity.NOTE:
                finding = replace(found, severity=Severity.NOTE, message=f"follows from {cause.kind}: {found.message}")
            self.findings.append(finding)
            self.run.event("finding", asdict(finding))

    def measure(self, name: str, value: float, unit: str, upper: float | None = None, source: str = "") -> None:
        self.measurements.append(Measurement(name, round(value, 3), unit, upper=upper, source=source))

    @property
    def video(self) -> Rendition:
        """The rendition that an offline copy is made of: the largest picture."""
        return max(
            (r for r in self.sample.renditions if r.kind == "video"), key=lambda r: (r.width or 0) * (r.height or 0)
        )

    @property
    def wanted(self) -> tuple[MediaObject, ...]:
        """The objects that an offline copy must hold: init and segments of the best video and of all audio."""
        kept = {self.video.id} | {r.id for r in self.sample.renditions if r.kind == "audio"}
        return tuple(o for o in self.sample.objects if o.role in ("init", "segment") and o.rendition in kept)

    def start_app(self, timeout_s: float = 20.0) -> StartSeen:
        """Start the app and wait until it is usable."""
        where = "offline" if self._offline_mark is not None else "online"
        with self.step(f"start the app {where}") as evidence:
            seen = self.app.start(Deadline.after(timeout_s, self.clock))
            self.checks.append("app_start")
            if not seen.usable:
                evidence.append(self.run.evidence("not-usable.png", self.tablet.screen.screenshot(), "screenshot"))
                why = f"{seen.took_s:.1f} s after a cold start {where} the app shows {seen.shown!r}"
                self.find(
                    Finding("app_not_usable", Layer.APP, Severity.FAIL, why, limit_source="offline_defects.md D01")
                )
        number = 1 + sum(m.name.startswith("app_start_") for m in self.measurements)
        self.measure(f"app_start_{number}", seen.took_s, "s")
        return seen

    def download(self, timeout_s: float = 120.0) -> DownloadSeen:
        """Download the title in the app and compare what the device then holds with the packager's hashes."""
        mark = self.journal.mark()
        with self.step(f"download {self.sample.id}") as evidence:
            try:
                seen = self.app.download(self.sample.id, Deadline.after(timeout_s, self.clock))
            except WaitTimeout as late:
                seen = DownloadSeen(f"no end within {late.waited_s:.0f} s, last {late.last!r}", False, late.waited_s)
            asked = media_entries(self.journal.since(mark))
            evidence.append(self.run.evidence("after-download.png", self.tablet.screen.screenshot(), "screenshot"))
            self.checks.append("download")
            if not seen.complete:
                failed = [e for e in asked if not e.completed or e.status >= 400]
                layer = Layer.DELIVERY if failed else Layer.APP
                why = f"; the origin answered {failed[0].path} with {failed[0].status}" if failed else ""
                self.find(Finding("download_failed", layer, Severity.FAIL, f"the app says {seen.state!r}{why}"))
        if asked:
            self.measure("download_transfer", max(e.time_s for e in asked) - min(e.time_s for e in asked), "s")
        self.measure("download_bytes", sum(e.bytes_sent for e in asked), "bytes")
        self.measure("download_took", seen.took_s, "s")
        with self.step("compare the stored bytes with the catalogue") as evidence:
            stored = self.app.stored(self.wanted)
            self.checks.append("stored_bytes")
            self.measure("stored_objects", stored.equal, "objects")
            self.measure("stored_bytes", stored.equal_bytes, "bytes")
            evidence.append(self.run.evidence("stored.json", _stored_json(stored), "storage"))
            if seen.complete:
                self.find(*blame_missing(stored, asked, seen.state))
        self.stored = stored
        return seen

    def check_source(self, timeout_s: float = 8.0) -> None:
        """Play the stored title while online: the origin must see no media request (offline_defects.md, D03)."""
        with self.step("play the stored copy online") as evidence:
            mark = self.journal.mark()
            self.app.play(self.sample.id, Deadline.after(timeout_s, self.clock))
            self._until_playing(timeout_s)
            seen = self.app.player()
            asked = media_entries(self.journal.since(mark))
            self.checks.append("stored_copy_is_the_source")
            evidence.append(self.run.evidence("online-play.png", self.tablet.screen.screenshot(), "screenshot"))
            self.find(*streamed(asked, seen))
        self.app.stop()

    def _until_playing(self, timeout_s: float) -> None:
        deadline = Deadline.after(timeout_s, self.clock)
        while not deadline.expired:
            seen = self.app.player()
            if seen.state in ("Playing", "Ended", "Error") or seen.error is not None:
                return
            self.clock.pause(0.05)

    @contextmanager
    def offline(self, shape: str = "airplane") -> Iterator[OfflineProof]:
        """The tablet offline and proven so; brought back and read back at the end."""
        self.app.stop()
        uid = self.tablet.uid_of(self.app.package)
        # Armed before the radios go off, so that nothing slips in between.
        self._offline_mark = self.journal.mark()
        self._offline_bytes = self.tablet.app_bytes(uid)
        began = self.clock.monotonic()
        with self.tablet.offline(shape):
            self.measure("go_offline", self.clock.monotonic() - began, "s")
            try:
                yield self.prove("before")
            finally:
                self.prove("after")
                self._offline_mark = None
                back = self.clock.monotonic()
        self.measure("come_back", self.clock.monotonic() - back, "s")

    def prove(self, phase: str) -> OfflineProof:
        """Ask all witnesses; those that disagree become findings."""
        with self.step(f"offline proof {phase} playback") as evidence:
            witnesses: list[Witness] = list(self.tablet.witnesses(self.origin_address))
            now = self.clock.monotonic()
            if self._offline_mark is not None:
                witnesses.append(origin_witness(self.journal.since(self._offline_mark), now))
            uid = self.tablet.uid_of(self.app.package)
            witnesses.append(byte_witness(self._offline_bytes, self.tablet.app_bytes(uid), now))
            proof = OfflineProof(phase, tuple(witnesses))
            self.proofs.append(proof)
            self.checks.append(f"offline_{phase}")
            self.find(*proof.findings())
            text = "\n\n".join(f"== {w.name}: {w.says}{'' if w.proves else ' (context)'}\n{w.raw}" for w in witnesses)
            evidence.append(self.run.evidence(f"offline-{phase}.txt", text.encode(), "proof"))
            self.run.event("proof", {"phase": phase, "witnesses": {w.name: w.says for w in witnesses}})
        return proof

    def play(self, plan: PlaybackPlan | None = None) -> Playback:
        """Play the title from the app's downloads, watch the screen at the start, after a seek and at the end."""
        with self.step(f"play {self.sample.id}") as evidence:
            playback = watch(self, plan or PlaybackPlan.of(self.sample))
            evidence.extend(playback.evidence)
        return playback

    def verdict(self) -> Verdict:
        """Judged once, from all findings so far. A FAIL of a flow that was not proven offline stays a FAIL."""
        return judge(self.findings, self.checks, self.measurements)

    def require(self) -> Verdict:
        """The verdict when it is PASS; raises otherwise (see Verdict.require)."""
        return self.verdict().require()

    def note_broken(self, error: Exception) -> None:
        """Our own fault ended the flow: INCONCLUSIVE, with its sentence; and the one fault that breaks all others."""
        try:
            free = self.tablet.storage.free_bytes()
        except HarnessError:
            free = FULL_BYTES  # a tablet that is gone says nothing of its storage
        if free < FULL_BYTES:
            full = f"the tablet's storage is full ({free} bytes free): No space left on device"
            self.find(Finding("storage_full", Layer.LAB, Severity.BLIND, full))
        self.find(Finding("harness_fault", Layer.LAB, Severity.BLIND, f"{type(error).__name__}: {error}"))


def _stored_json(stored: StoredCheck) -> bytes:
    return json.dumps(asdict(stored), indent=1).encode()
