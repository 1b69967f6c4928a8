"""The UiAutomator2 server's gestures: W3C actions and Appium's own, done with one finger on the screen."""

from __future__ import annotations

import asyncio

from harness.virtual.elements import Elements, bounds, centre
from harness.virtual.gestures import KeyText, Pause, Stroke, steps
from harness.virtual.hardware import Screen
from harness.virtual.routes import SESSION, Body, Call, Row


class Finger:
    """Touches on points and elements."""

    def __init__(self, screen: Screen, elements: Elements) -> None:
        self._screen, self._elements = screen, elements

    def rows(self) -> list[Row]:
        """The routes of gestures."""
        return [
            ("POST", SESSION + "/actions", self._actions),
            ("DELETE", SESSION + "/actions", self._release),
            ("POST", SESSION + "/appium/gestures/click", self._click),
            ("POST", SESSION + "/appium/gestures/double_click", self._double_click),
            ("POST", SESSION + "/appium/gestures/long_click", self._long_click),
            ("POST", SESSION + "/appium/gestures/drag", self._drag),
            ("POST", SESSION + "/appium/gestures/swipe", self._swipe),
            ("POST", SESSION + "/appium/gestures/scroll", self._scroll),
            ("POST", SESSION + "/appium/gestures/fling", self._scroll),
        ]

    async def _actions(self, call: Call) -> object:
        tree = await self._screen.tree()
        for step in steps(call.body["actions"], lambda element: centre(self._elements.resolve(tree, element))):
            match step:
                case Pause(duration_s):
                    await asyncio.sleep(duration_s)
                case KeyText(text):
                    await self._screen.text(text)
                case Stroke():
                    await self._stroke(step)
        return None

    async def _release(self, call: Call) -> object:
        return None  # every stroke has lifted its finger

    async def _stroke(self, stroke: Stroke) -> None:
        if stroke.is_tap:
            await self._screen.tap(*stroke.start)
        else:
            await self._screen.swipe(*stroke.start, *stroke.end, stroke.duration_s)

    async def _point(self, body: Body) -> tuple[int, int]:
        offset = body.get("offset")
        if origin := body.get("origin"):
            box = bounds(self._elements.resolve(await self._screen.tree(), str(next(iter(origin.values())))))
            if offset is None:
                return (box[0] + box[2]) // 2, (box[1] + box[3]) // 2
            return box[0] + int(offset["x"]), box[1] + int(offset["y"])
        if offset is None:
            raise ValueError("origin or offset is needed")
        return int(offset["x"]), int(offset["y"])

    async def _click(self, call: Call) -> object:
        await self._screen.tap(*await self._point(call.body))
        return None

    async def _double_click(self, call: Call) -> object:
        point = await self._point(call.body)
        await self._screen.tap(*point)
        await self._screen.tap(*point)
        return None

    async def _long_click(self, call: Call) -> object:
        point = await self._point(call.body)
        await self._screen.swipe(*point, *point, float(call.body.get("duration") or 500) / 1000)
        return None

    async def _drag(self, call: Call) -> object:
        start = await self._point({"origin": call.body.get("origin"), "offset": call.body.get("start")})
        end = call.body["end"]
        await self._screen.swipe(*start, int(end["x"]), int(end["y"]), 0.5)
        return None

    async def _swipe(self, call: Call) -> object:
        await self._move(call, 1)
        return None

    async def _scroll(self, call: Call) -> object:
        await self._move(call, -1)
        return None

    async def _move(self, call: Call, way: int) -> None:
        """A stroke inside an area. A swipe names where the finger goes; scroll and fling name the opposite."""
        if origin := call.body.get("origin"):
            left, top, right, bottom = bounds(
                self._elements.resolve(await self._screen.tree(), str(next(iter(origin.values()))))
            )
        else:
            area = call.body["area"]
            left, top = int(area["left"]), int(area["top"])
            right, bottom = left + int(area["width"]), top + int(area["height"])
        reach = min(1.0, float(call.body.get("percent") or 0.8)) / 2
        x, y = (left + right) // 2, (top + bottom) // 2
        dx, dy = way * round((right - left) * reach), way * round((bottom - top) * reach)
        sign = {"up": (0, -1), "down": (0, 1), "left": (-1, 0), "right": (1, 0)}[str(call.body["direction"]).lower()]
        await self._screen.swipe(x - sign[0] * dx, y - sign[1] * dy, x + sign[0] * dx, y + sign[1] * dy, 0.3)
