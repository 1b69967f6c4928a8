"""The tablet's shell: runs parsed command lines over the command table."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from harness.virtual.call import Call, Command, Input, NoInput, Output
from harness.virtual.filesystem import SHELL_UID
from harness.virtual.shellparse import Redirect, ShellSyntaxError, Simple, Step, Word, parse
from harness.virtual.tablet import Tablet
from harness.virtual.transport import StreamClosed

NOT_FOUND = 127
_PATHS = ("/system/bin/", "/vendor/bin/", "/bin/")


class _Pipe:
    """Bytes from one command to the next; a closed reader ends the writer."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[bytes] = asyncio.Queue(64)
        self._rest = b""
        self._reader_gone = False

    async def write(self, data: bytes) -> None:
        if self._reader_gone:
            raise StreamClosed("broken pipe")
        if data:
            await self._queue.put(data)

    async def end(self) -> None:
        if not self._reader_gone:
            await self._queue.put(b"")

    async def read(self, limit: int = -1) -> bytes:
        data = self._rest or await self._queue.get()
        self._rest = b"" if limit < 0 else data[limit:]
        return data if limit < 0 else data[:limit]

    def abandon(self) -> None:
        self._reader_gone = True
        while not self._queue.empty():
            self._queue.get_nowait()


class _FileInput:
    def __init__(self, data: bytes) -> None:
        self._data = data

    async def read(self, limit: int = -1) -> bytes:
        data, self._data = (self._data, b"") if limit < 0 else (self._data[:limit], self._data[limit:])
        return data


async def _discard(_data: bytes) -> None:
    return None


@dataclass
class Shell:
    """One shell process: variables, working folder, last exit code."""

    tablet: Tablet
    table: Mapping[str, Command]
    uid: int = SHELL_UID
    cwd: str = "/"
    env: dict[str, str] = field(default_factory=dict)
    status: int = 0
    leave: bool = False

    async def run(self, text: str, stdin: Input, out: Output, err: Output) -> int:
        """Run a command line; its exit code."""
        try:
            steps = parse(text)
        except ShellSyntaxError as error:
            await err(f"/system/bin/sh: {error}\n".encode())
            self.tablet.note_unknown("syntax", text)
            return 1
        for step in steps:
            skip = (step.when == "&&" and self.status != 0) or (step.when == "||" and self.status == 0)
            if not skip:
                self.status = await self._pipeline(step, stdin, out, err)
                if step.negated:
                    self.status = int(self.status == 0)
            if self.leave:
                break
        return self.status

    async def _pipeline(self, step: Step, stdin: Input, out: Output, err: Output) -> int:
        if len(step.pipeline) == 1:
            return await self._simple(step.pipeline[0], stdin, out, err)
        tasks: list[asyncio.Task[int]] = []
        source: Input = stdin
        before: _Pipe | None = None
        for number, command in enumerate(step.pipeline):
            after = _Pipe() if number < len(step.pipeline) - 1 else None
            sink = after.write if after else out
            tasks.append(asyncio.create_task(self._member(command, source, sink, err, before, after)))
            if after:
                source, before = after, after
        try:
            return await tasks[-1]
        finally:
            for task in tasks[:-1]:
                if not task.done():
                    task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _member(
        self, command: Simple, source: Input, sink: Output, err: Output, before: _Pipe | None, after: _Pipe | None
    ) -> int:
        try:
            return await self._simple(command, source, sink, err)
        except StreamClosed:
            return 141  # SIGPIPE
        finally:
            if before:
                before.abandon()
            if after:
                await after.end()

    def value(self, name: str) -> str:
        """A variable's text; empty when unset."""
        if name == "?":
            return str(self.status)
        if name == "$":
            return "4300"
        if name == "EPOCHREALTIME":
            return f"{time.time():.6f}"
        return self.env.get(name, "")

    def expand(self, word: Word) -> list[str]:
        """The words that one word becomes: variables put in, split and globbed where unquoted."""
        text, wild, quoted, made = "", False, False, [""]
        for piece in word:
            quoted = quoted or piece.quoted
            found = self.value(piece.text) if piece.variable else piece.text
            wild = wild or (not piece.quoted and any(sign in found for sign in "*?[") and found not in ("[", "?"))
            if piece.variable and not piece.quoted:
                fields = found.split()
                if fields:
                    made[-1] += fields[0]
                    made += fields[1:]
            else:
                made[-1] += found
        if made == [""] and not quoted:
            return []
        if wild and len(made) == 1:
            text = made[0]
            return self.tablet.files.glob(text, self.uid, self.cwd) or [text]
        return made

    def _one(self, word: Word) -> str:
        return " ".join(self.expand(word))

    async def _simple(self, command: Simple, stdin: Input, out: Output, err: Output) -> int:
        words = [text for word in command.words for text in self.expand(word)]
        values = {name: self._one(word) for name, word in command.assignments}
        if not words:
            self.env.update(values)
        closers: list[Callable[[], Awaitable[None]]] = []
        try:
            for redirect in command.redirects:
                stdin, out, err = self._redirect(redirect, stdin, out, err, closers)
        except OSError as error:
            await err(f"/system/bin/sh: can't create {error.filename}: {error.strerror}\n".encode())
            return 1
        try:
            return await self.words(words, stdin, out, err, values) if words else 0
        finally:
            for close in closers:
                await close()

    def _redirect(
        self, redirect: Redirect, stdin: Input, out: Output, err: Output, closers: list[Callable[[], Awaitable[None]]]
    ) -> tuple[Input, Output, Output]:
        target = self._one(redirect.target)
        if redirect.kind == ">&":
            sink = out if target == "1" else err
            return (stdin, out, sink) if redirect.fd == 2 else (stdin, sink, err)
        if redirect.kind == "<":
            data = b"" if target == "/dev/null" else self.tablet.files.host(target, self.uid, self.cwd).read_bytes()
            return _FileInput(data), out, err
        if target == "/dev/null":
            sink = _discard
        else:
            path = self.tablet.files.host(target, self.uid, self.cwd, write=True)
            file = path.open("ab" if redirect.kind == ">>" else "wb")

            async def to_file(data: bytes) -> None:
                file.write(data)

            async def close() -> None:
                file.close()

            closers.append(close)
            sink = to_file
        return (stdin, out, sink) if redirect.fd == 2 else (stdin, sink, err)

    async def words(
        self, words: Sequence[str], stdin: Input, out: Output, err: Output, extra: Mapping[str, str] | None = None
    ) -> int:
        """Run one command given as words; its exit code."""
        name = words[0]
        for prefix in _PATHS:
            name = name.removeprefix(prefix)
        builtin = await self._builtin(name, list(words[1:]), stdin, out, err)
        if builtin is not None:
            return builtin
        command = self.table.get(name)
        if command is None:
            await err(f"/system/bin/sh: {words[0]}: inaccessible or not found\n".encode())
            self.tablet.note_unknown("command", " ".join(words))
            return NOT_FOUND
        return await command(self._call([name, *words[1:]], stdin, out, err, extra or {}))

    def _call(self, argv: list[str], stdin: Input, out: Output, err: Output, extra: Mapping[str, str]) -> Call:
        async def run(words: Sequence[str], uid: int | None = None, cwd: str | None = None) -> int:
            return await self._child(uid, cwd).words(words, stdin, out, err)

        async def run_text(text: str, uid: int | None = None, cwd: str | None = None) -> int:
            return await self._child(uid, cwd).run(text, stdin, out, err)

        env = {**self.env, **extra}
        return Call(self.tablet, argv, stdin, out, err, run, run_text, env, self.cwd, self.uid)

    def _child(self, uid: int | None, cwd: str | None) -> Shell:
        return Shell(self.tablet, self.table, uid or self.uid, cwd or self.cwd, dict(self.env))

    async def _builtin(self, name: str, args: list[str], stdin: Input, out: Output, err: Output) -> int | None:
        if name == "export":
            for item in args:
                key, _, text = item.partition("=")
                self.env[key] = text
            return 0
        if name == "which" or (name == "command" and args[:1] == ["-v"]):
            known = [word for word in args if word in self.table and word != "su"]
            await out("".join(f"/system/bin/{word}\n" for word in known).encode())
            return 0 if len(known) == len(args) - args.count("-v") else 1
        if name in ("exec", "command") and args:
            code = await self.words(args, stdin, out, err)
            self.leave = name == "exec"
            return code
        if name == "cd":
            target = self.tablet.files.normal(args[0] if args else "/", self.cwd)
            with contextlib.suppress(OSError):
                if self.tablet.files.host(target, self.uid).is_dir():
                    self.cwd = target
                    return 0
            await err(f"/system/bin/sh: cd: {args[0]}: No such file or directory\n".encode())
            return 2
        if name == "pwd":
            await out(f"{self.cwd}\n".encode())
            return 0
        if name == "exit":
            self.leave = True
            return int(args[0]) & 255 if args and args[0].isdigit() else self.status
        if name in ("unset", "set", "trap", "wait"):
            for key in args if name == "unset" else ():
                self.env.pop(key, None)
            return 0
        return None


def empty_input() -> Input:
    """A standard input with nothing in it."""
    return NoInput()
