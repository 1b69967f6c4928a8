"""Words and filters: echo, printf, true, false, test and [, head, tail, wc, grep, cut, tr, sort, uniq."""

from __future__ import annotations

import re
from collections.abc import Callable

from harness.virtual.call import Call, Command
from harness.virtual.commands.files import host


async def echo(call: Call) -> int:
    """`echo [-n] WORDS`."""
    plain = call.args[:1] == ["-n"]
    await call.out((" ".join(call.args[plain:]) + ("" if plain else "\n")).encode())
    return 0


async def printf(call: Call) -> int:
    r"""`printf FORMAT WORDS` with %s, %d and \n, \t."""
    text = (call.args or [""])[0].replace("\\n", "\n").replace("\\t", "\t")
    words = iter(call.args[1:])
    await call.out(re.sub(r"%[sd%]", lambda m: "%" if m.group() == "%%" else next(words, ""), text).encode())
    return 0


async def true(_call: Call) -> int:
    """Exit 0."""
    return 0


async def false(_call: Call) -> int:
    """Exit 1."""
    return 1


async def test(call: Call) -> int:
    """`test` and `[ ... ]`: -e -f -d -s -n -z = != -eq -ne -gt -lt and !."""
    words = call.args[:-1] if call.name == "[" else call.args
    wanted = True
    if words[:1] == ["!"]:
        words, wanted = words[1:], False
    return 0 if _holds(call, words) is wanted else 1


def _holds(call: Call, words: list[str]) -> bool:
    if len(words) == 1:
        return bool(words[0])
    if len(words) == 2:
        verb, value = words
        if verb in ("-n", "-z"):
            return bool(value) is (verb == "-n")
        try:
            path = host(call, value)
            looks: dict[str, Callable[[], bool]] = {
                "-e": path.exists, "-f": path.is_file, "-d": path.is_dir, "-r": path.exists, "-w": path.exists,
                "-L": path.is_symlink, "-s": lambda: path.is_file() and path.stat().st_size > 0,
            }  # fmt: skip
            return looks[verb]() if verb in looks else False
        except OSError:
            return False
    if len(words) == 3:
        left, verb, right = words
        if verb in ("=", "=="):
            return left == right
        if verb == "!=":
            return left != right
        if re.fullmatch(r"-?\d+", left) and re.fullmatch(r"-?\d+", right):
            a, b = int(left), int(right)
            return {"-eq": a == b, "-ne": a != b, "-gt": a > b, "-lt": a < b, "-ge": a >= b, "-le": a <= b}.get(
                verb, False
            )
    return False


def _operands(call: Call) -> list[str]:
    return [word for word in call.args if not word.startswith("-") or word == "-"]


async def _lines(call: Call, paths: list[str]) -> list[str]:
    if not paths:
        data = await call.read_all()
    else:
        data = b"".join([host(call, path).read_bytes() for path in paths])
    return data.decode("utf-8", "surrogateescape").splitlines()


def _count(call: Call, otherwise: int) -> tuple[int, list[str]]:
    number, paths, words = otherwise, [], iter(call.args)
    for word in words:
        if word in ("-n", "-c"):
            number = int(next(words, str(otherwise)))
        elif re.fullmatch(r"-n?\d+", word):
            number = int(word.lstrip("-n"))
        else:
            paths.append(word)
    return number, paths


async def head(call: Call) -> int:
    """`head [-n N] [FILE]`; stops reading after N lines."""
    number, paths = _count(call, 10)
    if "-c" in call.args:
        data = host(call, paths[0]).read_bytes() if paths else await call.read_all()
        await call.out(data[:number])
        return 0
    if paths:
        await _print(call, (await _lines(call, paths))[:number])
        return 0
    rest = b""
    while number > 0 and (data := await call.stdin.read()):
        rest += data
        while number > 0 and b"\n" in rest:
            line, _, rest = rest.partition(b"\n")
            await call.out(line + b"\n")
            number -= 1
    if number > 0 and rest:
        await call.out(rest)
    return 0


async def tail(call: Call) -> int:
    """`tail [-n N] [FILE]`."""
    number, paths = _count(call, 10)
    await _print(call, (await _lines(call, paths))[-number:] if number else [])
    return 0


async def _print(call: Call, lines: list[str]) -> None:
    await call.out("".join(line + "\n" for line in lines).encode("utf-8", "surrogateescape"))


async def wc(call: Call) -> int:
    """`wc [-l -w -c] [FILE...]`."""
    letters = "".join(word[1:] for word in call.args if word.startswith("-")) or "lwc"
    paths = _operands(call)
    for path in paths or [""]:
        data = host(call, path).read_bytes() if path else await call.read_all()
        numbers = {"l": data.count(b"\n"), "w": len(data.split()), "c": len(data)}
        await call.say(
            " ".join(str(numbers[letter]) for letter in "lwc" if letter in letters) + (f" {path}" if path else "")
        )
    return 0


async def grep(call: Call) -> int:
    """`grep [-i -v -c -q -E -F -o] PATTERN [FILE...]`, line by line."""
    letters = "".join(word[1:] for word in call.args if word.startswith("-") and word != "-e")
    words = [word for word in call.args if not word.startswith("-")]
    if not words or set(letters) - set("ivcqEFo"):
        await call.complain("grep: no REGEX" if not words else f"grep: this tablet does not know -{letters}")
        call.unknown()
        return 2
    pattern = re.escape(words[0]) if "F" in letters else words[0]
    if not set(letters) & {"E", "F"}:
        pattern = pattern.replace("\\|", "|")
    try:
        wanted = re.compile(pattern, re.IGNORECASE if "i" in letters else 0)
    except re.error as error:
        await call.complain(f"grep: bad REGEX {words[0]!r}: {error}")
        return 2
    count = 0

    async def take(line: str) -> None:
        nonlocal count
        found = wanted.search(line)
        if bool(found) is not ("v" in letters):
            count += 1
            if not set(letters) & {"q", "c"}:
                await call.out(
                    ((found.group() if "o" in letters and found else line) + "\n").encode("utf-8", "replace")
                )

    if words[1:]:
        for line in await _lines(call, words[1:]):
            await take(line)
    else:
        rest = b""
        while data := await call.stdin.read():
            *full, rest = (rest + data).split(b"\n")
            for raw in full:
                await take(raw.decode("utf-8", "replace"))
        if rest:
            await take(rest.decode("utf-8", "replace"))
    if "c" in letters:
        await call.say(str(count))
    return 0 if count else 1


async def cut(call: Call) -> int:
    """`cut -d D -f N[,M]`."""
    words = iter(call.args)
    delimiter, fields, paths = "\t", [1], list[str]()
    for word in words:
        if word.startswith("-d"):
            delimiter = word[2:] or next(words, " ")
        elif word.startswith("-f"):
            fields = [int(part) for part in (word[2:] or next(words, "1")).split(",") if part.isdigit()]
        else:
            paths.append(word)
    rows = [line.split(delimiter) for line in await _lines(call, paths)]
    await _print(call, [delimiter.join(row[n - 1] for n in fields if n <= len(row)) for row in rows])
    return 0


async def sort(call: Call) -> int:
    """`sort [-r -u -n]` and `uniq`."""
    lines = await _lines(call, _operands(call))
    letters = "".join(word[1:] for word in call.args if word.startswith("-"))
    if call.name == "uniq":
        await _print(call, [line for n, line in enumerate(lines) if n == 0 or lines[n - 1] != line])
        return 0
    made = sorted(set(lines) if "u" in letters else lines, reverse="r" in letters)
    await _print(call, made)
    return 0


COMMANDS: dict[str, Command] = {
    "echo": echo, "printf": printf, "true": true, ":": true, "false": false, "test": test, "[": test, "head": head,
    "tail": tail, "wc": wc, "grep": grep, "cut": cut, "sort": sort, "uniq": sort, "sync": true,
}  # fmt: skip
