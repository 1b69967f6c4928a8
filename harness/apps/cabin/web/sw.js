// The app shell: cached at install and answered from the cache. Media is never cached here: what plays offline must be
// what Shaka stored. Catalogue and configuration are asked of the network first, briefly, so that a start offline is quick.
const CACHE = 'cabin-1';
const SHELL = ['/', '/style.css', '/app.js', '/library.js', '/player.js', '/faults.js', '/icon.svg',
  '/manifest.webmanifest', '/shaka/shaka-player.compiled-es2021.js', '/catalogue.json', '/config.json'];
const FRESH = ['/catalogue.json', '/config.json'];
const NETWORK_MS = 700;

self.addEventListener('install', (event) => {
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(SHELL)).then(() => self.skipWaiting()));
});
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()));

async function fresh(request) {
  const cache = await caches.open(CACHE);
  try {
    const reply = await fetch(request, {signal: AbortSignal.timeout(NETWORK_MS)});
    if (reply.ok) await cache.put(request, reply.clone());
    return reply;
  } catch (error) {
    const kept = await cache.match(request);
    if (kept) return kept;
    throw error;
  }
}

async function kept(request) {
  const cache = await caches.open(CACHE);
  const found = await cache.match(request, {ignoreSearch: true});
  if (found) return found;
  const reply = await fetch(request);
  if (reply.ok && request.url.endsWith('.jpg')) await cache.put(request, reply.clone());
  return reply;
}

self.addEventListener('fetch', (event) => {
  const path = new URL(event.request.url).pathname;
  if (event.request.method !== 'GET') return;
  if (path.startsWith('/media/') && !path.endsWith('.jpg')) return;
  event.respondWith(FRESH.includes(path) ? fresh(event.request) : kept(event.request));
});
