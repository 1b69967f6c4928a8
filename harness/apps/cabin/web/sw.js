// Cabin's service worker: the shell from the cache, catalogue and settings from the network when it answers soon, media never.
const CACHE = 'cabin-1'; // change when the shell changes
const SHELL = ['/', '/style.css', '/app.js', '/format.js', '/library.js', '/player.js', '/views.js', '/faults.js', '/icon.svg',
  '/manifest.webmanifest', '/shaka/shaka-player.compiled-es2021.js'];
const DOCUMENTS = ['/catalogue.json', '/config.json'];
const NETWORK_WAIT_MS = 600; // an unreachable server must not hold up an offline start

self.addEventListener('install', (event) => event.waitUntil((async () => {
  const cache = await caches.open(CACHE);
  await cache.addAll([...SHELL, ...DOCUMENTS].map((url) => new Request(url, { cache: 'reload' })));
  const { titles } = await (await cache.match('/catalogue.json')).json();
  await Promise.allSettled(titles.filter((t) => t.poster).map((t) => cache.add(t.poster)));
  await self.skipWaiting();
})()));

self.addEventListener('activate', (event) => event.waitUntil((async () => {
  for (const name of await caches.keys()) if (name !== CACHE) await caches.delete(name);
  await self.clients.claim();
})()));

self.addEventListener('fetch', (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== 'GET' || url.origin !== location.origin) return;
  if (DOCUMENTS.includes(url.pathname)) event.respondWith(newest(event));
  else if (event.request.mode === 'navigate') event.respondWith(stored('/', event.request));
  else if (SHELL.includes(url.pathname)) event.respondWith(stored(url.pathname, event.request));
  else if (/^\/media\/.+\.(jpg|jpeg|png|webp)$/.test(url.pathname)) event.respondWith(poster(event.request));
});

async function stored(key, request) {
  return (await (await caches.open(CACHE)).match(key)) ?? fetch(request);
}

async function poster(request) {
  const cache = await caches.open(CACHE);
  const kept = await cache.match(request.url);
  if (kept) return kept;
  const fresh = await fetch(request);
  if (fresh.status === 200) await cache.put(request.url, fresh.clone());
  return fresh;
}

async function newest(event) {
  const key = new URL(event.request.url).pathname;
  const cache = await caches.open(CACHE);
  const fetched = fetch(event.request).then(async (fresh) => {
    if (!fresh.ok) throw new Error(`HTTP ${fresh.status}`);
    await cache.put(key, fresh.clone());
    return fresh;
  });
  event.waitUntil(fetched.catch(() => undefined)); // late answers still refresh the cache
  const kept = await cache.match(key);
  if (!kept) return fetched;
  const late = new Promise((done) => setTimeout(done, NETWORK_WAIT_MS, kept.clone()));
  return Promise.race([fetched.catch(() => kept), late]);
}
