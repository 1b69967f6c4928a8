"""What the virtual tablet prints of a playback, read back by the host's own parsers, in every release's style."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from harness.adb.parse import (
    AudioPlayer,
    parse_latency,
    parse_layers,
    parse_media_sessions,
    parse_players,
    video_layer,
)
from harness.virtual.call import Call, NoInput
from harness.virtual.commands.dumpsys import dumpsys
from harness.virtual.hardware import InstalledApp, Radio, Screen, TabletProfile
from harness.virtual.tablet import Tablet

APP = InstalledApp("org.example.app", ".MainActivity", "Example", "http://10.0.2.2:1/", 10201)
APIS = (26, 28, 30, 33, 35)
PLAYING: dict[str, Any] = {
    "package": APP.package,
    "state": "playing",
    "position_s": 12.5,
    "buffered_s": 20.0,
    "speed": 1.0,
    "title": "T",
    "sound": True,
}


class Shown:
    """A stand-in screen that shows one page with this player."""

    def __init__(self, player: Mapping[str, object]) -> None:
        self._player = player

    async def playback(self) -> Mapping[str, object]:
        return {**self._player, "updated_s": time.monotonic()} if self._player else {}

    def foreground(self) -> str:
        return APP.package

    def pid(self, package: str) -> int:
        return 9001

    def profile_dir(self, package: str) -> Path:
        return Path("/nowhere") / package


def tablet_with(folder: Path, api: int, player: Mapping[str, object]) -> Tablet:
    radio = cast(Radio, SimpleNamespace(airplane=False, wifi=True, data=True, bluetooth=True))
    return Tablet(TabletProfile(api=api), cast(Screen, Shown(player)), radio, folder, {APP.package: APP})


def dump(tablet: Tablet, *words: str) -> str:
    said: list[bytes] = []

    async def out(data: bytes) -> None:
        said.append(data)

    async def never(*_: object, **__: object) -> int:
        raise NotImplementedError

    asyncio.run(dumpsys(Call(tablet, ["dumpsys", *words], NoInput(), out, out, never, never)))
    return b"".join(said).decode()


@pytest.mark.parametrize("api", APIS)
def test_the_session_has_the_players_position(api: int, tmp_path: Path) -> None:
    tablet = tablet_with(tmp_path, api, PLAYING)
    (session,) = parse_media_sessions(dump(tablet, "media_session"))
    assert (session.package, session.active, session.state, session.speed) == (APP.package, True, "playing", 1.0)
    assert session.updated_s is not None
    assert session.position_at(session.updated_s + 2) == pytest.approx(14.5)
    assert tablet.uptime_s() - session.updated_s >= 0


@pytest.mark.parametrize("api", APIS)
def test_the_layer_has_chromiums_frames(api: int, tmp_path: Path) -> None:
    now = time.monotonic()
    frames = [(now - 0.2, now - 0.19), (now - 0.1, now - 0.09), (now, now + 60)]  # the last is still to be shown
    tablet = tablet_with(tmp_path, api, {**PLAYING, "frames_s": frames})
    layers = parse_layers(dump(tablet, "SurfaceFlinger", "--list"))
    layer = video_layer(layers, APP.package)
    assert layer is not None
    shown = parse_latency(dump(tablet, "SurfaceFlinger", "--latency", layer))
    assert [at + tablet.started_s for at in shown] == pytest.approx([now - 0.19, now - 0.09], abs=1e-6)
    for other in set(layers) - {layer}:
        assert parse_latency(dump(tablet, "SurfaceFlinger", "--latency", other)) == ()


@pytest.mark.parametrize("api", APIS)
@pytest.mark.parametrize(("state", "expected"), [("playing", "started"), ("buffering", "paused"), ("paused", "paused")])
def test_a_track_is_there_while_sound_is_let_out(api: int, state: str, expected: str, tmp_path: Path) -> None:
    tablet = tablet_with(tmp_path, api, {**PLAYING, "state": state})
    muted = None if api < 28 else False
    assert parse_players(dump(tablet, "audio")) == (AudioPlayer(APP.uid, 9001, expected, muted),)


def test_a_mute_page_has_no_track(tmp_path: Path) -> None:
    assert parse_players(dump(tablet_with(tmp_path, 33, {**PLAYING, "sound": False}), "audio")) == ()


def test_a_page_without_a_player_has_nothing(tmp_path: Path) -> None:
    tablet = tablet_with(tmp_path, 33, {})
    assert parse_media_sessions(dump(tablet, "media_session")) == ()
    assert video_layer(parse_layers(dump(tablet, "SurfaceFlinger", "--list")), APP.package) is None
    assert parse_players(dump(tablet, "audio")) == ()


def test_before_android_8_no_players_are_listed(tmp_path: Path) -> None:
    assert parse_players(dump(tablet_with(tmp_path, 25, PLAYING), "audio")) is None
