"""The grammar of the tablet's small shell: text in, steps out; no execution.

Knows what adb, Appium and people type: words, quotes, backslashes, variables, assignments, ; && || | !, redirects.
Anything else ($(...), loops, here documents, groups) is a syntax error that says so; it is not guessed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_ASSIGN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*=")
_CONNECTORS = ("&&", "||", ";", "\n", "|", "&")


class ShellSyntaxError(Exception):
    """The text is not in the grammar; the message is the shell's."""


@dataclass(frozen=True)
class Piece:
    """A run of characters of one word, or a variable's name. Quoted pieces are never split or globbed."""

    text: str
    variable: bool = False
    quoted: bool = False


Word = tuple[Piece, ...]


@dataclass(frozen=True)
class Redirect:
    """`fd` goes to `target`; kind is one of > >> < and >& (then target is a number)."""

    fd: int
    kind: str
    target: Word


@dataclass(frozen=True)
class Simple:
    """One command with its words, redirects and leading assignments."""

    words: tuple[Word, ...]
    redirects: tuple[Redirect, ...] = ()
    assignments: tuple[tuple[str, Word], ...] = ()


@dataclass(frozen=True)
class Step:
    """A pipeline and when it runs: always (""), after success (&&) or after failure (||)."""

    when: str
    pipeline: tuple[Simple, ...]
    negated: bool = False


class _Scanner:
    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0

    def peek(self, count: int = 1) -> str:
        return self.text[self.at : self.at + count]

    def skip_blanks(self) -> None:
        while self.peek() and self.peek() in " \t\r":
            self.at += 1
        if self.peek() == "#":
            while self.peek() and self.peek() != "\n":
                self.at += 1

    def connector(self) -> str:
        for sign in _CONNECTORS:
            if self.peek(len(sign)) == sign:
                self.at += len(sign)
                return sign
        return ""

    def variable(self, quoted: bool) -> Piece:
        self.at += 1
        if self.peek() in ("(", "`"):
            raise ShellSyntaxError("command substitution is not in this shell")
        if self.peek() == "{":
            end = self.text.find("}", self.at)
            name = self.text[self.at + 1 : end] if end > 0 else ""
            if not (_NAME.fullmatch(name) or name == "?"):
                raise ShellSyntaxError("bad substitution")
            self.at = end + 1
            return Piece(name, True, quoted)
        if self.peek() and self.peek() in "?$#!@*0123456789":
            self.at += 1
            return Piece(self.text[self.at - 1], True, quoted)
        found = _NAME.match(self.text, self.at)
        if found is None:
            return Piece("$", False, quoted)
        self.at = found.end()
        return Piece(found.group(), True, quoted)

    def double_quoted(self) -> list[Piece]:
        pieces, run = [], []
        self.at += 1
        while self.peek() != '"':
            letter = self.peek()
            if not letter:
                raise ShellSyntaxError("no closing quote")
            if letter == "\\" and self.peek(2)[1:] in ('"', "\\", "$", "`", "\n"):
                run.append(self.peek(2)[1:].replace("\n", ""))
                self.at += 2
            elif letter == "$":
                pieces += [Piece("".join(run), quoted=True), self.variable(True)]
                run = []
            elif letter == "`":
                raise ShellSyntaxError("command substitution is not in this shell")
            else:
                run.append(letter)
                self.at += 1
        self.at += 1
        return [*pieces, Piece("".join(run), quoted=True)]

    def word(self) -> Word:
        pieces: list[Piece] = []
        while (letter := self.peek()) and letter not in " \t\r\n;|&<>":
            if letter == "'":
                end = self.text.find("'", self.at + 1)
                if end < 0:
                    raise ShellSyntaxError("no closing quote")
                pieces.append(Piece(self.text[self.at + 1 : end], quoted=True))
                self.at = end + 1
            elif letter == '"':
                pieces += self.double_quoted()
            elif letter == "\\":
                pieces.append(Piece(self.peek(2)[1:].replace("\n", ""), quoted=True))
                self.at += 2
            elif letter == "$":
                pieces.append(self.variable(False))
            elif letter == "`" or (letter in "()" and not pieces):
                raise ShellSyntaxError(f"syntax error: unexpected '{letter}'")
            else:
                pieces.append(Piece(letter))
                self.at += 1
        return _merge(pieces)


def _merge(pieces: list[Piece]) -> Word:
    merged: list[Piece] = []
    for piece in pieces:
        last = merged[-1] if merged else None
        if last and not last.variable and not piece.variable and last.quoted == piece.quoted:
            merged[-1] = Piece(last.text + piece.text, quoted=last.quoted)
        else:
            merged.append(piece)
    return tuple(merged)


def _assignment(word: Word) -> tuple[str, Word] | None:
    first = word[0] if word else None
    if first is None or first.quoted or first.variable or not (found := _ASSIGN.match(first.text)):
        return None
    rest = Piece(first.text[found.end() :])
    return found.group()[:-1], ((rest, *word[1:]) if rest.text else word[1:])


def _redirect(scan: _Scanner) -> Redirect | None:
    found = re.compile(r"(\d?)(>>|>&|>\||<<|<|>)").match(scan.text, scan.at)
    if found is None:
        return None
    kind = found.group(2).replace(">|", ">")
    if kind == "<<":
        raise ShellSyntaxError("here documents are not in this shell")
    scan.at = found.end()
    scan.skip_blanks()
    target = scan.word()
    if not target:
        raise ShellSyntaxError("syntax error: unexpected newline")
    return Redirect(int(found.group(1) or (0 if kind == "<" else 1)), kind, target)


def _simple(scan: _Scanner) -> Simple | None:
    words: list[Word] = []
    redirects: list[Redirect] = []
    assignments: list[tuple[str, Word]] = []
    while True:
        scan.skip_blanks()
        redirect = _redirect(scan)
        if redirect is not None:
            redirects.append(redirect)
            continue
        if not scan.peek() or scan.peek() in "\n;|&":
            break
        word = scan.word()
        found = _assignment(word) if not words else None
        if found is not None:
            assignments.append(found)
        else:
            words.append(word)
    if not (words or redirects or assignments):
        return None
    return Simple(tuple(words), tuple(redirects), tuple(assignments))


def parse(text: str) -> tuple[Step, ...]:
    """The steps of a command line, in order.

    Raises:
        ShellSyntaxError: the text is outside the grammar.
    """
    scan = _Scanner(text)
    steps: list[Step] = []
    when = ""
    while True:
        pipeline: list[Simple] = []
        scan.skip_blanks()
        negated = scan.peek(2) == "! "
        scan.at += 1 if negated else 0
        connector = "|"
        while connector == "|":
            command = _simple(scan)
            connector = scan.connector()
            if command is None:
                if pipeline or when or connector in ("&&", "||", "|"):
                    raise ShellSyntaxError(f"syntax error: unexpected '{connector.strip() or 'newline'}'")
                break
            pipeline.append(command)
        if pipeline:
            steps.append(Step(when, tuple(pipeline), negated))
        when = connector if connector in ("&&", "||") else ""
        if not connector and not when:
            return tuple(steps)
