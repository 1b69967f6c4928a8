"""An Appium session on one tablet, as a few verbs. A lost session is an error and is never retried in silence."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from appium import webdriver
from appium.options.android import UiAutomator2Options
from selenium.common.exceptions import (
    InvalidSessionIdException,
    NoSuchElementException,
    StaleElementReferenceException,
    WebDriverException,
)
from selenium.webdriver.remote.command import Command
from selenium.webdriver.remote.webelement import WebElement
from urllib3.exceptions import HTTPError

from harness.core.clock import Deadline, Waited, wait_for
from harness.core.errors import HarnessError, SessionLost
from harness.ui.server import free_port

T = TypeVar("T")

UIAUTOMATOR = "-android uiautomator"
_LOST = ("instrumentation process is not running", "session is either terminated", "ECONNREFUSED", "socket hang up")


@dataclass(frozen=True)
class Node:
    """One UI node as it was read. bounds are (left, top, right, bottom) in px, right and bottom exclusive."""

    id: str
    text: str
    enabled: bool
    bounds: tuple[int, int, int, int]


@contextmanager
def _lost_is_an_error(doing: str) -> Iterator[None]:
    try:
        yield
    except InvalidSessionIdException as error:
        raise SessionLost(f"Appium lost the session while {doing}: {error.msg}") from error
    except (HTTPError, ConnectionError, TimeoutError) as error:
        raise SessionLost(f"Appium does not answer while {doing}: {error}") from error
    except WebDriverException as error:
        if any(sign in str(error.msg) for sign in _LOST):
            raise SessionLost(f"the tablet's UiAutomator is gone while {doing}: {error.msg}") from error
        raise HarnessError(f"Appium refused while {doing}: {error.msg}") from error


class Session:
    """What a flow may do to the tablet's screen through Appium."""

    def __init__(self, driver: webdriver.Remote) -> None:
        self._driver = driver

    @property
    def id(self) -> str:
        return str(self._driver.session_id)

    def _find(self, resource_id: str) -> WebElement | None:
        # Web ids are bare; Appium's id strategy would put the package in front (chromium_tablet.md 6).
        selector = f'new UiSelector().resourceId("{resource_id}")'
        with _lost_is_an_error(f"looking for {resource_id!r}"):
            try:
                found: WebElement = self._driver.find_element(UIAUTOMATOR, selector)
                return found
            except NoSuchElementException:
                return None

    def read(self, resource_id: str) -> Node | None:
        """The node with this resource-id; None when the screen has none."""
        element = self._find(resource_id)
        if element is None:
            return None
        with _lost_is_an_error(f"reading {resource_id!r}"):
            try:
                text = element.text
                enabled = element.get_attribute("enabled") == "true"
                box = _bounds(element.get_attribute("bounds") or "")
            except (StaleElementReferenceException, NoSuchElementException):
                return None
        return Node(resource_id, text, enabled, box)

    def text(self, resource_id: str) -> str | None:
        """The node's text; None when the screen has no such node."""
        element = self._find(resource_id)
        if element is None:
            return None
        with _lost_is_an_error(f"reading {resource_id!r}"):
            try:
                return str(element.text)
            except (StaleElementReferenceException, NoSuchElementException):
                return None

    def tap(self, resource_id: str, deadline: Deadline) -> float:
        """Tap the node when it is there; the monotonic time just before the tap, s."""
        found = wait_for(
            f"{resource_id} on the screen", lambda: self._find(resource_id), lambda e: e is not None, deadline
        )
        element = found.value
        if element is None:
            raise HarnessError(f"{resource_id} vanished")
        with _lost_is_an_error(f"tapping {resource_id!r}"):
            at = deadline.clock.monotonic()
            element.click()
        return at

    def tap_at(self, x: int, y: int, deadline: Deadline) -> float:
        """Touch one point for 50 ms; the monotonic time just before, s."""
        steps = [
            {"type": "pointerMove", "duration": 0, "x": x, "y": y, "origin": "viewport"},
            {"type": "pointerDown", "button": 0},
            {"type": "pause", "duration": 50},
            {"type": "pointerUp", "button": 0},
        ]
        finger = {"type": "pointer", "id": "finger", "parameters": {"pointerType": "touch"}, "actions": steps}
        with _lost_is_an_error(f"touching {x},{y}"):
            at = deadline.clock.monotonic()
            self._driver.execute(Command.W3C_ACTIONS, {"actions": [finger]})
        return at

    def wait_text(
        self, resource_id: str, accept: Callable[[str], object], deadline: Deadline, every_s: float = 0.05
    ) -> Waited[str | None]:
        """The node's text once `accept` takes it."""
        return wait_for(
            f"text of {resource_id}",
            lambda: self.text(resource_id),
            lambda text: text is not None and accept(text),
            deadline,
            every_s,
        )

    def source(self) -> str:
        """The UiAutomator tree as XML."""
        with _lost_is_an_error("reading the page source"):
            return str(self._driver.page_source)

    def screenshot(self) -> bytes:
        """The screen as PNG."""
        with _lost_is_an_error("taking a screenshot"):
            png: bytes = self._driver.get_screenshot_as_png()
            return png

    def close(self) -> None:
        """End the session. A session that is gone already is not an error here."""
        try:
            with _lost_is_an_error("ending the session"):
                self._driver.quit()
        except SessionLost:
            pass


def _bounds(text: str) -> tuple[int, int, int, int]:
    match = re.fullmatch(r"\[(-?\d+),(-?\d+)\]\[(-?\d+),(-?\d+)\]", text)
    if match is None:
        raise HarnessError(f"UiAutomator gave bounds {text!r}; expected '[l,t][r,b]'")
    left, top, right, bottom = (int(group) for group in match.groups())
    return left, top, right, bottom


def open_session(url: str, serial: str, adb_port: int, extra: Mapping[str, Any] | None = None) -> Session:
    """A session on the tablet `serial` that leaves its apps as they are.

    Raises:
        SessionLost: the server refused; its reason is in the message.
    """
    options = UiAutomator2Options().load_capabilities(
        {
            "platformName": "Android",
            "appium:automationName": "UiAutomator2",
            "appium:udid": serial,
            "appium:adbPort": adb_port,
            # The driver's own choice (8200 up) is a race between two benches on one machine.
            "appium:systemPort": free_port(),
            "appium:noReset": True,
            "appium:dontStopAppOnReset": True,
            "appium:autoLaunch": False,
            "appium:skipLogcatCapture": True,
            "appium:skipUnlock": True,
            "appium:newCommandTimeout": 300,
            "appium:settings[waitForIdleTimeout]": 0,
            **(extra or {}),
        }
    )
    try:
        return Session(webdriver.Remote(url, options=options))
    except (WebDriverException, HTTPError, ConnectionError) as error:
        message = getattr(error, "msg", None) or str(error)
        raise SessionLost(f"{serial}: Appium opened no session: {message}") from error
