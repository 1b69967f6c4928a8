"""Settings know where each value came from, and say which key is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.core.errors import InputFileError, UsageError
from harness.profiles import load_profile
from harness.settings import data_folder, load_settings


def test_later_sources_win_and_are_named(tmp_path: Path) -> None:
    pyproject = tmp_path / "pyproject.toml"
    pyproject.write_text('[tool.redeye]\nsample = "cinema"\nkind = "virtual"\n')
    settings, origin = load_settings(
        pyproject, {"REDEYE_SAMPLE": "harbour", "PATH": "/bin"}, {"fault": None, "kind": "real"}
    )
    assert (settings.sample, settings.kind, settings.fault) == ("harbour", "real", None)
    assert (origin["sample"], origin["kind"], origin["fault"]) == ("environment", "command line", "default")


def test_unknown_keys_name_the_nearest(tmp_path: Path) -> None:
    pyproject = tmp_path / "pyproject.toml"
    pyproject.write_text('[tool.redeye]\nsampel = "cinema"\n')
    with pytest.raises(InputFileError, match="did you mean 'sample'"):
        load_settings(pyproject)
    with pytest.raises(UsageError, match="REDEYE_KIND"):
        load_settings(None, {"REDEYE_KNID": "real"})


def test_all_problems_in_one_message() -> None:
    with pytest.raises(UsageError, match=r"kind \(from command line\).*adb_port"):
        load_settings(None, None, {"kind": "toy", "adb_port": 0})


def test_the_shipped_profile_loads() -> None:
    assert load_profile(data_folder("device_profiles"), "virtual-tablet").api == 33


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("id: [", "not readable as YAML"),
        ("- a", "expected keys"),
        ("id: p\nkind: virtual\nmodle: x", "did you mean 'model'"),
    ],
    ids=["truncated", "a-list", "unknown-key"],
)
def test_a_wrong_profile_is_one_clear_line(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "p.yaml").write_text(text)
    with pytest.raises(InputFileError, match=says) as caught:
        load_profile(tmp_path, "p")
    assert "\n" not in str(caught.value)


def test_an_unknown_profile_names_the_nearest(tmp_path: Path) -> None:
    (tmp_path / "tablet.yaml").write_text("")
    with pytest.raises(UsageError, match="did you mean 'tablet'"):
        load_profile(tmp_path, "tablte")
