"""The truth table: recordings with one known fault or none, and what has to be said about each.

Rows P1 to P26 are those of facts/playback.md, section 6; rows X are ours. A row ends in `-marked` when its title
carries the marker and `-unmarked` when it does not and nothing is expected of it but a picture.

Two things in playback.md contradict each other: its table calls black (P2) and frozen (P3, P5, P6, P19) pictures FAIL
without a marker too, while 5.5 wants a second oracle before anything without a marker is FAIL, and 4.4 shows title
cards and fades that look just like them. BLACK_UNMARKED and FROZEN_UNMARKED follow 5.5. For green and smeared
pictures (P14, P15) RUINED_UNMARKED follows the table, as no title looks like that.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction
from random import Random

from clips import OWN, SIZE, Line, Recipe, line
from contents import Dark, Fade, Grain, Smeared, TitleCard
from looks import BLACK, GREEN, Boxed, Controls, Dimmed, Noisy, Painted, Spinner, Toast, Turned

from harness.core.outcome import Outcome, Severity
from harness.playback import Action, Expectation

PASS, FAIL, INCONCLUSIVE = Outcome.PASS, Outcome.FAIL, Outcome.INCONCLUSIVE
BLACK_UNMARKED = FROZEN_UNMARKED = (INCONCLUSIVE,)
RUINED_UNMARKED = (FAIL,)
OTHER, SMALLER = 9, 8
HD = (1280, 720)
TABLET, PORTRAIT, LARGE = (1280, 800), (800, 1280), (2560, 1600)
LENGTH = 250
TITLE = Expectation({OWN: "720p"}, Fraction(25), LENGTH, renditions={SMALLER: "360p"})


@dataclass(frozen=True)
class Wanted:
    """A finding that has to be there.

    Args:
        kinds: any of these, "|" between.
        severity: exactly this one; None: any.
        start_s, end_s: its span on the recording's clock, to within tolerance_s; None: not looked at.
    """

    kinds: str
    severity: Severity | None = None
    start_s: float | None = None
    end_s: float | None = None
    tolerance_s: float = 0.1


@dataclass(frozen=True)
class Case:
    """One row.

    Args:
        outcomes: any of these is right; more than one where both can be argued for.
        wanted: findings that must be there. No other finding may be FAIL or BLIND, except those of `also`.
        never: kinds that must not be there at all.
        least: measurements and the least that each must be.
    """

    id: str
    recipe: Recipe
    expectation: Expectation | None
    outcomes: tuple[Outcome, ...] = (PASS,)
    wanted: tuple[Wanted, ...] = ()
    also: frozenset[str] = frozenset()
    never: frozenset[str] = frozenset({"wrong_content", "wrong_rendition"})
    least: dict[str, float] = field(default_factory=dict)


def failed(kinds: str, start: float | None = None, end: float | None = None, within: float = 0.1) -> tuple[Wanted, ...]:
    return (Wanted(kinds, Severity.FAIL, start, end, within),)


def blind(kinds: str, start: float | None = None, end: float | None = None, within: float = 0.3) -> tuple[Wanted, ...]:
    return (Wanted(kinds, Severity.BLIND, start, end, within),)


def noted(kinds: str, start: float | None = None, end: float | None = None, within: float = 0.2) -> tuple[Wanted, ...]:
    return (Wanted(kinds, Severity.NOTE, start, end, within),)


def both(
    name: str,
    recipe: Recipe,
    marked: tuple[tuple[Outcome, ...], tuple[Wanted, ...]],
    unmarked: tuple[tuple[Outcome, ...], tuple[Wanted, ...]],
    expectation: Expectation = TITLE,
    also: str = "",
) -> list[Case]:
    """The row with the marker and the row without."""
    kinds = frozenset(also.split())
    bare = replace(recipe, content_id=None)
    return [
        Case(f"{name}-marked", recipe, expectation, *marked, also=kinds),
        Case(f"{name}-unmarked", bare, None, *unmarked, also=kinds),
    ]


def marked(
    name: str,
    recipe: Recipe,
    outcome: Outcome | tuple[Outcome, ...] = PASS,
    wanted: tuple[Wanted, ...] = (),
    expectation: Expectation = TITLE,
    also: str = "",
    **more: dict[str, float],
) -> list[Case]:
    """The row with the marker only."""
    outcomes = outcome if isinstance(outcome, tuple) else (outcome,)
    return [Case(f"{name}-marked", recipe, expectation, outcomes, wanted, frozenset(also.split()), **more)]


# Lines: (time, frame id) of each picture.
def stalled(at: float, length: float, seconds: float = 10, capture: int = 25) -> Line:
    start, end = Fraction(at), Fraction(at) + Fraction(length)
    return line(seconds, lambda t: t if t < start else max(start, t - end + start), capture=capture)


def caught_up(at: float, length: float) -> Line:
    return line(10, lambda t: Fraction(at) if at <= t < at + length else t)


def jumping(at: float, by: float, seconds: float = 10) -> Line:
    return line(seconds, lambda t: t if t < at else t + Fraction(by))


def changes_only(full: Line) -> Line:
    """What a recorder with a variable rate keeps: nothing while the screen stands still."""
    kept = [full[0]]
    kept += [now for before, now in itertools.pairwise(full) if now[1] != before[1]]
    return tuple(kept)


def without(full: Line, start: float, end: float) -> Line:
    return tuple(shot for shot in full if not start <= shot[0] < end)


def ids(full: Line, change: dict[int, int]) -> Line:
    """With other ids instead: a frame that was dropped shows the one before it."""
    return tuple((t, change.get(frame_id, frame_id)) for t, frame_id in full)


def coarse(every: int, capture: int = 25, seconds: float = 10) -> Line:
    return tuple((t, frame_id // every * every) for t, frame_id in line(seconds, capture=capture))


def looped(start: float, length: float, times: int, seconds: float) -> Line:
    """A stretch shown `times` times, then on."""
    stuck = Fraction(length) * (times - 1)

    def media(t: Fraction) -> Fraction:
        if t < start + length:
            return t
        return Fraction(start) + (t - Fraction(start)) % Fraction(length) if t < start + length + stuck else t - stuck

    return line(seconds, media)


SWAPPED = {50: 51, 51: 50, 90: 91, 91: 90, 130: 131, 131: 130, 170: 171, 171: 170, 210: 211, 211: 210}
SCATTERED = {frame_id: frame_id - 1 for frame_id in (31, 78, 122, 163, 219)}
CLEAN: dict[str, tuple[Recipe, tuple[Outcome, ...], tuple[tuple[float, float], ...]]] = {
    "dark": (Recipe(edits=(Dark(),)), (PASS,), ()),
    "title_card": (Recipe(edits=(TitleCard(75, 150),)), FROZEN_UNMARKED, ((3.0, 6.0),)),
    "slow_fade": (Recipe(edits=(Fade(100, 125, 50),)), BLACK_UNMARKED, ((3.8, 5.2),)),
    "grain": (Recipe(edits=(Grain(),)), (PASS,), ()),
    "fast_motion": (Recipe(stride=3), (PASS,), ()),
    "24_in_60": (Recipe(line=line(8, rate=24, capture=60)), (PASS,), ()),
}


def clean_expectation(kind: str) -> Expectation:
    rate = 24 if kind == "24_in_60" else 25
    return replace(TITLE, frame_rate=Fraction(rate), quiet=CLEAN[kind][2])


def _clean() -> list[Case]:
    rows = []
    for kind, (recipe, unmarked, _) in CLEAN.items():
        also = "" if unmarked == (PASS,) else "frozen black"
        never_fails = (unmarked, ())
        rows += both(f"P1-{kind}", recipe, ((PASS,), ()), never_fails, clean_expectation(kind), also)
    for source in ("bigbuckbunny", "bikes", "carphone"):
        rows += both(f"P1-{source}", Recipe(source), ((PASS,), ()), ((PASS,), ()))
    screen = Recipe("bigbuckbunny", line(8, capture=60), size=HD, looks=(Boxed(TABLET, 1280),))
    return rows + both("P1-letterbox-60", screen, ((PASS,), ()), ((PASS,), ()))


def _holds() -> list[Case]:
    hold = stalled(3, 3)
    still = (FROZEN_UNMARKED, blind("frozen", 3, 6))
    stall = ((FAIL,), failed("stall", 3, 6))
    gap = Recipe(line=changes_only(hold))
    small = ((PASS,), noted("stall", 3, 3.5))
    catching = Recipe(line=caught_up(3, 3))
    rows = both("P3-freeze-3s", Recipe(line=hold), stall, still, also="frozen")
    rows += both("P3-freeze-3s-gap", gap, stall, (FROZEN_UNMARKED, blind("frozen|capture_gap")), also="frozen")
    rows += both("P3-freeze-3s-catch-up", catching, ((FAIL,), failed("freeze_catch_up", 3, 6)), still, also="frozen")
    rows += both("P3-freeze-3s-bunny", Recipe("bigbuckbunny", hold), stall, still, also="frozen")
    raw = replace(gap, suffix=".h264")
    untimed = blind("timestamps_missing|capture_unreadable")
    rows += both("P3-freeze-3s-raw-h264", raw, *[((INCONCLUSIVE,), untimed)] * 2, also="no_frames")
    rows += both("P4-freeze-0.5s", Recipe(line=stalled(3, 0.5)), small, ((PASS,), ()))
    rows += both("P5-spinner", Recipe(line=hold, looks=(Spinner(3, 6),)), stall, still, also="frozen")
    noisy = Recipe(line=hold, looks=(Noisy(8, 3, 6),), options=(("crf", "16"),))
    rows += both("P6-freeze-noise", noisy, stall, still, also="frozen")
    letterbox = Recipe(line=stalled(3, 3, 8, 60), size=HD, looks=(Boxed(TABLET, 1280),))
    rows += marked("X-freeze-3s-letterbox-60", letterbox, *stall[:1], stall[1], also="frozen")
    ui = Recipe(line=hold, looks=(Controls(),))
    return rows + both("P19-ui-frozen", ui, stall, still, also="frozen")


def _rates() -> list[Case]:
    rows = []
    for capture in (25, 60):
        half = Recipe(line=coarse(2, capture))
        rows += marked(f"P7-half-rate-{capture}", half, FAIL, failed("half_rate"), also="dropped repeated")
        quarter = Recipe(line=coarse(4, capture))
        rows += marked(f"P7-3-of-4-dropped-{capture}", quarter, FAIL, failed("half_rate"), also="dropped repeated")
        single = Recipe(line=ids(line(capture=capture), {120: 119}))
        rows += marked(f"P9-single-drop-{capture}", single, least={"dropped": 1})
    rows += marked("P8-speed-1.05", Recipe(line=line(11, lambda t: t * 21 / 20)), FAIL, failed("speed"), also="dropped")
    slow = Recipe(line=line(12, lambda t: t / 2))
    rows += marked("P8-speed-0.5", slow, FAIL, failed("speed"), also="repeated half_rate")
    fast = Recipe(line=line(8, lambda t: t * 3 / 2, capture=60))
    rows += marked("X-speed-1.5", fast, FAIL, failed("speed"), also="dropped")
    told = replace(TITLE, actions=(Action("speed", 0.0, Fraction(3, 2)),))
    rows += marked("X-speed-1.5-declared", fast, expectation=told)
    scattered = Recipe(line=ids(line(capture=60), SCATTERED))
    rows += marked("P10-2pc-drops-60", scattered, FAIL, failed("dropped"), also="repeated")
    # A recorder as slow as the title cannot tell its own drops; that the frame before stood longer it can.
    same = Recipe(line=ids(line(), SCATTERED))
    rows += marked("P10-2pc-drops-25", same, (PASS, FAIL), (Wanted("dropped|repeated"),), also="dropped repeated")
    rows += marked("X-2-2-cadence", Recipe(line=line(capture=50)))
    thirty = replace(TITLE, frame_rate=Fraction(30), frames=300)
    rows += marked("X-30-in-25", Recipe(line=line(rate=30)), expectation=thirty)
    return rows


def _orders() -> list[Case]:
    rows = marked("P11-swapped", Recipe(line=ids(line(), SWAPPED)), FAIL, failed("out_of_order"), also="jumped")
    again = Recipe(line=looped(2, 5, 2, 12))
    rows += marked("P12-loop-of-5s", again, FAIL, failed("loop", 7, None), also="jumped")
    # From 4 s on the second from 3 to 4 comes five times more.
    stuck = Recipe(line=looped(3, 1, 6, 12))
    rows += marked("P12-stuck-second", stuck, FAIL, failed("loop", 4, None), also="jumped out_of_order")
    seek = replace(TITLE, actions=(Action("seek", 4.0, Fraction(9), 0.05, 0.1),), frames=400)
    rows += marked("P13-seek-declared", Recipe(line=jumping(4, 5)), expectation=seek)
    rows += marked("P13-seek-undeclared", Recipe(line=jumping(4, 5)), FAIL, failed("jumped", 4, 4), seek_less())
    paused = replace(TITLE, actions=(Action("pause", 3.0), Action("resume", 6.0)))
    rows += marked("X-pause-declared", Recipe(line=stalled(3, 3)), expectation=paused)
    wrong = Recipe("bigbuckbunny", content_id=OTHER)
    row = marked("X-wrong-content", wrong, FAIL, failed("wrong_content"))[0]
    rows.append(replace(row, never=frozenset({"wrong_rendition", "not_started"})))
    row = marked("X-wrong-rendition", Recipe(content_id=SMALLER), FAIL, failed("wrong_rendition"))[0]
    return [*rows, replace(row, never=frozenset({"wrong_content", "not_started"}))]


def seek_less() -> Expectation:
    """The title of P13, with nobody seeking."""
    return replace(TITLE, frames=400)


def _pictures() -> list[Case]:
    black = Painted(BLACK, 3, 5)
    rows = both(
        "P2-black",
        Recipe(looks=(black,)),
        ((FAIL,), failed("black", 3, 5)),
        (BLACK_UNMARKED, blind("black", 3, 5, 0.15)),
        also="frozen",
    )
    rows += both(
        "P2-black-under-ui",
        Recipe(looks=(black, Controls())),
        ((FAIL,), failed("black", 3, 5)),
        (BLACK_UNMARKED, blind("black", 3, 5, 0.15)),
        also="frozen",
    )
    all_black = Recipe(looks=(Painted(BLACK, 0, 99),))
    secure = blind("black|black_picture|not_started")
    rows += both("X-all-black", all_black, *[((INCONCLUSIVE,), secure)] * 2, also="frozen not_started black_picture")
    green = ((FAIL,), failed("green", 3, 4))
    bare_green = (RUINED_UNMARKED, (Wanted("green", None, 3, 4),))
    # The luma of that green is black.
    rows += both("P14-green", Recipe(looks=(Painted(GREEN, 3, 4),)), green, bare_green, also="frozen black")
    half = Recipe(looks=(Painted(GREEN, 3, 4, 0.5),))
    rows += both("P14-half-green", half, green, bare_green)
    smear = Recipe(edits=(Smeared(),))
    rows += both("P15-blocky", smear, ((FAIL,), failed("blocky")), (RUINED_UNMARKED, (Wanted("blocky"),)))
    rows += both("P16-crf45", Recipe(options=(("crf", "45"),)), *[((PASS,), ())] * 2)
    for percent in (10, 5):
        dim = Recipe("bigbuckbunny", looks=(Dimmed(percent / 100),), options=(("crf", "12"),))
        rows += both(f"P17-brightness-{percent}", dim, *[((PASS,), ())] * 2)
    rows += both("P18-ui-moving", Recipe(looks=(Controls(),)), *[((PASS,), ())] * 2)
    rows += both("X-scrim-ui-spinner", Recipe(looks=(Controls(0.5), Spinner(0, 99))), *[((PASS,), ())] * 2)
    for length, frames in (("0.4", 10), ("1.0", 25)):
        fade = Recipe(edits=(Fade(100, 100 + frames, 20),))
        span = (100 / 25 - 0.5, (100 + frames) / 25 + 0.5)
        bare = ((PASS,), ()) if frames == 10 else (BLACK_UNMARKED, blind("black"))
        told = replace(TITLE, quiet=(span,))
        rows += both(f"P20-fade-{length}s", fade, ((PASS,), ()), bare, told, also="" if frames == 10 else "frozen")
        rows += marked(f"P20-fade-{length}s-no-manifest", fade, (PASS, INCONCLUSIVE), also="black frozen")
    return rows


def _reading() -> list[Case]:
    rows = marked("P21-toast-1s", Recipe(looks=(Toast(4, 5),)), PASS, noted("marker_hidden", 4, 5))
    rows += marked(
        "X-toast-6s", Recipe(looks=(Toast(3, 9),)), INCONCLUSIVE, blind("marker_hidden|capture_insufficient"),
        also="marker_hidden capture_insufficient capture_gap",
    )  # fmt: skip
    rows += marked("X-banner-over-a-and-b", Recipe(looks=(Toast(copies=(0, 1)),)))
    # Bunny's title sequence: smooth, so that the little there is goes to the marker's edges.
    large = Recipe("bigbuckbunny", line(6), size=HD, looks=(Boxed(LARGE, 2560),), options=(("b", "1000000"),))
    rows += marked("P22-large-letterbox-1M", large, least={"marker_read_share": 99})
    thin = (("b", "150000"), ("maxrate", "150000"), ("bufsize", "150000"), ("preset", "veryfast"))
    low = Recipe("bigbuckbunny", line(8), size=HD, options=thin)
    rows += marked("P23-150k", low, least={"marker_read_share": 99})
    unmarked = Recipe(line=line(8), content_id=None)
    lost = blind("not_started|capture_insufficient|marker_hidden")
    rows.append(Case("P24-marker-expected-unmarked", unmarked, TITLE, (INCONCLUSIVE,), lost))
    pip = Recipe("bigbuckbunny", line(8), size=HD, looks=(Boxed(TABLET, 640, (600, 60)),))
    rows += marked("X-pip", pip)
    shrinks = replace(pip, looks=(Boxed(TABLET, 640, (600, 60), 4),))
    rows += marked("X-pip-from-4s", shrinks, PASS, noted("geometry_changed", 4, None, 0.5))
    turned = Recipe(line=line(6), size=HD, looks=(Boxed(TABLET, 1280), Turned()))
    rows += marked("X-turned-90", turned)
    rows += marked("X-turned-270", replace(turned, looks=(Boxed(TABLET, 1280), Turned(1))))
    rows += marked("X-portrait-letterbox", Recipe(line=line(6), size=HD, looks=(Boxed(PORTRAIT, 800),)))
    rows += marked("X-blended", Recipe(blend=0.5))
    return rows


def _recorders() -> list[Case]:
    broken = blind("capture_unreadable")
    rows = both("P25-cut-mp4", Recipe(line=line(4), cut=0.6), *[((INCONCLUSIVE,), broken)] * 2, also="no_frames")
    half = Recipe(suffix=".mkv", cut=0.6)
    ended = blind("capture_unreadable|capture_lost|stopped_before_end|capture_gap|ended_early")
    whole = replace(TITLE, to_end=True)
    rows += marked("P25-cut-mkv", half, INCONCLUSIVE, ended, whole, "capture_unreadable stopped_before_end")
    one = blind("capture_insufficient|no_frames|capture_unreadable")
    rows += both(
        "P26-one-picture", Recipe(line=line(0.04)), *[((INCONCLUSIVE,), one)] * 2, also="not_started no_frames"
    )
    rows += both("P26-empty", Recipe(line=line(0.04), cut=0.0), *[((INCONCLUSIVE,), broken)] * 2, also="no_frames")
    gap = Recipe(line=without(line(), 4, 6))
    rows += marked(
        "X-capture-gap-2s", gap, INCONCLUSIVE, blind("capture_gap|capture_lost", 4, 6), also="freeze_catch_up"
    )
    slow = Recipe(line=line(capture=5))
    return [*rows, *marked("X-capture-5", slow, INCONCLUSIVE, blind("capture_insufficient"), also="half_rate")]


CASES = (*_clean(), *_holds(), *_rates(), *_orders(), *_pictures(), *_reading(), *_recorders())


def clean_variants(seed: int) -> Iterator[Case]:
    """Each clean content once, marked, at a random cut, scale, place and bit rate; every one is PASS."""
    random = Random(seed)
    for kind, (recipe, _, quiet) in CLEAN.items():
        rate = 24 if kind == "24_in_60" else 25
        capture = 60 if rate == 24 else random.choice((25, 25, 50, 60))
        begin, seconds = Fraction(random.randrange(3000), 1000), random.uniform(5, 8)
        size = random.choice((SIZE, (854, 480), (960, 540), HD))
        shown = line(seconds, lambda t, begin=begin: t + begin, rate=rate, capture=capture)
        looks: tuple[Boxed, ...] = ()
        if random.random() < 0.6:
            screen = random.choice((TABLET, (1024, 768), (1920, 1200), PORTRAIT))
            least = max(480, screen[0] // 2)
            width = random.randrange(least, screen[0] + 1) // 2 * 2
            looks = (Boxed(screen, width if width * size[1] / size[0] <= screen[1] else screen[0]),)
        bits = str(random.randrange(300, 4000) * 1000)
        made = replace(
            recipe,
            source=random.choice(("bikes", "bigbuckbunny")),
            line=shown,
            size=size,
            looks=looks,
            offset=random.randrange(0, 200),
            options=(("b", bits), ("maxrate", bits), ("bufsize", bits), ("preset", "superfast")),
        )
        expectation = replace(clean_expectation(kind), quiet=quiet)
        yield Case(f"clean-{kind}-{seed}", made, expectation)
