"""dumpsys of what plays: media_session, SurfaceFlinger's layers and audio, each from what Chromium says it does.

The player's position, its sound and the times at which it handed frames to the compositor are Chromium's own; only the
shapes are Android's (facts/android.md 4.1 to 4.3). What Chromium does not say is left out.
"""

from __future__ import annotations

import time
from collections.abc import Mapping

from harness.virtual.call import Call
from harness.virtual.commands.activity import full_activity

_STATES = {"none": 0, "stopped": 1, "paused": 2, "playing": 3, "buffering": 6, "error": 7}
_NAMED_STATE_API = 33
_BLAST_API, _STATE_LAYERS_API = 31, 35
_PLAYERS_API, _PLAYBACK_CONFIGURATION_API = 26, 28
_REFRESH_NS = 16_666_667
_ROWS = 127
_PENDING_NS = (1 << 63) - 1


async def media_session(call: Call, _args: list[str]) -> int:
    """`dumpsys media_session`: the page's own media session, in the release's style (android.md 4.1)."""
    tablet = call.tablet
    seen = await tablet.screen.playback()
    owner = str(seen.get("package", "")) if seen else ""
    await call.say("MEDIA SESSION SERVICE (dumpsys media_session)\n\nUser Records:\nRecord for full_user=0")
    if not owner:
        await call.say("  Media button session is null\n  Sessions Stack - have 0 sessions:")
        return 0
    name = str(seen.get("state", "none"))
    code = _STATES.get(name, 0)
    state = f"{name.upper()}({code})" if tablet.profile.api >= _NAMED_STATE_API else str(code)
    age_s = time.monotonic() - _number(seen.get("updated_s"), time.monotonic())
    updated_ms = int((tablet.uptime_s() - age_s) * 1000)
    position_ms = int(_number(seen.get("position_s"), 0) * 1000)
    buffered_ms = int(_number(seen.get("buffered_s"), 0) * 1000)
    app = tablet.apps.get(owner)
    await call.say(
        f"  Media button session is {owner}/page/1 (userId=0)\n  Sessions Stack - have 1 sessions:\n"
        f"    page {owner}/page/1 (userId=0)\n      ownerPid={tablet.pid_of(owner) or 0}, "
        f"ownerUid={app.uid if app else 0}, userId=0\n      package={owner}\n"
        f"      active={str(code != 0).lower()}\n      flags=7\n"
        f"      state=PlaybackState {{state={state}, position={position_ms}, buffered position={buffered_ms}, "
        f"speed={_number(seen.get('speed'), 0.0)}, updated={updated_ms}, actions=895, custom actions=[], "
        f"active item id=-1, error=null}}\n"
        f"      metadata: size=1, description={seen.get('title', '')}, null, null"
    )
    return 0


async def surface_flinger(call: Call, args: list[str]) -> int:
    """`dumpsys SurfaceFlinger --list | --latency LAYER`: the video's layer and its frames' times.

    A frame's time is what Chromium's requestVideoFrameCallback says of it (android.md 4.3: rows of desired and actual
    present and frame ready, ns; a frame that is still to be shown is pending).
    """
    what, name = (args[0] if args else ""), " ".join(args[1:])
    seen = await call.tablet.screen.playback()
    surface = _surface(call, seen)
    if what == "--list":
        await call.say("\n".join(_listed(call, surface)))
    elif what == "--latency":
        await call.say(str(_REFRESH_NS))
        rows = _rows(call, seen) if surface and name == surface[-1] else []
        if surface and name == surface[0] and len(surface) > 1:
            rows = ["0\t0\t0"] * _ROWS  # the container never gets a frame itself
        if rows:
            await call.say("\n".join(rows))
    else:
        call.unknown()
        await call.say(f"Unknown option {what!r}")
    return 0


def _surface(call: Call, seen: Mapping[str, object]) -> list[str]:
    """The names of the playing page's SurfaceView; the last one has the frames."""
    app = call.tablet.apps.get(str(seen.get("package", "")))
    if app is None:
        return []
    component, api = f"{app.package}/{full_activity(app)}", call.tablet.profile.api
    if api < _BLAST_API:
        return [f"SurfaceView - {component}#0"]
    if api < _STATE_LAYERS_API:
        return [f"SurfaceView[{component}]#0", f"SurfaceView[{component}](BLAST)#0"]
    return [f"SurfaceView[{component}]@0#131", f"SurfaceView[{component}]@0(BLAST)#132"]


def _listed(call: Call, surface: list[str]) -> list[str]:
    shown = call.tablet.foreground()
    front = f"{shown.package}/{full_activity(shown)}" if shown else "com.android.launcher3/.Launcher"
    names = ['Display 0 name="Built-in Screen"#0', *surface, f"{front}#0"]
    if call.tablet.profile.api < _STATE_LAYERS_API:
        return names
    return [f"RequestedLayerState{{{name} parentId={120 + at}}}" for at, name in enumerate(names)]


def _rows(call: Call, seen: Mapping[str, object]) -> list[str]:
    frames = seen.get("frames_s")
    rows = []
    for submitted_s, shown_s in frames if isinstance(frames, list | tuple) else ():
        ready, shown = (round((at - call.tablet.started_s) * 1e9) for at in (submitted_s, shown_s))
        rows.append(f"{shown}\t{shown if shown_s <= time.monotonic() else _PENDING_NS}\t{ready}")
    return rows[-_ROWS:]


async def audio(call: Call, _args: list[str]) -> int:
    """`dumpsys audio`: its players, one for the page when Chromium decodes sound and lets it out (android.md 4.2)."""
    tablet = call.tablet
    if tablet.profile.api < _PLAYERS_API:
        await call.say("Stream volumes (device: index)")
        return 0
    seen = await tablet.screen.playback()
    app = tablet.apps.get(str(seen.get("package", "")))
    players = ""
    if app is not None and seen.get("sound"):
        words = (
            "type:android.media.AudioTrack",
            f"u/pid:{app.uid}/{tablet.pid_of(app.package) or 0}",
            f"state:{'started' if seen.get('state') == 'playing' else 'paused'}",
            "attr:AudioAttributes: usage=USAGE_MEDIA content=CONTENT_TYPE_MOVIE flags=0x0 tags= bundle=null",
        )
        if tablet.profile.api < _PLAYBACK_CONFIGURATION_API:
            players = f"  ID:295 -- {' -- '.join(words)}\n"
        else:
            tail = "sessionId:8009 mutedState:none  FormatInfo{isSpatialized=false, channelMask=0x0, sampleRate=0}"
            players = f"  AudioPlaybackConfiguration piid:295 {' '.join(words)} {tail}\n"
    await call.say(f"PlaybackActivityMonitor dump time: {time.strftime('%H:%M:%S')}\n\n  players:\n{players}\n")
    return 0


def _number(value: object, otherwise: float) -> float:
    return float(value) if isinstance(value, int | float) else otherwise
