"""Options, markers, header and summary of the pytest plugin."""

from __future__ import annotations

from collections.abc import Generator

import pytest

OPTIONS = {
    "kind": ("--kind", "auto, virtual or real tablet"),
    "serial": ("--serial", "serial of the tablet to use"),
    "profile": ("--device-profile", "id of the device profile"),
    "sample": ("--sample", "id of the media sample"),
    "fault": ("--fault", "a fault of the reference app, on purpose"),
    "tablet_fault": ("--tablet-fault", "a fault of the virtual tablet, on purpose"),
    "runs": ("--redeye-runs", "folder for run folders"),
}
RAISED = pytest.StashKey[BaseException]()
VERDICT = "redeye"  # the user property that carries a verdict's line to the summary, also from xdist's workers


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("redeye", "offline playback")
    for key, (option, text) in OPTIONS.items():
        group.addoption(option, dest=f"redeye_{key}", default=None, help=text)


def pytest_configure(config: pytest.Config) -> None:
    for line in (
        "offline: plays with the tablet offline",
        "device: needs a real tablet; NOT_RUN in the summary where there is none",
        "sample(id): the media sample that the test's `sample` fixture gives",
    ):
        config.addinivalue_line("markers", line)


def pytest_report_header(config: pytest.Config) -> str:
    kind = config.getoption("redeye_kind") or "auto"
    return f"redeye: kind {kind}"


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("device") and item.config.getoption("redeye_kind") != "real":
        pytest.skip("NOT_RUN: needs a real tablet; run with --kind real --serial SERIAL")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    if call.when == "call" and call.excinfo is not None:
        item.stash[RAISED] = call.excinfo.value
    return (yield)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    stats = terminalreporter.stats
    reports = [r for found in stats.values() for r in found if isinstance(r, pytest.TestReport)]
    lines = [str(text) for r in reports if r.when == "teardown" for name, text in r.user_properties if name == VERDICT]
    not_run = [r for r in stats.get("skipped", []) if "NOT_RUN" in str(r.longrepr)]
    if not_run:
        lines.append(f"NOT_RUN: {len(not_run)} tests that need a real tablet")
    if lines:
        terminalreporter.section("redeye")
        for line in lines:
            terminalreporter.line(line)
