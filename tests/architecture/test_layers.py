"""Imports run downwards only, and every third party has one door (DESIGN.md, The house)."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

HARNESS = Path(__file__).parents[2] / "harness"
LAYERS = {
    "core": 0,
    **dict.fromkeys(("settings", "toolchain", "adb", "media", "playback", "profiles", "runs"), 1),
    **dict.fromkeys(("device", "ui", "delivery", "virtual"), 2),
    "apps": 3,
    **dict.fromkeys(("flows", "lab"), 4),
    **dict.fromkeys(("recorder", "report"), 5),
    **dict.fromkeys(("plugin", "cli"), 6),
}
DOORS = {
    "ppadb": {"adb"},
    "appium": {"ui"},
    "selenium": {"ui"},
    "labgrid": {"lab"},
    "allure": {"report", "plugin"},
    "allure_commons": {"report", "plugin"},
    "allure_pytest": {"report", "plugin"},
    "pytest": {"plugin"},
    "starlette": {"delivery", "recorder", "virtual"},
    "uvicorn": {"delivery", "recorder", "virtual"},
}
SIDEWAYS = {("playback", "media")}


def package_of(path: Path) -> str:
    """The package (or top module) that a file belongs to."""
    first = path.relative_to(HARNESS).parts[0]
    return first.removesuffix(".py")


def imports_of(source: str) -> list[tuple[str, bool]]:
    """(module, inside a function) for every import statement."""
    found: list[tuple[str, bool]] = []

    def visit(node: ast.AST, inside: bool) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Import):
                found.extend((alias.name, inside) for alias in child.names)
            elif isinstance(child, ast.ImportFrom) and child.module and not child.level:
                found.append((child.module, inside))
            visit(child, inside or isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef))

    visit(ast.parse(source), False)
    return found


def faults(package: str, source: str) -> list[str]:
    """What is wrong with the imports of one file of `package`."""
    wrong = []
    for module, _inside in imports_of(source):
        root = module.split(".")[0]
        if root in DOORS and package not in DOORS[root]:
            wrong.append(f"{package} imports {module}; its door is {sorted(DOORS[root])}")
        if root == "harness" and module.count("."):
            other = module.split(".")[1]
            if other == package or other not in LAYERS or (package, other) in SIDEWAYS:
                continue
            if LAYERS[other] >= LAYERS[package]:
                wrong.append(f"{package} imports {module}, which is not below it")
    return wrong


FILES = sorted(p for p in HARNESS.rglob("*.py") if p.parent != HARNESS or p.name == "settings.py")


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(HARNESS)))
def test_imports_run_downwards(path: Path) -> None:
    assert package_of(path) in LAYERS
    assert faults(package_of(path), path.read_text("utf-8")) == []


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(HARNESS)))
def test_harness_never_asserts(path: Path) -> None:
    # A plain assert in harness code is reported as the tablet's fault (style_anchors.md 1.8).
    tree = ast.parse(path.read_text("utf-8"))
    assert [n.lineno for n in ast.walk(tree) if isinstance(n, ast.Assert)] == []


@pytest.mark.parametrize(
    ("package", "source"),
    [
        ("core", "import harness.adb"),
        ("adb", "from harness.media import marker"),
        ("device", "import ppadb"),
        ("playback", "def f():\n    from harness.virtual import screen"),
        ("flows", "import pytest"),
    ],
    ids=["upwards", "sideways", "wrong-door", "hidden-in-function", "pytest-outside"],
)
def test_the_check_can_fail(package: str, source: str) -> None:
    assert faults(package, source)
