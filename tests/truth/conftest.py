"""Prints the truth table after a run: one line for each recording that was judged."""

from __future__ import annotations

import pytest

ROW = "truth"  # the property in which test_cases.py leaves a row


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reports = [*terminalreporter.stats.get("passed", []), *terminalreporter.stats.get("failed", [])]
    rows = []
    for report in reports:
        said = dict(report.user_properties).get(ROW)
        if said is not None and report.when == "call":
            rows.append((*said, "" if report.outcome == "passed" else "<-- wrong"))
    if not rows:
        return
    rows.sort(key=_order)
    head = ("case", "expected", "got", "cause", "")
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(4)]
    terminalreporter.section("truth table")
    for row in (head, *rows):
        terminalreporter.write_line("  ".join(word.ljust(width) for word, width in zip(row, (*widths, 0), strict=True)))


def _order(row: tuple[str, ...]) -> tuple[str, int, str]:
    first = row[0].partition("-")[0]
    return (first[:1], int(first[1:]) if first[1:].isdigit() else 0, row[0])
