// Numbers as people read them, and errors as sentences.

export const clock = (seconds) => {
  const whole = Math.max(0, Math.floor(seconds || 0));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`;
};

export const megabytes = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`;

const nameOf = (table, value) => Object.keys(table).find((key) => table[key] === value);

// What Shaka (or the browser) said. Shaka rejects with undefined when the storage quota is used up.
export function explain(error) {
  if (error === undefined || error === null) return 'the tablet refused to store it';
  if (typeof error.code !== 'number') return String(error.message || error);
  const { Code, Category } = shaka.util.Error;
  const code = nameOf(Code, error.code) || 'UNKNOWN';
  const category = nameOf(Category, error.category) || 'UNKNOWN';
  return `${sentence(error)} (Shaka ${error.code}, ${category}.${code})`;
}

function sentence(error) {
  const { Category } = shaka.util.Error;
  switch (error.category) {
    case Category.NETWORK: return 'the server could not be reached';
    case Category.STORAGE: return 'the stored copy is incomplete or could not be written';
    case Category.MEDIA: return 'the picture or sound could not be decoded';
    case Category.MANIFEST: return 'the description of the title is wrong';
    case Category.DRM: return 'the licence was refused';
    default: return 'the player stopped';
  }
}
