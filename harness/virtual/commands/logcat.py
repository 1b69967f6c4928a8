"""logcat and log: dumping, following, filtering, clearing."""

from __future__ import annotations

import re

from harness.virtual.call import Call, Command
from harness.virtual.logbook import LEVELS, LogEntry

_BUFFERS = ("main", "system", "crash", "events", "radio", "kernel")
_DEFAULT = ("main", "system", "crash")
_STYLES = ("brief", "raw", "tag", "time", "epoch", "year", "threadtime")
_NO_EFFECT = {"-D", "-L", "--wrap", "-S"}


class _Wanted:
    """The options of one logcat call."""

    def __init__(self, args: list[str]) -> None:
        self.style, self.dump, self.clear, self.last, self.since = "threadtime", False, False, -1, ""
        self.buffers: tuple[str, ...] = ()
        self.pid, self.regex, self.silent, self.unknown = -1, "", False, ""
        self.levels: dict[str, str] = {}
        words = iter(args)
        for word in words:
            name, _, value = word.partition("=")
            if word in ("-d", "-c", "-g", "-s"):
                self.dump = self.dump or word != "-s"
                self.clear = self.clear or word == "-c"
                self.silent = self.silent or word == "-s"
            elif name in ("-v", "--format"):
                style = value or next(words, "")
                self.style = (
                    style if style in ("brief", "raw", "tag", "time", "epoch", "year", "threadtime") else self.style
                )
            elif name in ("-b", "--buffer"):
                chosen = (value or next(words, "")).split(",")
                self.buffers += tuple(_BUFFERS if "all" in chosen else _DEFAULT if "default" in chosen else chosen)
            elif word in ("-t", "-T"):
                self.dump = self.dump or word == "-t"
                text = next(words, "")
                self.last, self.since = (int(text), "") if text.isdigit() else (-1, text)
            elif name == "--pid":
                self.pid = int(value or next(words, "-1"))
            elif name in ("-e", "--regex"):
                self.regex = value or next(words, "")
            elif re.fullmatch(r"[^-].*:[VDIWEFSvdiwefs]", word) or (self.silent and not word.startswith("-")):
                tag, _, level = word.rpartition(":") if ":" in word else (word, "", "V")
                self.levels[tag] = level.upper()
            elif word not in _NO_EFFECT:
                self.unknown = word
        self.buffers = self.buffers or _DEFAULT

    def takes(self, entry: LogEntry) -> bool:
        """True when the options want this entry."""
        least = self.levels.get(entry.tag, self.levels.get("*", "S" if self.silent else "V"))
        return (
            entry.buffer in self.buffers
            and least != "S"
            and LEVELS.index(entry.level) >= LEVELS.index(least)
            and (self.pid < 0 or entry.pid == self.pid)
            and (not self.regex or re.search(self.regex, entry.message) is not None)
            and (not self.since or entry.text("threadtime")[:18] >= self.since or self._after_epoch(entry))
        )

    def _after_epoch(self, entry: LogEntry) -> bool:
        return re.fullmatch(r"\d+\.\d+", self.since) is not None and entry.at_s >= float(self.since)


async def logcat(call: Call) -> int:
    """`logcat`: what is there, then (without -d or -t) what comes, until the host leaves."""
    wanted = _Wanted(call.args)
    log = call.tablet.log
    if wanted.unknown:
        call.unknown()
        await call.complain(f"logcat: unknown option -- {wanted.unknown}")
        return 1
    if wanted.clear:
        log.clear(wanted.buffers)
        return 0
    if "-g" in call.args:
        for name in wanted.buffers:
            await call.say(f"{name}: ring buffer is 256 KiB (0 B consumed), max entry is 5120 B, max payload is 4068 B")
        return 0
    if wanted.style != "raw":
        await call.say(f"--------- beginning of {wanted.buffers[0]}")
    seen = [entry for entry in log.entries() if wanted.takes(entry)]
    after = log.entries()[-1].number if log.entries() else 0
    if wanted.last >= 0:
        seen = seen[-wanted.last :] if wanted.last else []
    await call.out("".join(entry.text(wanted.style) + "\n" for entry in seen).encode())
    if wanted.dump:
        return 0
    process = call.tablet.spawn("logcat")
    try:
        while True:
            fresh = log.entries(after)
            if not fresh:
                await log.wait()
                continue
            after = fresh[-1].number
            text = "".join(entry.text(wanted.style) + "\n" for entry in fresh if wanted.takes(entry))
            await call.out(text.encode())
    finally:
        call.tablet.processes.pop(process.pid, None)


async def log(call: Call) -> int:
    """`log [-p LEVEL] [-t TAG] MESSAGE`."""
    level, tag, words = "I", "log", list[str]()
    args = iter(call.args)
    for word in args:
        if word == "-p":
            level = (next(args, "i")[:1] or "i").upper()
        elif word == "-t":
            tag = next(args, "log")
        else:
            words.append(word)
    call.tablet.log.write(tag, " ".join(words), level=level if level in LEVELS else "I", pid=4300)
    return 0


COMMANDS: dict[str, Command] = {"logcat": logcat, "log": log}
