"""From settings to what a bench is asked for. Shared by the commands that start a tablet."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from harness.lab import BenchRequest
from harness.media.catalogue import load
from harness.profiles import load_profile
from harness.settings import Settings
from harness.toolchain import default_home, find


def default_environ(environ: Mapping[str, str]) -> dict[str, str]:
    """The part of the environment that settings may read."""
    return {key: value for key, value in environ.items() if key.startswith("REDEYE_")}


def bench_request(settings: Settings) -> BenchRequest:
    """What a bench is asked for; fails before anything is started when an input is wrong."""
    profile = load_profile(settings.profiles, settings.profile)
    catalogue = load(settings.samples)
    catalogue.sample(settings.sample)
    home = settings.home or default_home()
    tools = find(home, dict(os.environ))
    return BenchRequest(
        tools=tools,
        catalogue=catalogue,
        media=settings.samples,
        profile=profile,
        logs=Path(tempfile.mkdtemp(prefix="redeye-logs-")),
        state_dir=home / "state",
        kind=settings.kind,
        serial=settings.serial,
        faults=(settings.fault,) if settings.fault else (),
        tablet_fault=settings.tablet_fault,
        origin_port=settings.origin_port,
        adb_port=settings.adb_port,
    )
