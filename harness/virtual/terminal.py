"""adb shell without a command: lines of standard input, one after the other, and a terminal's line where one is asked.

On a terminal the line can be typed, erased and abandoned; what is typed while a command runs waits for the next line.
"""

from __future__ import annotations

import asyncio
import contextlib

from harness.virtual.call import Input, NoInput, Output
from harness.virtual.shell import Shell
from harness.virtual.shellparse import ShellSyntaxError, parse

_INTERRUPT, _END, _ERASE, _ERASE_LINE, _ESCAPE = 0x03, 0x04, (0x08, 0x7F), 0x15, 0x1B
INTERRUPTED = 130


class _Lines:
    """Standard input by lines; a command that reads gets what follows its line."""

    def __init__(self, source: Input) -> None:
        self._source, self._buffer, self._ended = source, b"", False

    async def read(self, limit: int = -1) -> bytes:
        data = self._buffer or (b"" if self._ended else await self._source.read())
        self._ended = self._ended or not data
        self._buffer = b"" if limit < 0 else data[limit:]
        return data if limit < 0 else data[:limit]

    async def line(self) -> str | None:
        """The next line without its end; None at the end of input."""
        while b"\n" not in self._buffer and not self._ended:
            data = await self._source.read()
            self._ended = not data
            self._buffer += data
        if not self._buffer:
            return None
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line.decode("utf-8", "replace")


class LineEditor:
    """What a terminal's line discipline does to typed bytes. No I/O.

    `receive` gives what to echo; whole lines are in `lines`, None among them for the end of input, and `interrupted`
    counts Ctrl-C.
    """

    def __init__(self) -> None:
        self.lines: list[str | None] = []
        self.interrupted = 0
        self._typed = bytearray()
        self._escape = b""

    def receive(self, data: bytes) -> bytes:
        """Take typed bytes; what the terminal shows for them."""
        return b"".join(self._key(byte) for byte in data)

    def _key(self, byte: int) -> bytes:
        if self._escape:  # arrows and the like: there is no history to walk through
            self._escape += bytes([byte])
            if self._escape != b"\x1b[" and not 0x30 <= byte <= 0x3F:
                self._escape = b""
            return b""
        if byte == _ESCAPE:
            self._escape = b"\x1b"
            return b""
        if byte in b"\r\n":
            self.lines.append(self._typed.decode("utf-8", "replace"))
            self._typed.clear()
            return b"\r\n"
        if byte == _INTERRUPT:
            self._typed.clear()
            self.interrupted += 1
            return b"^C\r\n"
        if byte == _END:
            if not self._typed:
                self.lines.append(None)
            return b""
        if byte in _ERASE or byte == _ERASE_LINE:
            count = min(len(self._typed), 1 if byte in _ERASE else len(self._typed))
            del self._typed[len(self._typed) - count :]
            return b"\b \b" * count
        self._typed.append(byte)
        return bytes([byte])


def _unfinished(text: str) -> bool:
    try:
        parse(text)
    except ShellSyntaxError as error:
        return "closing quote" in str(error)
    return False


async def script(shell: Shell, stdin: Input, out: Output, err: Output) -> int:
    """Run the lines of `stdin`; the last exit code, or that of `exit`."""
    lines, text = _Lines(stdin), ""
    while not shell.leave and (line := await lines.line()) is not None:
        text += line
        if _unfinished(text):
            text += "\n"
            continue
        shell.status = await shell.run(text, lines, out, err)
        text = ""
    return shell.status if not text else await shell.run(text, lines, out, err)


def on_terminal(out: Output) -> Output:
    """`out` as a terminal prints it: a line end is CR LF."""

    async def printed(data: bytes) -> None:
        await out(data.replace(b"\n", b"\r\n"))

    return printed


async def terminal(shell: Shell, device: str, stdin: Input, out: Output) -> int:
    """A prompt for each line until `exit`, Ctrl-D or the end of `stdin`; the exit code."""
    editor, typed, printed = LineEditor(), asyncio.Event(), on_terminal(out)

    async def listen() -> None:
        while data := await stdin.read():
            await out(editor.receive(data))
            typed.set()
        editor.lines.append(None)
        typed.set()

    listener = asyncio.create_task(listen())
    try:
        while not shell.leave:
            await out(f"{device}:{shell.cwd} $ ".encode())
            line = await _next(editor, typed)
            if line is None:
                break
            if line:
                shell.status = await _interruptible(shell, line, editor, typed, printed)
        return shell.status
    finally:
        listener.cancel()
        await asyncio.gather(listener, return_exceptions=True)


async def _next(editor: LineEditor, typed: asyncio.Event) -> str | None:
    """The next line; empty when it was abandoned."""
    while True:
        typed.clear()
        if editor.interrupted:
            editor.interrupted = 0
            return ""
        if editor.lines:
            return editor.lines.pop(0)
        await typed.wait()


async def _interruptible(shell: Shell, line: str, editor: LineEditor, typed: asyncio.Event, out: Output) -> int:
    running = asyncio.create_task(shell.run(line, NoInput(), out, out))
    try:
        while not running.done():
            if editor.interrupted:
                editor.interrupted = 0
                running.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await running
                return INTERRUPTED
            typed.clear()
            waiting = asyncio.create_task(typed.wait())
            await asyncio.wait({running, waiting}, return_when=asyncio.FIRST_COMPLETED)
            waiting.cancel()
        return running.result()
    finally:
        running.cancel()
