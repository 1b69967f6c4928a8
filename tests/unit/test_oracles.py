"""One look at a tablet: what each field says when the tablet answers, answers otherwise, or not at all."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import cast

import pytest

from harness.adb import AdbDevice
from harness.core.clock import FakeClock
from harness.core.errors import AdbTimeout, DeviceError
from harness.device import Oracles

SESSION = """  Sessions Stack - have 1 sessions:
      package=a.b
      active=true
      state=PlaybackState {state=PLAYING(3), position=4000, buffered position=9000, speed=1.0, updated=100000}
"""
PLAYER = "AudioPlaybackConfiguration piid:2 type:android.media.AudioTrack u/pid:10200/7 state:started mutedState:none"
LAYER = "SurfaceView[a.b/a.b.Act](BLAST)#0"


@dataclass(frozen=True)
class Said:
    text: str


@dataclass
class Shell:
    """A stand-in for AdbDevice: answers each part of the look; a round trip takes 20 ms."""

    clock: FakeClock
    session: str = SESSION
    uptime: str = "101.50 90.00\n"
    audio: str = f"  players:\n  {PLAYER}\n\n"
    layers: str = f"{LAYER}\n"
    frames_s: tuple[float, ...] = (1.0, 2.0)
    serial: str = "fake"
    error: DeviceError | None = None
    cut: bool = False
    asked: list[str] = field(default_factory=list)

    def shell(self, line: str, *, timeout_s: float, check: bool) -> Said:
        self.asked.append(line)
        self.clock.pause(0.02)
        if self.error is not None:
            raise self.error
        rows = "".join(f"1\t{round(at * 1e9)}\t1\n" for at in self.frames_s)
        parts = []
        for command in line.split("; "):
            match command.split(" ", 2):
                case ["echo", mark]:
                    parts.append(f"{mark}\n")
                case ["dumpsys", "media_session"]:
                    parts.append(self.session)
                case ["cat", _]:
                    parts.append(self.uptime)
                case ["dumpsys", "audio"]:
                    parts.append(self.audio)
                case ["dumpsys", "SurfaceFlinger", "--list"]:
                    parts.append(self.layers)
                case _:
                    parts.append(f"16666667\n{rows}")
        text = "".join(parts)
        return Said(text[: len(text) // 3] if self.cut else text)


@pytest.fixture
def shell() -> Shell:
    return Shell(FakeClock(50.0))


def oracles_of(shell: Shell) -> Oracles:
    return Oracles(cast(AdbDevice, shell), "a.b", 10200, shell.clock)


def test_a_look(shell: Shell) -> None:
    oracles = oracles_of(shell)
    seen = oracles.sample()
    assert (seen.at_s, seen.uncertainty_s) == (pytest.approx(50.01), pytest.approx(0.01))
    assert (seen.state, seen.position_s, seen.reported_s, seen.audio_active) == ("playing", 5.5, 100.0, True)
    assert (seen.presented_frames, seen.notes) == (None, ())  # this look found the layer
    assert oracles.sample().presented_frames == 0
    assert f"--latency '{LAYER}'" in shell.asked[-1]


def test_frames_are_counted_from_look_to_look(shell: Shell) -> None:
    oracles = oracles_of(shell)
    counts = []
    for frames in ((1.0,), (1.0, 2.0), (1.0, 2.0, 3.0, 4.0), (3.0, 4.0), (4.0, 5.0)):
        shell.frames_s = frames
        counts.append(oracles.sample().presented_frames)
    assert counts == [None, 0, 2, 2, 3]


def test_more_frames_than_the_layer_keeps_are_not_counted(shell: Shell) -> None:
    oracles = oracles_of(shell)
    oracles.sample(), oracles.sample()
    shell.frames_s = tuple(10 + n / 60 for n in range(127))
    seen = oracles.sample()
    assert seen.presented_frames is None
    assert "more than the layer keeps" in seen.notes[0]


def test_a_layer_that_shows_nothing_is_looked_for_again(shell: Shell) -> None:
    oracles = oracles_of(shell)
    oracles.sample()
    shell.frames_s = ()
    assert oracles.sample().notes == ("the video's layer shows nothing",)
    shell.layers = f"{LAYER[:-1]}7\n"
    oracles.sample()
    shell.frames_s = (1.0,)
    oracles.sample()
    assert "(BLAST)#7'" in shell.asked[-1]


@pytest.mark.parametrize(
    ("changed", "lost", "note"),
    [
        ({"session": "Can't find service\n"}, {"state", "position_s", "reported_s"}, "media_session"),
        ({"session": SESSION.replace("a.b", "c.d")}, {"state", "position_s", "reported_s"}, "no active media session"),
        ({"session": SESSION.replace("active=true", "active=false")}, {"state", "position_s", "reported_s"}, "a.b"),
        ({"uptime": "cat: Permission denied\n"}, {"position_s"}, "/proc/uptime"),
        ({"audio": ""}, {"audio_active"}, "no players"),
        ({"audio": "  players:\n  junk\n\n"}, {"audio_active"}, "dumpsys audio"),
        ({"audio": f"  players:\n  {PLAYER.replace('none', 'master')}\n\n"}, {"audio_active"}, "muted by the system"),
        ({"layers": "a.b/a.b.Act#0\n"}, {"presented_frames"}, "no video layer"),
    ],
    ids=["no-service", "other-app", "inactive", "no-uptime", "no-list", "new-style", "system-muted", "texture-view"],
)
def test_what_the_tablet_does_not_say_is_none_with_a_note(
    shell: Shell, changed: dict[str, str], lost: set[str], note: str
) -> None:
    for name, value in changed.items():
        setattr(shell, name, value)
    seen = oracles_of(shell).sample()
    fields = ("state", "position_s", "reported_s", "audio_active")
    assert {name for name in fields if getattr(seen, name) is None} == lost - {"presented_frames"}
    assert len(seen.notes) == 1 and note in seen.notes[0]


@pytest.mark.parametrize(
    ("player", "active"),
    [
        ("", False),
        (PLAYER, True),
        (PLAYER.replace("started", "paused"), False),
        (PLAYER.replace("10200", "10999"), False),
    ],
    ids=["none", "started", "paused", "another-app"],
)
def test_sound(shell: Shell, player: str, active: bool) -> None:
    shell.audio = f"  players:\n  {player}\n\n" if player else "  players:\n\n"
    assert oracles_of(shell).sample().audio_active is active


def test_a_cut_answer_and_a_dead_shell_are_errors(shell: Shell) -> None:
    shell.cut = True
    with pytest.raises(DeviceError, match="expected 4 answers"):
        oracles_of(shell).sample()
    shell.error = AdbTimeout("fake", "late")
    with pytest.raises(AdbTimeout):
        oracles_of(shell).sample()
