// What is on this tablet: Shaka's offline storage, and this app's own short list of what it said about each title.
import {dropLastSegments, phantomDownload} from './faults.js';

export const megabytes = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`;

export class Library {
  constructor(faults) {
    this.faults = new Set(faults);
    this.working = new Map();
  }

  phantoms() {
    return JSON.parse(localStorage.getItem('phantoms') || '{}');
  }

  /** Stored titles by id: {uri, size}. Entries that were cut by a killed app are not titles. */
  async stored() {
    const found = {};
    const player = new shaka.Player();
    const storage = new shaka.offline.Storage(player);
    try {
      for (const entry of await storage.list()) {
        if (!entry.isIncomplete) found[entry.appMetadata.id] = {uri: entry.offlineUri, size: entry.size};
      }
    } finally {
      await storage.destroy();
      await player.destroy();
    }
    for (const [id, size] of Object.entries(this.phantoms())) found[id] ||= {uri: null, size};
    return found;
  }

  /** Download a title; `progress` gets 0..1. Rejects with words for the user. */
  async download(title, progress) {
    if (this.faults.has('phantom_download')) {
      const size = await phantomDownload(progress);
      localStorage.setItem('phantoms', JSON.stringify({...this.phantoms(), [title.id]: size}));
      return;
    }
    const player = new shaka.Player();
    const storage = new shaka.offline.Storage(player);
    storage.configure({
      offline: {
        progressCallback: (_, done) => progress(done),
        trackSelectionCallback: async (tracks) => {
          const videos = tracks.filter((t) => t.type === 'variant' && (t.height || 0) <= 720);
          const top = Math.max(...videos.map((t) => t.height || 0));
          return [...videos.filter((t) => (t.height || 0) === top), ...tracks.filter((t) => t.type === 'text')];
        },
      },
      streaming: {retryParameters: {maxAttempts: 3, baseDelay: 300}},
    });
    if (this.faults.has('drops_last_segments')) {
      storage.getNetworkingEngine().registerResponseFilter(dropLastSegments(shaka));
    }
    const operation = storage.store(title.manifest, {id: title.id, title: title.title});
    this.working.set(title.id, operation);
    try {
      await operation.promise;
    } catch (error) {
      throw new Error(error ? `Shaka error ${error.code}` : 'the tablet refused to store it');
    } finally {
      this.working.delete(title.id);
      await storage.destroy();
      await player.destroy();
    }
  }

  async abort(id) {
    await this.working.get(id)?.abort();
  }

  async remove(id) {
    const phantoms = this.phantoms();
    delete phantoms[id];
    localStorage.setItem('phantoms', JSON.stringify(phantoms));
    const entry = (await this.stored())[id];
    if (!entry?.uri) return;
    const player = new shaka.Player();
    const storage = new shaka.offline.Storage(player);
    try {
      await storage.remove(entry.uri);
    } finally {
      await storage.destroy();
      await player.destroy();
    }
  }

  /** What the player is to open: the stored copy when there is one. */
  source(title, stored) {
    const entry = stored[title.id];
    const local = entry?.uri && !this.faults.has('streams_anyway');
    return local ? {uri: entry.uri, label: 'Stored copy'} : {uri: title.manifest, label: 'Stream'};
  }
}
