"""Offline witnesses: unknown and disagreement are never offline."""

from __future__ import annotations

import pytest

from harness.device.proof import OfflineProof, Witness, WitnessSays, _default_network, _probe, _routes, _wifi
from harness.device.tablet import app_bytes
from harness.flows.proofs import byte_witness

LO = "1: lo    inet 127.0.0.1/8 scope host lo"
WLAN = "12: wlan0    inet 10.0.2.16/24 brd 10.0.2.255 scope global wlan0"


@pytest.mark.parametrize(
    ("read", "text", "says"),
    [
        (_wifi, "Wifi is disabled", "offline"),
        (_wifi, "Wifi is enabled\nmore", "online"),
        (_wifi, "", "unknown"),
        (_default_network, "Active default network: none", "offline"),
        (_default_network, "Active default network: 101", "online"),
        (_default_network, "Active default network: none\nNetworkAgentInfo{ Capabilities: INTERNET&", "online"),
        (_default_network, "Can't find service", "unknown"),
        (_routes, LO, "offline"),
        (_routes, f"{LO}\n{WLAN}", "online"),
        (_routes, f"default via 10.0.2.2 dev wlan0\n{LO}", "online"),
        (_routes, "ip: not found", "unknown"),
        (_probe, "nc: connect: Network is unreachable\nexit 1", "offline"),
        (_probe, "exit 0", "online"),
        (_probe, "sh: nc: inaccessible or not found\nexit 127", "unknown"),
        (_probe, "", "unknown"),
    ],
)
def test_a_witness_reads_only_what_is_there(read, text: str, says: str) -> None:
    assert str(read(text)) == says


def witness(name: str, says: WitnessSays, proves: bool = True) -> Witness:
    return Witness(name, says, "raw", 0.0, proves)


def test_one_that_disagrees_is_enough() -> None:
    four = [witness(n, WitnessSays.OFFLINE) for n in "abcd"]
    assert OfflineProof("before", tuple(four)).proven
    lying = OfflineProof("before", (*four, witness("reverse", WitnessSays.ONLINE)))
    assert not lying.proven
    assert [f.kind for f in lying.findings()] == ["offline_not_proven"]


def test_context_alone_proves_nothing() -> None:
    assert not OfflineProof("before", tuple(witness(n, WitnessSays.OFFLINE, False) for n in "abcde")).proven


def test_app_bytes_of_one_uid() -> None:
    text = """Xt stats:
UID stats:
  ident=[{type=1}] uid=10123 set=FOREGROUND tag=0x0
      st=1 rb=100 rp=1 tb=20 tp=1 op=0
  ident=[{type=1}] uid=10999 set=FOREGROUND tag=0x0
      st=1 rb=7 rp=1 tb=7 tp=1 op=0
UID tag stats:
  ident=[{type=1}] uid=10123 set=FOREGROUND tag=0x1
      st=1 rb=100 rp=1 tb=20 tp=1 op=0
"""
    assert app_bytes(text, 10123) == 120
    assert app_bytes("Can't find service: netstats", 10123) is None
    assert byte_witness(120, None, 0.0).says is WitnessSays.UNKNOWN
    assert byte_witness(120, 121, 0.0).says is WitnessSays.ONLINE
