"""pm and cmd package: what is installed, clearing, and the door to the installer."""

from __future__ import annotations

import shutil

from harness.virtual.call import Call, Command
from harness.virtual.commands.installer import apk_folder, install, session, uninstall

_SYSTEM = ("android", "com.android.settings", "com.android.systemui", "com.android.shell", "com.android.launcher3")
_RUNNER = "io.appium.uiautomator2.server.test/androidx.test.runner.AndroidJUnitRunner"


async def _list(call: Call, args: list[str]) -> int:
    what = args[0] if args else "packages"
    words = [word for word in args[1:] if not word.startswith("-") and not word.isdigit()]
    apps = call.tablet.apps
    if what == "packages":
        names = sorted({*(() if "-s" in args else apps), *(() if "-3" in args else _SYSTEM)})
        for name in [n for n in names if all(word in n for word in words)]:
            app = apps.get(name)
            line = f"package:{name}"
            if "-f" in args:
                line = f"package:/data/app/{name}/base.apk={name}"
            if "--show-versioncode" in args:
                line += f" versionCode:{app.version_code if app else call.tablet.profile.api}"
            if "-U" in args:
                line += f" uid:{app.uid if app else 1000}"
            await call.say(line)
        return 0
    if what == "instrumentation":
        await call.say(f"instrumentation:{_RUNNER} (target=io.appium.uiautomator2.server)")
        return 0
    if what == "features":
        await call.say("feature:android.hardware.wifi\nfeature:android.hardware.touchscreen")
        return 0
    if what == "users":
        await call.say("Users:\n\tUserInfo{0:Owner:c13} running")
        return 0
    call.unknown()
    await call.complain(f"Error: unknown list type '{what}'")
    return 255


async def _path(call: Call, name: str) -> int:
    if name not in call.tablet.apps:
        return 1
    folder = apk_folder(call.tablet, name)
    files = sorted(file.name for file in folder.iterdir()) if folder.is_dir() else ["base.apk"]
    for file in files:
        await call.say(f"package:/data/app/{name}/{file}")
    return 0


async def _resolve(call: Call, args: list[str]) -> int:
    app = call.tablet.apps.get(args[-1]) if args else None
    if app is None or not app.activity:
        await call.say("No activity found")
        return 0
    await call.say(f"priority=0 preferredOrder=0 match=0x108000 specificIndex=-1 isDefault=true\n{app.component}")
    return 0


async def _clear(call: Call, args: list[str]) -> int:
    name = next((word for word in args if word in call.tablet.apps), None)
    if name is None:
        await call.say("Failed")
        return 1
    await call.tablet.stop_package(name)
    if call.tablet.apps[name].url:
        shutil.rmtree(call.tablet.screen.profile_dir(name), ignore_errors=True)
    await call.say("Success")
    return 0


async def package(call: Call, args: list[str]) -> int:
    """The package manager's commands; `pm` is the same."""
    verb, rest = (args[0], args[1:]) if args else ("", [])
    if verb in ("install", "install-streaming"):
        return await install(call, rest)
    if verb == "list":
        return await _list(call, rest)
    if verb in ("install-create", "install-write", "install-commit", "install-abandon"):
        return await session(call, verb, rest)
    if verb == "path":
        return await _path(call, rest[-1] if rest else "")
    if verb == "uninstall":
        return await uninstall(call, rest)
    if verb == "clear":
        return await _clear(call, rest)
    if verb in ("resolve-activity", "query-activities"):
        return await _resolve(call, rest)
    if verb in ("grant", "revoke", "enable", "disable", "trim-caches", "disable-user"):
        return 0
    if verb == "has-feature":
        await call.say(str(rest[:1] == ["android.hardware.wifi"]).lower())
        return 0
    call.unknown()
    await call.complain(f"Unknown command: {verb}")
    return 255


async def pm(call: Call) -> int:
    """`pm`, the older name of `cmd package`."""
    return await package(call, call.args)


COMMANDS: dict[str, Command] = {"pm": pm}
