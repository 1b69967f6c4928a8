"""The main job, as a user's own test would say it: a downloaded title plays on the plane."""

from __future__ import annotations

import pytest

from harness.flows import Flow


@pytest.mark.flight
@pytest.mark.offline
@pytest.mark.timeout(180)
def test_a_downloaded_title_plays_in_airplane_mode(flow: Flow) -> None:
    flow.start_app()
    flow.download()
    flow.check_source()
    with flow.offline("airplane"):
        flow.start_app()
        flow.play()
    flow.require()
