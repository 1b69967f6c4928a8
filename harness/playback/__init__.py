"""Judging pictures: marker reader, timeline and detectors. Knows no device and no network."""

from harness.playback.examine import DETECTORS, Detector, Examination, examine
from harness.playback.expectation import Action, Expectation, Limits, limits_of
from harness.playback.film import Film, Reel, Runs
from harness.playback.observation import MarkerRead, Observation, Picture, Run
from harness.playback.picture import References
from harness.playback.reader import MarkerReader
from harness.playback.recording import RecordingRead, read_recording

__all__ = [
    "DETECTORS",
    "Action",
    "Detector",
    "Examination",
    "Expectation",
    "Film",
    "Limits",
    "MarkerRead",
    "MarkerReader",
    "Observation",
    "Picture",
    "RecordingRead",
    "Reel",
    "References",
    "Run",
    "Runs",
    "examine",
    "limits_of",
    "read_recording",
]
