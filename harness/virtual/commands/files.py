"""Commands on files: ls cat rm mkdir mv cp stat df du find touch tar, hashes. Toybox's words and exit codes."""

from __future__ import annotations

import contextlib
import fnmatch
import hashlib
import io
import os
import shutil
import stat as modes
import tarfile
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

from harness.virtual.call import Call, Command

BLOCK_BYTES = 256 * 1024


def host(call: Call, path: str, write: bool = False) -> Path:
    """The host path of a device path for this call's user and folder."""
    return call.tablet.files.host(path, call.uid, call.cwd, write)


def _split(args: list[str], valued: str = "") -> tuple[set[str], dict[str, str], list[str]]:
    """(letters, letters with a value, operands); `--` ends the options."""
    letters: set[str] = set()
    values: dict[str, str] = {}
    words = iter(args)
    for word in words:
        if word == "--":
            return letters, values, list(words)
        if len(word) > 1 and word.startswith("-") and not word.startswith("--"):
            for at, letter in enumerate(word[1:], 1):
                if letter in valued:
                    values[letter] = word[at + 1 :] or next(words, "")
                    break
                letters.add(letter)
        else:
            return letters, values, [word, *(w for w in words if w != "--")]
    return letters, values, []


async def each(call: Call, paths: list[str], do: Callable[[str], Awaitable[None]]) -> int:
    """Do it for each path; errors are worded as toybox does and make the exit code 1."""
    code = 0
    for path in paths:
        try:
            await do(path)
        except OSError as error:
            await call.complain(f"{call.name}: {path}: {error.strerror}")
            code = 1
    return code


def _proc(call: Call, path: str) -> str | None:
    tablet = call.tablet
    received, sent = tablet.radio.interface_bytes()
    if path == "/proc/uptime":
        return f"{tablet.uptime_s():.2f} {tablet.uptime_s() * 0.9:.2f}\n"
    if path == "/proc/net/dev":
        lines = [("lo", 0, 0), ("wlan0", received, sent)]
        rows = "".join(
            f"{n:>6}: {r:>7} {r // 1400:>7}    0    0    0     0          0         0 {t:>8} {t // 1400:>7}"
            "    0    0    0     0       0          0\n"
            for n, r, t in lines
        )
        return (
            "Inter-|   Receive                                                |  Transmit\n"
            " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo "
            f"colls carrier compressed\n{rows}"
        )
    if path == "/proc/net/unix":
        return "Num       RefCount Protocol Flags    Type St Inode Path\n"
    if path in ("/proc/net/tcp", "/proc/net/tcp6", "/proc/net/udp", "/proc/net/udp6"):
        head = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
        rows = "".join(
            f"{n:4d}: 0100007F:{port:04X} 00000000:0000 0A 00000000:00000000 00:00000000 00000000  2000        0 1\n"
            for n, port in enumerate(tablet.radio.reverse)
        )
        return head + (rows if path.endswith("tcp") else "")
    if path == "/proc/stat":  # the machine's own, as with its disk
        return Path("/proc/stat").read_text("ascii")
    if path == "/proc/meminfo":
        return "MemTotal:        4046784 kB\nMemAvailable:    2023392 kB\n"
    return None


async def cat(call: Call) -> int:
    """Files, or stdin, to stdout."""
    _letters, _values, paths = _split(call.args)
    if not paths:
        while data := await call.stdin.read():
            await call.out(data)
        return 0

    async def one(path: str) -> None:
        text = _proc(call, path)
        if text is not None:
            await call.out(text.encode())
            return
        with host(call, path).open("rb") as file:
            while block := file.read(BLOCK_BYTES):
                await call.out(block)

    return await each(call, paths, one)


def _row(name: str, seen: os.stat_result, uid: int) -> str:
    owner = f"u0_a{uid - 10000}" if uid >= 10000 else "shell"
    moment = time.strftime("%Y-%m-%d %H:%M", time.localtime(seen.st_mtime))
    return f"{modes.filemode(seen.st_mode)} {seen.st_nlink} {owner} {owner} {seen.st_size:>7} {moment} {name}"


async def ls(call: Call) -> int:
    """`ls [-1 -a -l -d -R no] PATH...`."""
    letters, _values, paths = _split(call.args)

    async def one(path: str) -> None:
        found = host(call, path)
        found.lstat()
        if not found.is_dir() or "d" in letters:
            names = [(path, found)]
        else:
            items = [item for item in sorted(found.iterdir()) if "a" in letters or not item.name.startswith(".")]
            if "l" in letters:
                await call.say(f"total {sum(i.lstat().st_size for i in items) // 1024}")
            names = [(item.name, item) for item in items]
        for name, item in names:
            await call.say(_row(name, item.lstat(), call.uid) if "l" in letters else name)

    return await each(call, paths or ["."], one)


async def rm(call: Call) -> int:
    """`rm [-r -f] PATH...`."""
    letters, _values, paths = _split(call.args)

    async def one(path: str) -> None:
        found = host(call, path, write=True)
        if not found.exists() and not found.is_symlink():
            if "f" in letters:
                return
            raise FileNotFoundError(2, "No such file or directory")
        if found.is_dir() and not found.is_symlink():
            if not letters & {"r", "R"}:
                raise IsADirectoryError(21, "is a directory")
            shutil.rmtree(found)
        else:
            found.unlink()

    return await each(call, paths, one)


async def mkdir(call: Call) -> int:
    """`mkdir [-p] DIR...`."""
    letters, _values, paths = _split(call.args, "m")

    async def one(path: str) -> None:
        host(call, path, write=True).mkdir(parents="p" in letters, exist_ok="p" in letters)

    return await each(call, paths, one)


async def touch(call: Call) -> int:
    """Make files or renew their time."""

    async def one(path: str) -> None:
        host(call, path, write=True).touch()

    return await each(call, _split(call.args, "dt")[2], one)


async def copy(call: Call) -> int:
    """`cp [-r] A B` and `mv A B`."""
    letters, _values, paths = _split(call.args)
    if len(paths) < 2:
        await call.complain(f"{call.name}: Needs 2 arguments")
        return 1

    async def one(path: str) -> None:
        source, target = host(call, path, write=call.name == "mv"), host(call, paths[-1], write=True)
        target = target / source.name if target.is_dir() else target
        if call.name == "mv":
            source.lstat()
            shutil.move(source, target)
        elif source.is_dir():
            if not letters & {"r", "R", "a"}:
                raise IsADirectoryError(21, "is a directory")
            shutil.copytree(source, target, dirs_exist_ok=True)
        else:
            shutil.copyfile(source, target)

    return await each(call, paths[:-1], one)


def _kind(mode: int, size: int) -> str:
    if modes.S_ISREG(mode):
        return "regular file" if size else "regular empty file"
    return "directory" if modes.S_ISDIR(mode) else "symbolic link"


async def stat(call: Call) -> int:
    """`stat [-L] -c FORMAT PATH...` with %s %n %F %a %Y %u %h %i."""
    letters, values, paths = _split(call.args, "c")

    async def one(path: str) -> None:
        found = host(call, path)
        seen = found.stat() if "L" in letters else found.lstat()
        table = {
            "s": str(seen.st_size), "n": path, "F": _kind(seen.st_mode, seen.st_size), "Y": str(int(seen.st_mtime)),
            "a": f"{seen.st_mode & 0o7777:o}", "u": str(call.uid), "h": str(seen.st_nlink), "i": str(seen.st_ino),
            "X": str(int(seen.st_atime)), "Z": str(int(seen.st_ctime)), "b": str(seen.st_blocks), "%": "%",
        }  # fmt: skip
        text, out, at = values.get("c", "%n %s"), "", 0
        while at < len(text):
            if text[at] == "%" and at + 1 < len(text):
                out += table.get(text[at + 1], "?")
                at += 2
            else:
                out += text[at]
                at += 1
        await call.say(out)

    return await each(call, paths, one)


async def df(call: Call) -> int:
    """`df [-k -h] [PATH]`: the machine's own free space."""
    total, free = call.tablet.disk()
    used = total - free
    await call.say("Filesystem     1K-blocks    Used Available Use% Mounted on")
    for path in _split(call.args)[2] or ["/data", "/storage/emulated"]:
        name = "/dev/fuse" if "emulated" in path or "sdcard" in path else "/dev/block/dm-27"
        mount = "/storage/emulated" if name == "/dev/fuse" else "/data"
        await call.say(
            f"{name} {total // 1024:>10} {used // 1024:>10} {free // 1024:>10} "
            f"{100 * used // max(total, 1):>3}% {mount}"
        )
    return 0


def _walk(top: Path, shown: str) -> Iterator[tuple[Path, str]]:
    yield top, shown
    if top.is_dir() and not top.is_symlink():
        try:
            items = sorted(top.iterdir())
        except OSError:  # gone meanwhile
            items = []
        for item in items:
            yield from _walk(item, f"{shown.rstrip('/')}/{item.name}")


async def du(call: Call) -> int:
    """`du [-s -k -a -b] PATH...`, KiB."""
    letters, _values, paths = _split(call.args, "d")

    async def one(path: str) -> None:
        top = host(call, path)
        top.lstat()
        size = 0
        for item, _shown in _walk(top, path):
            with contextlib.suppress(FileNotFoundError):  # gone meanwhile
                size += item.lstat().st_size if "b" in letters else item.lstat().st_blocks * 512
        await call.say(f"{size if 'b' in letters else (size + 1023) // 1024}\t{path}")

    return await each(call, paths or ["."], one)


async def find(call: Call) -> int:
    """`find PATH... [-type f|d] [-name P] [-maxdepth N] [-size +Nc] [-print|-print0|-exec CMD {} +|;]`."""
    args = call.args
    first = next((n for n, word in enumerate(args) if word.startswith("-")), len(args))
    paths, tests = args[:first] or ["."], iter(args[first:])
    kind, pattern, depth, execute, end, action = "", "*", 1000, list[str](), "", "-print"
    for word in tests:
        if word == "-type":
            kind = next(tests, "")
        elif word == "-name":
            pattern = next(tests, "*")
        elif word == "-maxdepth":
            depth = int(next(tests, "1000"))
        elif word in ("-print", "-print0"):
            action = word
        elif word == "-exec":
            action = "-exec"
            for part in tests:
                if part in (";", "+"):
                    end = part
                    break
                execute.append(part)
        else:
            call.unknown()
            await call.complain(f"find: bad arg '{word}'")
            return 1
    found: list[str] = []

    async def one(path: str) -> None:
        top = host(call, path)
        top.lstat()
        for item, shown in _walk(top, path):
            fits = {"f": item.is_file() and not item.is_symlink(), "d": item.is_dir(), "l": item.is_symlink(), "": True}
            level = len(item.relative_to(top).parts)
            if fits.get(kind, False) and fnmatch.fnmatchcase(item.name, pattern) and level <= depth:
                found.append(shown)

    code = await each(call, paths, one)
    if action != "-exec":
        await call.out("".join(f + ("\0" if action == "-print0" else "\n") for f in found).encode())
    elif found and end == "+":
        await call.run([word for part in execute for word in (found if part == "{}" else [part])])
    elif found:
        for name in found:
            await call.run([name if part == "{}" else part for part in execute])
    return code


async def digest(call: Call) -> int:
    """md5sum, sha1sum, sha256sum, sha512sum of files or stdin."""
    kind = call.name.removesuffix("sum")

    async def one(path: str) -> None:
        with host(call, path).open("rb") as file:
            await call.say(f"{hashlib.file_digest(file, kind).hexdigest()}  {path}")

    paths = _split(call.args)[2]
    if not paths:
        await call.say(f"{hashlib.new(kind, await call.read_all()).hexdigest()}  -")
        return 0
    return await each(call, paths, one)


async def tar(call: Call) -> int:
    """`tar -c[f -] PATH...` to stdout."""
    letters, values, paths = _split(call.args, "fC")
    if "c" not in letters or values.get("f", "-") != "-":
        call.unknown()
        await call.complain("tar: this tablet only creates archives on stdout")
        return 1
    if "C" in values:
        call.cwd = call.tablet.files.normal(values["C"], call.cwd)

    damaged = 0

    async def one(path: str) -> None:
        nonlocal damaged
        top = host(call, path)
        top.lstat()
        for item, shown in _walk(top, path):
            if item.is_symlink():
                continue
            buffer = io.BytesIO()
            try:
                with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as archive:
                    archive.add(item, shown, recursive=False)
                    size = archive.offset
            except OSError as error:  # the app removed or shortened it meanwhile
                await call.complain(f"tar: {shown}: {error.strerror or error}")
                damaged = 1
                continue
            await call.out(buffer.getvalue()[:size])

    code = await each(call, paths, one)
    await call.out(b"\0" * 1024)
    return code or damaged


COMMANDS: dict[str, Command] = {
    "cat": cat, "ls": ls, "rm": rm, "mkdir": mkdir, "touch": touch, "cp": copy, "mv": copy, "stat": stat, "df": df,
    "du": du, "find": find, "tar": tar, "md5sum": digest, "sha1sum": digest, "sha256sum": digest, "sha512sum": digest,
}  # fmt: skip
