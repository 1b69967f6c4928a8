"""Was anything shown that does not belong to the title, or not in this rendition?"""

from __future__ import annotations

from collections.abc import Sequence

from harness.core.outcome import Finding, Layer, Severity
from harness.playback.expectation import Limits
from harness.playback.observation import Run
from harness.playback.scene import Scene
from harness.playback.timeline import Span


def look(scene: Scene) -> list[Finding]:
    """One finding for each foreign content id of a playback."""
    found = []
    for span in scene.spans:
        for content_id in sorted({run.content_id for run in span.foreign}):
            runs = [run for run in span.foreign if run.content_id == content_id]
            reads, sure = sum(run.reads for run in runs), believed(runs, scene.limits)
            wanted = ", ".join(f"{key} ({name})" for key, name in scene.expectation.content_ids.items())
            kind = "wrong_rendition" if content_id in scene.expectation.renditions else "wrong_content"
            what = scene.expectation.renditions.get(content_id, "of another title")
            found.append(
                Finding(
                    kind,
                    Layer.APP,
                    Severity.FAIL if sure else Severity.NOTE,
                    f"content {content_id} ({what}) was shown in {reads} pictures; expected {wanted}",
                    runs[0].start_s,
                    runs[-1].end_s,
                    float(reads),
                    "pictures",
                    0.0,
                    "playback.md 5.5",
                )
            )
    return found


def shown_instead(span: Span, limits: Limits) -> bool:
    """Whether something else surely was on the screen."""
    ids = {run.content_id for run in span.foreign}
    return any(believed([run for run in span.foreign if run.content_id == one], limits) for one in ids)


def believed(runs: Sequence[Run], limits: Limits) -> bool:
    """Whether these reads of one content may accuse anybody: a single picture must be read well (playback.md 5.5)."""
    return sum(run.reads for run in runs) >= limits.believed_reads or any(
        run.margin >= limits.lone_read_margin for run in runs
    )
