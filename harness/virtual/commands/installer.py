"""pm install and uninstall: an APK from the stream, a file or a session of parts, kept where `pm path` says.

Nothing of an APK runs here: a package that is not one of the tablet's web apps has a name, a version and its file.
"""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from pathlib import Path

from harness.virtual.axml import ApkError, read_apk
from harness.virtual.call import Call
from harness.virtual.hardware import InstalledApp
from harness.virtual.tablet import Tablet

MAX_APK_BYTES = 512 * 1024 * 1024
_VALUES = ("--user", "-i", "-p", "--install-location", "--abi", "--originating-uri", "--referrer")
_NAME = re.compile(r"[A-Za-z]\w*(\.[A-Za-z]\w*)+", re.ASCII)


def apk_folder(tablet: Tablet, package: str) -> Path:
    """The host folder that is the package's codePath."""
    return tablet.files.root / "data" / "app" / package


def _words(args: list[str]) -> tuple[int, list[str]]:
    """(bytes announced with -S, -1 for none; what is neither an option nor its value)."""
    words, size, rest = iter(args), -1, list[str]()
    for word in words:
        if word == "-S":
            text = next(words, "")
            size = int(text) if text.isdigit() else -1
        elif word in _VALUES:
            next(words, "")
        elif not word.startswith("-"):
            rest.append(word)
    return size, rest


async def _blob(call: Call, size: int, path: str) -> bytes | None:
    """`size` bytes of stdin, or the file at `path` when no size was announced; None after a complaint."""
    if size > MAX_APK_BYTES:
        await call.say("Failure [INSTALL_FAILED_INSUFFICIENT_STORAGE]")
        return None
    if size < 0:
        try:
            return call.tablet.files.host(path, call.uid, call.cwd).read_bytes()
        except OSError as error:
            await call.complain(f"Error: failed to open file: {path}: {error.strerror}")
            return None
    data = bytearray()
    while len(data) < size:
        part = await call.stdin.read(size - len(data))
        if not part:
            await call.say("Failure [INSTALL_FAILED_ABORTED: the stream ended early]")
            return None
        data += part
    return bytes(data)


async def install(call: Call, args: list[str]) -> int:
    """`install [-r -g -t -d] [-S BYTES | FILE]`: reads exactly BYTES from the stream."""
    size, rest = _words(args)
    blob = await _blob(call, size, rest[-1] if rest else "")
    return 1 if blob is None else await _take(call, {"base.apk": blob})


async def session(call: Call, verb: str, args: list[str]) -> int:
    """`install-create`, `install-write -S BYTES ID NAME [FILE | -]`, `install-commit ID`, `install-abandon ID`."""
    size, rest = _words(args)
    sessions = call.tablet.install_sessions
    if verb == "install-create":
        number = max(sessions, default=1_000_000) + 1
        sessions[number] = {}
        await call.say(f"Success: created install session [{number}]")
        return 0
    number = int(rest[0]) if rest and rest[0].isdigit() else 0
    if number not in sessions:
        await call.complain(f"java.lang.SecurityException: Caller has no access to session {number}")
        return 255
    if verb == "install-write":
        blob = await _blob(call, size, rest[-1])
        if blob is None:
            return 1
        name = rest[1] if len(rest) > 1 else "base.apk"
        sessions[number][name] = blob
        await call.say(f"Success: streamed {len(blob)} bytes")
        return 0
    parts = sessions.pop(number)
    if verb == "install-abandon":
        await call.say("Success")
        return 0
    return await _take(call, parts)


async def _take(call: Call, parts: dict[str, bytes]) -> int:
    try:
        apks = [read_apk(blob) for blob in parts.values()]
    except ApkError as error:
        await call.say(f"Failure [INSTALL_PARSE_FAILED_NOT_APK: {error}]")
        return 1
    packages = {apk.package for apk in apks}
    if len(packages) != 1:
        await call.say(f"Failure [INSTALL_FAILED_INVALID_APK: {len(packages)} packages in one session]")
        return 1
    apk = apks[0]
    if not _NAME.fullmatch(apk.package):
        await call.say("Failure [INSTALL_PARSE_FAILED_BAD_PACKAGE_NAME]")
        return 1
    tablet = call.tablet
    known = tablet.apps.get(apk.package)
    if known is None:
        uid = 1 + max([10199, *(app.uid for app in tablet.apps.values())])
        known = InstalledApp(apk.package, "", apk.package, "", uid)
    await tablet.stop_package(apk.package)
    folder = apk_folder(tablet, apk.package)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for number, blob in enumerate(parts.values()):
        (folder / ("base.apk" if number == 0 else f"split_{number}.apk")).write_bytes(blob)
    tablet.apps[apk.package] = replace(known, version_name=apk.version_name, version_code=apk.version_code)
    tablet.log.write("PackageManager", f"installed {apk.package} {apk.version_name}")
    await call.say("Success")
    return 0


async def uninstall(call: Call, args: list[str]) -> int:
    """`uninstall [-k] PKG`: ends it and removes its APK and, without -k, its data."""
    _size, rest = _words(args)
    tablet, name = call.tablet, rest[0] if rest else ""
    app = tablet.apps.get(name)
    if app is None:
        await call.say("Failure [DELETE_FAILED_INTERNAL_ERROR]")
        return 1
    await tablet.stop_package(name)
    del tablet.apps[name]
    shutil.rmtree(apk_folder(tablet, name), ignore_errors=True)
    if app.url and "-k" not in args:
        shutil.rmtree(tablet.screen.profile_dir(name), ignore_errors=True)
    tablet.log.write("PackageManager", f"removed {name}")
    await call.say("Success")
    return 0
