// Cabin's built-in defects, for proving that the harness sees them. All are off unless /config.json names them.

// phantom_download: says "Downloaded" after a made-up progress and stores nothing.
export async function phantomDownload(title, onProgress, signal) {
  for (let step = 1; step <= 20; step++) {
    await new Promise((done) => setTimeout(done, 40));
    if (signal.aborted) throw new Error('aborted');
    onProgress(step / 20);
  }
  return Math.round(title.duration_s * 102400);
}

// needs_network_to_start: asks the server for leave before it shows anything (past the service worker: HEAD).
export async function askForLeave() {
  const response = await fetch('/config.json', { method: 'HEAD', cache: 'no-store' });
  if (!response.ok) throw new Error(`the server answered ${response.status}`);
}

// streams_anyway: stores truly, and then plays the online manifest.
// wrong_title: stores truly, and the next title of the catalogue with it; then plays that one.
export const uriToPlay = (faults, entry, manifestUri) =>
  faults.has('streams_anyway') ? manifestUri : faults.has('wrong_title') ? entry.otherUri ?? entry.uri : entry.uri;
export const otherId = (id) => `${id} (next)`;
export const otherTitle = (faults, titles, title) =>
  faults.has('wrong_title') ? titles[(titles.findIndex((t) => t.id === title.id) + 1) % titles.length] : null;

// drops_last_segments: the manifest loses the last 2 segments of each rendition before the download reads it.
export function dropLastSegments(networking, count = 2) {
  networking.registerResponseFilter((type, response) => {
    if (type !== shaka.net.NetworkingEngine.RequestType.MANIFEST) return;
    const mpd = new DOMParser().parseFromString(new TextDecoder().decode(response.data), 'text/xml');
    let shortest = Infinity;
    for (const timeline of mpd.querySelectorAll('SegmentTimeline')) {
      const scale = Number(timeline.parentNode.getAttribute('timescale') || 1);
      const runs = [...timeline.querySelectorAll('S')];
      for (let left = count; left > 0 && runs.length; left--) {
        const last = runs[runs.length - 1];
        const repeats = Number(last.getAttribute('r') || 0);
        if (repeats > 0) last.setAttribute('r', String(repeats - 1));
        else runs.pop().remove();
      }
      const units = runs.reduce((sum, s) => sum + Number(s.getAttribute('d')) * (1 + Number(s.getAttribute('r') || 0)), 0);
      shortest = Math.min(shortest, units / scale);
    }
    if (Number.isFinite(shortest)) mpd.documentElement.setAttribute('mediaPresentationDuration', `PT${shortest.toFixed(3)}S`);
    response.data = new TextEncoder().encode(new XMLSerializer().serializeToString(mpd)).buffer;
  });
}

// The player's faults act on each playback anew.

// late_start: the title is opened so long after Play was pressed.
export const lateStart = (faults) => new Promise((done) => setTimeout(done, faults.has('late_start') ? 12_000 : 0));

// seek_off: every seek lands 3 s later than asked, at most at the end.
export const seekTarget = (faults, asked, end) => (faults.has('seek_off') ? Math.min(end, asked + 3) : asked);

// audio_missing: plays without a sound.
export const isMuted = (faults) => faults.has('audio_missing');

const COVERS = { freeze: { from_s: 4, for_ms: 3000 }, black_video: { from_s: 3, for_ms: 2500 }, half_rate: null };

// freeze, black_video, half_rate: a sheet over the picture, under the controls; position and sound go on beneath it.
// Returns how to take it away.
export function coverPicture(faults, video, frameRate) {
  const kind = Object.keys(COVERS).find((name) => faults.has(name));
  if (!kind) return () => undefined;
  const sheet = document.createElement('canvas');
  sheet.style.cssText = 'position:absolute;inset:0;width:100%;height:100%;object-fit:contain;pointer-events:none;background:#000';
  sheet.hidden = true;
  video.after(sheet);
  const pen = sheet.getContext('2d', { alpha: false });
  const hold = () => { // the frame that is shown now
    if (sheet.width !== video.videoWidth) [sheet.width, sheet.height] = [video.videoWidth, video.videoHeight];
    pen.drawImage(video, 0, 0);
    sheet.hidden = false;
  };
  const again = () => pen.drawImage(sheet, 0, 0); // the same picture anew, as from a decoder that got stuck
  let until = 0;
  let waiting = 0;
  const look = (now, { mediaTime }) => {
    if (kind === 'half_rate') {
      if (Math.round(mediaTime * frameRate()) % 2 === 0) hold();
      else again();
    } else if (!until && mediaTime >= COVERS[kind].from_s) {
      until = now + COVERS[kind].for_ms;
      if (kind === 'freeze') hold();
      sheet.hidden = false; // an unpainted canvas is black
    } else if (now >= until) {
      sheet.hidden = true;
    } else {
      again();
    }
    waiting = video.requestVideoFrameCallback(look);
  };
  waiting = video.requestVideoFrameCallback(look);
  return () => { video.cancelVideoFrameCallback(waiting); sheet.remove(); };
}
