"""One call of one command: what it was given and where its output goes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from harness.virtual.filesystem import SHELL_UID

if TYPE_CHECKING:
    from harness.virtual.tablet import Tablet


class Input(Protocol):
    """A command's standard input; b"" at its end."""

    async def read(self, limit: int = -1) -> bytes: ...


Output = Callable[[bytes], Awaitable[None]]
RunLine = Callable[..., Awaitable[int]]


class NoInput:
    """An empty standard input."""

    async def read(self, limit: int = -1) -> bytes:
        return b""


@dataclass
class Call:
    """A command's arguments, streams and surroundings.

    Args:
        run: runs words as another command in the same surroundings: run(words, uid=..., cwd=...).
        run_text: runs a command line: run_text(text, uid=..., cwd=...).
    """

    tablet: Tablet
    argv: list[str]
    stdin: Input
    out: Output
    err: Output
    run: RunLine
    run_text: RunLine
    env: dict[str, str] = field(default_factory=dict)
    cwd: str = "/"
    uid: int = SHELL_UID

    @property
    def name(self) -> str:
        """The command's own name."""
        return self.argv[0]

    @property
    def args(self) -> list[str]:
        """What follows the name."""
        return self.argv[1:]

    async def say(self, text: str) -> None:
        """Print to stdout, with a line end."""
        await self.out((text + "\n").encode())

    async def complain(self, text: str) -> None:
        """Print to stderr, with a line end."""
        await self.err((text + "\n").encode())

    async def read_all(self) -> bytes:
        """All of stdin."""
        parts = []
        while data := await self.stdin.read():
            parts.append(data)
        return b"".join(parts)

    def unknown(self) -> None:
        """Note for the contract check that the tablet did not know this call."""
        self.tablet.note_unknown("command", " ".join(self.argv))


Command = Callable[[Call], Awaitable[int]]
