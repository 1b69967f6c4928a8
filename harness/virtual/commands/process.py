"""Processes and identity: ps kill pidof id date uptime sleep sh run-as su, and ime and appops which change nothing."""

from __future__ import annotations

import asyncio
import time

from harness.virtual.call import Call, Command
from harness.virtual.filesystem import SHELL_UID

_SIGNALS = {"INT": 2, "KILL": 9, "TERM": 15, "HUP": 1, "QUIT": 3}
_PS_HELP = """usage: ps [-AadefLlnwZ] [-gG GROUP,] [-k FIELD,] [-o FIELD,] [-p PID,] [-t TTY,] [-uU USER,]

List processes.

-A\tAll
-a\tHas terminal not session leader"""


async def ps(call: Call) -> int:
    """`ps [-A]`; `ps --help` names -A."""
    if "--help" in call.args:
        await call.say(_PS_HELP)
        return 0
    rows = ["USER           PID  PPID     VSZ    RSS WCHAN            ADDR S NAME"]
    rows += [
        f"{p.user:<12} {p.pid:>5} {p.ppid:>5} 1048576  65536 do_epoll_wait       0 S {p.name}"
        for p in call.tablet.running()
    ]
    await call.out("".join(row + "\n" for row in rows).encode())
    return 0


async def pidof(call: Call) -> int:
    """Pids of a name; exit 1 when there is none. `pgrep` prints one a line."""
    names = [word for word in call.args if not word.startswith("-")]
    found = [str(process.pid) for process in call.tablet.running() if process.name in names]
    if found:
        await call.say(("\n" if call.name == "pgrep" else " ").join(found))
    return 0 if found else 1


async def _signal(call: Call, pid: int, number: int) -> bool:
    process = next((p for p in call.tablet.running() if p.pid == pid), None)
    if process is None:
        return False
    if process.signal is not None:
        process.signal(number)
    elif process.user.startswith("u0_") and number:
        await call.tablet.stop_package(process.name)
    elif number:
        call.tablet.processes.pop(pid, None)
    return True


def _numbered(args: list[str]) -> tuple[int, list[str]]:
    number, rest, words = 15, [], iter(args)
    for word in words:
        name = word[1:] if word.startswith("-") else ""
        if word in ("-s", "-l"):
            name = next(words, "")
        if name:
            number = int(name) if name.isdigit() else _SIGNALS.get(name.removeprefix("SIG"), 15)
        else:
            rest.append(word)
    return number, rest


async def kill(call: Call) -> int:
    """`kill [-SIGNAL] PID...`."""
    number, pids = _numbered(call.args)
    code = 0
    for text in pids:
        if not (text.isdigit() and await _signal(call, int(text), number)):
            await call.complain(f"/system/bin/sh: kill: {text}: No such process")
            code = 1
    return code


async def killall(call: Call) -> int:
    """`killall [-SIGNAL] NAME...`; also pkill."""
    number, names = _numbered(call.args)
    pids = [process.pid for process in call.tablet.running() if process.name in names]
    for pid in pids:
        await _signal(call, pid, number)
    if not pids and call.name == "killall":
        await call.complain(f"killall: {' '.join(names)}: No such process")
    return 0 if pids else 1


async def identity(call: Call) -> int:
    """`id` and `whoami`."""
    name = "shell" if call.uid == SHELL_UID else f"u0_a{call.uid - 10000}"
    if call.name == "whoami":
        await call.say(name)
    elif call.args[:1] == ["-u"]:
        await call.say(str(call.uid))
    else:
        await call.say(f"uid={call.uid}({name}) gid={call.uid}({name}) groups={call.uid}({name}) context=u:r:shell:s0")
    return 0


async def date(call: Call) -> int:
    """`date [-u] [+FORMAT]`; %N is nanoseconds."""
    form = next((word[1:] for word in call.args if word.startswith("+")), "%a %b %e %H:%M:%S %Z %Y")
    if call.args and not call.args[0].startswith(("+", "-")):
        await call.complain("date: cannot set date: Operation not permitted")
        return 1
    now = time.time_ns()
    form = form.replace("%N", f"{now % 1_000_000_000:09d}").replace("%T", "%H:%M:%S")
    await call.say(time.strftime(form, time.gmtime(now / 1e9)).replace("GMT", "UTC"))
    return 0


async def uptime(call: Call) -> int:
    """`uptime`."""
    minutes = int(call.tablet.uptime_s() // 60)
    await call.say(f" {time.strftime('%H:%M:%S')} up {minutes} min,  0 users,  load average: 0.10, 0.10, 0.10")
    return 0


async def sleep(call: Call) -> int:
    """`sleep SECONDS`."""
    try:
        await asyncio.sleep(sum(float(word) for word in call.args))
    except ValueError:
        await call.complain(f"sleep: Not a number '{call.args[0]}'")
        return 1
    return 0


async def timeout(call: Call) -> int:
    """`timeout SECONDS COMMAND...`; 124 when it took longer."""
    words = call.args
    if len(words) < 2 or not words[0].replace(".", "", 1).isdigit():
        await call.complain("timeout: Needs 2 arguments")
        return 125
    try:
        return await asyncio.wait_for(call.run(words[1:]), float(words[0]))
    except TimeoutError:
        return 124


async def sh(call: Call) -> int:
    """`sh -c TEXT`, `sh FILE`, or a command line on stdin."""
    if call.args[:1] == ["-c"] and len(call.args) > 1:
        return await call.run_text(call.args[1])
    if call.args and not call.args[0].startswith("-"):
        try:
            text = call.tablet.files.host(call.args[0], call.uid, call.cwd).read_text("utf-8", "replace")
        except OSError as error:
            await call.complain(f"sh: {call.args[0]}: {error.strerror}")
            return 127
        return await call.run_text(text)
    return await call.run_text((await call.read_all()).decode("utf-8", "replace"))


async def run_as(call: Call) -> int:
    """`run-as PKG COMMAND...`: the app's own user in its data folder; every app here is debuggable."""
    if not call.args:
        await call.complain("run-as: usage: run-as <package-name> [--user <uid>] <command> [<args>]")
        return 1
    package, words = call.args[0], call.args[1:]
    app = call.tablet.apps.get(package)
    if app is None:
        await call.complain(f"run-as: unknown package: {package}")
        return 1
    if not app.url:
        await call.complain(f"run-as: package not debuggable: {package}")
        return 1
    return await call.run(words or ["sh"], uid=app.uid, cwd=f"/data/user/0/{package}")


async def su(call: Call) -> int:
    """Refused: the tablet is not rooted."""
    await call.complain("/system/bin/sh: su: inaccessible or not found")
    return 127


async def quiet(_call: Call) -> int:
    """Accepted and without effect: ime, appops, content."""
    return 0


async def uname(call: Call) -> int:
    """`uname [-a|-m|-r]`."""
    table = {"-m": "x86_64", "-r": "5.15.0-android", "-a": "Linux localhost 5.15.0-android x86_64 Toybox"}
    await call.say(table.get(call.args[0] if call.args else "", "Linux"))
    return 0


COMMANDS: dict[str, Command] = {
    "ps": ps, "pidof": pidof, "pgrep": pidof, "kill": kill, "killall": killall, "pkill": killall, "id": identity,
    "whoami": identity, "date": date, "uptime": uptime, "sleep": sleep, "timeout": timeout, "sh": sh, "run-as": run_as,
    "su": su, "ime": quiet, "appops": quiet, "uname": uname,
}  # fmt: skip
