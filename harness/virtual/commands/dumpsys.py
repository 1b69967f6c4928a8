"""dumpsys: the services that hosts read, in Android's shapes. A wrong shape here would hide a parser's fault."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable

from harness.virtual.call import Call, Command
from harness.virtual.commands.activity import full_activity
from harness.virtual.commands.connectivity import wifi_status
from harness.virtual.commands.playing import audio, media_session, surface_flinger
from harness.virtual.hardware import InstalledApp
from harness.virtual.tablet import SETTINGS_APP

Service = Callable[[Call, list[str]], Awaitable[int]]
_LAUNCHER = "com.android.launcher3/com.android.launcher3.uioverrides.QuickstepLauncher"


async def package(call: Call, args: list[str]) -> int:
    """`dumpsys package PKG`: installed exactly when a `Package [PKG]` line is there."""
    await call.say("Packages:" if any(name in call.tablet.apps for name in args) else "")
    for name in args or list(call.tablet.apps):
        app = call.tablet.apps.get(name)
        if app is None:
            await call.say(f"Unable to find package: {name}")
            continue
        version = f"    versionName={app.version_name}\n" if app.version_name else ""
        await call.say(
            f"  Package [{name}] (7f0a1b2):\n    userId={app.uid}\n    pkg=Package{{1a2b3c {name}}}\n"
            f"    codePath=/data/app/{name}\n    dataDir=/data/user/0/{name}\n"
            f"    versionCode={app.version_code} minSdk=26 targetSdk=34\n{version}    flags=[ DEBUGGABLE HAS_CODE ]\n"
            "    User 0: ceDataInode=1 installed=true hidden=false suspended=false stopped=false enabled=0"
        )
    return 0


async def activity(call: Call, args: list[str]) -> int:
    """`dumpsys activity services|processes|activities`."""
    tablet, what = call.tablet, (args[0] if args else "activities")
    if what == "services":
        name = args[1] if len(args) > 1 else ""
        await call.say("ACTIVITY MANAGER SERVICES (dumpsys activity services)")
        if name == SETTINGS_APP and tablet.settings_app_running:
            await call.say(
                f"  * ServiceRecord{{5d0c u0 {SETTINGS_APP}/.ForegroundService}}\n"
                f"    packageName={SETTINGS_APP}\n    isForeground=true foregroundId=1"
            )
        else:
            await call.say("  (nothing)")
    elif what == "processes":
        await call.say("ACTIVITY MANAGER RUNNING PROCESSES (dumpsys activity processes)")
        for process in tablet.running():
            await call.say(f"  *APP* UID 10000 ProcessRecord{{{process.pid:x} {process.pid}:{process.name}/u0a200}}")
    elif what == "top":
        await _top(call)
    elif what in ("activities", "a"):
        shown = tablet.foreground()
        name = shown.component if shown else _LAUNCHER
        await call.say(
            "ACTIVITY MANAGER ACTIVITIES (dumpsys activity activities)\n"
            f"  topResumedActivity=ActivityRecord{{1f2e3d u0 {name} t{tablet.task_id}}}\n"
            f"  ResumedActivity: ActivityRecord{{1f2e3d u0 {name} t{tablet.task_id}}}"
        )
    elif what in ("exit-info", "settings", "broadcasts", "recents"):
        await call.say(f"ACTIVITY MANAGER ({what})")
    else:
        call.unknown()
        await call.say(f"Bad activity command, or no activities match: {what}")
    return 0


async def _top(call: Call) -> None:
    tablet = call.tablet
    shown = tablet.foreground()
    package, component = (shown.package, shown.component) if shown else ("com.android.launcher3", _LAUNCHER)
    await call.say(
        f"TASK 10000:{package} id={tablet.task_id} userId=0\n"
        f"  ACTIVITY {component} 1f2e3d pid={tablet.pid_of(package) or '(not running)'}"
    )


def _focus(app: InstalledApp | None, task: int) -> str:
    window = f"{app.package}/{full_activity(app)}" if app else _LAUNCHER
    record = app.component if app else _LAUNCHER
    return f"  mCurrentFocus=Window{{85a52f2 u0 {window}}}\n  mFocusedApp=ActivityRecord{{a646676 u0 {record} t{task}}}"


async def window(call: Call, _args: list[str]) -> int:
    """`dumpsys window [displays|windows]`: the focus, an unlocked keyguard and the display's size."""
    tablet = call.tablet
    width, height = tablet.screen.size
    await call.say(
        f"WINDOW MANAGER DISPLAY CONTENTS (dumpsys window displays)\n  Display: mDisplayId=0\n"
        f"    init={width}x{height} {tablet.profile.density}dpi cur={width}x{height} app={width}x{height} "
        f"rng={min(width, height)}x{min(width, height)}\n    mRotation={tablet.screen.rotation}\n"
        f"{_focus(tablet.foreground(), tablet.task_id)}\n"
        "WINDOW MANAGER POLICY STATE (dumpsys window policy)\n    mIsShowing=false\n    mInputRestricted=false\n"
        f"    mDreamingLockscreen=false\n    mAwake={str(tablet.power.awake).lower()} "
        f"mScreenOnFully={str(tablet.power.awake).lower()}\n"
        f"    screenState=SCREEN_STATE_{'ON' if tablet.power.awake else 'OFF'}"
    )
    return 0


async def power(call: Call, _args: list[str]) -> int:
    """`dumpsys power`."""
    awake = call.tablet.power.awake
    await call.say(
        f"POWER MANAGER (dumpsys power)\n\nPower Manager State:\n  mWakefulness={'Awake' if awake else 'Asleep'}\n"
        f"  mIsPowered=true\n  mStayOn=false\nDisplay Power: state={'ON' if awake else 'OFF'}"
    )
    return 0


async def battery(call: Call, args: list[str]) -> int:
    """`dumpsys battery`; a virtual tablet is always on mains."""
    if args:
        return 0
    await call.say(
        "Current Battery Service state:\n  AC powered: true\n  USB powered: false\n  Wireless powered: false\n"
        "  Max charging current: 0\n  Max charging voltage: 0\n  Charge counter: 10000\n  status: 5\n  health: 2\n"
        f"  present: true\n  level: {call.tablet.power.battery_level}\n  scale: 100\n  voltage: 5000\n"
        "  temperature: 250\n  technology: Li-ion"
    )
    return 0


async def connectivity(call: Call, _args: list[str]) -> int:
    """`dumpsys connectivity`: one NetworkAgentInfo for each radio that is really up."""
    radio = call.tablet.radio
    agents = []
    if radio.wifi:
        agents.append(_agent(100, "WIFI CONNECTED extra: ", "wlan0", "10.0.2.16", "WIFI", "NOT_METERED&"))
    if radio.data and not radio.airplane:
        agents.append(_agent(101, "MOBILE[LTE] CONNECTED extra: ", "rmnet0", "10.8.0.2", "CELLULAR", ""))
    default = ("100" if radio.wifi else "101") if agents else "none"
    shown = "".join(f"  {agent}\n" for agent in agents)
    await call.say(
        f"NetworkProviders for: WifiNetworkFactory TelephonyNetworkFactory\n\nActive default network: {default}\n\n"
        f"Current network preferences: \n\nCurrent Networks:\n{shown}\nStatus for known UIDs:\n\nNetwork Requests:"
    )
    return 0


def _agent(net: int, ni: str, interface: str, address: str, transport: str, metered: str) -> str:
    return (
        f"NetworkAgentInfo{{network{{{net}}}  handle{{{(net << 32) | 0xCAFED00D}}}  ni{{{ni}}} "
        f"Score(60 ; KeepConnected : 0 ; Policies : IS_VALIDATED)   lp{{{{InterfaceName: {interface} LinkAddresses: "
        f"[ {address}/24 ] DnsAddresses: [ /10.0.2.3 ] Domains: null MTU: 1500 Routes: "
        f"[ 0.0.0.0/0 -> 10.0.2.2 {interface} mtu 0 ]}}}}  nc{{[ Transports: {transport} Capabilities: "
        f"{metered}INTERNET&NOT_RESTRICTED&TRUSTED&NOT_VPN&VALIDATED&NOT_ROAMING&FOREGROUND&NOT_CONGESTED&"
        f"NOT_SUSPENDED LinkUpBandwidth>=12000Kbps LinkDnBandwidth>=60000Kbps]}}}}"
    )


async def wifi(call: Call, _args: list[str]) -> int:
    """`dumpsys wifi`: the service's own state."""
    tablet = call.tablet
    values = tablet.settings["global"]
    first = wifi_status(call).splitlines()[0].replace("Wifi", "Wi-Fi")
    await call.say(
        f"{first}\nWifiState {values['wifi_on']}\nAirplaneModeOn {str(values['airplane_mode_on'] != '0').lower()}\n"
        f"WifiStateApm {str(tablet.settings['secure'].get('wifi_apm_state') == '1').lower()}\n"
        f"AirplaneModeEnhancementEnabled {str(tablet.profile.api >= 33).lower()}"
    )
    return 0


async def netstats(call: Call, _args: list[str]) -> int:
    """`dumpsys netstats --full --uid`: real bytes of each app through its radio."""
    tablet = call.tablet
    ident = 'ident=[{type=1, ratType=COMBINED, wifiNetworkKey="VirtWifi"none, metered=false, defaultNetwork=true}]'
    bucket = int(time.time()) // 7200 * 7200
    received, sent = tablet.radio.interface_bytes()
    await call.say(
        f"Active interfaces:\n  iface=wlan0 {ident}\nActive UID interfaces:\n  iface=wlan0 {ident}\nDev stats:\n"
        f"  Pending bytes: 0\n  History since boot:\n  {ident} uid=-1 set=ALL tag=0x0\n"
        f"    NetworkStatsHistory: bucketDuration=3600\n      st={bucket} rb={received} rp={received // 1400} "
        f"tb={sent} tp={sent // 1400} op=0\nUID stats:\n  Pending bytes: 0\n  History since boot:"
    )
    for app in tablet.apps.values():
        received, sent = tablet.radio.counters(app.uid)
        if app.url:
            await call.say(
                f"  {ident} uid={app.uid} set=FOREGROUND tag=0x0\n    NetworkStatsHistory: bucketDuration=7200\n"
                f"      st={bucket} rb={received} rp={received // 1400} tb={sent} tp={sent // 1400} op=0"
            )
    await call.say("UID tag stats:\n  Pending bytes: 0\n  History since boot:")
    return 0


async def display(call: Call, _args: list[str]) -> int:
    """`dumpsys display`: size and refresh rate."""
    width, height = call.tablet.profile.size
    await call.say(
        f"DISPLAY MANAGER (dumpsys display)\n  mActiveSfDisplayMode=DisplayMode{{id=0, width={width}, "
        f"height={height}, xDpi={call.tablet.profile.density}.0, yDpi={call.tablet.profile.density}.0, "
        "refreshRate=60.000004}"
    )
    return 0


async def diskstats(call: Call, _args: list[str]) -> int:
    """`dumpsys diskstats`."""
    total, free = call.tablet.disk()
    line = f"{free // 1024}K / {total // 1024}K total = {100 * free // max(total, 1)}% free"
    await call.say(
        f"Latency: 0ms [512B Data Write]\nData-Free: {line}\nCache-Free: {line}\nFile-based Encryption: true"
    )
    return 0


async def thermal(call: Call, _args: list[str]) -> int:
    """`dumpsys thermalservice`: nothing is measured, and it says so."""
    await call.say("IsStatusOverride: false\nThermal Status: 0\nCached temperatures:\nHAL Ready: false")
    return 0


async def deviceidle(call: Call, args: list[str]) -> int:
    """`dumpsys deviceidle whitelist +PKG`."""
    for word in args:
        if word.startswith("+"):
            await call.say(f"Added: {word[1:]}")
    return 0


async def input_method(call: Call, _args: list[str]) -> int:
    """`dumpsys input_method`: this tablet shows no keyboard; text goes to the focused field."""
    method = call.tablet.settings["secure"]["default_input_method"]
    await call.say(
        f"Current Input Method Manager state:\n  mCurMethodId={method}\n  mInputShown=false mInShowing=false\n"
        f"  mIsInputViewShown=false\n  mInteractive={str(call.tablet.power.awake).lower()}"
    )
    return 0


SERVICES: dict[str, Service] = {
    "SurfaceFlinger": surface_flinger,
    "activity": activity,
    "audio": audio,
    "battery": battery,
    "connectivity": connectivity,
    "deviceidle": deviceidle,
    "diskstats": diskstats,
    "display": display,
    "input_method": input_method,
    "media_session": media_session,
    "netstats": netstats,
    "package": package,
    "power": power,
    "thermalservice": thermal,
    "wifi": wifi,
    "window": window,
}


async def dumpsys(call: Call) -> int:
    """`dumpsys SERVICE ARGS`; `-l` lists the services."""
    words = call.args
    if words[:1] == ["-t"]:
        words = words[2:]
    if not words or words[0] == "-l":
        await call.say("Currently running services:\n" + "\n".join(f"  {name}" for name in SERVICES))
        return 0
    service = SERVICES.get(words[0])
    if service is None:
        await call.complain(f"Can't find service: {words[0]}")
        call.unknown()
        return 0
    return await service(call, words[1:])


COMMANDS: dict[str, Command] = {"dumpsys": dumpsys}
