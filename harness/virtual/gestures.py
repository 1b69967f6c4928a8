"""W3C pointer actions and Appium's gestures, cut down to what one finger does: taps and swipes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any


class UnsupportedGesture(ValueError):
    """More than one finger, or an action that a touch screen does not have."""


@dataclass(frozen=True)
class Stroke:
    """A finger down at `start`, lifted at `end` `duration_s` later; a tap when both are one point and it is short."""

    start: tuple[int, int]
    end: tuple[int, int]
    duration_s: float

    @property
    def is_tap(self) -> bool:
        return self.start == self.end and self.duration_s < 0.3


@dataclass(frozen=True)
class Pause:
    """Nothing touched, for so long."""

    duration_s: float


@dataclass(frozen=True)
class KeyText:
    """Text that was typed."""

    text: str


Step = Stroke | Pause | KeyText


def steps(actions: Sequence[Mapping[str, Any]], centre: Callable[[str], tuple[int, int]]) -> list[Step]:
    """What the actions do, in order.

    Args:
        actions: W3C action sequences.
        centre: the middle of an element, for origins that are elements.
    Raises:
        UnsupportedGesture: see above.
    """
    # Selenium's ActionChains gives every device it has as many pauses as another one has actions.
    moving = [one for one in actions if any(a.get("type") != "pause" for a in one.get("actions", ()))]
    pointers = [one for one in moving if one.get("type") == "pointer"]
    keys = [one for one in moving if one.get("type") == "key"]
    if len(pointers) > 1 or (pointers and keys):
        raise UnsupportedGesture("one pointer or one keyboard at a time")
    if keys:
        return [KeyText("".join(str(a["value"]) for one in keys for a in one["actions"] if a["type"] == "keyDown"))]
    return _strokes(pointers[0]["actions"], centre) if pointers else []


def _strokes(actions: Sequence[Mapping[str, Any]], centre: Callable[[str], tuple[int, int]]) -> list[Step]:
    found: list[Step] = []
    at = (0, 0)
    down: tuple[int, int] | None = None
    held_s = 0.0
    for action in actions:
        seconds = float(action.get("duration") or 0) / 1000
        match action.get("type"):
            case "pointerMove":
                at = _target(action, at, centre)
                held_s += seconds
            case "pointerDown":
                down, held_s = at, 0.0
            case "pointerUp":
                if down is not None:
                    found.append(Stroke(down, at, held_s))
                down = None
            case "pause":
                held_s += seconds
                if down is None and seconds:
                    found.append(Pause(seconds))
            case other:
                raise UnsupportedGesture(f"pointer action {other!r}")
    if down is not None:
        raise UnsupportedGesture("the finger is never lifted")
    return found


def _target(
    action: Mapping[str, Any], at: tuple[int, int], centre: Callable[[str], tuple[int, int]]
) -> tuple[int, int]:
    origin = action.get("origin", "viewport")
    x, y = round(float(action["x"])), round(float(action["y"]))
    if origin == "viewport":
        return x, y
    if origin == "pointer":
        return at[0] + x, at[1] + y
    element = next(iter(origin.values())) if isinstance(origin, Mapping) else str(origin)
    middle = centre(element)
    return middle[0] + x, middle[1] + y
