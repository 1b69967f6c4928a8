"""Allure results for a run that pytest did not make: read from the run folder, so Allure knows nothing on its own."""

from __future__ import annotations

import hashlib
import socket
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any

from allure_commons.logger import AllureFileLogger
from allure_commons.model2 import Attachment, Label, Parameter, Status, StatusDetails, TestResult, TestStepResult

from harness.core.errors import EnvironmentFault
from harness.core.outcome import Outcome
from harness.runs import Event, StoredRun

STATUS = {
    Outcome.PASS: Status.PASSED,
    Outcome.FAIL: Status.FAILED,
    Outcome.INCONCLUSIVE: Status.BROKEN,
    Outcome.NOT_RUN: Status.SKIPPED,
}
MIME = {
    ".json": "application/json",
    ".jsonl": "text/plain",
    ".log": "text/plain",
    ".mp4": "video/mp4",
    ".png": "image/png",
    ".txt": "text/plain",
    ".xml": "application/xml",
}


def write_results(run: StoredRun, results_dir: Path, result: Mapping[str, Any] | None = None) -> Path:
    """The Allure result file of one run, with its steps and evidence beside it.

    Args:
        run: read back with RunFolder.open; not yet sealed is fine when `result` is given.
        results_dir: made when it is not there; other results in it stay.
        result: outcome, kind, sample, serial, model, findings, measurements; the sealed verdict when None. Without
            both the run never ended: broken.
    Raises:
        EnvironmentFault: the results cannot be written.
    """
    said = result if result is not None else run.verdict or {}
    try:
        writer = _Writer(run, AllureFileLogger(str(results_dir)))  # type: ignore[no-untyped-call]
        made = writer.test(said)
        writer.logger.report_result(made)  # type: ignore[no-untyped-call]
    except OSError as e:
        raise EnvironmentFault(f"Allure results {results_dir}: cannot be written: {e.strerror or e}") from e
    return max(results_dir.glob("*-result.json"), key=lambda file: file.stat().st_mtime_ns)


class _Writer:
    """Copies each piece of evidence once and hangs it where it belongs."""

    def __init__(self, run: StoredRun, logger: AllureFileLogger) -> None:
        self.run, self.logger = run, logger
        self._left = {evidence.path: evidence.path for evidence in run.evidence}
        self._epoch_ms = _ms(run.events[0].wall) if run.events else 0

    def test(self, said: Mapping[str, Any]) -> TestResult:
        sample, serial = str(said.get("sample", "")), str(said.get("serial", ""))
        kind = str(said.get("kind", "unknown"))
        name = f"{sample or 'a title'} plays offline on a {kind} tablet"
        full = f"redeye.demo#{sample}"
        # A virtual tablet's serial is a port of that run.
        device = str(said.get("model", "")) if kind == "virtual" else serial
        identity = hashlib.md5(f"{full}|{device}".encode(), usedforsecurity=False).hexdigest()
        steps = [self._step(event) for event in self.run.of_kind("step")]
        pictures = [e.path for e in self.run.evidence if e.kind == "picture" and e.path in self._left]
        outcome = _outcome(said)
        return TestResult(
            uuid=str(uuid.uuid4()),
            name=name,
            fullName=full,
            # The device is part of the identity: without it Allure shows tablets as retries of one test.
            historyId=identity,
            testCaseId=hashlib.md5(full.encode(), usedforsecurity=False).hexdigest(),
            status=STATUS[outcome] if outcome is not None else Status.BROKEN,
            statusDetails=_details(said, outcome),
            description=_description(said, self.run),
            stage="finished",
            steps=steps,
            attachments=[self._attach(path) for path in (*pictures, *(p for p in self._left if p not in pictures))],
            parameters=[
                Parameter(name="device", value=device),
                Parameter(name="serial", value=serial, excluded=True),
                Parameter(name="model", value=str(said.get("model", "")), excluded=True),
                Parameter(name="run", value=self.run.path.name, excluded=True),
            ],
            labels=[
                Label(name="host", value=socket.gethostname()),
                Label(name="thread", value=serial or "no device"),
                Label(name="tag", value=kind),
                Label(name="framework", value="redeye"),
            ],
            start=self._epoch_ms,
            stop=_ms(self.run.events[-1].wall) if self.run.events else self._epoch_ms,
        )

    def _step(self, event: Event) -> TestStepResult:
        data = event.data
        took_ms = max(0, round((float(data["stop_s"]) - float(data["start_s"])) * 1000))
        stop = _ms(event.wall)  # the event is written as the step ends; its own seconds may be on another clock
        names = [self._path(str(name)) for name in data.get("evidence", ())]
        return TestStepResult(
            name=str(data["name"]),
            status=str(data["status"]),
            stage="finished",
            start=stop - took_ms,
            stop=stop,
            attachments=[self._attach(path) for path in names if path in self._left],
        )

    def _path(self, name: str) -> str:
        return name if name in self._left else f"evidence/{name}"

    def _attach(self, path: str) -> Attachment:
        del self._left[path]
        ending = PurePosixPath(path).suffix.lower()
        source = f"{uuid.uuid4()}-attachment{ending}"
        self.logger.report_attached_file(self.run.path / path, source)  # type: ignore[no-untyped-call]
        return Attachment(name=PurePosixPath(path).name, source=source, type=MIME.get(ending, "text/plain"))


def _outcome(said: Mapping[str, Any]) -> Outcome | None:
    try:
        return Outcome(said["outcome"])
    except (KeyError, ValueError):
        return None


def _details(said: Mapping[str, Any], outcome: Outcome | None) -> StatusDetails | None:
    if outcome is Outcome.PASS:
        return None
    if outcome is None:
        return StatusDetails(message="no verdict: the run did not end in the usual way")
    findings: Sequence[Mapping[str, Any]] = said.get("findings", ())
    lines = [f"{f['kind']} [{f['layer']}]: {f['message']}" for f in findings if f["severity"] != "note"]
    return StatusDetails(message=f"{outcome}: {lines[0] if lines else 'nothing was checked'}", trace="\n".join(lines))


def _description(said: Mapping[str, Any], run: StoredRun) -> str:
    rows = [f"**{said.get('outcome', 'no verdict')}** on a **{said.get('kind', 'unknown')}** tablet "]
    rows[0] += f"({said.get('model', '?')}, {said.get('serial', '?')}). Run `{run.path.name}`."
    if said.get("kind") == "virtual":
        rows.append("A virtual tablet's verdict says nothing about a real tablet.")
    for f in said.get("findings", ()):
        rows.append(f"- **{f['kind']}** [{f['layer']}, {f['severity']}] {f['message']}")
    if said.get("measurements"):
        table = ["| measured | value | unit | limits | source |", "|--|--|--|--|--|"]
        for m in said["measurements"]:
            low, high = m.get("lower"), m.get("upper")
            limits = " ".join(f"{sign} {v:g}" for sign, v in (("≥", low), ("≤", high)) if v is not None)
            table.append(f"| {m['name']} | {_number(m['value'])} | {m['unit']} | {limits} | {m.get('source', '')} |")
        rows.append("\n".join(table))
    return "\n\n".join(rows)


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def _ms(wall: str) -> int:
    return round(datetime.fromisoformat(wall).timestamp() * 1000)
