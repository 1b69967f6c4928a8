"""A whole virtual tablet: front, Chromium screen, proxy radio and UiAutomator endpoint, started and ended in order."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable

from harness.virtual.chromium import ChromiumBinary
from harness.virtual.config import TabletConfig
from harness.virtual.front import Front
from harness.virtual.radio import ProxyRadio
from harness.virtual.screen import ChromiumScreen
from harness.virtual.tablet import Tablet
from harness.virtual.uiautomator import UiAutomatorServer


async def serve(config: TabletConfig, stop: asyncio.Event, ready: Callable[[str], None]) -> None:
    """Run a tablet until `stop` is set.

    Args:
        ready: told the JSON line when adb can connect.
    Raises:
        EnvironmentFault: the port is taken.
    """
    config.state_dir.mkdir(parents=True, exist_ok=True)
    apps = config.installed()
    radio = ProxyRadio()
    screen = ChromiumScreen(
        list(apps.values()),
        radio,
        config.state_dir,
        ChromiumBinary(config.chromium, config.chromium_env),
        size=config.profile.size,
        fault=config.fault,
    )
    tablet = Tablet(config.tablet_profile(), screen, radio, config.state_dir, apps, fault=config.fault)
    tablet.endpoint = UiAutomatorServer(screen, tablet.profile, config.state_dir / "unknown.jsonl")
    front = Front(tablet)
    try:
        port = await front.start(config.port)
        ready(json.dumps({"serial": f"127.0.0.1:{port}", "pid": os.getpid()}))
        await stop.wait()
    finally:
        await front.stop()
        await screen.close()
        await radio.close()
