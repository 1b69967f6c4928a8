"""Airplane mode of one tablet: what was asked, what is seen, and the way back.

The setting is no evidence (android.md 0.2): switching here only asks and waits for the radios;
`proof` says whether the tablet is really offline.
"""

from __future__ import annotations

from dataclasses import dataclass

from harness.adb import AdbDevice
from harness.core.clock import Deadline, Waited, wait_for
from harness.core.errors import DeviceError


@dataclass(frozen=True)
class NetState:
    """What the tablet says of its radios. airplane is the setting; wifi is the service's own word; None is unknown."""

    airplane: bool | None
    wifi: bool | None
    default_network: bool | None


class Airplane:
    """The airplane-mode switch of one tablet."""

    def __init__(self, adb: AdbDevice) -> None:
        self._adb = adb

    def read(self) -> NetState:
        """The radios as they are now, in one round trip."""
        text = self._adb.shell(
            "cmd connectivity airplane-mode; cmd wifi status | head -n 1; "
            "dumpsys connectivity | grep 'Active default network'"
        ).text
        return NetState(
            _flag(text, "enabled", "disabled"),
            _flag(text, "Wifi is enabled", "Wifi is disabled"),
            None if "Active default network:" not in text else "Active default network: none" not in text,
        )

    def switch(self, on: bool, deadline: Deadline) -> Waited[NetState]:
        """Ask for airplane mode on or off and wait until the default network is gone or back.

        Raises:
            DeviceError: the tablet refused.
            WaitTimeout: the radios did not follow; holds the last state seen.
        """
        asked = self._adb.shell(["cmd", "connectivity", "airplane-mode", "enable" if on else "disable"], check=False)
        if asked.exit_code != 0 or asked.stdout.strip():
            raise DeviceError(
                self._adb.serial, f"airplane mode refused (exit {asked.exit_code}): {asked.text.strip()[:200]!r}"
            )
        if on:
            # Since Android 13 Wi-Fi may stay on in airplane mode (android.md 1.2): off explicitly.
            self._adb.shell(["cmd", "-w", "wifi", "set-wifi-enabled", "disabled"], check=False)
            return wait_for("the radios to go off", self.read, lambda s: s.default_network is False, deadline)
        return wait_for("the network to come back", self.read, lambda s: s.airplane is False, deadline)

    def wifi(self, on: bool, deadline: Deadline) -> Waited[NetState]:
        """Switch Wi-Fi alone and wait until the service says so."""
        self._adb.shell(["cmd", "-w", "wifi", "set-wifi-enabled", "enabled" if on else "disabled"])
        return wait_for(f"Wi-Fi {'on' if on else 'off'}", self.read, lambda s: s.wifi is on, deadline)


def _flag(text: str, yes: str, no: str) -> bool | None:
    lines = [line.strip() for line in text.splitlines()]
    if yes in lines:
        return True
    return False if no in lines else None
