"""Layer 4: download, go offline, play, verify, come back; and the airplane flow made of them."""

from harness.flows.airplane import airplane_playback
from harness.flows.flow import Flow
from harness.flows.play import PlaybackPlan
from harness.flows.summary import summary

__all__ = ["Flow", "PlaybackPlan", "airplane_playback", "summary"]
