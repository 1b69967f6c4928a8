"""The virtual tablet's config file: what it is, what is installed, where it keeps its things, what it does wrong."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from harness.core.errors import InputFileError
from harness.virtual.hardware import InstalledApp, TabletProfile

FIRST_UID = 10201


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ProfileConfig(_Strict):
    """See hardware.TabletProfile."""

    api: int = Field(default=33, ge=24, le=40)
    release: str = "13"
    model: str = "Redeye Virtual Tablet"
    brand: str = "redeye"
    device: str = "redeye_tablet"
    manufacturer: str = "Redeye"
    size: tuple[int, int] = (1280, 800)
    density: int = Field(default=160, ge=80, le=640)
    properties: dict[str, str] = Field(default_factory=dict)


class AppConfig(_Strict):
    """See hardware.InstalledApp; uids are given in order from FIRST_UID."""

    package: str
    activity: str = ".MainActivity"
    label: str
    url: str
    secure_origin: str = ""


class TabletConfig(_Strict):
    """The whole file. `fault` is the name of the one thing that this tablet does wrong."""

    port: int = Field(default=0, ge=0, le=65535)
    profile: ProfileConfig = ProfileConfig()
    apps: tuple[AppConfig, ...] = ()
    state_dir: Path
    chromium: Path
    chromium_env: dict[str, str] = Field(default_factory=dict)
    fault: str | None = None

    def tablet_profile(self) -> TabletProfile:
        """The profile as the front and the screen use it."""
        return TabletProfile(**self.profile.model_dump())

    def installed(self) -> dict[str, InstalledApp]:
        """The apps by package."""
        return {
            app.package: InstalledApp(uid=FIRST_UID + number, **app.model_dump())
            for number, app in enumerate(self.apps)
        }


def read_config(file: Path) -> TabletConfig:
    """The config of a file. Raises InputFileError with every problem in one message."""
    try:
        return TabletConfig.model_validate_json(file.read_bytes())
    except OSError as error:
        raise InputFileError(str(file), "", f"cannot be read: {error.strerror}") from error
    except ValidationError as error:
        problems = "; ".join(f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors())
        raise InputFileError(str(file), "", problems) from error
