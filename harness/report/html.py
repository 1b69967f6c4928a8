"""The Allure 3 report as one HTML file that opens from disk and loads nothing from anywhere."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from harness.core.errors import EnvironmentFault, ToolMissing

BUILD_S = 120.0
INDEX = "index.html"

CATEGORIES = [
    {"name": "The tablet, app or delivery did wrong", "matchers": {"statuses": ["failed"]}},
    {"name": "We could not see, or our side broke", "matchers": {"statuses": ["broken"]}},
    {"name": "Not run", "matchers": {"statuses": ["skipped"]}},
]

_SCRIPT = re.compile(r"(?P<open><script\b[^>]*>)(?P<body>.*?)</script\s*>", re.DOTALL | re.IGNORECASE)
_INLINE_CALL = 2000  # characters; the report's own program is far longer
_LOADED = re.compile(
    r"<(?:script|img|iframe|source|video|audio|embed)\b[^>]*\bsrc=[\"']?(?P<src>(?:https?:)?//[^\"'\s>]+)"
    r"|<link\b[^>]*\bhref=[\"']?(?P<href>(?:https?:)?//[^\"'\s>]+)"
    r"|@import\s+(?:url\()?[\"']?(?P<css>(?:https?:)?//[^\"'\s)]+)",
    re.IGNORECASE,
)


def build_html(results: Path, out: Path, node: Path, packages: Path, *, title: str = "Redeye") -> Path:
    """The report's index.html in `out`, made of the Allure results.

    Args:
        out: deleted first when it holds an earlier report, because Allure does not clean it.
        node: Node 22.12 or later.
        packages: the folder that holds node_modules.
    Raises:
        ToolMissing: Allure is not installed in `packages`.
        EnvironmentFault: Allure failed, took longer than BUILD_S, or made a page that loads something from outside.
    """
    cli = packages / "node_modules" / "allure" / "cli.js"
    if not cli.is_file():
        raise ToolMissing("allure", f"not found in {packages}", "Run: redeye setup")
    _clear(out)
    with tempfile.TemporaryDirectory(prefix="redeye-allure-") as folder:
        config = Path(folder) / "allurerc.json"
        config.write_text(json.dumps(_config(title, out.absolute())), "utf-8")
        command = [str(node), str(cli), "generate", "--config", str(config), "--output", str(out.absolute())]
        _run([*command, str(results.absolute())], Path(folder))
    index = _index(out)
    page = strip_analytics(index.read_text("utf-8"))
    outside = loaded_from_outside(page)
    if outside:
        raise EnvironmentFault(f"report {index}: loads {outside[0]} from outside; Allure's version has changed")
    index.write_text(page, "utf-8")
    return index


def strip_analytics(page: str) -> str:
    """`page` without the script elements that load or call Google's tag; Allure 3.18 hard-codes them (allure3#476)."""

    def keep(match: re.Match[str]) -> str:
        loads = "googletagmanager" in match["open"]
        calls = len(match["body"]) < _INLINE_CALL and "gtag(" in match["body"]
        return "" if loads or calls else match[0]

    return _SCRIPT.sub(keep, page)


def loaded_from_outside(page: str) -> tuple[str, ...]:
    """Addresses that a browser would load from elsewhere when it opens `page`; links for people do not count."""
    markup = _SCRIPT.sub(lambda match: match["open"], page)
    found = [next(address for address in match.groups() if address) for match in _LOADED.finditer(markup)]
    return tuple(found) + (("googletagmanager.com",) if "googletagmanager" in page else ())


def _config(title: str, out: Path) -> dict[str, object]:
    return {
        "name": title,
        "output": str(out),
        "plugins": {"awesome": {"options": {"singleFile": True, "reportName": title, "groupBy": ["suite"]}}},
        "categories": CATEGORIES,
    }


def _clear(out: Path) -> None:
    """Delete an earlier report; refuse a folder that holds anything else."""
    if not out.exists():
        return
    if not out.is_dir() or (any(out.iterdir()) and not any(out.rglob(INDEX))):
        raise EnvironmentFault(f"report folder {out}: holds something that is not a report; choose another folder")
    try:
        shutil.rmtree(out)
    except OSError as e:
        raise EnvironmentFault(f"report folder {out}: cannot be emptied: {e.strerror}") from e


def _index(out: Path) -> Path:
    for candidate in (out / INDEX, *sorted(out.glob(f"*/{INDEX}"))):
        if candidate.is_file():
            return candidate
    raise EnvironmentFault(f"report {out}: Allure made no {INDEX}")


def _run(command: list[str], cwd: Path) -> None:
    try:
        done = subprocess.run(command, cwd=cwd, stdin=subprocess.DEVNULL, capture_output=True, timeout=BUILD_S)
    except subprocess.TimeoutExpired as e:
        raise EnvironmentFault(f"Allure: not done within {BUILD_S:.0f} s") from e
    except OSError as e:
        raise ToolMissing("node", f"{command[0]} cannot be run: {e.strerror}", "Run: redeye setup") from e
    if done.returncode:
        said = (done.stderr or done.stdout).decode(errors="replace").strip()
        raise EnvironmentFault(f"Allure: exited {done.returncode}: {said[-500:]}")
