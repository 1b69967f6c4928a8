"""cmd connectivity, wifi, phone, bluetooth_manager; svc. Each by the tablet's API level (facts/android.md 1.1)."""

from __future__ import annotations

from harness.virtual.call import Call, Command

NO_SHELL = "No shell command implementation."
_AIRPLANE_API, _CMD_WIFI_API, _NO_SVC_RADIO_API = 28, 30, 35
_AIRPLANE_HELP = """Connectivity service commands:
  help
    Print this help text.
  airplane-mode [enable|disable]
    Turn airplane mode on or off.
  airplane-mode
    Get airplane mode."""


async def connectivity(call: Call, args: list[str]) -> int:
    """`cmd connectivity airplane-mode [enable|disable]`."""
    tablet = call.tablet
    if tablet.profile.api < _AIRPLANE_API:
        await call.say(NO_SHELL)
        return 255
    if args[:1] == ["airplane-mode"] and len(args) == 1:
        on = tablet.settings["global"]["airplane_mode_on"] != "0"
        await call.say("enabled" if on else "disabled")
        return 0
    if args[:1] == ["airplane-mode"] and args[1] in ("enable", "disable"):
        tablet.airplane_setting(args[1] == "enable")
        return 0
    await call.say(_AIRPLANE_HELP)
    if args and args[0] not in ("help", "airplane-mode"):
        call.unknown()
    return 255


async def wifi(call: Call, args: list[str]) -> int:
    """`cmd wifi status | set-wifi-enabled enabled|disabled`."""
    tablet = call.tablet
    if tablet.profile.api < _CMD_WIFI_API:
        await call.say(NO_SHELL)
        return 255
    if args[:1] == ["status"]:
        await call.say(wifi_status(call))
        return 0
    if args[:1] == ["set-wifi-enabled"] and len(args) == 2:
        if args[1] not in ("enabled", "disabled"):
            problem = f"Expected 'enabled' or 'disabled' as next arg but got '{args[1]}'"
            await call.complain(f"Invalid args for set-wifi-enabled: java.lang.IllegalArgumentException: {problem}")
            return 255
        tablet.wifi_setting(args[1] == "enabled")
        return 0
    await call.say(f"Unknown command: {args[0]}" if args else "Wi-Fi (wifi) commands:")
    call.unknown()
    return 255


def wifi_status(call: Call) -> str:
    """What `cmd wifi status` prints; the radio's state, not the setting's."""
    if not call.tablet.radio.wifi:
        return "Wifi is disabled\nWifi scanning is only available when wifi is enabled"
    return (
        "Wifi is enabled\nWifi scanning is always available\n==== Primary ClientModeManager instance ====\nWifi is "
        'connected to "VirtWifi"\nWifiInfo: SSID: "VirtWifi", BSSID: 02:15:b2:00:01:00, MAC: 02:15:b2:00:00:00, '
        "IP: /10.0.2.16, Supplicant state: COMPLETED, RSSI: -50, Link speed: 866Mbps, Frequency: 5180MHz"
    )


async def phone(call: Call, args: list[str]) -> int:
    """`cmd phone data enable|disable`."""
    if args[:1] == ["data"] and args[1:2] and args[1] in ("enable", "disable"):
        call.tablet.data_setting(args[1] == "enable")
        return 0
    call.unknown()
    await call.say("Telephony commands")
    return 255


async def bluetooth(call: Call, args: list[str]) -> int:
    """`cmd bluetooth_manager enable|disable`."""
    if args[:1] and args[0] in ("enable", "disable"):
        call.tablet.bluetooth_setting(args[0] == "enable")
        await call.say(f"{args[0].capitalize()[:-1]}ing Bluetooth\nSuccess")
        return 0
    if args[:1] and args[0].startswith("wait-for-state"):
        return 0
    call.unknown()
    return 255


async def svc(call: Call) -> int:
    """`svc wifi|data|bluetooth enable|disable`; gone for the radios from API 35."""
    what, verb = [*call.args, "", ""][:2]
    if what == "power" and verb in ("stayon", "reboot"):
        return 0
    gone = call.tablet.profile.api >= _NO_SVC_RADIO_API
    if gone or what not in ("wifi", "data", "bluetooth") or verb not in ("enable", "disable"):
        await call.complain("Available commands:\n    help     Show information about the subcommands\n    power")
        if not gone:
            call.unknown()
        return 1
    setter = {
        "wifi": call.tablet.wifi_setting,
        "data": call.tablet.data_setting,
        "bluetooth": call.tablet.bluetooth_setting,
    }[what]
    setter(verb == "enable")
    return 0


COMMANDS: dict[str, Command] = {"svc": svc}
