"""Android's texts as values. Samples are verbatim from the fact sheet (android.md) where it has them."""

from __future__ import annotations

import pytest

from harness.adb import parse
from harness.adb.parse import Seen
from harness.core.errors import DeviceError

WIFI_11 = (
    "NetworkAgentInfo{ ni{[type: WIFI[], state: CONNECTED/CONNECTED, reason: (unspecified), extra: , failover: false, "
    "available: true, roaming: false]}  network{602}  nethandle{2588976009229}  lp{{InterfaceName: wlan0 "
    "LinkAddresses: [ fe80::a009:f6ff:fefb:cb9f/64,192.168.1.234/24 ] DnsAddresses: [ /fd00:db80::1,/192.168.1.1 ] "
    "Domains: lan MTU: 0 ServerAddress: /192.168.1.1 Routes: [ 192.168.1.0/24 -> 0.0.0.0 wlan0 mtu 0,0.0.0.0/0 -> "
    "192.168.1.1 wlan0 mtu 0 ]}}  nc{[ Transports: WIFI Capabilities: NOT_METERED&INTERNET&NOT_RESTRICTED&TRUSTED&"
    "NOT_VPN&VALIDATED&NOT_ROAMING&FOREGROUND&NOT_CONGESTED&NOT_SUSPENDED LinkUpBandwidth>=261146Kbps "
    "LinkDnBandwidth>=5648Kbps SignalStrength: -53 OwnerUid: 1000]}  Score{60}  everValidated{true}"
)
ETHERNET_12L = (
    "NetworkAgentInfo{network{100}  handle{432902426637}  ni{Ethernet CONNECTED extra: } Score(50 ; KeepConnected : 0 "
    "; Policies : IS_UNMETERED)   lp{{InterfaceName: vlan5 LinkAddresses: [ 192.168.1.100/24 ] DnsAddresses: "
    "[ /192.168.1.102 ] }}  nc{[ Transports: CELLULAR Capabilities: NOT_METERED&INTERNET&NOT_RESTRICTED]}}"
)


def dump(active: str, *agents: str) -> str:
    listed = "".join(f"  {agent}\n    Requests: REQUEST:1 LISTEN:2\n" for agent in agents)
    return (
        f"NetworkProviders for:\n\nActive default network: {active}\n\nCurrent network preferences:\n\n"
        f"Current Networks:\n{listed}\nStatus for known UIDs:\n\nNetwork Requests:\n  Active default network: 7\n"
    )


@pytest.mark.parametrize(
    ("text", "default", "internet", "validated"),
    [
        pytest.param(dump("602", WIFI_11), Seen.ON, Seen.ON, Seen.ON, id="wifi"),
        pytest.param(dump("100", ETHERNET_12L), Seen.ON, Seen.ON, Seen.OFF, id="ethernet-not-validated"),
        pytest.param(dump("none"), Seen.OFF, Seen.OFF, Seen.OFF, id="offline"),
        pytest.param(dump("none", WIFI_11), Seen.OFF, Seen.ON, Seen.ON, id="no-default-but-a-network"),
        pytest.param(dump("none", "NetworkAgentInfo{network{5} ni{}}"), Seen.OFF, *[Seen.UNKNOWN] * 2, id="no-nc"),
        pytest.param("Active default network: none\n", Seen.OFF, Seen.UNKNOWN, Seen.UNKNOWN, id="no-section"),
        pytest.param("Active default network: none\nCurrent Networks:\n", Seen.OFF, *[Seen.UNKNOWN] * 2, id="cut"),
        pytest.param("Can't find service: connectivity\n", Seen.UNKNOWN, Seen.UNKNOWN, Seen.UNKNOWN, id="no-service"),
        pytest.param("", Seen.UNKNOWN, Seen.UNKNOWN, Seen.UNKNOWN, id="empty"),
    ],
)
def test_connectivity(text: str, default: Seen, internet: Seen, validated: Seen) -> None:
    for variant in (text, text.replace("\n", "\r\n")):
        seen = parse.parse_connectivity(variant)
        assert (seen.default, seen.internet, seen.validated) == (default, internet, validated)


def test_agent_is_read_in_both_orders() -> None:
    seen = parse.parse_connectivity(dump("602", WIFI_11, ETHERNET_12L))
    assert seen.networks is not None
    assert [(n.net_id, n.interface, set(n.transports)) for n in seen.networks] == [
        (602, "wlan0", {"WIFI"}),
        (100, "vlan5", {"CELLULAR"}),
    ]


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        pytest.param("Wifi is enabled\nWifi scanning is only available when wifi is enabled\n", Seen.ON, id="cmd-on"),
        pytest.param("Wifi is disabled\n", Seen.OFF, id="cmd-off"),
        pytest.param("Wi-Fi is disabled\n", Seen.OFF, id="dumpsys-off"),
        pytest.param("No shell command implementation.\n", Seen.UNKNOWN, id="old-release"),
        pytest.param("", Seen.UNKNOWN, id="empty"),
    ],
)
def test_wifi_status(text: str, seen: Seen) -> None:
    assert parse.parse_wifi_status(text) is seen


def test_getprop_keeps_newlines_in_values() -> None:
    text = "[ro.build.version.sdk]: [33]\n[a.b]: [one\ntwo]\n[empty]: []\r\n[brackets]: [[x]: y]\n"
    assert parse.parse_getprop(text) == {
        "ro.build.version.sdk": "33",
        "a.b": "one\ntwo",
        "empty": "",
        "brackets": "[x]: y",
    }


@pytest.mark.parametrize("text", ["", "getprop: not found\n", "[a]: [b\n"], ids=["empty", "error", "cut"])
def test_getprop_refuses(text: str) -> None:
    with pytest.raises(DeviceError, match="getprop"):
        parse.parse_getprop(text)


@pytest.mark.parametrize(
    ("text", "value", "switch"),
    [("1\n", "1", Seen.ON), ("0\r\n", "0", Seen.OFF), ("null\n", None, Seen.UNKNOWN), ("2\n", "2", Seen.UNKNOWN)],
    ids=["on", "off", "unset", "wifi-on-in-airplane-mode"],
)
def test_setting(text: str, value: str | None, switch: Seen) -> None:
    assert parse.parse_setting(text) == value
    assert parse.parse_switch(value) is switch


@pytest.mark.parametrize(
    "text", ["", "\n", "java.lang.SecurityException: Permission Denial\n"], ids=["nothing", "blank", "refused"]
)
def test_setting_refuses(text: str) -> None:
    with pytest.raises(DeviceError, match="settings get"):
        parse.parse_setting(text)


def test_addresses() -> None:
    text = (
        "1: lo    inet 127.0.0.1/8 scope host lo\\       valid_lft forever preferred_lft forever\n"
        "1: lo    inet6 ::1/128 scope host \\       valid_lft forever preferred_lft forever\n"
        "24: wlan0    inet 192.168.1.234/24 brd 192.168.1.255 scope global wlan0\\       valid_lft forever\n"
    )
    assert [(a.interface, a.family, a.address, a.prefix) for a in parse.parse_addresses(text)] == [
        ("lo", "inet", "127.0.0.1", 8),
        ("lo", "inet6", "::1", 128),
        ("wlan0", "inet", "192.168.1.234", 24),
    ]


@pytest.mark.parametrize("text", ["", "Cannot bind netlink socket: Permission denied\n"], ids=["empty", "refused"])
def test_addresses_refuse(text: str) -> None:
    with pytest.raises(DeviceError, match="ip -o addr"):
        parse.parse_addresses(text)


def test_routes() -> None:
    text = (
        "default via 192.168.1.1 dev wlan0 table 1024 proto static\n"
        "192.168.1.0/24 dev wlan0 proto kernel scope link src 192.168.1.234\n"
        "local 127.0.0.0/8 dev lo table local proto kernel scope host src 127.0.0.1\n"
        "unreachable default dev lo table 0 metric 4294967295\nfe80::/64 dev dummy0 table 1002\n"
    )
    routes = parse.parse_routes(text)
    assert [route.leads_out for route in routes] == [True, True, False, False, False]
    assert routes[0] == parse.Route("unicast", "default", "192.168.1.1", "wlan0", "1024")
    assert parse.parse_routes("") == ()


def test_routes_refuse_an_error_text() -> None:
    with pytest.raises(DeviceError, match="ip route"):
        parse.parse_routes("Cannot open netlink socket: Permission denied\n")


def test_interface_bytes() -> None:
    text = (
        "Inter-|   Receive                                                |  Transmit\n"
        " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls\n"
        "    lo:    1024       8    0    0    0     0          0         0     2048       8    0    0    0   0  0  0\n"
        " wlan0:9999999999     9    0    0    0     0          0         0      512       3    0    0    0   0  0  0\n"
    )
    assert parse.parse_interface_bytes(text)[1] == parse.InterfaceBytes("wlan0", 9999999999, 512)
    for cut in (text[:-8], "cat: /proc/net/dev: Permission denied\n", ""):
        with pytest.raises(DeviceError, match="/proc/net/dev"):
            parse.parse_interface_bytes(cut)


DF = (
    "Filesystem     1K-blocks    Used Available Use% Mounted on\n"
    "/dev/block/dm-27  51170024 5911412  45111156  12% /data\n"
)


def test_df() -> None:
    assert parse.parse_df(DF) == (
        parse.FreeSpace("/dev/block/dm-27", 51170024 * 1024, 5911412 * 1024, 45111156 * 1024, "/data"),
    )
    assert parse.parse_df(DF.replace("dm-27  ", "dm-27\n   ")) == parse.parse_df(DF)


@pytest.mark.parametrize(
    "text",
    ["", DF.splitlines()[0], DF.replace("1K-blocks", "Size"), DF + "df: /x: Permission denied\n", DF + "/dev/alone\n"],
    ids=["empty", "heading-only", "human-sizes", "error-text", "half-a-row"],
)
def test_df_refuses(text: str) -> None:
    with pytest.raises(DeviceError, match="df -k"):
        parse.parse_df(text)


def test_ls() -> None:
    text = (
        "total 12\ndrwxrwx--x 3 u0_a99 u0_a99 4096 2026-11-23 12:00 files\n"
        "-rw------- 1 u0_a99 u0_a99 1048576 2026-11-23 12:01 seg 1.m4s\n"
        "lrwxrwxrwx 1 root root 21 2009-01-01 00:00 sdcard -> /storage/self/primary\n"
        "d????????? ? ? ? ? ? secret\ncrw-rw-rw- 1 root root 1, 3 2026-11-23 11:00 null\n"
    )
    files = parse.parse_ls(text)
    assert [(f.name, f.size_bytes, f.is_folder) for f in files] == [
        ("files", 4096, True),
        ("seg 1.m4s", 1048576, False),
        ("sdcard", 21, False),
        ("secret", None, True),
        ("null", None, False),
    ]
    assert files[2].target == "/storage/self/primary"
    with pytest.raises(DeviceError, match="ls -l"):
        parse.parse_ls("ls: /data/app: Permission denied\n")
