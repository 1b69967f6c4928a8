"""The guard: runs one command in its own session and ends all of it when the parent is gone.

Run as `python -I -S guard.py PIPE_FD GRACE_S REMOVE_JSON COMMAND...`; standard library only, so that it starts
in milliseconds. The parent holds the other end of the pipe and never closes it while it lives, thus the end of
the pipe is the parent's death, also by kill -9. A line on the pipe (a number) asks for an end with that grace.

On Linux the guard is also the subreaper: processes that left the group (a daemon) come back to it as children
and are ended too.
"""

from __future__ import annotations

import ctypes
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

NOT_STARTED = 127  # what a shell exits with when the command is not there
_PR_SET_CHILD_SUBREAPER = 36  # linux/prctl.h
_LOOK_EVERY_S = 0.02


def _become_subreaper() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _wakeups() -> int:
    """A file descriptor that becomes readable when a child ends or somebody ends the guard."""
    readable, writable = os.pipe()
    os.set_blocking(writable, False)
    os.set_blocking(readable, False)
    signal.set_wakeup_fd(writable, warn_on_full_buffer=False)
    for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: None)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to answer
    return readable


def _children() -> list[int]:
    """The guard's direct children, on Linux also the adopted ones; nothing elsewhere."""
    found: list[int] = []
    if sys.platform != "linux":
        return found
    for place in Path("/proc").iterdir():
        if not place.name.isdigit():
            continue
        try:
            state, parent = (place / "stat").read_text("utf-8", "replace").rpartition(")")[2].split()[:2]
        except (OSError, ValueError):
            continue  # it ended while we looked
        if int(parent) == os.getpid() and state != "Z":
            found.append(int(place.name))
    return found


def _reap(child: subprocess.Popen[bytes]) -> None:
    child.poll()
    if child.returncode is None:
        return  # waiting for any child would steal the command's code
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def _send(group: int, number: signal.Signals, *, strays: bool) -> bool:
    """Signal the group (and what was adopted from it); False when nobody was left."""
    there = False
    try:
        os.killpg(group, number)
        there = True
    except (ProcessLookupError, PermissionError):  # macOS says EPERM for a group of zombies
        pass
    for pid in _children() if strays else []:
        try:
            os.kill(pid, number)
            there = True
        except ProcessLookupError:
            pass
    return there


def _wait_until_empty(child: subprocess.Popen[bytes], seconds: float) -> bool:
    until = time.monotonic() + seconds
    while True:
        _reap(child)
        try:
            os.killpg(child.pid, 0)
        except (ProcessLookupError, PermissionError):
            if not _children():
                return True
        if time.monotonic() >= until:
            return False
        time.sleep(_LOOK_EVERY_S)


def _end(child: subprocess.Popen[bytes], grace_s: float) -> None:
    _reap(child)
    if not _send(child.pid, signal.SIGTERM, strays=True) or _wait_until_empty(child, grace_s):
        return
    for _ in range(3):  # a process killed last may have left a child that is adopted only now
        _send(child.pid, signal.SIGKILL, strays=True)
        if _wait_until_empty(child, 1.0):
            return


def _asked_grace(line: bytes, usual_s: float) -> float:
    try:
        return float(line.split()[0])
    except (ValueError, IndexError):
        return usual_s


def main(arguments: list[str]) -> int:
    """The command's exit code (128 + signal when a signal ended it); 127 when it could not be started."""
    pipe, grace_s, remove, command = int(arguments[0]), float(arguments[1]), json.loads(arguments[2]), arguments[3:]
    os.set_inheritable(pipe, False)
    wakeups = _wakeups()
    _become_subreaper()
    try:
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)
    except OSError as problem:
        print(f"guard: {command[0]}: {problem}", file=sys.stderr, flush=True)
        for folder in remove:
            shutil.rmtree(folder, ignore_errors=True)
        return NOT_STARTED
    while child.poll() is None:
        ready, _, _ = select.select([pipe, wakeups], [], [])
        if pipe in ready:
            grace_s = _asked_grace(os.read(pipe, 64), grace_s)
            break
        if any(number != signal.SIGCHLD for number in os.read(wakeups, 64)):
            break
    _end(child, grace_s)
    for folder in remove:
        shutil.rmtree(folder, ignore_errors=True)
    code = child.poll()
    if code is None:
        return 128 + signal.SIGKILL
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
