"""The airplane flow: download, prove offline, start cold, play, look, come back. Each part is a step of `Flow`."""

from __future__ import annotations

from collections.abc import Callable

from harness.core.outcome import Verdict
from harness.flows.flow import Flow
from harness.flows.play import PlaybackPlan


def airplane_playback(
    flow: Flow, plan: PlaybackPlan | None = None, say: Callable[[str], None] = lambda text: None
) -> Verdict:
    """The verdict on one title, from a download online to the last frame in airplane mode.

    It goes on after a finding as far as there is something to see, so that the report shows the consequence
    as well as the cause.
    """
    say("starting the app")
    if not flow.start_app().usable:
        return flow.verdict()
    say(f"downloading {flow.sample.id}")
    seen = flow.download()
    if seen.complete and flow.stored is not None and flow.stored.equal:
        say("playing the stored copy online: the origin must stay silent")
        flow.check_source()
    say("going offline")
    with flow.offline("airplane") as proof:
        say("offline is proven" if proof.proven else "offline is NOT proven")
        if flow.start_app().usable and seen.complete:
            say("playing offline and watching the screen")
            flow.play(plan)
    say("the tablet is back online")
    return flow.verdict()
