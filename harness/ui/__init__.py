"""Layer 2: the only importer of appium and selenium. Server, session and locators."""

from harness.ui.server import AppiumServer
from harness.ui.session import Node, Session, open_session

__all__ = ["AppiumServer", "Node", "Session", "open_session"]
