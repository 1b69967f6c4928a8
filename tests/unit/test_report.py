"""The pictures and the Allure results, without Node."""

from __future__ import annotations

import dataclasses
import io
import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageChops

from harness.core.clock import FakeClock
from harness.core.errors import CaptureError
from harness.core.outcome import Finding, Layer, Outcome, Severity
from harness.playback import Action, Run
from harness.report.allure import write_results
from harness.report.filmstrip import Still, draw_filmstrip
from harness.report.html import loaded_from_outside, strip_analytics
from harness.report.timeline import SIZE, TimelinePicture, draw_timeline, unread
from harness.runs import RunFolder


def frames(start_s: float, first: int, last: int, content: int = 1) -> list[Run]:
    times = [(f, start_s + (f - first) / 30) for f in range(first, last, 3)]
    return [Run(f, content, t, t + 0.1, t, 1, 0.6, 0.1) for f, t in times]


PLAY = (Action("play", 1.0), Action("seek", 5.0, Fraction(10)), Action("stop", 9.0))
HEALTHY = TimelinePicture(
    outcome=Outcome.PASS,
    kind="virtual",
    sample="night-flight",
    runs=(*frames(1.2, 0, 114), *frames(5.2, 300, 414)),
    frame_rate=Fraction(30),
    frames=600,
    content_names={1: "video-720p"},
    actions=PLAY,
)
STALL = Finding("stall", Layer.PLAYER, Severity.FAIL, "stood", 2.0, 4.0, 2.0, "s")


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data)).convert("RGB")


def differs(one: TimelinePicture, other: TimelinePicture) -> tuple[int, int, int, int] | None:
    return ImageChops.difference(opened(draw_timeline(one)), opened(draw_timeline(other))).getbbox()


def test_timeline_has_its_size() -> None:
    assert opened(draw_timeline(HEALTHY)).size == SIZE


def test_finding_changes_the_plot_where_it_lies() -> None:
    box = differs(HEALTHY, dataclasses.replace(HEALTHY, findings=(dataclasses.replace(STALL, severity=Severity.NOTE),)))
    assert box is not None
    left, _, right, bottom = box
    assert 380 < left < 440 and 700 < right < 760 and bottom > 500


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"runs": frames(1.2, 0, 114, content=9)}, id="other-content"),
        pytest.param({"runs": ()}, id="nothing-read"),
        pytest.param({"actions": ()}, id="no-actions"),
        pytest.param({"outcome": Outcome.NOT_RUN}, id="outcome"),
        pytest.param({"kind": "real"}, id="kind"),
        pytest.param({"findings": (STALL,) * 9}, id="more-findings-than-lanes"),
        pytest.param({"findings": (Finding("x", Layer.APP, Severity.FAIL, "no " * 200),)}, id="long-and-nowhere"),
    ],
)
def test_timeline_shows(change: dict[str, Any]) -> None:
    assert differs(HEALTHY, dataclasses.replace(HEALTHY, **change)) is not None


def test_unread_stretches() -> None:
    assert unread(HEALTHY) == ()
    assert unread(dataclasses.replace(HEALTHY, runs=())) == ((1.0, 9.0),)
    late = dataclasses.replace(HEALTHY, runs=tuple(frames(4.0, 0, 150)))
    assert unread(late) == ((1.0, 4.0),)


def test_filmstrip() -> None:
    picture = io.BytesIO()
    Image.new("RGB", (1280, 800), (200, 10, 10)).save(picture, "PNG")
    still = Still(picture.getvalue(), "playing", 2.5, 75)
    one, eight, many = (opened(draw_filmstrip([still] * n)).size for n in (1, 8, 30))
    assert one[0] < eight[0] and one[1] < eight[1] and many == eight
    with pytest.raises(CaptureError, match="no picture"):
        draw_filmstrip([])
    with pytest.raises(CaptureError, match="'playing' is not a picture"):
        draw_filmstrip([Still(b"junk", "playing")])


SAID = {"kind": "virtual", "sample": "night-flight", "serial": "127.0.0.1:5555", "model": "Redeye 10"}


def results_of(tmp_path: Path, said: dict[str, Any]) -> tuple[dict[str, Any], Path]:
    run = RunFolder.create(tmp_path, "demo", clock=FakeClock())
    kept = run.evidence("play.png", b"png", "screenshot")
    run.evidence("log.txt", b"text", "log")
    run.event("step", {"name": "play", "status": "passed", "start_s": 70.0, "stop_s": 72.5, "evidence": [kept]})
    run.seal(said)
    file = write_results(RunFolder.open(run.path), tmp_path / "results")
    return json.loads(file.read_text("utf-8")), tmp_path / "results"


@pytest.mark.parametrize(
    ("outcome", "status"),
    [("PASS", "passed"), ("FAIL", "failed"), ("INCONCLUSIVE", "broken"), ("NOT_RUN", "skipped"), (None, "broken")],
)
def test_allure_status(tmp_path: Path, outcome: str | None, status: str) -> None:
    made, _ = results_of(tmp_path, {**SAID, "outcome": outcome})
    assert made["status"] == status


def test_allure_result_holds_steps_evidence_and_device(tmp_path: Path) -> None:
    finding = {"kind": "stall", "layer": "player", "severity": "fail", "message": "stood for 2 s"}
    made, folder = results_of(tmp_path, {**SAID, "outcome": "FAIL", "findings": [finding]})
    (step,) = made["steps"]
    assert (step["name"], step["status"], step["stop"] - step["start"]) == ("play", "passed", 2500)
    (picture,), (log,) = step["attachments"], made["attachments"]
    assert (folder / picture["source"]).read_bytes() == b"png" and picture["type"] == "image/png"
    assert (folder / log["source"]).read_bytes() == b"text"
    assert made["statusDetails"]["message"] == "FAIL: stall [player]: stood for 2 s"
    device = next(p for p in made["parameters"] if p["name"] == "device")
    assert device["value"] == "Redeye 10" and not device.get("excluded")
    labels = {label["name"]: label["value"] for label in made["labels"]}
    assert (labels["thread"], labels["tag"]) == ("127.0.0.1:5555", "virtual")


def test_a_virtual_tablet_has_a_history_although_its_port_changes(tmp_path: Path) -> None:
    one, _ = results_of(tmp_path, {**SAID, "outcome": "PASS"})
    other, _ = results_of(tmp_path, {**SAID, "outcome": "PASS", "serial": "127.0.0.1:6666"})
    assert one["historyId"] == other["historyId"]


def test_two_tablets_are_two_results(tmp_path: Path) -> None:
    one, _ = results_of(tmp_path, {**SAID, "kind": "real", "outcome": "PASS"})
    other, _ = results_of(tmp_path, {**SAID, "kind": "real", "outcome": "FAIL", "serial": "R52N"})
    assert one["historyId"] != other["historyId"] and one["testCaseId"] == other["testCaseId"]


PAGE = """<html><head><script async src="https://www.googletagmanager.com/gtag/js?id=G"></script>
<script>window.dataLayer=[];function gtag(){}gtag('js',new Date())</script><script>program()</script></head>
<body><a href="https://example.org">link</a></body></html>"""


def test_analytics_are_stripped_and_the_rest_kept() -> None:
    assert loaded_from_outside(PAGE) != ()
    page = strip_analytics(PAGE)
    assert "gtag" not in page and "program()" in page and loaded_from_outside(page) == ()


@pytest.mark.parametrize(
    "tag",
    [
        '<script src="//cdn.example/x.js"></script>',
        '<link rel=stylesheet href="https://fonts.example/x.css">',
        '<style>@import url("https://x.example/a.css")</style>',
        "<img src='http://x.example/a.png'>",
    ],
)
def test_outside_address_is_found(tag: str) -> None:
    assert len(loaded_from_outside(f"<html>{tag}</html>")) == 1
