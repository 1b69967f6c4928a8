// Cabin: catalogue, downloads, player. Everything that it shows at a start comes from the service worker's cache.
import {Library, megabytes} from './library.js';
import {PlayerPage, resumeAt} from './player.js';

const $ = (id) => document.getElementById(id);
const make = (tag, props = {}, ...children) => {
  const node = Object.assign(document.createElement(tag), props);
  node.append(...children);
  return node;
};
const minutes = (s) => `${Math.floor(s / 60)}:${String(Math.round(s % 60)).padStart(2, '0')} min`;

let titles = [];
let library;
let stored = {};
const progress = new Map(); // id -> 0..1 while a download runs
const said = new Map(); // id -> what went wrong, or 'Paused'

function fail(title, message) {
  $('error-title').textContent = title;
  $('error-message').textContent = message;
  $('error-dialog').hidden = false;
  $('error-close').focus();
}

const player = new PlayerPage(() => refresh(), fail);
$('error-close').onclick = async () => {
  $('error-dialog').hidden = true;
  if (!$('player').hidden) await player.close();
};

function stateOf(id) {
  if (progress.has(id)) return `Downloading ${Math.floor(progress.get(id) * 100)} %`;
  if (stored[id]) return `Downloaded ${megabytes(stored[id].size)}`;
  return said.get(id) || 'Not downloaded';
}

function play(title) {
  player.open(title, library.source(title, stored), resumeAt(title.id));
}

async function download(title) {
  said.delete(title.id);
  progress.set(title.id, 0);
  draw();
  try {
    await library.download(title, (done) => { progress.set(title.id, done); update(title.id); });
  } catch (error) {
    if (!said.has(title.id)) said.set(title.id, `Failed: ${error.message}`);
  }
  progress.delete(title.id);
  await refresh();
}

async function stop(title, word) {
  said.set(title.id, word);
  await library.abort(title.id);
}

function update(id) {
  const bar = $(`progress-${id}`);
  if (bar) { bar.value = progress.get(id); bar.textContent = `${Math.floor(progress.get(id) * 100)} %`; }
  const state = $(`state-${id}`);
  if (state) state.textContent = stateOf(id);
}

function card(title) {
  const {id} = title;
  const busy = progress.has(id);
  const state = make('div', {id: `state-${id}`, className: 'state', textContent: stateOf(id)});
  if (stored[id]) state.classList.add('done');
  if (state.textContent.startsWith('Failed')) state.classList.add('bad');
  const buttons = make('div', {className: 'buttons'});
  const button = (name, text, onclick, main) => buttons.append(make('button', {id: `${name}-${id}`, textContent: text, onclick, className: main ? 'main' : ''}));
  if (busy) {
    button('pause', 'Pause', () => stop(title, 'Paused'));
    button('cancel', 'Cancel', () => stop(title, 'Not downloaded'));
  } else if (!stored[id]) {
    button('download', said.get(id) === 'Paused' ? 'Download again' : 'Download', () => download(title), true);
  }
  button('play', resumeAt(id) ? 'Resume' : 'Play', () => play(title), Boolean(stored[id]));
  const body = make('div', {className: 'body'}, make('h2', {id: `title-${id}`, textContent: title.title}),
    make('p', {textContent: title.summary}), make('span', {className: 'meta', textContent: minutes(title.duration_s)}), state);
  if (busy) body.append(make('progress', {id: `progress-${id}`, max: 1, value: progress.get(id)}));
  if (said.get(id) === 'Paused') body.append(make('span', {className: 'meta', textContent: 'A paused download starts again from its beginning.'}));
  body.append(buttons);
  return make('article', {className: 'card'}, make('img', {src: title.poster, alt: ''}), body);
}

function row(title) {
  const {id} = title;
  return make('article', {className: 'row', id: `row-${id}`}, make('img', {src: title.poster, alt: ''}),
    make('div', {className: 'grow'}, make('h2', {textContent: title.title}), make('div', {id: `row-state-${id}`, className: 'state done', textContent: stateOf(id)})),
    make('div', {className: 'buttons'},
      make('button', {id: `row-play-${id}`, className: 'main', textContent: resumeAt(id) ? 'Resume' : 'Play', onclick: () => play(title)}),
      make('button', {id: `row-delete-${id}`, textContent: 'Delete', onclick: async () => { await library.remove(id); await refresh(); }})));
}

function draw() {
  $('cards').replaceChildren(...titles.map(card));
  const kept = titles.filter((title) => stored[title.id]);
  $('rows').replaceChildren(...kept.map(row));
  $('rows-empty').hidden = kept.length > 0;
  $('storage-used').textContent = megabytes(kept.reduce((sum, title) => sum + stored[title.id].size, 0));
}

async function refresh() {
  stored = await library.stored();
  draw();
}

function page(name) {
  for (const other of ['catalogue', 'downloads']) {
    $(`page-${other}`).hidden = other !== name;
    if (other === name) $(`nav-${other}`).setAttribute('aria-current', 'page');
    else $(`nav-${other}`).removeAttribute('aria-current');
  }
}
$('nav-catalogue').onclick = () => page('catalogue');
$('nav-downloads').onclick = () => page('downloads');

function network() {
  $('network-state').textContent = navigator.onLine ? 'Online' : 'Offline';
  $('network-state').classList.toggle('off', !navigator.onLine);
}
addEventListener('online', network);
addEventListener('offline', network);

async function start() {
  network();
  shaka.polyfill.installAll();
  const [catalogue, config] = await Promise.all(['/catalogue.json', '/config.json'].map(async (path) => (await fetch(path)).json()));
  titles = catalogue.titles;
  library = new Library(config.faults);
  await refresh();
  if (!navigator.onLine) page('downloads');
  if ('serviceWorker' in navigator) {
    await navigator.serviceWorker.register('/sw.js');
    await navigator.serviceWorker.ready;
  }
  navigator.storage?.persist?.();
  $('app-ready').textContent = 'Ready';
}

start().catch((error) => {
  $('app-ready').textContent = 'Failed';
  fail('Cabin cannot start', String(error?.message || error));
});
