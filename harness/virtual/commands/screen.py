"""screencap, screenrecord, input, wm."""

from __future__ import annotations

import asyncio
import struct

from harness.core.errors import HarnessError
from harness.virtual.call import Call, Command

_RGBA_8888, _SRGB = 1, 1
_SHORT_HEADER_API = 25
_UNLIMITED_API = 34
_KEYS = {
    "HOME": 3, "BACK": 4, "POWER": 26, "TAB": 61, "ENTER": 66, "DEL": 67, "MENU": 82, "MEDIA_PLAY_PAUSE": 85,
    "ESCAPE": 111, "MEDIA_PLAY": 126, "MEDIA_PAUSE": 127, "APP_SWITCH": 187, "SLEEP": 223, "WAKEUP": 224,
}  # fmt: skip
_SOURCES = ("touchscreen", "keyboard", "mouse", "dpad", "trackball", "touchpad", "stylus", "gamepad", "joystick")
_DPAD_CENTER = 23


async def screencap(call: Call) -> int:
    """`screencap [-p] [FILE]`: a PNG, or the raw pixels with the release's header."""
    words = [word for word in call.args if not word.startswith("-")]
    try:
        if "-p" in call.args or (words and words[-1].endswith(".png")):
            data = await call.tablet.screen.png()
        else:
            width, height = call.tablet.screen.size
            old = call.tablet.profile.api <= _SHORT_HEADER_API
            head = (width, height, _RGBA_8888) if old else (width, height, _RGBA_8888, _SRGB)
            data = struct.pack(f"<{len(head)}I", *head) + await call.tablet.screen.raw()
    except HarnessError as error:
        await call.complain("Capturing failed.")
        call.tablet.log.write("screencap", str(error), level="E")
        return 1
    if words:
        try:
            call.tablet.files.host(words[-1], call.uid, call.cwd, write=True).write_bytes(data)
        except OSError as error:
            await call.complain(f"Error opening file: {words[-1]} ({error.strerror})")
            return 1
    else:
        await call.out(data)
    return 0


async def screenrecord(call: Call) -> int:
    """`screenrecord [--size WxH] [--bit-rate N] [--time-limit S] FILE`; SIGINT, SIGTERM or SIGHUP finish the file."""
    size, bit_rate, limit_s, path = call.tablet.screen.size, 20_000_000, 180.0, ""
    words = iter(call.args)
    for word in words:
        name, _, value = word.partition("=")
        if name in ("--size", "--bit-rate", "--time-limit"):
            value = value or next(words, "")
            if name == "--size":
                width, _, height = value.partition("x")
                if not (width.isdigit() and height.isdigit()):
                    await call.complain(f"Invalid size '{value}', must be width x height")
                    return 2
                size = (int(width), int(height))
            elif name == "--bit-rate":
                bit_rate = int(float(value.rstrip("Mm")) * (1_000_000 if value[-1:] in "Mm" else 1))
            else:
                limit_s = float(value)
        elif not word.startswith("--"):
            path = word
    unlimited = call.tablet.profile.api >= _UNLIMITED_API and limit_s == 0
    if not unlimited and not 0 < limit_s <= 180:
        await call.complain(f"Time limit {limit_s:.0f}s outside acceptable range [1,180]")
        return 2
    try:
        target = call.tablet.files.host(path, call.uid, call.cwd, write=True)
        target.touch()
    except OSError as error:
        await call.complain(f"ERROR: unable to open '{path}': {error.strerror}")
        return 1
    stop = asyncio.Event()
    process = call.tablet.spawn("screenrecord", signal=lambda _number: stop.set())
    recording = asyncio.ensure_future(call.tablet.screen.record(target, size, bit_rate, stop))
    try:
        await asyncio.wait({recording}, timeout=None if unlimited else limit_s)
        stop.set()
        await recording
        return 0
    except HarnessError as error:
        await call.complain(f"ERROR: {error}")
        return 1
    except asyncio.CancelledError:  # the host is gone: SIGHUP, which finishes the file too
        stop.set()
        await asyncio.wait({recording}, timeout=20)
        raise
    finally:
        call.tablet.processes.pop(process.pid, None)


async def _key(call: Call, word: str) -> bool:
    name = word.removeprefix("KEYCODE_")
    code = int(name) if name.isdigit() else _KEYS.get(name, -1)
    power = call.tablet.power
    if code < 0:
        return False
    if code == 26:
        power.awake = not power.awake
    elif code in (223, 224):
        power.awake = code == 224
    await call.tablet.screen.key(code)
    return True


async def touch(call: Call) -> int:
    """`input [SOURCE] tap|swipe|text|keyevent ...`."""
    words = call.args[1:] if call.args[:1] and call.args[0] in _SOURCES else call.args
    verb, rest = (words[0], words[1:]) if words else ("", [])
    screen = call.tablet.screen
    try:
        if verb == "tap" and len(rest) == 2:
            await screen.tap(round(float(rest[0])), round(float(rest[1])))
        elif verb in ("swipe", "draganddrop") and len(rest) >= 4:
            x1, y1, x2, y2 = (round(float(word)) for word in rest[:4])
            await screen.swipe(x1, y1, x2, y2, (float(rest[4]) if len(rest) > 4 else 300.0) / 1000)
        elif verb == "text" and rest:
            await screen.text(" ".join(rest).replace("%s", " "))
        elif verb == "press":  # of a trackball, which Android turns into the middle key for apps without one
            await screen.key(_DPAD_CENTER)
        elif verb == "keyevent" and rest:
            for word in [word for word in rest if not word.startswith("--")]:
                if not await _key(call, word):
                    await call.complain(f"Error: Unknown keycode: {word}")
                    return 255
        else:
            call.unknown()
            await call.complain(f"Error: Unknown command: {verb}")
            return 255
    except ValueError as error:
        await call.complain(f"Error: Invalid arguments for command: {verb} ({error})")
        return 255
    return 0


async def wm(call: Call) -> int:
    """`wm size|density|dismiss-keyguard`; the profile's own values, not changed here."""
    profile = call.tablet.profile
    what = call.args[0] if call.args else ""
    if what == "size" and len(call.args) == 1:
        await call.say(f"Physical size: {profile.size[0]}x{profile.size[1]}")
    elif what == "density" and len(call.args) == 1:
        await call.say(f"Physical density: {profile.density}")
    elif what == "dismiss-keyguard":
        return 0
    else:
        call.unknown()
        await call.complain(f"Error: this tablet does not change its display ({' '.join(call.args)})")
        return 255
    return 0


COMMANDS: dict[str, Command] = {"screencap": screencap, "screenrecord": screenrecord, "input": touch, "wm": wm}
