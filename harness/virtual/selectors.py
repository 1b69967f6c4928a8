"""Finding nodes of a hierarchy by Appium's strategies. A selector that is not understood is an error, never "none"."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

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


def _by_xpath(hierarchy: Node, selector: str) -> list[Node]:
    named = class_named(hierarchy)
    original = dict(zip(named.iter(), hierarchy.iter(), strict=True))
    try:
        found = named.xpath(selector)
    except etree.XPathError as problem:
        raise InvalidSelector(f"{selector}: {problem}") from problem
    if not isinstance(found, list) or not all(isinstance(one, etree._Element) for one in found):
        raise InvalidSelector(f"{selector}: gives no elements")
    return [original[one] for one in found if isinstance(one, etree._Element) and one is not named]


_TEXT = re.compile(r'\s*"((?:[^"\\]|\\.)*)"\s*')
_CALL = re.compile(r"\.\s*(\w+)\s*\(((?:[^()\"]|\"(?:[^\"\\]|\\.)*\")*)\)\s*")

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
_BOOLEANS = frozenset(
    {"clickable", "enabled", "checked", "checkable", "focused", "focusable", "scrollable", "selected"}
)


def _by_ui_selector(nodes: list[Node], selector: str, package: str) -> list[Node]:
    text = selector.strip().rstrip(";").strip()
    start = re.match(r"(?:new\s+)?UiSelector\s*\(\s*\)\s*", text)
    if start is None:
        raise InvalidSelector(f"not a UiSelector: {selector}")
    found, at, instance = nodes, start.end(), None
    while at < len(text):
        call = _CALL.match(text, at)
        if call is None:
            raise InvalidSelector(f"not understood from character {at}: {selector}")
        name, argument, at = call[1], call[2], call.end()
        if name == "instance":
            instance = _number(argument, selector)
        else:
            test = _condition(name, argument, package, selector)
            found = [node for node in found if test(node)]
    return found if instance is None else found[instance : instance + 1]


def _condition(name: str, argument: str, package: str, selector: str) -> Callable[[Node], bool]:
    if name in _BOOLEANS:
        if argument.strip() not in {"true", "false"}:
            raise InvalidSelector(f"{name} takes true or false: {selector}")
        return lambda node: node.get(name) == argument.strip()
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
    found = _TEXT.fullmatch(argument)
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
