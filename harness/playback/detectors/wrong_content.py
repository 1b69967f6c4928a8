"""Was anything shown that does not belong to the title, or not in this rendition?"""

from __future__ import annotations

from harness.core.outcome import Finding, Layer, Severity
from harness.playback.scene import Scene


def look(scene: Scene) -> list[Finding]:
    """One finding for each foreign content id of a playback."""
    found = []
    for span in scene.spans:
        for content_id in sorted({run.content_id for run in span.foreign}):
            runs = [run for run in span.foreign if run.content_id == content_id]
            reads, margin = sum(run.reads for run in runs), max(run.margin for run in runs)
            # A single picture must be read well to accuse anybody (playback.md 5.5).
            sure = reads >= scene.limits.believed_reads or margin >= scene.limits.lone_read_margin
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
