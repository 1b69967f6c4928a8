"""What plays, as Android prints it. Samples are verbatim from the fact sheet (android.md 4.1 to 4.3)."""

from __future__ import annotations

import pytest

from harness.adb import parse
from harness.adb.parse import AudioPlayer, MediaSession, video_layer
from harness.core.errors import DeviceError

NEW = """User Records:
Record for full_user=0
  Media button session is com.example.musicplayer/MediaPlaybackService/6 (userId=0)
  Sessions Stack - have 1 sessions:
    MediaPlaybackService com.example.musicplayer/MediaPlaybackService/6 (userId=0)
      ownerPid=12941, ownerUid=10157, userId=0
      package=com.example.musicplayer
      active=true
      flags=7
      controllers: 12
      state=PlaybackState {state=PLAYING(3), position=278, buffered position=60836, speed=1.0, updated=6149628, \
actions=130483, custom actions=[], active item id=30064771080, error=null}
      metadata: size=52, description=<title>, <artist>, <album>
"""
OLD_STATE = (
    "state=PlaybackState {state=3, position=0, buffered position=0, speed=1.0, updated=1117643266, actions=173318}"
)


def stack(*sessions: tuple[str, str, str]) -> str:
    lines = [f"  Sessions Stack - have {len(sessions)} sessions:"]
    for package, active, state in sessions:
        lines += [f"    S {package}/S/1 (userId=0)", f"      package={package}", f"      active={active}"]
        lines += ["      flags=7", f"      {state}", "      metadata: null"]
    return "\n".join(["MEDIA SESSION SERVICE (dumpsys media_session)", "", *lines, ""])


LIVE = "state=PlaybackState {state=3, position=-1, buffered position=-1, speed=0.0, updated=5000, actions=1}"
PAUSED = "state=PlaybackState {state=PAUSED(2), position=9500, buffered position=9500, speed=0.0, updated=5000}"


@pytest.mark.parametrize(
    ("text", "expected", "at_10_s"),
    [
        pytest.param(NEW, MediaSession("com.example.musicplayer", True, "playing", 0.278, 1.0, 6149.628), -6139.35,
                     id="named"),
        pytest.param(stack(("a.b", "true", OLD_STATE)), MediaSession("a.b", True, "playing", 0.0, 1.0, 1117643.266),
                     -1117633.266, id="number"),
        pytest.param(stack(("a.b", "true", LIVE)), MediaSession("a.b", True, "playing", None, 0.0, 5.0), None,
                     id="live"),
        pytest.param(stack(("a.b", "true", PAUSED)), MediaSession("a.b", True, "paused", 9.5, 0.0, 5.0), 9.5,
                     id="paused-stands"),
        pytest.param(stack(("a.b", "false", "state=null")), MediaSession("a.b", False, None, None, None, None), None,
                     id="no-state"),
        pytest.param(stack(("a.b", "true", OLD_STATE.replace(", updated=1117643266", ""))),
                     MediaSession("a.b", True, "playing", 0.0, 1.0, None), None, id="no-updated"),
    ],
)  # fmt: skip
def test_a_session(text: str, expected: MediaSession, at_10_s: float | None) -> None:
    for variant in (text, text.replace("\n", "\r\n")):
        (session,) = parse.parse_media_sessions(variant)
        assert session == expected
        assert session.position_at(10.0) == pytest.approx(at_10_s)


def test_sessions_keep_the_stacks_order() -> None:
    seen = parse.parse_media_sessions(stack(("stale.app", "true", PAUSED), ("a.b", "true", LIVE)))
    assert [session.package for session in seen] == ["stale.app", "a.b"]
    assert parse.parse_media_sessions(stack()) == ()


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("Can't find service: media_session\n", id="no-service"),
        pytest.param(NEW.replace("      package=com.example.musicplayer\n", ""), id="no-package"),
        pytest.param(NEW.replace("have 1", "have 2"), id="cut-stack"),
        pytest.param(NEW.replace("have 1", "have many"), id="no-count"),
        pytest.param(NEW[: NEW.index("      active")], id="cut-session"),
        pytest.param(NEW.replace("active=true", "active=perhaps"), id="no-boolean"),
        pytest.param(NEW.replace("PLAYING(3)", "DANCING"), id="unknown-state"),
        pytest.param(NEW.replace("PLAYING(3)", "PLAYING(99)"), id="unknown-number"),
        pytest.param(NEW.replace("position=278", "position=soon"), id="no-position"),
        pytest.param("\x00\xff Sessions Stack", id="junk"),
    ],
)
def test_a_session_of_another_shape_is_an_error(text: str) -> None:
    with pytest.raises(DeviceError, match="media_session"):
        parse.parse_media_sessions(text)


LAYERS_13 = (
    'Display 0 name="Built-in"#0\nSurfaceView[a.b/a.b.Act]#0\nSurfaceView[a.b/a.b.Act](BLAST)#0\na.b/a.b.Act#0\n'
)
LAYERS_15 = (
    "RequestedLayerState{a.b/a.b.Act#29149 parentId=28989}\n"
    "RequestedLayerState{SurfaceView[a.b/a.b.Act]@0(BLAST)#132833 parentId=29149}\n"
)
LAYERS_11 = "SurfaceView - a.b/a.b.Act#0\na.b/a.b.Act#0\n"


@pytest.mark.parametrize(
    ("text", "package", "layer"),
    [
        pytest.param(LAYERS_13, "a.b", "SurfaceView[a.b/a.b.Act](BLAST)#0", id="android-13"),
        pytest.param(LAYERS_15, "a.b", "SurfaceView[a.b/a.b.Act]@0(BLAST)#132833", id="android-15"),
        pytest.param(LAYERS_11, "a.b", "SurfaceView - a.b/a.b.Act#0", id="android-11"),
        pytest.param(LAYERS_13, "a", None, id="another-package"),
        pytest.param("a.b/a.b.Act#0\n", "a.b", None, id="texture-view"),
    ],
)
def test_the_layer_that_gets_the_frames(text: str, package: str, layer: str | None) -> None:
    assert video_layer(parse.parse_layers(text), package) == layer
    assert video_layer(parse.parse_layers(text.replace("\n", "\r\n")), package) == layer


@pytest.mark.parametrize(
    "text", ["", "\n", "Can't find service: SurfaceFlinger\n"], ids=["empty", "blank", "no-service"]
)
def test_no_layers_is_an_error(text: str) -> None:
    with pytest.raises(DeviceError, match="SurfaceFlinger"):
        parse.parse_layers(text)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("16666667\n", (), id="no-frames"),
        pytest.param("16666667\n0\t0\t0\n0\t0\t0\n", (), id="container"),
        pytest.param("16666667\n1\t2500000000\t3\n1\t2000000000\t3\n", (2.0, 2.5), id="sorted"),
        pytest.param("16666667\n1\t2000000000\t3\n1\t9223372036854775807\t3\n", (2.0,), id="pending"),
    ],
)
def test_latency(text: str, shown: tuple[float, ...]) -> None:
    assert parse.parse_latency(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("Can't find service: SurfaceFlinger\n", id="no-service"),
        pytest.param("16666667\n1\t2\n", id="two-columns"),
        pytest.param("16666667\n1\t-2\t3\n", id="negative"),
        pytest.param("16666667\n1\t²\t3\n", id="not-ascii"),
    ],
)
def test_latency_of_another_shape_is_an_error(text: str) -> None:
    with pytest.raises(DeviceError, match="latency"):
        parse.parse_latency(text)


API_33 = (
    "  AudioPlaybackConfiguration piid:295 type:android.media.AudioTrack u/pid:10169/7086 state:started "
    "attr:AudioAttributes: usage=USAGE_MEDIA content=CONTENT_TYPE_MOVIE sessionId:8009 mutedState:none  "
    "FormatInfo{isSpatialized=false, channelMask=0x0, sampleRate=0}"
)
API_26 = (
    "  ID:311 -- type:android.media.AudioTrack -- u/pid:10079/5903 -- state:started -- attr:AudioAttributes: usage=1"
)
HISTORY = "  player piid:7 event:started u/pid:10001/1 state:started\n"


def players(*lines: str) -> str:
    return "\n".join(["PlaybackActivityMonitor", "", "  players:", *lines, "", "  ducked players piids:", HISTORY])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(players(API_33), (AudioPlayer(10169, 7086, "started", False),), id="api-33"),
        pytest.param(players(API_26), (AudioPlayer(10079, 5903, "started", None),), id="api-26"),
        pytest.param(players(API_33.replace("mutedState:none", "mutedState:master")),
                     (AudioPlayer(10169, 7086, "started", True),), id="muted"),
        pytest.param(players(API_33, API_26.replace("started", "paused")),
                     (AudioPlayer(10169, 7086, "started", False), AudioPlayer(10079, 5903, "paused", None)), id="two"),
        pytest.param(players(), (), id="none-open"),
        pytest.param(HISTORY, None, id="history-only"),
        pytest.param("", None, id="empty"),
        pytest.param("Can't find service: audio\n", None, id="no-service"),
        pytest.param(f"  players:\n{API_33}", None, id="cut"),
    ],
)  # fmt: skip
def test_players(text: str, expected: tuple[AudioPlayer, ...] | None) -> None:
    assert parse.parse_players(text) == expected
    assert parse.parse_players(text.replace("\n", "\r\n")) == expected


def test_a_player_of_another_shape_is_an_error() -> None:
    with pytest.raises(DeviceError, match="dumpsys audio"):
        parse.parse_players(players("  AudioPlaybackConfiguration piid:295 in a new style"))
