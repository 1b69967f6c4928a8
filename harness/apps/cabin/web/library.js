// What is on the tablet: downloads through Shaka's offline storage, their states, and where each title was left.
import { explain, megabytes } from './format.js';
import { dropLastSegments, otherId, otherTitle, phantomDownload, uriToPlay } from './faults.js';

const PHANTOMS = 'cabin.phantoms';
const PAUSED = 'cabin.paused';
const read = (key) => JSON.parse(localStorage.getItem(key) || '{}');
const write = (key, value) => localStorage.setItem(key, JSON.stringify(value));

export class Library extends EventTarget {
  constructor(titles, faults) {
    super();
    this.titles = titles;
    this.faults = faults;
    this.states = new Map(titles.map((t) => [t.id, { kind: 'none' }]));
    this.running = new Map(); // title id -> {stop, ended}
    this.storage = new shaka.offline.Storage();
    this.cleaning = Promise.resolve();
  }

  async open() {
    await this.refresh();
    this.cleaning = this.#removeBroken();
  }

  // Entries that are complete, by title id. Incomplete ones are what a kill left behind and are not shown.
  async refresh() {
    const all = await this.storage.list();
    const paused = read(PAUSED);
    const phantoms = this.faults.has('phantom_download') ? read(PHANTOMS) : {};
    for (const { id } of this.titles) {
      if (this.running.has(id)) continue;
      const entry = all.find((e) => e.appMetadata?.id === id && !e.isIncomplete);
      const before = this.states.get(id);
      const other = all.find((e) => e.appMetadata?.id === otherId(id) && !e.isIncomplete);
      if (entry) this.#set(id, { kind: 'done', size: entry.size, uri: entry.offlineUri, otherUri: other?.offlineUri });
      else if (phantoms[id]) this.#set(id, { kind: 'done', size: phantoms[id], uri: null });
      else if (paused[id] !== undefined) this.#set(id, { kind: 'paused', part: paused[id] });
      else if (before.kind !== 'failed') this.#set(id, { kind: 'none' });
    }
  }

  // remove() of an incomplete entry leaves its segments behind; only deleteAll frees them (Shaka 5.2.12).
  async #removeBroken() {
    try {
      const all = await this.storage.list();
      const broken = all.filter((e) => e.isIncomplete);
      if (broken.length && broken.length === all.length) await shaka.offline.Storage.deleteAll();
      else for (const entry of broken) await this.storage.remove(entry.offlineUri);
    } catch (error) {
      console.warn('Cabin: could not clear an unfinished download:', explain(error));
    }
  }

  text(id) {
    const s = this.states.get(id);
    switch (s.kind) {
      case 'downloading': return `Downloading ${Math.floor(s.part * 100)} %`;
      case 'paused': return 'Paused';
      case 'done': return `Downloaded ${megabytes(s.size)}`;
      case 'failed': return `Failed: ${s.why}`;
      default: return 'Not downloaded';
    }
  }

  get usedBytes() {
    return [...this.states.values()].reduce((sum, s) => sum + (s.kind === 'done' ? s.size : 0), 0);
  }

  async download(title) {
    if (this.states.get(title.id).kind === 'downloading') return;
    const previous = this.running.get(title.id)?.ended;
    this.#pausedAt(title.id, undefined);
    this.#set(title.id, { kind: 'downloading', part: 0 });
    const control = { stop: null, wanted: null, ended: null };
    this.running.set(title.id, control);
    const onProgress = (part) => {
      if (!control.wanted) this.#set(title.id, { kind: 'downloading', part });
    };
    const work = async () => {
      await previous;
      await this.cleaning;
      if (control.wanted) return;
      if (this.faults.has('phantom_download')) await this.#pretend(title, control, onProgress);
      else await this.#store(title, control, onProgress);
    };
    let failed = null;
    control.ended = work().catch((error) => { failed = { error }; }).finally(async () => {
      if (this.running.get(title.id) !== control) return; // a newer attempt has taken over
      this.running.delete(title.id);
      if (failed && !control.wanted) {
        this.#set(title.id, { kind: 'failed', why: explain(failed.error) });
        console.warn('Cabin: download failed:', explain(failed.error));
      }
      await this.refresh();
    });
    await control.ended;
  }

  async #pretend(title, control, onProgress) {
    const stop = new AbortController();
    control.stop = () => stop.abort();
    const size = await phantomDownload(title, onProgress, stop.signal);
    write(PHANTOMS, { ...read(PHANTOMS), [title.id]: size });
  }

  async #store(title, control, onProgress) {
    const storage = new shaka.offline.Storage();
    try {
      storage.configure({ offline: {
        trackSelectionCallback: bestTracks,
        progressCallback: (_, part) => onProgress(Math.min(part, 0.99)),
        usePersistentLicense: false,
      } });
      if (this.faults.has('drops_last_segments')) dropLastSegments(storage.getNetworkingEngine());
      const operation = storage.store(title.manifest, { id: title.id, title: title.title });
      control.stop = () => operation.abort();
      await operation.promise;
      const other = otherTitle(this.faults, this.titles, title);
      if (other) await storage.store(other.manifest, { id: otherId(title.id), title: other.title }).promise;
    } finally {
      await storage.destroy();
    }
  }

  // Shaka keeps nothing of a stopped download, so pausing keeps only the intention, and the percentage to show.
  pause(id) {
    const part = this.states.get(id).part || 0;
    this.#stop(id, 'pause');
    this.#pausedAt(id, part);
    this.#set(id, { kind: 'paused', part });
  }

  cancel(id) {
    this.#stop(id, 'cancel');
    this.#pausedAt(id, undefined);
    this.#set(id, { kind: 'none' });
  }

  async remove(id) {
    const s = this.states.get(id);
    for (const uri of [s.uri, s.otherUri]) if (uri) await this.storage.remove(uri);
    const { [id]: _, ...rest } = read(PHANTOMS);
    write(PHANTOMS, rest);
    this.#set(id, { kind: 'none' });
    await this.refresh();
  }

  // {uri, stored}: what Play opens.
  source(title) {
    const s = this.states.get(title.id);
    if (s.kind !== 'done') return { uri: title.manifest, stored: false };
    return { uri: s.uri ? uriToPlay(this.faults, s, title.manifest) : title.manifest, stored: true };
  }

  #stop(id, wanted) {
    const control = this.running.get(id);
    if (!control) return;
    control.wanted = wanted;
    control.stop?.();
  }

  #pausedAt(id, part) {
    const { [id]: _, ...rest } = read(PAUSED);
    write(PAUSED, part === undefined ? rest : { ...rest, [id]: part });
  }

  #set(id, state) {
    this.states.set(id, state);
    this.dispatchEvent(new CustomEvent('change', { detail: id }));
  }
}

// The best picture up to 720 lines (else the smallest), all sound and all text.
function bestTracks(tracks) {
  const variants = tracks.filter((t) => t.type === 'variant');
  const fits = variants.filter((t) => (t.height || 0) <= 720);
  const rank = (t) => (t.height || 0) * 1e9 + (t.videoBandwidth || t.bandwidth || 0);
  const best = fits.length ? fits.reduce((a, b) => (rank(b) > rank(a) ? b : a))
    : variants.reduce((a, b) => (rank(b) < rank(a) ? b : a));
  return tracks.filter((t) => t.type === 'text' || (t.type === 'variant' && t.videoId === best.videoId));
}

const placeKey = (id) => `cabin.place.${id}`;

export const places = {
  keep: (id, seconds) => localStorage.setItem(placeKey(id), seconds.toFixed(2)),
  forget: (id) => localStorage.removeItem(placeKey(id)),
  // Seconds to start at; 0 near either end.
  of(title) {
    const at = Number(localStorage.getItem(placeKey(title.id)) || 0);
    return at > 5 && at < title.duration_s * 0.95 ? at : 0;
  },
};
