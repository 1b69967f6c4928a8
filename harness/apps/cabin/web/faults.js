// Named defects, off by default, switched on by config.json when a run starts. Each is one that shipped somewhere.

/** Marks a title as downloaded after a plausible while, and stores nothing. */
export async function phantomDownload(progress) {
  for (let step = 1; step <= 10; step += 1) {
    await new Promise((done) => setTimeout(done, 60));
    progress(step / 10);
  }
  return 4_200_000;
}

/** A response filter that shortens the manifest by its last two segments, so that they are never fetched. */
export function dropLastSegments(shaka) {
  return (type, response) => {
    if (type !== shaka.net.NetworkingEngine.RequestType.MANIFEST) return;
    const mpd = new DOMParser().parseFromString(new TextDecoder().decode(response.data), 'text/xml');
    let shortest = Infinity;
    for (const timeline of mpd.querySelectorAll('SegmentTimeline')) {
      const template = timeline.parentElement;
      const timescale = Number(template.getAttribute('timescale') || 1);
      for (let left = 2; left > 0 && timeline.lastElementChild; left -= 1) {
        const last = timeline.lastElementChild;
        const repeats = Number(last.getAttribute('r') || 0);
        if (repeats > 0) last.setAttribute('r', String(repeats - 1));
        else last.remove();
      }
      let length = 0;
      for (const entry of timeline.children) {
        length += Number(entry.getAttribute('d')) * (1 + Number(entry.getAttribute('r') || 0));
      }
      shortest = Math.min(shortest, length / timescale);
    }
    if (!Number.isFinite(shortest)) return;
    const text = `PT${shortest.toFixed(3)}S`;
    mpd.documentElement.setAttribute('mediaPresentationDuration', text);
    for (const period of mpd.querySelectorAll('Period[duration]')) period.setAttribute('duration', text);
    response.data = new TextEncoder().encode(new XMLSerializer().serializeToString(mpd)).buffer;
  };
}
