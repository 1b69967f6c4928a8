"""The tablet's shell grammar: what hosts really send, and what is refused rather than guessed."""

from __future__ import annotations

import pytest

from harness.virtual.shellparse import Piece, ShellSyntaxError, parse


def words(text: str) -> list[list[str]]:
    return [
        ["".join(piece.text for piece in word) for word in command.words]
        for step in parse(text)
        for command in step.pipeline
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("echo a  b", [["echo", "a", "b"]]),
        ("am start -d player://x\\&y", [["am", "start", "-d", "player://x&y"]]),
        ("mkdir -p -- 'a b'", [["mkdir", "-p", "--", "a b"]]),
        ("export ANDROID_LOG_TAGS=''; exec logcat '-v' 'threadtime'",
         [["export", "ANDROID_LOG_TAGS="], ["exec", "logcat", "-v", "threadtime"]]),
        ("dumpsys deviceidle whitelist +a ; dumpsys deviceidle whitelist +b ;",
         [["dumpsys", "deviceidle", "whitelist", "+a"], ["dumpsys", "deviceidle", "whitelist", "+b"]]),
        ("find x -exec stat -c '%s %n' {} +", [["find", "x", "-exec", "stat", "-c", "%s %n", "{}", "+"]]),
        ("dumpsys x | grep y", [["dumpsys", "x"], ["grep", "y"]]),
        ("cat a 2>/dev/null", [["cat", "a"]]),
        ("", []),
    ],
)  # fmt: skip
def test_words(text: str, expected: list[list[str]]) -> None:
    assert words(text) == expected


def test_conditions_and_redirects() -> None:
    steps = parse("[ -e '/x' ] && echo __PASS__ || false > /sdcard/f 2>&1")
    assert [step.when for step in steps] == ["", "&&", "||"]
    assert [(r.fd, r.kind) for r in steps[2].pipeline[0].redirects] == [(1, ">"), (2, ">&")]


def test_variables_keep_their_quotes() -> None:
    word = parse("echo \"$A b\"$?'$C'")[0].pipeline[0].words[1]
    assert word == (
        Piece("", quoted=True),
        Piece("A", True, True),
        Piece(" b", quoted=True),
        Piece("?", True, False),
        Piece("$C", quoted=True),
    )


@pytest.mark.parametrize("text", ["echo 'a", 'echo "a', "echo $(id)", "a | | b", "&& a", "cat <<E", "(a)", "a &&"])
def test_refused(text: str) -> None:
    with pytest.raises(ShellSyntaxError):
        parse(text)
