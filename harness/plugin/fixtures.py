"""The fixtures. Each is a seam: users override `redeye_settings` or `sample`, not the tablet."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from harness.apps.cabin import CabinAdapter
from harness.core.errors import (
    EnvironmentFault,
    ExitCode,
    HarnessError,
    InconclusiveError,
    NoDevice,
    PlaybackFailure,
    UsageError,
)
from harness.core.outcome import Finding, Layer, Severity
from harness.delivery import Origin
from harness.device import Tablet
from harness.flows import Flow
from harness.lab import Bench, BenchRequest
from harness.media.catalogue import Sample
from harness.plugin.evidence import AllureSteps, attach
from harness.plugin.hooks import OPTIONS, RAISED, VERDICT
from harness.runs import RunFolder
from harness.settings import Settings, load_settings


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
    try:
        ask = BenchRequest.of(redeye_settings, tmp_path_factory.mktemp("redeye-logs"), dict(os.environ))
    except UsageError as error:
        raise pytest.UsageError(str(error)) from error
    with ExitStack() as stack:
        try:
            opened = stack.enter_context(Bench(ask))
        except NoDevice as error:  # a traceback for each test would say no more
            pytest.exit(f"NOT_RUN: {error}", returncode=ExitCode.NO_DEVICE)
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
    chosen = bench.request.catalogue.sample(marker.args[0] if marker else redeye_settings.sample)
    bench.request.check(chosen)
    return chosen


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
    ask = bench.request
    sight = ask.sight_of(sample)
    made = Flow(tablet, app, bench.journal, bench.origin_address, sample, run, ask.clock, sight)
    run.event("device", {"kind": tablet.kind, "serial": tablet.serial, "model": tablet.model})
    made.listeners.append(AllureSteps(tablet, sample).heard)
    yield made
    note_how_it_ended(made, request.node.stash.get(RAISED, None))
    contract: EnvironmentFault | None = None
    try:
        bench.check_contract()
    except EnvironmentFault as fault:
        contract = fault
        made.note_broken(fault)
    bench.collect_logs(run)
    verdict = made.verdict()
    attach(made, verdict)
    line = f"{verdict.outcome} {request.node.nodeid} on {tablet.kind} {tablet.serial}: {run.path}"
    request.node.user_properties.append((VERDICT, line))
    if contract is not None:
        raise contract


def note_how_it_ended(flow: Flow, raised: BaseException | None) -> None:
    """What ended the test, in the run's own verdict: it must not say PASS about a test that did not."""
    if raised is None or isinstance(raised, PlaybackFailure | InconclusiveError | pytest.skip.Exception):
        return  # Verdict.require said what the findings say already
    if isinstance(raised, AssertionError):
        flow.find(Finding("test_assertion", Layer.APP, Severity.FAIL, str(raised).split("\n", 1)[0] or "assert"))
    elif isinstance(raised, Exception):
        flow.note_broken(raised)
    else:
        flow.note_broken(HarnessError(f"interrupted by {type(raised).__name__}"))
