"""The tablet's state: apps, settings, properties, processes, files, log, power and what the radios should do.

Commands read and change this; it knows nothing of adb or of the shell. The radios follow airplane mode
asynchronously, as on a real device where the command returns before they are down.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import os
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

from harness.virtual.filesystem import FileSystem
from harness.virtual.hardware import AutomationEndpoint, InstalledApp, Radio, Screen, TabletProfile
from harness.virtual.logbook import Logbook

RADIO_LAG_S = 0.15
STOP_TO_START_S = 1.0
SETTINGS_APP = "io.appium.settings"
SERVER_APP = "io.appium.uiautomator2.server"
# What Appium 3.8 with driver 8.7.0 brings: reporting the same versions means that nothing is pushed.
HELPERS = (
    InstalledApp(SETTINGS_APP, ".Settings", "Appium Settings", "", 10150, version_name="8.0.9", version_code=191),
    InstalledApp(SERVER_APP, "", "UiAutomator2 server", "", 10151, version_name="10.6.6", version_code=278),
    InstalledApp(SERVER_APP + ".test", "", "UiAutomator2 server test", "", 10152, version_name="", version_code=0),
)


@dataclass
class Process:
    """A process of the tablet. `signal` is told the number of a signal that somebody sends."""

    pid: int
    name: str
    user: str = "shell"
    ppid: int = 1
    signal: Callable[[int], None] | None = None


@dataclass(frozen=True)
class Wanted:
    """What the radios were told to do; they follow within RADIO_LAG_S."""

    airplane: bool = False
    wifi: bool = True
    data: bool = True
    bluetooth: bool = True


@dataclass
class Power:
    """Screen and lock. The virtual tablet has no lock screen: a woken screen is unlocked."""

    awake: bool = True
    battery_level: int = 100
    orientation: int = 0


def _settings() -> dict[str, dict[str, str]]:
    return {
        "global": {
            "airplane_mode_on": "0",
            "wifi_on": "1",
            "mobile_data": "1",
            "bluetooth_on": "1",
            "airplane_mode_radios": "cell,bluetooth,uwb,wifi,wimax",
            "airplane_mode_toggleable_radios": "bluetooth,wifi",
            "device_name": "Redeye Virtual Tablet",
            "adb_enabled": "1",
            "stay_on_while_plugged_in": "0",
            "window_animation_scale": "1.0",
            "transition_animation_scale": "1.0",
            "animator_duration_scale": "1.0",
            "auto_time": "1",
        },
        "secure": {"default_input_method": "com.android.inputmethod.latin/.LatinIME", "android_id": "5265646579650001"},
        "system": {"screen_brightness": "102", "screen_off_timeout": "600000", "accelerometer_rotation": "0"},
    }


@dataclass
class Tablet:
    """One virtual tablet; all of it runs on one event loop."""

    profile: TabletProfile
    screen: Screen
    radio: Radio
    state_dir: Path
    apps: dict[str, InstalledApp] = field(default_factory=dict)
    endpoint: AutomationEndpoint | None = None
    fault: str | None = None

    def __post_init__(self) -> None:
        self.apps = {app.package: app for app in (*HELPERS, *self.apps.values())}
        self.files = FileSystem(self.state_dir / "fs", self._app_dir, self._uid)
        self.settings = _settings()
        self.properties = self._properties()
        self.log = Logbook()
        self.power = Power()
        self.started_s = time.monotonic() - 120.0
        self.processes: dict[int, Process] = {}
        self.wanted = Wanted(self.radio.airplane, self.radio.wifi, self.radio.data, self.radio.bluetooth)
        self.settings["global"]["mobile_data"] = "1" if self.radio.data else "0"
        self.appops: dict[str, dict[str, str]] = {}
        self.install_sessions: dict[int, dict[str, bytes]] = {}
        self.instrumentation: asyncio.Task[None] | None = None
        self.endpoint_address: Path | int | None = None
        self.settings_app_running = True
        self.looked_for_server = False
        self._room_made_s = float("-inf")
        self.reverse: dict[str, str] = {}
        self.task_id = 11
        self._pids = itertools.count(4200)
        self._jobs: set[asyncio.Task[None]] = set()
        self._settling = asyncio.Lock()
        for name, user in (("init", "root"), ("zygote64", "root"), ("system_server", "system"), ("adbd", "shell")):
            self.spawn(name, user)
        self.spawn("com.android.systemui", "u0_a110")
        self.spawn(SETTINGS_APP, "u0_a150")

    def _app_dir(self, package: str) -> Path | None:
        return self.screen.profile_dir(package) if package in self.apps and self.apps[package].url else None

    def _uid(self, package: str) -> int | None:
        return self.apps[package].uid if package in self.apps else None

    def _properties(self) -> dict[str, str]:
        p = self.profile
        return {
            "ro.build.version.sdk": str(p.api),
            "ro.build.version.release": p.release,
            "ro.build.version.security_patch": "2026-01-05",
            "ro.build.version.incremental": "1",
            "ro.build.type": "user",
            "ro.build.characteristics": "tablet",
            "ro.build.fingerprint": f"{p.brand}/{p.device}/{p.device}:{p.release}/VIRTUAL/1:user/release-keys",
            "ro.product.manufacturer": p.manufacturer,
            "ro.product.brand": p.brand,
            "ro.product.model": p.model,
            "ro.product.device": p.device,
            "ro.product.name": p.device,
            "ro.product.cpu.abi": "x86_64",
            "ro.product.cpu.abilist": "x86_64",
            "ro.hardware": "redeye",
            "ro.debuggable": "0",
            "ro.secure": "1",
            "ro.serialno": "REDEYEVIRTUAL",
            "ro.sf.lcd_density": str(p.density),
            "ro.redeye.virtual": "1",
            "persist.sys.timezone": "UTC",
            "persist.sys.locale": "en-US",
            "sys.boot_completed": "1",
            "dev.bootcomplete": "1",
            "init.svc.bootanim": "stopped",
            **p.properties,
        }

    # processes ---------------------------------------------------------------------------------------------------
    def spawn(self, name: str, user: str = "shell", signal: Callable[[int], None] | None = None) -> Process:
        """A new process in the tablet's list."""
        process = Process(next(self._pids), name, user, signal=signal)
        self.processes[process.pid] = process
        return process

    def running(self) -> list[Process]:
        """All processes, the apps' among them, by pid."""
        found = list(self.processes.values())
        for app in self.apps.values():
            pid = self.screen.pid(app.package) if app.url else None
            if pid is not None:
                found.append(Process(pid, app.package, f"u0_a{app.uid - 10000}"))
        return sorted(found, key=lambda process: process.pid)

    def pid_of(self, package: str) -> int | None:
        """The pid of a running package; None when it does not run."""
        return next((process.pid for process in self.running() if process.name == package), None)

    async def stop_package(self, package: str) -> None:
        """End everything of a package, as force-stop does."""
        if package in (SERVER_APP, SERVER_APP + ".test"):
            if self.looked_for_server:
                self._room_made_s = time.monotonic()
            if self.instrumentation is not None:
                self.instrumentation.cancel()
                await asyncio.gather(self.instrumentation, return_exceptions=True)
        app = self.apps.get(package)
        if app is not None and app.url and self.screen.pid(package) is not None:
            self.log.write("ActivityManager", f"Force stopping {package} appid={app.uid} user=0: from pid 4300")
            await self.screen.kill(package)
        if package == SETTINGS_APP:
            self.settings_app_running = False
        for pid in [pid for pid, process in self.processes.items() if process.name == package]:
            del self.processes[pid]

    def server_is_up(self) -> None:
        """Nobody waits for an instrumentation any more."""
        self._room_made_s = float("-inf")

    def instrumentation_expected(self) -> bool:
        """True while one starts, or just after a host that looked for the server in vain made room by force-stop."""
        return self.instrumentation is not None or time.monotonic() - self._room_made_s < STOP_TO_START_S

    # radios ------------------------------------------------------------------------------------------------------
    def airplane_setting(self, on: bool) -> None:
        """Airplane mode through the system: the setting now, the radios a moment later."""
        values = self.settings["global"]
        was_on = values["airplane_mode_on"] != "0"
        values["airplane_mode_on"] = "1" if on else "0"
        if on and not was_on:
            kept = self.profile.api >= 33 and self.settings["secure"].get("wifi_apm_state") == "1"
            if values["wifi_on"] == "1":
                values["wifi_on"] = "2" if kept else "3"
            wifi, bluetooth = values["wifi_on"] == "2", False
        elif not on:
            if values["wifi_on"] in ("2", "3"):
                values["wifi_on"] = "1"
            wifi, bluetooth = values["wifi_on"] == "1", values["bluetooth_on"] != "0"
        else:
            wifi, bluetooth = self.wanted.wifi, self.wanted.bluetooth
        self.log.write("AirplaneModeSettings", f"airplane mode {'on' if on else 'off'}")
        if self.fault != "airplane_lies":
            self.want(replace(self.wanted, airplane=on, wifi=wifi, bluetooth=bluetooth))

    def wifi_setting(self, on: bool) -> None:
        """Wi-Fi switched by itself; inside airplane mode the choice is remembered (facts/android.md 1.2)."""
        values = self.settings["global"]
        airplane = values["airplane_mode_on"] != "0"
        values["wifi_on"] = ("2" if airplane else "1") if on else "0"
        if airplane:
            self.settings["secure"]["wifi_apm_state"] = "1" if on else "0"
        self.want(replace(self.wanted, wifi=on))

    def data_setting(self, on: bool) -> None:
        """Mobile data switched by itself."""
        self.settings["global"]["mobile_data"] = "1" if on else "0"
        self.want(replace(self.wanted, data=on))

    def bluetooth_setting(self, on: bool) -> None:
        """Bluetooth switched by itself."""
        self.settings["global"]["bluetooth_on"] = "1" if on else "0"
        self.want(replace(self.wanted, bluetooth=on))

    def want(self, wanted: Wanted) -> None:
        """Tell the radios; they follow after RADIO_LAG_S."""
        self.wanted = wanted
        self.later(self._settle())

    async def _settle(self) -> None:
        await asyncio.sleep(RADIO_LAG_S)
        async with self._settling:
            wanted = self.wanted
            if self.radio.airplane != wanted.airplane:
                await self.radio.set_airplane(wanted.airplane)
            if self.radio.wifi != wanted.wifi:
                await self.radio.set_wifi(wanted.wifi)
            if self.radio.data != wanted.data:
                await self.radio.set_data(wanted.data)
            self.radio.bluetooth = wanted.bluetooth

    # the rest ----------------------------------------------------------------------------------------------------
    def later(self, job: object) -> None:
        """Run a coroutine on the side; it is ended with the tablet."""
        task: asyncio.Task[None] = asyncio.ensure_future(job)  # type: ignore[call-overload]
        self._jobs.add(task)
        task.add_done_callback(self._jobs.discard)

    def uptime_s(self) -> float:
        """Seconds since the tablet was switched on."""
        return time.monotonic() - self.started_s

    def foreground(self) -> InstalledApp | None:
        """The app in front; None for the launcher."""
        package = self.screen.foreground()
        return self.apps.get(package) if package else None

    def note_unknown(self, kind: str, what: str) -> None:
        """One line in unknown.jsonl: something asked for what the tablet does not know."""
        line = json.dumps({"at": time.time(), "kind": kind, "what": what[:2000]})
        with (self.state_dir / "unknown.jsonl").open("a", encoding="utf-8") as file:
            file.write(line + "\n")

    def disk(self) -> tuple[int, int]:
        """(total, free) bytes of the storage: the machine's own, as the tablet's files really lie there."""
        seen = os.statvfs(self.files.root)
        return seen.f_frsize * seen.f_blocks, seen.f_frsize * seen.f_bavail

    async def close(self) -> None:
        """End every job of the tablet."""
        jobs: Iterable[asyncio.Task[None]] = [*self._jobs, *([self.instrumentation] if self.instrumentation else [])]
        for job in jobs:
            job.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.gather(*jobs, return_exceptions=True)
