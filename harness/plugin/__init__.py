"""Layer 6: the pytest plugin. Options, markers and the fixtures `tablet, app, origin, sample, flow`."""

from harness.plugin.fixtures import app, bench, flow, origin, redeye_settings, sample, tablet
from harness.plugin.hooks import (
    pytest_addoption,
    pytest_configure,
    pytest_report_header,
    pytest_runtest_makereport,
    pytest_runtest_setup,
    pytest_terminal_summary,
)

__all__ = [
    "app",
    "bench",
    "flow",
    "origin",
    "pytest_addoption",
    "pytest_configure",
    "pytest_report_header",
    "pytest_runtest_makereport",
    "pytest_runtest_setup",
    "pytest_terminal_summary",
    "redeye_settings",
    "sample",
    "tablet",
]
