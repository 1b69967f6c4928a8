"""settings, getprop, setprop."""

from __future__ import annotations

from harness.virtual.call import Call, Command

_READ_ONLY = "Failed to set property '{0}' to '{1}'.\nSee dmesg for error reason."


async def settings(call: Call) -> int:
    """`settings get|put|delete|list NAMESPACE [KEY [VALUE]]`. A put changes the setting and nothing else."""
    args = [a for i, a in enumerate(call.args) if a != "--user" and (i == 0 or call.args[i - 1] != "--user")]
    if len(args) < 2 or args[1] not in call.tablet.settings:
        await call.complain("Invalid command\n" if not args else "Invalid namespace " + (args[1:] or [""])[0])
        call.unknown()
        return 255
    verb, values = args[0], call.tablet.settings[args[1]]
    if verb == "list":
        for key in sorted(values):
            await call.say(f"{key}={values[key]}")
    elif verb == "get" and len(args) >= 3:
        await call.say(values.get(args[2], "null"))
    elif verb == "put" and len(args) >= 4:
        values[args[2]] = args[3]
    elif verb in ("delete", "reset") and len(args) >= 3:
        gone = values.pop(args[2], None)
        await call.say(f"Deleted {int(gone is not None)} rows")
    else:
        await call.complain("Bad arguments\n")
        call.unknown()
        return 255
    return 0


async def getprop(call: Call) -> int:
    """One property (with an optional default), or all as `[name]: [value]`."""
    known = call.tablet.properties
    if call.args:
        await call.say(known.get(call.args[0], call.args[1] if len(call.args) > 1 else ""))
    else:
        for key in sorted(known):
            await call.say(f"[{key}]: [{known[key]}]")
    return 0


async def setprop(call: Call) -> int:
    """Set a property; `ro.` ones are refused as for the shell user."""
    if len(call.args) != 2:
        await call.complain("usage: setprop NAME VALUE")
        return 1
    name, value = call.args
    if name.startswith("ro."):
        await call.complain(_READ_ONLY.format(name, value))
        return 1
    call.tablet.properties[name] = value
    return 0


COMMANDS: dict[str, Command] = {"settings": settings, "getprop": getprop, "setprop": setprop}
