"""Selectors against one small hierarchy."""

from __future__ import annotations

import pytest
from lxml import etree

from harness.virtual.selectors import InvalidSelector, find

TREE = """<hierarchy rotation="0"><node index="0" class="android.webkit.WebView" text="Page" resource-id="" clickable="false">
<node index="0" class="android.widget.Button" text="Play" resource-id="play" clickable="true" enabled="true" checked="false"/>
<node index="1" class="android.widget.Button" text="Stop it" resource-id="stop" clickable="true" enabled="false"/>
<node index="2" class="android.view.View" text="" resource-id="x.y:id/native" content-desc="Menu" clickable="false"/>
</node></hierarchy>"""  # noqa: E501

FOUND = [
    ("id", "play", ["play"]),
    ("id", "x.y:id/play", ["play"]),
    ("id", "native", ["x.y:id/native"]),
    ("accessibility id", "Menu", ["x.y:id/native"]),
    ("class name", "android.widget.Button", ["play", "stop"]),
    ("xpath", "//android.widget.Button[@text='Stop it']", ["stop"]),
    ("xpath", "//*[@resource-id='play']/following-sibling::*[1]", ["stop"]),
    ("-android uiautomator", 'new UiSelector().resourceId("play")', ["play"]),
    ("-android uiautomator", 'UiSelector().resourceIdMatches(".*top")', ["stop"]),
    ("-android uiautomator", 'new UiSelector().textContains("TOP")', ["stop"]),
    ("-android uiautomator", 'new UiSelector().textStartsWith("Pl").clickable(true)', ["play"]),
    ("-android uiautomator", 'new UiSelector().className("android.widget.Button").instance(1)', ["stop"]),
    ("-android uiautomator", "new UiSelector().enabled(false);", ["stop"]),
    ("-android uiautomator", 'new UiSelector().description("Menu")', ["x.y:id/native"]),
    ("-android uiautomator", 'new UiSelector().text("nothing")', []),
]

REFUSED = [
    ("css selector", "#play"),
    ("xpath", "//["),
    ("xpath", "count(//*)"),
    ("-android uiautomator", "new UiScrollable(new UiSelector())"),
    ("-android uiautomator", 'new UiSelector().fromParent("x")'),
    ("-android uiautomator", "new UiSelector().text(unquoted)"),
    ("-android uiautomator", 'new UiSelector().textMatches("(")'),
    ("-android uiautomator", "new UiSelector().clickable(yes)"),
]


@pytest.mark.parametrize(("strategy", "selector", "ids"), FOUND, ids=[f"{s}: {w}" for s, w, _ in FOUND])
def test_finds(strategy: str, selector: str, ids: list[str]) -> None:
    nodes = find(etree.fromstring(TREE), strategy, selector, "x.y")
    assert [node.get("resource-id") for node in nodes] == ids


@pytest.mark.parametrize(("strategy", "selector"), REFUSED, ids=[f"{s}: {w}" for s, w in REFUSED])
def test_refuses_what_it_does_not_understand(strategy: str, selector: str) -> None:
    with pytest.raises(InvalidSelector):
        find(etree.fromstring(TREE), strategy, selector, "x.y")
