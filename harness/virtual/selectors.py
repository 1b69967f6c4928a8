"""Finding nodes of a hierarchy by Appium's strategies. A selector that is not understood is an error, never "none"."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from lxml import etree

Node = etree._Element


class InvalidSelector(ValueError):
    """The strategy or its selector is not one that this tablet understands."""


def find(hierarchy: Node, strategy: str, selector: str, package: str) -> list[Node]:
    """The matching nodes in document order.

    Args:
        hierarchy: UiAutomator's, of `node` elements.
        package: the app in front; `id` selectors may carry it as `package:id/`.
    Raises:
        InvalidSelector: see above.
    """
    nodes = list(hierarchy.iter("node"))
    match strategy:
        case "id":
            return [node for node in nodes if same_id(node.get("resource-id", ""), selector, package)]
        case "accessibility id":
            return [node for node in nodes if node.get("content-desc") == selector]
        case "class name":
            return [node for node in nodes if node.get("class") == selector]
        case "xpath":
            return _by_xpath(hierarchy, selector)
        case "-android uiautomator":
            return _by_ui_selector(nodes, selector, package)
    raise InvalidSelector(f"strategy {strategy!r} is not supported")


def same_id(shown: str, wanted: str, package: str) -> bool:
    """True when a resource-id is the wanted one, with or without its `package:id/`."""
    prefix = f"{package}:id/"
    return bool(wanted) and shown.removeprefix(prefix) == wanted.removeprefix(prefix)


def class_named(hierarchy: Node) -> Node:
    """A copy whose elements are named by their class, as in Appium's page source."""
    root = etree.Element(hierarchy.tag)
    _attributes(hierarchy, root)
    root.set("index", "0")
    _copy(hierarchy, root)
    return root


def _copy(source: Node, target: Node) -> None:
    for child in source:
        name = re.sub(r"[^\w.-]", "_", child.get("class") or "node")
        twin = etree.SubElement(target, name)
        _attributes(child, twin)
        _copy(child, twin)


def _attributes(source: Node, target: Node) -> None:
    for name, value in source.attrib.items():
        target.set(name, value)


def _string_of(value: object) -> str:
    first = value[0] if isinstance(value, list) and value else value
    return "" if isinstance(first, list) else str(first)


# The server understands XPath 2.0, lxml 1.0: what people use of the newer functions.
_XPATH2: Mapping[tuple[str | None, str], Callable[..., object]] = {
    (None, "matches"): lambda _c, value, pattern: re.search(_string_of(pattern), _string_of(value)) is not None,
    (None, "ends-with"): lambda _c, value, end: _string_of(value).endswith(_string_of(end)),
    (None, "lower-case"): lambda _c, value: _string_of(value).lower(),
    (None, "upper-case"): lambda _c, value: _string_of(value).upper(),
}


def _by_xpath(hierarchy: Node, selector: str) -> list[Node]:
    named = class_named(hierarchy)
    original = dict(zip(named.iter(), hierarchy.iter(), strict=True))
    try:
        found = named.xpath(selector, extensions=_XPATH2)
    except (etree.XPathError, re.error, TypeError) as problem:
        raise InvalidSelector(f"{selector}: {problem}") from problem
    if not isinstance(found, list) or not all(isinstance(one, etree._Element) for one in found):
        raise InvalidSelector(f"{selector}: gives no elements")
    return [original[one] for one in found if isinstance(one, etree._Element) and one is not named]


_TEXT = re.compile(r'"((?:[^"\\]|\\.)*)"')

_ATTRIBUTES: Mapping[str, str] = {
    "text": "text",
    "description": "content-desc",
    "resourceId": "resource-id",
    "className": "class",
    "packageName": "package",
}
_TESTS: Mapping[str, Callable[[str, str], bool]] = {
    "": lambda shown, wanted: shown == wanted,
    "Contains": lambda shown, wanted: wanted.lower() in shown.lower(),
    "StartsWith": lambda shown, wanted: shown.lower().startswith(wanted.lower()),
    "Matches": lambda shown, wanted: re.fullmatch(wanted, shown, re.DOTALL) is not None,
}
_BOOLEANS: Mapping[str, str] = {
    **{
        n: n for n in ("clickable", "enabled", "checked", "checkable", "focused", "focusable", "scrollable", "selected")
    },
    "longClickable": "long-clickable",
}


@dataclass(frozen=True)
class _Query:
    """A UiSelector: conditions, which of the matches, and a selector below it or below its parent."""

    tests: tuple[Callable[[Node], bool], ...]
    instance: int | None
    below: _Query | None
    from_parent: bool

    def run(self, nodes: list[Node]) -> list[Node]:
        found = [node for node in nodes if all(test(node) for test in self.tests)]
        if self.instance is not None:
            found = found[self.instance : self.instance + 1]
        if self.below is None:
            return found
        tops = [node.getparent() if self.from_parent else node for node in found]
        inside = {one for top in tops if top is not None for one in top.iterdescendants("node")}
        return self.below.run([node for top in nodes[:1] for node in top.getroottree().iter("node") if node in inside])


_START = re.compile(r"\s*(?:new\s+)?UiSelector\s*\(\s*\)\s*")
_NAME = re.compile(r"\.\s*(\w+)\s*\(\s*")
_VALUE = re.compile(r'\s*("(?:[^"\\]|\\.)*"|[^()"]*)')
_SCROLLABLE = re.compile(r"\s*(?:new\s+)?UiScrollable\s*\(")


class _Reader:
    """A UiSelector expression, from `at` on."""

    def __init__(self, text: str, package: str) -> None:
        self.text, self.package, self.at = text.strip().removesuffix(";"), package, 0

    def take(self, pattern: re.Pattern[str], what: str) -> re.Match[str]:
        found = pattern.match(self.text, self.at)
        if found is None:
            raise InvalidSelector(f"expected {what} at character {self.at}: {self.text}")
        self.at = found.end()
        return found

    def close(self) -> None:
        self.take(_CLOSE, "')'")

    def query(self) -> _Query:
        self.take(_START, "new UiSelector()")
        tests: list[Callable[[Node], bool]] = []
        instance, below, from_parent = None, None, False
        while self.at < len(self.text) and self.text[self.at] == ".":
            name = self.take(_NAME, "a call")[1]
            if name in ("childSelector", "fromParent"):
                below, from_parent = self.query(), name == "fromParent"
            else:
                argument = self.take(_VALUE, "an argument")[1]
                if name == "instance":
                    instance = _number(argument, self.text)
                else:
                    tests.append(_condition(name, argument, self.package, self.text))
            self.close()
        return _Query(tuple(tests), instance, below, from_parent)

    def end(self) -> None:
        if self.text[self.at :].strip():
            raise InvalidSelector(f"not understood from character {self.at}: {self.text}")


_CLOSE = re.compile(r"\s*\)\s*")


def _by_ui_selector(nodes: list[Node], selector: str, package: str) -> list[Node]:
    reader = _Reader(selector, package)
    query = reader.query()
    reader.end()
    return query.run(nodes)


@dataclass(frozen=True)
class Scroll:
    """A UiScrollable that is to be moved until a node is shown."""

    container: _Query
    target: _Query

    def look(self, hierarchy: Node) -> tuple[Node | None, list[Node]]:
        """(the first container, the shown targets)."""
        nodes = list(hierarchy.iter("node"))
        return next(iter(self.container.run(nodes)), None), self.target.run(nodes)


def scroll_of(strategy: str, selector: str, package: str) -> Scroll | None:
    """What `new UiScrollable(UiSelector).scrollIntoView(UiSelector)` asks for; None for any other selector.

    Raises:
        InvalidSelector: a UiScrollable with another call than scrollIntoView or scrollTextIntoView.
    """
    if strategy != "-android uiautomator" or not _SCROLLABLE.match(selector):
        return None
    reader = _Reader(selector, package)
    reader.take(_SCROLLABLE, "UiScrollable")
    container = reader.query()
    reader.close()
    name = reader.take(_NAME, "a call")[1]
    if name == "setAsVerticalList":
        reader.close()
        name = reader.take(_NAME, "a call")[1]
    if name == "scrollIntoView":
        target = reader.query()
    elif name == "scrollTextIntoView":
        text = reader.take(_VALUE, "a text")[1]
        target = _Query((_condition("text", text, package, selector),), None, None, False)
    else:
        raise InvalidSelector(f"UiScrollable.{name} is not supported: {selector}")
    reader.close()
    reader.end()
    return Scroll(container, target)


def _condition(name: str, argument: str, package: str, selector: str) -> Callable[[Node], bool]:
    if name in _BOOLEANS:
        if argument.strip() not in {"true", "false"}:
            raise InvalidSelector(f"{name} takes true or false: {selector}")
        return lambda node: node.get(_BOOLEANS[name]) == argument.strip()
    if name == "index":
        number = str(_number(argument, selector))
        return lambda node: node.get("index") == number
    for prefix, attribute in _ATTRIBUTES.items():
        suffix = name.removeprefix(prefix)
        if not name.startswith(prefix) or suffix not in _TESTS:
            continue
        if suffix in {"Contains", "StartsWith"} and prefix not in {"text", "description"}:
            continue
        wanted = _string(argument, selector)
        if name == "resourceId":
            return lambda node: same_id(node.get("resource-id", ""), wanted, package)
        if suffix == "Matches":
            _checked(wanted, selector)
        return lambda node: _TESTS[suffix](node.get(attribute, ""), wanted)
    raise InvalidSelector(f"UiSelector.{name} is not supported: {selector}")


def _string(argument: str, selector: str) -> str:
    found = _TEXT.fullmatch(argument.strip())
    if found is None:
        raise InvalidSelector(f"expected one quoted text, got {argument!r}: {selector}")
    return re.sub(r"\\(.)", lambda m: {"n": "\n", "t": "\t"}.get(m[1], m[1]), found[1])


def _number(argument: str, selector: str) -> int:
    if not re.fullmatch(r"\s*\d+\s*", argument, re.ASCII):
        raise InvalidSelector(f"expected a number, got {argument!r}: {selector}")
    return int(argument)


def _checked(pattern: str, selector: str) -> None:
    try:
        re.compile(pattern)
    except re.error as problem:
        raise InvalidSelector(f"bad expression {pattern!r} ({problem}): {selector}") from problem
