"""ip, ping, nc: what the radios really are, and real connection attempts through them."""

from __future__ import annotations

import asyncio
import time

from harness.virtual.call import Call, Command
from harness.virtual.hardware import OpenHostStream

_LOOPBACK = ("127.0.0.1", "localhost", "::1")


def _interfaces(call: Call) -> list[tuple[int, str, str]]:
    radio = call.tablet.radio
    found = [(1, "lo", "127.0.0.1/8")]
    if radio.wifi:
        found.append((21, "wlan0", "10.0.2.16/24"))
    if radio.data and not radio.airplane:
        found.append((22, "rmnet0", "10.8.0.2/30"))
    return found


async def ip(call: Call) -> int:
    """`ip [-o] addr|route|link`."""
    words = [word for word in call.args if not word.startswith("-")]
    what = words[0] if words else ""
    if what in ("addr", "address", "a", "link"):
        for number, name, address in _interfaces(call):
            scope = "host" if name == "lo" else "global"
            await call.say(
                f"{number}: {name}    inet {address} scope {scope} {name}\\"
                "       valid_lft forever preferred_lft forever"
            )
        return 0
    if what in ("route", "r"):
        for _number, name, address in _interfaces(call)[1:]:
            net = address.split("/")[0].rsplit(".", 1)[0]
            table = " table 1021" if "all" in words else ""
            if table:
                await call.say(f"default via {net}.2 dev {name}{table} proto static")
            await call.say(f"{net}.0/24 dev {name} proto kernel scope link src {address.split('/')[0]}")
        if "all" in words:
            await call.say("local 127.0.0.1 dev lo table local proto kernel scope host src 127.0.0.1")
        return 0
    call.unknown()
    await call.complain(f'ip: Object "{what}" is unknown')
    return 1


def _valued(args: list[str], letters: str) -> tuple[dict[str, str], list[str]]:
    values: dict[str, str] = {}
    rest: list[str] = []
    words = iter(args)
    for word in words:
        if len(word) == 2 and word[0] == "-" and word[1] in letters:
            values[word[1]] = next(words, "")
        elif not word.startswith("-"):
            rest.append(word)
    return values, rest


async def ping(call: Call) -> int:
    """`ping -c N -W S HOST`: an answer exactly when a radio is up; no packet leaves the machine."""
    values, rest = _valued(call.args, "cWwis")
    host = rest[0] if rest else ""
    if len(_interfaces(call)) < 2 and not host.startswith("127."):
        text = "connect: Network is unreachable" if host[:1].isdigit() else f"ping: unknown host {host}"
        await call.complain(text)
        return 2
    count = int(values.get("c", "1")) if values.get("c", "1").isdigit() else 1
    await call.say(f"PING {host} ({host}) 56(84) bytes of data.")
    for number in range(1, count + 1):
        await call.say(f"64 bytes from {host}: icmp_seq={number} ttl=255 time=0.5 ms")
    await call.say(
        f"\n--- {host} ping statistics ---\n{count} packets transmitted, {count} received, 0% packet loss, time 0ms"
    )
    return 0


async def _carry(call: Call, opener: OpenHostStream) -> int:
    """Bytes both ways until either side ends: adb's streams have no half-close."""
    try:
        reader, writer = await opener()
    except ConnectionError as error:
        await call.complain(f"nc: {error}")
        return 1

    async def up() -> None:
        while data := await call.stdin.read():
            writer.write(data)
            await writer.drain()

    async def down() -> None:
        while data := await reader.read(64 * 1024):
            await call.out(data)

    both = [asyncio.create_task(up()), asyncio.create_task(down())]
    try:
        await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in both:
            task.cancel()
        await asyncio.gather(*both, return_exceptions=True)
        writer.close()
        await writer.wait_closed()
    return 0


async def nc(call: Call) -> int:
    """`nc [-w S] [-z] HOST PORT`: a real connection attempt through the radio; bytes go to adb's reverses only."""
    _values, rest = _valued(call.args, "wpq")
    if len(rest) != 2 or not rest[1].isdigit():
        await call.complain("nc: needs HOST and PORT")
        return 1
    opener = call.tablet.radio.reverse.get(int(rest[1])) if rest[0] in _LOOPBACK else None
    if opener is not None and "-z" not in call.args:
        return await _carry(call, opener)
    begun = time.monotonic()
    problem = await call.tablet.radio.probe(rest[0], int(rest[1]))
    call.tablet.log.write(
        "nc", f"{rest[0]}:{rest[1]} {problem or 'connected'} in {time.monotonic() - begun:.3f} s", level="D"
    )
    if problem is not None:
        await call.complain(problem if problem.startswith("nc:") else f"nc: {problem}")
        return 1
    return 0


COMMANDS: dict[str, Command] = {"ip": ip, "ping": ping, "nc": nc}
