"""The offline proof: independent witnesses, each with its raw text and time. A setting is not a proof."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from harness.adb import AdbDevice
from harness.core.clock import Clock
from harness.core.outcome import Finding, Layer, Severity


class WitnessSays(StrEnum):
    OFFLINE = "offline"
    ONLINE = "online"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Witness:
    """What one witness saw.

    Args:
        name: radio | wifi | default_network | routes | probe | reverse | origin | app_bytes.
        says: offline, online or unknown.
        raw: the text that it is read from, cut to 400 characters.
        at_s: monotonic host time of the look.
        weight: context witnesses (the setting) never prove anything.
    """

    name: str
    says: WitnessSays
    raw: str
    at_s: float
    proves: bool = True


@dataclass(frozen=True)
class OfflineProof:
    """All witnesses of one moment: phase is before, during or after playback."""

    phase: str
    witnesses: tuple[Witness, ...]

    @property
    def proven(self) -> bool:
        """Whether every witness that proves says offline, and at least four of them do."""
        proving = [w for w in self.witnesses if w.proves]
        return len(proving) >= 4 and all(w.says is WitnessSays.OFFLINE for w in proving)

    def findings(self) -> tuple[Finding, ...]:
        """Witnesses that disagree: not proven is INCONCLUSIVE, never PASS."""
        return tuple(
            Finding(
                "offline_not_proven",
                Layer.LAB if w.says is WitnessSays.UNKNOWN else Layer.NETWORK,
                Severity.BLIND,
                f"{self.phase} playback the witness {w.name!r} says {w.says}: {w.raw.strip()[:160]!r}",
            )
            for w in self.witnesses
            if w.proves and w.says is not WitnessSays.OFFLINE
        )


def tablet_witnesses(adb: AdbDevice, origin: tuple[str, int], clock: Clock) -> tuple[Witness, ...]:
    """What the tablet itself shows: setting, Wi-Fi service, default network, routes, a connection attempt, tunnels.

    Args:
        origin: host and port of the media server as the tablet would call it.
    """
    host, port = origin
    mark = "__redeye__"
    # One shell, so that all are of one moment and the look costs one round trip.
    text = adb.shell(
        f"settings get global airplane_mode_on; echo {mark}; cmd wifi status; echo {mark}; "
        f"dumpsys connectivity; echo {mark}; ip route show table all; ip -o addr; echo {mark}; "
        f"nc -w 2 {host} {port} < /dev/null; echo exit $?",
        timeout_s=10,
        check=False,
    ).text
    at = clock.monotonic()
    parts = [part.strip() for part in text.split(mark)]
    if len(parts) != 5:
        return (Witness("tablet", WitnessSays.UNKNOWN, text[-400:], at),)
    setting, wifi, connectivity, routes, probe = parts
    reverses = adb.reverses()
    looks: list[tuple[str, str, Callable[[str], WitnessSays], bool]] = [
        ("airplane_setting", setting, _setting, False),
        ("wifi", wifi, _wifi, True),
        ("default_network", _excerpt(connectivity), _default_network, True),
        ("routes", routes, _routes, True),
        ("probe", probe, _probe, True),
        (
            "reverse",
            "\n".join(str(r) for r in reverses),
            lambda t: WitnessSays.ONLINE if t else WitnessSays.OFFLINE,
            True,
        ),
    ]
    return tuple(Witness(name, judge(raw), raw[:400], at, proves) for name, raw, judge, proves in looks)


def _excerpt(connectivity: str) -> str:
    wanted = [
        line for line in connectivity.splitlines() if "Active default network" in line or "NetworkAgentInfo" in line
    ]
    return "\n".join(wanted)


def _setting(text: str) -> WitnessSays:
    return {"1": WitnessSays.OFFLINE, "0": WitnessSays.ONLINE}.get(text, WitnessSays.UNKNOWN)


def _wifi(text: str) -> WitnessSays:
    first = text.splitlines()[0] if text else ""
    return {"Wifi is disabled": WitnessSays.OFFLINE, "Wifi is enabled": WitnessSays.ONLINE}.get(
        first.strip(), WitnessSays.UNKNOWN
    )


def _default_network(text: str) -> WitnessSays:
    if "Active default network:" not in text:
        return WitnessSays.UNKNOWN
    online = "Active default network: none" not in text or "INTERNET" in text
    return WitnessSays.ONLINE if online else WitnessSays.OFFLINE


def _routes(text: str) -> WitnessSays:
    """Offline shape: only loopback has an inet address and no route leads out (android.md 1.5)."""
    lines = [line.split() for line in text.splitlines() if line.strip()]
    addresses = [words for words in lines if len(words) > 3 and words[2] in ("inet", "inet6")]
    if not any(words[1] == "lo" for words in addresses):
        return WitnessSays.UNKNOWN
    outside = [words for words in addresses if words[1] != "lo"]
    default = [words for words in lines if words[0] == "default"]
    return WitnessSays.ONLINE if outside or default else WitnessSays.OFFLINE


def _probe(text: str) -> WitnessSays:
    last = text.splitlines()[-1].strip() if text else ""
    if not last.startswith("exit "):
        return WitnessSays.UNKNOWN
    if last == "exit 0":
        return WitnessSays.ONLINE
    return WitnessSays.UNKNOWN if last == "exit 127" or "not found" in text else WitnessSays.OFFLINE
