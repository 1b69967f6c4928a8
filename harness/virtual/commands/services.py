"""cmd SERVICE: the door to the system services' shell commands."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from harness.virtual.call import Call, Command
from harness.virtual.commands import activity, connectivity, packages

Service = Callable[[Call, list[str]], Awaitable[int]]


async def _quiet(_call: Call, _args: list[str]) -> int:
    return 0


async def _media_session(call: Call, args: list[str]) -> int:
    keys = {"play": 126, "pause": 127, "play-pause": 85, "stop": 86, "next": 87, "previous": 88}
    if args[:1] == ["dispatch"] and args[1:2] and args[1] in keys:
        await call.tablet.screen.key(keys[args[1]])
        return 0
    call.unknown()
    return 255


async def _notification(call: Call, args: list[str]) -> int:
    """`notification allow_listener|disallow_listener COMPONENT`: kept in the secure settings, as Android does."""
    if len(args) < 2 or args[0] not in ("allow_listener", "disallow_listener"):
        call.unknown()
        await call.complain(f"Unknown command: {' '.join(args[:1])}")
        return 255
    secure = call.tablet.settings["secure"]
    kept = [name for name in secure.get("enabled_notification_listeners", "").split(":") if name not in ("", args[1])]
    secure["enabled_notification_listeners"] = ":".join([*kept, *(args[1:2] if args[0].startswith("allow") else ())])
    return 0


SERVICES: dict[str, Service] = {
    "activity": activity.am,
    "appops": _quiet,
    "bluetooth_manager": connectivity.bluetooth,
    "connectivity": connectivity.connectivity,
    "deviceidle": _quiet,
    "media_session": _media_session,
    "notification": _notification,
    "package": packages.package,
    "phone": connectivity.phone,
    "wifi": connectivity.wifi,
}


async def cmd(call: Call) -> int:
    """`cmd [-w] SERVICE ARGS`; `cmd -l` lists the services."""
    words = [word for word in call.args if word != "-w"]
    if words[:1] == ["-l"]:
        await call.say("Currently running services:")
        for name in SERVICES:
            await call.say(f"  {name}")
        return 0
    if not words:
        await call.complain("cmd: No service specified; use -l to list all running services. Use -w to start and wait.")
        return 255
    service = SERVICES.get(words[0])
    if service is None:
        await call.complain(f"cmd: Can't find service: {words[0]}")
        call.unknown()
        return 20
    return await service(call, words[1:])


COMMANDS: dict[str, Command] = {"cmd": cmd}
