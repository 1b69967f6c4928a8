"""A device profile: what a tablet model is. Read strictly; every key is in device_profiles/README.md."""

from __future__ import annotations

import difflib
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from harness.core.errors import InputFileError, UsageError


class Profile(BaseModel):
    """One tablet model.

    Args:
        id: file name without .yaml.
        size: (width, height) in px in its natural orientation.
        density: dpi.
        recorder_fps: pictures per second that its screen recorder reaches; None: not measured.
        limits: numbers that decide, instead of the usual ones (harness/playback/expectation.py, Limits).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    kind: str = Field(pattern=r"^(virtual|real)$")
    model: str
    brand: str
    device: str
    api: int = Field(ge=24, le=40)
    release: str
    size: tuple[int, int]
    density: int = Field(ge=80, le=640)
    recorder_fps: float | None = Field(default=None, gt=0, le=240)
    limits: dict[str, float] = Field(default_factory=dict)

    def virtual(self) -> dict[str, object]:
        """What the virtual tablet is told to be."""
        return {
            "api": self.api,
            "release": self.release,
            "model": self.model,
            "brand": self.brand,
            "device": self.device,
            "size": list(self.size),
            "density": self.density,
        }


def load_profile(folder: Path, profile_id: str) -> Profile:
    """The profile `profile_id` of `folder`.

    Raises:
        UsageError: there is none; names the nearest.
        InputFileError: the file is wrong; all problems in one message.
    """
    known = sorted(path.stem for path in folder.glob("*.yaml"))
    if profile_id not in known:
        near = difflib.get_close_matches(profile_id, known, 1)
        hint = f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(known) or 'none'}"
        raise UsageError(f"no device profile {profile_id!r}; {hint}")
    path = folder / f"{profile_id}.yaml"
    yaml = YAML(typ="safe", pure=True)
    yaml.version = (1, 2)
    try:
        data = yaml.load(path.read_text("utf-8"))
    except (YAMLError, UnicodeDecodeError) as error:
        raise InputFileError(str(path), "", f"not readable as YAML: {' '.join(str(error).split())[:300]}") from error
    if not isinstance(data, dict):
        raise InputFileError(str(path), "", f"expected keys and values, found {type(data).__name__}")
    try:
        profile = Profile.model_validate(data)
    except ValidationError as error:
        raise InputFileError(str(path), "", problems(error, list(Profile.model_fields))) from error
    if profile.id != profile_id:
        raise InputFileError(str(path), "id", f"is {profile.id!r} but the file is named {profile_id!r}")
    return profile


def problems(error: ValidationError, keys: list[str]) -> str:
    """All problems of a validation on one line, unknown keys with the nearest known one."""
    said = []
    for item in error.errors():
        where = ".".join(str(part) for part in item["loc"])
        if item["type"] == "extra_forbidden":
            near = difflib.get_close_matches(where, keys, 1)
            said.append(f"unknown key {where!r}" + (f", did you mean {near[0]!r}?" if near else ""))
        else:
            said.append(f"{where}: {item['msg']}, found {item['input']!r}"[:200])
    return "; ".join(said)
