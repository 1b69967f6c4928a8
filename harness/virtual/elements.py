"""The UiAutomator2 server's elements: finding them, keeping their handles, reading and typing into them.

A handle stands for a place in the tree, not for a node: every command reads the tree anew.
"""

from __future__ import annotations

import base64
import io
import itertools
import re
from collections.abc import Callable

from lxml import etree
from PIL import Image

from harness.virtual.hardware import Screen
from harness.virtual.routes import ELEMENT, SESSION, Call, Fault, Handler, Row
from harness.virtual.selectors import Node, Scroll, find, scroll_of

W3C_ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
_MAX_SWIPES = 30  # UiScrollable's own limit
_SWIPE_S = 0.3
_ALIASES = {
    "name": "content-desc",
    "contentDescription": "content-desc",
    "longClickable": "long-clickable",
    "className": "class",
    "resourceId": "resource-id",
}


class Elements:
    """What was found on a screen. `forget` is for a new server."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen
        self._numbers = itertools.count(1)
        self._elements: dict[str, tuple[object, ...]] = {}

    def forget(self) -> None:
        """Drop all handles."""
        self._elements.clear()

    def rows(self) -> list[Row]:
        """The routes of elements."""
        return [
            ("POST", SESSION + "/element", self._find_one),
            ("POST", SESSION + "/elements", self._find_all),
            ("POST", ELEMENT + "/element", self._find_one),
            ("POST", ELEMENT + "/elements", self._find_all),
            ("GET", SESSION + "/element/active", self._active),
            ("POST", ELEMENT + "/click", self._click),
            ("POST", ELEMENT + "/clear", self._clear),
            ("POST", ELEMENT + "/value", self._value),
            ("GET", ELEMENT + "/screenshot", self._element_screenshot),
            *(("GET", f"{ELEMENT}/{what}", self._reader(what)) for what in _READERS),
            ("GET", ELEMENT + "/attribute/{name}", self._attribute),
        ]

    def _package(self) -> str:
        return self._screen.foreground() or "com.android.launcher3"

    async def _find_all(self, call: Call) -> object:
        strategy, selector = str(call.body["strategy"]), str(call.body["selector"])
        scroll = scroll_of(strategy, selector, self._package())
        if scroll is not None:
            return [self._handle(node) for node in await self._scroll_to(scroll)]
        tree = await self._screen.tree()
        context = call.parts.get("element") or call.body.get("context") or ""
        root = self.resolve(tree, str(context)) if context else tree
        found = find(tree, strategy, selector, self._package())
        if context:
            inside = set(root.iterdescendants())
            found = [node for node in found if node in inside]
        return [self._handle(node) for node in found]

    async def _scroll_to(self, scroll: Scroll) -> list[Node]:
        """The targets once one is shown: first back to the beginning, then forward, as UiScrollable does."""
        for way in (1, -1):
            before = b""
            for _ in range(_MAX_SWIPES):
                tree = await self._screen.tree()
                container, targets = scroll.look(tree)
                seen = etree.tostring(tree)
                if targets:
                    return targets
                if container is None or seen == before:
                    break
                before = seen
                left, top, right, bottom = bounds(container)
                x, y, reach = (left + right) // 2, (top + bottom) // 2, way * (bottom - top) * 2 // 5
                await self._screen.swipe(x, y - reach, x, y + reach, _SWIPE_S)
        return []

    async def _find_one(self, call: Call) -> object:
        found = await self._find_all(call)
        if not isinstance(found, list) or not found:
            what = f"{call.body['strategy']}: {call.body['selector']}"
            raise Fault("no such element", f"no element by {what}", 404)
        return found[0]

    async def _active(self, call: Call) -> object:
        focused = (await self._screen.tree()).xpath("//node[@focused='true']")
        if not isinstance(focused, list) or not focused:
            raise Fault("no such element", "nothing has the focus", 404)
        node = focused[-1]
        if not isinstance(node, etree._Element):
            raise Fault("no such element", "nothing has the focus", 404)
        return self._handle(node)

    def _handle(self, node: Node) -> dict[str, str]:
        path = _path(node)
        known = next((key for key, one in self._elements.items() if one == path), None)
        if known is None:
            known = f"00000000-0000-0000-0000-{next(self._numbers):012x}"
            self._elements[known] = path
        return {"ELEMENT": known, W3C_ELEMENT: known}

    def resolve(self, tree: Node, element: str) -> Node:
        """The node of a handle in this tree. Raises Fault: never found, or no longer shown."""
        path = self._elements.get(element)
        if path is None:
            raise Fault("no such element", f"element {element} was never found", 404)
        for node in tree.iter("node"):
            if _path(node) == path:
                return node
        raise Fault("stale element reference", f"element {element} is no longer shown", 404)

    async def _node(self, call: Call) -> Node:
        return self.resolve(await self._screen.tree(), call.element)

    async def _click(self, call: Call) -> object:
        await self._screen.tap(*centre(await self._node(call)))
        return None

    async def _clear(self, call: Call) -> object:
        shown = (await self._node(call)).get("text", "")
        await self._click(call)
        await self._screen.key(123)
        for _ in shown:
            await self._screen.key(67)
        return None

    async def _value(self, call: Call) -> object:
        if call.body.get("replace"):
            await self._clear(call)
        elif (await self._node(call)).get("focused") != "true":
            await self._click(call)
        await self._screen.text(str(call.body.get("text") or "".join(call.body.get("value", ()))))
        return None

    def _reader(self, what: str) -> Handler:
        async def read(call: Call) -> object:
            return _READERS[what](await self._node(call))

        return read

    async def _attribute(self, call: Call) -> object:
        name = str(call.parts["name"])
        node = await self._node(call)
        value = node.get(_ALIASES.get(name, name))
        if name == "name":
            value = node.get("content-desc") or node.get("text")
        if value is None:
            raise Fault("invalid argument", f"no attribute {name!r}", 400)
        return value

    async def _element_screenshot(self, call: Call) -> object:
        box = bounds(await self._node(call))
        with Image.open(io.BytesIO(await self._screen.png())) as picture:
            part = io.BytesIO()
            picture.crop(box).save(part, "PNG")
        return base64.b64encode(part.getvalue()).decode()


def _path(node: Node) -> tuple[object, ...]:
    """What a node is known by: its nearest ancestor with a resource-id, and the way down from there."""
    way: list[object] = [node.get("class")]
    one: Node | None = node
    while one is not None and one.tag == "node":
        if one.get("resource-id"):
            same = one.getroottree().getroot().iter("node")
            twins = [other for other in same if other.get("resource-id") == one.get("resource-id")]
            return (*way, one.get("resource-id"), twins.index(one))
        way.append((one.get("class"), one.get("index")))
        one = one.getparent()
    return tuple(way)


def bounds(node: Node) -> tuple[int, int, int, int]:
    """(left, top, right, bottom), px."""
    left, top, right, bottom = (int(number) for number in re.findall(r"-?\d+", node.get("bounds", "")))
    return left, top, right, bottom


def centre(node: Node) -> tuple[int, int]:
    """The middle, px."""
    left, top, right, bottom = bounds(node)
    return (left + right) // 2, (top + bottom) // 2


def _rect(node: Node) -> dict[str, int]:
    left, top, right, bottom = bounds(node)
    return {"x": left, "y": top, "width": right - left, "height": bottom - top}


_READERS: dict[str, Callable[[Node], object]] = {
    "text": lambda node: node.get("text", ""),
    "name": lambda node: node.get("content-desc") or node.get("text", ""),
    "rect": _rect,
    "size": lambda node: {key: value for key, value in _rect(node).items() if key in ("width", "height")},
    "location": lambda node: {key: value for key, value in _rect(node).items() if key in ("x", "y")},
    "displayed": lambda node: node.get("displayed") == "true",
    "enabled": lambda node: node.get("enabled") == "true",
    "selected": lambda node: node.get("selected") == "true",
}
