"""The fixtures. Each is a seam: users override `redeye_settings` or `sample`, not the tablet."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

import pytest

from harness.apps.cabin import CabinAdapter
from harness.core.errors import UsageError
from harness.delivery import Origin
from harness.device import Tablet
from harness.flows import Flow
from harness.lab import Bench, BenchRequest
from harness.media.catalogue import Sample, load
from harness.plugin.evidence import AllureSteps, attach
from harness.plugin.hooks import OPTIONS, VERDICTS
from harness.profiles import load_profile
from harness.runs import RunFolder
from harness.settings import Settings, load_settings
from harness.toolchain import default_home, find


@pytest.fixture(scope="session")
def redeye_settings(pytestconfig: pytest.Config) -> Settings:
    """The effective settings: pyproject [tool.redeye] < REDEYE_* < options."""
    typed = {key: pytestconfig.getoption(f"redeye_{key}") for key in OPTIONS}
    environ = {key: value for key, value in os.environ.items() if key.startswith("REDEYE_")}
    try:
        return load_settings(pytestconfig.rootpath / "pyproject.toml", environ, typed)[0]
    except UsageError as error:
        raise pytest.UsageError(str(error)) from error


@pytest.fixture(scope="session")
def bench(redeye_settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """Tablet, Appium, origin and app for the whole session; under xdist one for each worker."""
    settings = redeye_settings
    home = settings.home or default_home()
    try:
        ask = BenchRequest(
            tools=find(home, dict(os.environ)),
            catalogue=load(settings.samples),
            media=settings.samples,
            profile=load_profile(settings.profiles, settings.profile),
            logs=tmp_path_factory.mktemp("redeye-logs"),
            state_dir=home / "state",
            kind=settings.kind,
            serial=settings.serial,
            faults=(settings.fault,) if settings.fault else (),
            tablet_fault=settings.tablet_fault,
            origin_port=settings.origin_port,
            adb_port=settings.adb_port,
        )
    except UsageError as error:
        raise pytest.UsageError(str(error)) from error
    with Bench(ask) as opened:
        yield opened


@pytest.fixture
def tablet(bench: Bench) -> Tablet:
    """The tablet under test, brought back from whatever an earlier run left."""
    bench.tablet.restore()
    return bench.tablet


@pytest.fixture
def app(bench: Bench) -> CabinAdapter:
    """The app under test on that tablet."""
    return bench.app


@pytest.fixture
def origin(bench: Bench) -> Origin:
    """The origin that serves the samples; its journal is `bench.journal`."""
    return bench.origin


@pytest.fixture
def sample(request: pytest.FixtureRequest, bench: Bench, redeye_settings: Settings) -> Sample:
    """The media sample of the `sample(id)` marker, else of the settings."""
    marker = request.node.get_closest_marker("sample")
    return bench.request.catalogue.sample(marker.args[0] if marker else redeye_settings.sample)


@pytest.fixture
def flow(
    request: pytest.FixtureRequest,
    bench: Bench,
    tablet: Tablet,
    app: CabinAdapter,
    sample: Sample,
    redeye_settings: Settings,
) -> Iterator[Flow]:
    """The steps on one title; its run folder is sealed and shown in Allure when the test ends."""
    name = re.sub(r"[^A-Za-z0-9-]+", "-", request.node.name)[:60].strip("-") or "test"
    run = RunFolder.create(redeye_settings.runs, name)
    made = Flow(tablet, app, bench.journal, bench.origin_address, sample, run, bench.request.clock)
    run.event("device", {"kind": tablet.kind, "serial": tablet.serial, "model": tablet.model})
    made.listeners.append(AllureSteps(tablet, sample).heard)
    yield made
    verdict = made.verdict()
    attach(run, made, verdict)
    request.config.stash[VERDICTS].append(
        f"{verdict.outcome} {request.node.nodeid} on {tablet.kind} {tablet.serial}: {run.path}"
    )
