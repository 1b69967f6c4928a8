"""What a bench is asked for, from the settings; every wrong input is told before anything is started."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from harness.apps.cabin.adapter import CABIN_FAULTS
from harness.core.clock import Clock, SystemClock
from harness.core.errors import InputFileError, UsageError
from harness.media.catalogue import Catalogue, Sample, check, load
from harness.playback import Limits, References, limits_of
from harness.playback.verify import Sight, Titles
from harness.profiles import Profile, load_profile
from harness.settings import Settings
from harness.toolchain import Toolchain, default_home, find

TABLET_FAULTS = ("airplane_lies", "recorder_gaps")


@dataclass(frozen=True)
class BenchRequest:
    """What is wanted.

    Args:
        kind: auto | virtual | real. auto takes the virtual tablet only when adb answered whole and listed nothing.
        faults: Cabin's faults. tablet_fault: the virtual tablet's.
        logs: folder for the logs of what is started.
        state_dir: restore journals of tablets, kept between runs.
    """

    tools: Toolchain
    catalogue: Catalogue
    media: Path
    profile: Profile
    logs: Path
    state_dir: Path
    kind: str = "auto"
    serial: str | None = None
    faults: Sequence[str] = ()
    tablet_fault: str | None = None
    origin_port: int = 0
    adb_port: int = 5037
    clock: Clock = field(default_factory=SystemClock)

    def logging_to(self, logs: Path) -> BenchRequest:
        """The same with another folder for logs."""
        return replace(self, logs=logs)

    def check(self, sample: Sample) -> None:
        """Refuse a sample that would be judged wrongly.

        Raises:
            InputFileError: a file of it is not as the catalogue says, which would be blamed on the tablet.
            UsageError: its limits or the profile's are none.
        """
        self._limits(sample)
        problems = check(self.media, sample)
        if problems:
            where = f"{len(problems)} files" if len(problems) > 1 else "a file"
            raise InputFileError(
                str(self.media / problems[0].path), "", f"{problems[0].problem} ({where} of the sample differ)"
            )

    def sight_of(self, sample: Sample) -> Sight:
        """What recordings of this sample on this tablet are held against."""
        return Sight(self._references, self._limits(sample), self.profile.recorder_fps)

    @cached_property
    def _references(self) -> References:
        return Titles.load(self.media, self.catalogue).references

    def _limits(self, sample: Sample) -> Limits:
        return limits_of((f"profile {self.profile.id}", self.profile.limits), (f"sample {sample.id}", sample.limits))

    @classmethod
    def of(cls, settings: Settings, logs: Path, environ: Mapping[str, str]) -> BenchRequest:
        """The request that these settings make.

        Args:
            environ: the environment, for PATH and ANDROID_HOME.
        Raises:
            InputFileError, UsageError: a profile, catalogue or sample that is not there or is wrong.
            EnvironmentFault: a tool is missing; says how to get it.
        """
        profile = load_profile(settings.profiles, settings.profile)
        catalogue = load(settings.samples)
        # A file that is not as the catalogue says would be blamed on the tablet.
        sample = catalogue.sample(settings.sample)
        faults = (settings.fault,) if settings.fault else ()
        for fault in faults:
            _known(fault, CABIN_FAULTS, "the app Cabin")
        if settings.tablet_fault is not None:
            _known(settings.tablet_fault, TABLET_FAULTS, "the virtual tablet")
        home = settings.home or default_home()
        made = cls(
            tools=find(home, environ),
            catalogue=catalogue,
            media=settings.samples,
            profile=profile,
            logs=logs,
            state_dir=home / "state",
            kind=settings.kind,
            serial=settings.serial,
            faults=faults,
            tablet_fault=settings.tablet_fault,
            origin_port=settings.origin_port,
            adb_port=settings.adb_port,
        )
        made.check(sample)
        return made


def _known(fault: str, faults: Sequence[str], whose: str) -> None:
    if fault not in faults:
        raise UsageError(f"{whose} has no fault {fault!r}; it has {', '.join(faults)}")
