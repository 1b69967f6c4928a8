"""The real Allure builds one HTML file that loads nothing from anywhere."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from harness.core.errors import EnvironmentFault, ToolMissing
from harness.report.allure import write_results
from harness.report.html import build_html, loaded_from_outside
from harness.runs import RunFolder
from harness.toolchain import Toolchain, default_home, find


@pytest.fixture(scope="module")
def tools() -> Toolchain:
    home = os.environ.get("REDEYE_HOME")
    try:
        return find(Path(home) if home else default_home(), dict(os.environ))
    except ToolMissing as missing:
        pytest.skip(f"needs the toolchain, run `redeye setup`: {missing}")


def test_report_is_one_clean_file(tmp_path: Path, tools: Toolchain) -> None:
    run = RunFolder.create(tmp_path, "demo")
    run.evidence("note.txt", b"a note that settles it", "log")
    run.event("step", {"name": "play night-flight", "status": "passed", "start_s": 0, "stop_s": 1, "evidence": []})
    run.seal({"outcome": "PASS", "sample": "night-flight", "serial": "S", "kind": "virtual", "model": "M"})
    results, out = tmp_path / "results", tmp_path / "report"
    write_results(RunFolder.open(run.path), results)
    for _ in range(2):  # Allure itself would add to the first report
        index = build_html(results, out, tools.node, tools.packages)
    page = index.read_text("utf-8")
    assert index == out / "index.html"
    assert "googletagmanager" not in page and loaded_from_outside(page) == ()
    assert {file.suffix for file in out.iterdir()} == {".html", ".json"}  # no page is read from a second file


def test_other_folder_is_not_deleted(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    packages = tmp_path.parent / f"{tmp_path.name}-packages"
    (packages / "node_modules" / "allure").mkdir(parents=True)
    (packages / "node_modules" / "allure" / "cli.js").touch()
    with pytest.raises(EnvironmentFault, match="not a report"):
        build_html(tmp_path, tmp_path, Path("node"), packages)
    assert (tmp_path / "thesis.txt").exists()
