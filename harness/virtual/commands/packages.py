"""pm and cmd package: what is installed, installing, clearing."""

from __future__ import annotations

import shutil
from dataclasses import replace

from harness.virtual.axml import ApkError, read_apk
from harness.virtual.call import Call, Command
from harness.virtual.hardware import InstalledApp

MAX_APK_BYTES = 512 * 1024 * 1024
_SYSTEM = ("android", "com.android.settings", "com.android.systemui", "com.android.shell", "com.android.launcher3")
_RUNNER = "io.appium.uiautomator2.server.test/androidx.test.runner.AndroidJUnitRunner"
_VALUES = ("--user", "-i", "-p", "--install-location", "--abi", "--originating-uri", "--referrer")


async def install(call: Call, args: list[str]) -> int:
    """`install [-r -g -t -d] [-S BYTES | FILE]`: reads exactly BYTES from the stream; takes Appium's helpers only."""
    words, size, path = iter(args), -1, ""
    for word in words:
        if word == "-S":
            text = next(words, "")
            size = int(text) if text.isdigit() else -1
        elif word in _VALUES:
            next(words, "")
        elif not word.startswith("-"):
            path = word
    if size > MAX_APK_BYTES:
        await call.say("Failure [INSTALL_FAILED_INSUFFICIENT_STORAGE]")
        return 1
    if size >= 0:
        data = bytearray()
        while len(data) < size:
            part = await call.stdin.read(size - len(data))
            if not part:
                await call.say("Failure [INSTALL_FAILED_ABORTED: the stream ended early]")
                return 1
            data += part
        blob = bytes(data)
    else:
        try:
            blob = call.tablet.files.host(path, call.uid, call.cwd).read_bytes()
        except OSError as error:
            await call.complain(f"Error: failed to open file: {path}: {error.strerror}")
            return 1
    return await _take(call, blob)


async def _take(call: Call, blob: bytes) -> int:
    try:
        apk = read_apk(blob)
    except ApkError as error:
        await call.say(f"Failure [INSTALL_PARSE_FAILED_NOT_APK: {error}]")
        return 1
    known = call.tablet.apps.get(apk.package)
    if known is None:
        uid = 1 + max([10199, *(app.uid for app in call.tablet.apps.values())])
        known = InstalledApp(apk.package, "", apk.package, "", uid)
    call.tablet.apps[apk.package] = replace(known, version_name=apk.version_name, version_code=apk.version_code)
    call.tablet.log.write("PackageManager", f"installed {apk.package} {apk.version_name}")
    await call.say("Success")
    return 0


async def _list(call: Call, args: list[str]) -> int:
    what = args[0] if args else "packages"
    words = [word for word in args[1:] if not word.startswith("-") and not word.isdigit()]
    apps = call.tablet.apps
    if what == "packages":
        names = sorted({*apps, *(() if "-3" in args else _SYSTEM)})
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
    if verb == "path":
        if rest and rest[-1] in call.tablet.apps:
            await call.say(f"package:/data/app/{rest[-1]}/base.apk")
            return 0
        return 1
    if verb == "uninstall":
        name = next((word for word in rest if not word.startswith("-") and not word.isdigit()), "")
        if call.tablet.apps.pop(name, None) is None:
            await call.say("Failure [DELETE_FAILED_INTERNAL_ERROR]")
            return 1
        await call.say("Success")
        return 0
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
