"""Layer 1: the run folder, the truth that every report reads."""

from harness.runs.folder import Event, Evidence, RunFolder, StoredRun

__all__ = ["Event", "Evidence", "RunFolder", "StoredRun"]
