// Cabin's start: documents, library, screens. Ready means that it would also start without a network.
import { askForLeave } from './faults.js';
import { explain } from './format.js';
import { Library, places } from './library.js';
import { CabinPlayer } from './player.js';
import { Views } from './views.js';

const byId = (id) => document.getElementById(id);
const ready = (text) => { byId('app-ready').textContent = text; };

async function getJson(path) {
  const response = await fetch(path);
  if (!response.ok) throw new Error(`${path} answered ${response.status}`);
  return response.json();
}

function showError(title, message) {
  byId('error-title').textContent = title;
  byId('error-message').textContent = message;
  byId('error-dialog').hidden = false;
  byId('error-close').focus();
}

let afterError = () => undefined;

function closeError() {
  byId('error-dialog').hidden = true;
  afterError();
}

function network() {
  const online = navigator.onLine;
  byId('network-state').textContent = online ? 'Online' : 'Offline';
  byId('network-state').classList.toggle('off', !online);
}

async function worker() {
  if (!navigator.serviceWorker) return 'this address is not secure';
  try {
    await navigator.serviceWorker.register('/sw.js');
  } catch (error) {
    if (!navigator.serviceWorker.controller) return String(error.message || error);
  }
  await navigator.serviceWorker.ready;
  return null;
}

async function start() {
  network();
  addEventListener('online', network);
  addEventListener('offline', network);
  byId('error-close').addEventListener('click', closeError);
  addEventListener('keydown', (event) => {
    if (event.key === 'Escape' && !byId('error-dialog').hidden) { event.preventDefault(); closeError(); }
  });
  const working = worker();
  navigator.storage?.persist?.().catch(() => undefined);
  const [catalogue, config] = await Promise.all([getJson('/catalogue.json'), getJson('/config.json')]);
  if (config.faults.includes('needs_network_to_start')) await askForLeave();
  shaka.polyfill.installAll();
  if (!shaka.offline.Storage.support()) throw new Error('this browser cannot store titles');

  const faults = new Set(config.faults);
  const library = new Library(catalogue.titles, faults);
  const player = new CabinPlayer(faults, (why) => {
    player.showControls();
    showError('This cannot be played', why.charAt(0).toUpperCase() + why.slice(1) + '.');
  });
  const play = async (title, fromStart = false) => {
    history.pushState({ player: true }, '');
    byId('shell').hidden = byId('top').hidden = true;
    await player.open(title, library.source(title), fromStart ? 0 : places.of(title));
  };
  const views = new Views(library, play);
  afterError = () => { if (player.isOpen && player.failed) history.back(); }; // nothing is left to see there
  const leave = async () => {
    byId('error-dialog').hidden = true;
    byId('shell').hidden = byId('top').hidden = false;
    await player.close();
    views.updateAll();
  };
  addEventListener('popstate', () => { if (player.isOpen) leave(); });
  byId('player-back').addEventListener('click', () => history.back());
  for (const name of ['catalogue', 'downloads']) byId(`nav-${name}`).addEventListener('click', () => views.show(name));
  byId('empty-catalogue').addEventListener('click', () => views.show('catalogue'));

  await library.open();
  const refused = await working;
  ready(refused ? `Not usable offline: ${refused}` : 'Ready');
  const persisted = await navigator.storage?.persisted?.();
  byId('storage-note').textContent = persisted ? 'The system will not clear it.' : 'The system may clear it when space is short.';
}

start().catch((error) => {
  ready('Not ready');
  showError('Cabin could not start', explain(error));
});
