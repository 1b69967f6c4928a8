"""What Chromium says of the page's player: its state and position, whether sound comes out, its last frames' times."""

from __future__ import annotations

import time
from typing import Any

from harness.virtual.cdp import Session

# The notes of frames hang on the element by a symbol, where no page looks for them; one callback for each frame.
_PLAYER = r"""(() => {
  const all = [...document.querySelectorAll('video,audio')];
  const v = all.find(e => !e.paused && !e.ended) || all.find(e => e.currentSrc || e.src || e.srcObject);
  if (!v) return null;
  let buffered = v.currentTime;
  for (let i = 0; i < v.buffered.length; i++)
    if (v.buffered.start(i) <= v.currentTime + 0.1 && v.buffered.end(i) > buffered) buffered = v.buffered.end(i);
  const state = v.error ? 'error' : v.ended ? 'stopped' : v.paused ? 'paused'
    : v.readyState < 3 || v.seeking ? 'buffering' : 'playing';
  const kept = Symbol.for('redeye.frames');
  if (!v[kept] && v.requestVideoFrameCallback) {
    const frames = [];
    Object.defineProperty(v, kept, {value: frames});
    const note = (_, seen) => {
      if (frames.push([seen.presentationTime, seen.expectedDisplayTime]) > 127) frames.shift();
      v.requestVideoFrameCallback(note);
    };
    v.requestVideoFrameCallback(note);
  }
  const now = performance.now();
  const frames = (v[kept] || []).map(times => times.map(at => at - now));
  const sound = v.webkitAudioDecodedByteCount > 0 && !v.muted && v.volume > 0;
  return {state, frames, sound, position_s: v.currentTime, buffered_s: buffered, speed: v.paused ? 0 : v.playbackRate,
    duration_s: Number.isFinite(v.duration) ? v.duration : null,
    title: navigator.mediaSession?.metadata?.title || document.title};
})()"""


async def read(page: Session) -> dict[str, Any]:
    """The keys of hardware.Screen.playback without the package; {} when the page has no player."""
    seen = await page.evaluate(_PLAYER)
    if not seen:
        return {}
    now = time.monotonic()
    frames = tuple((now + ready / 1000, now + shown / 1000) for ready, shown in seen.pop("frames"))
    return {**seen, "updated_s": now, "frames_s": frames}
