"""Judging pictures: marker reader, timeline and detectors. Knows no device and no network."""

from harness.playback.examine import DETECTORS, Detector, Examination, examine
from harness.playback.expectation import Action, Expectation, Limits
from harness.playback.observation import MarkerRead, Observation
from harness.playback.reader import MarkerReader
from harness.playback.recording import RecordingRead, read_recording
from harness.playback.timeline import Run, runs_of

__all__ = [
    "DETECTORS",
    "Action",
    "Detector",
    "Examination",
    "Expectation",
    "Limits",
    "MarkerRead",
    "MarkerReader",
    "Observation",
    "RecordingRead",
    "Run",
    "examine",
    "read_recording",
    "runs_of",
]
