"""Frozen settings: defaults < pyproject [tool.redeye] < REDEYE_* < command line; each value knows where it came from.

Nobody here reads the environment or the command line: plugin and cli hand over what they read.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from harness.core.errors import InputFileError, UsageError

_PACKAGE = Path(__file__).parent


def data_folder(name: str) -> Path:
    """A folder that ships with Redeye: beside the package in a clone, inside it when installed."""
    beside = _PACKAGE.parent / name
    return beside if beside.is_dir() else _PACKAGE / "_data" / name


class Settings(BaseModel):
    """What a run is told.

    Args:
        kind: auto takes a real tablet when adb lists one, and the virtual one only when adb answered and listed none.
        home: where `redeye setup` keeps tools; None is the user's cache folder.
        runs: where run folders are made.
        adb_port: the user's adb server.
        origin_port: 0 chooses one for the run.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["auto", "virtual", "real"] = "auto"
    serial: str | None = None
    profile: str = "virtual-tablet"
    sample: str = "night-flight"
    fault: str | None = None
    tablet_fault: str | None = None
    home: Path | None = None
    runs: Path = Path("redeye-runs")
    samples: Path = Field(default_factory=lambda: data_folder("media_samples"))
    profiles: Path = Field(default_factory=lambda: data_folder("device_profiles"))
    adb_port: int = Field(default=5037, ge=1, le=65535)
    origin_port: int = Field(default=0, ge=0, le=65535)


def load_settings(
    pyproject: Path | None = None,
    environ: Mapping[str, str] | None = None,
    command_line: Mapping[str, Any] | None = None,
) -> tuple[Settings, dict[str, str]]:
    """The effective settings, and for each value where it came from.

    Args:
        pyproject: a pyproject.toml to read [tool.redeye] of; a missing file is no error.
        environ: the environment; REDEYE_<KEY> counts.
        command_line: what the user typed; None values were not typed.
    Raises:
        InputFileError, UsageError: all problems of a source in one message, unknown keys with the nearest known one.
    """
    known = set(Settings.model_fields)
    values: dict[str, Any] = {}
    origin = dict.fromkeys(known, "default")

    def take(source: str, found: Mapping[str, Any]) -> None:
        for key, value in found.items():
            values[key], origin[key] = value, source

    if pyproject is not None and pyproject.is_file():
        try:
            section = tomllib.loads(pyproject.read_text("utf-8")).get("tool", {}).get("redeye", {})
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise InputFileError(str(pyproject), "", f"not readable as TOML: {error}") from error
        unknown = sorted(set(section) - known)
        if unknown:
            raise InputFileError(str(pyproject), "[tool.redeye]", _unknown(unknown, known))
        take("pyproject", section)
    variables = {
        key.removeprefix("REDEYE_").lower(): value
        for key, value in (environ or {}).items()
        if key.startswith("REDEYE_")
    }
    unknown = sorted(set(variables) - known)
    if unknown:
        raise UsageError(
            "environment: "
            + _unknown([f"REDEYE_{key.upper()}" for key in unknown], {f"REDEYE_{k.upper()}" for k in known})
        )
    take("environment", variables)
    take("command line", {k: v for k, v in (command_line or {}).items() if v is not None})
    try:
        return Settings.model_validate(values), origin
    except ValidationError as error:
        said = []
        for item in error.errors():
            where = ".".join(map(str, item["loc"]))
            source = origin.get(str(item["loc"][0]), "?")
            said.append(f"{where} (from {source}): {item['msg']}, found {item['input']!r}")
        raise UsageError("settings: " + "; ".join(said)) from error


def _unknown(keys: list[str], known: set[str]) -> str:
    said = []
    for key in keys:
        near = difflib.get_close_matches(key, known, 1)
        said.append(f"unknown key {key!r}" + (f", did you mean {near[0]!r}?" if near else ""))
    return "; ".join(said)
