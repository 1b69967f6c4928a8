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
export const uriToPlay = (faults, storedUri, manifestUri) =>
  faults.has('streams_anyway') ? manifestUri : storedUri;

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
