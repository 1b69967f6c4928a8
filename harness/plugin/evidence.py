"""What a flow leaves in Allure: live steps, evidence, and the tablet as part of the result's identity."""

from __future__ import annotations

import json
import mimetypes
import uuid
from collections.abc import Mapping
from typing import Any

import allure
from allure_commons import plugin_manager

from harness.core.outcome import Verdict
from harness.device import Tablet
from harness.flows import Flow, summary
from harness.media.catalogue import Sample
from harness.report import draw_pictures


class AllureSteps:
    """Shows a flow's steps as Allure steps while they run."""

    def __init__(self, tablet: Tablet, sample: Sample) -> None:
        self._open: list[str] = []
        # The tablet is part of the identity: without it Allure shows tablets as retries of one test.
        allure.dynamic.parameter("device", tablet.serial if tablet.kind == "real" else tablet.model)
        allure.dynamic.parameter("sample", sample.id)
        allure.dynamic.tag(tablet.kind)  # type: ignore[no-untyped-call]

    def heard(self, kind: str, data: Mapping[str, Any]) -> None:
        """One event of the flow."""
        if kind == "step_start":
            self._open.append(str(uuid.uuid4()))
            plugin_manager.hook.start_step(uuid=self._open[-1], title=str(data["name"]), params={})
        elif kind == "step" and self._open:
            error = (
                None if data["status"] == "passed" else (AssertionError if data["status"] == "failed" else RuntimeError)
            )
            raised = error(data["name"]) if error else None
            plugin_manager.hook.stop_step(
                uuid=self._open.pop(), title=str(data["name"]), exc_type=error, exc_val=raised, exc_tb=None
            )


def attach(flow: Flow, verdict: Verdict) -> None:
    """Draw, attach and seal: the verdict as JSON, and every piece of evidence."""
    result = summary(flow, verdict)
    run = flow.run
    draw_pictures(run, flow.playbacks, verdict, result)
    run.seal(result)
    allure.attach(json.dumps(result, indent=1), "verdict.json", allure.attachment_type.JSON)
    for piece in run.stored:
        kind = mimetypes.guess_type(piece.path)[0] or "text/plain"
        name = piece.path.rsplit("/", 1)[-1]
        allure.attach.file(str(run.path / piece.path), name, kind, name.rsplit(".", 1)[-1])  # type: ignore[no-untyped-call]
