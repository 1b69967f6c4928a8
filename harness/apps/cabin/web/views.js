// The catalogue's cards and the rows of Downloads.
import { clock, megabytes } from './format.js';
import { places } from './library.js';

const make = (tag, attributes = {}, ...children) => {
  const e = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === 'onclick') e.addEventListener('click', value);
    else if (name in e && name !== 'role') e[name] = value;
    else e.setAttribute(name, value);
  }
  e.append(...children);
  return e;
};
const byId = (id) => document.getElementById(id);
const show = (e, on) => { e.hidden = !on; };
const set = (e, text) => { if (e.textContent !== text) e.textContent = text; };

export class Views {
  constructor(library, play) {
    this.library = library;
    this.play = play;
    byId('cards').replaceChildren(...library.titles.map((t) => this.#card(t)));
    byId('rows').replaceChildren(...library.titles.map((t) => this.#row(t)));
    library.addEventListener('change', (event) => this.update(event.detail));
    this.updateAll();
  }

  #card(t) {
    const { library } = this;
    const button = (id, text, act, kind = '') =>
      make('button', { id: `${id}-${t.id}`, className: `button ${kind}`, onclick: act }, text);
    return make('article', { className: 'card', id: `card-${t.id}` },
      make('div', { className: 'poster' },
        make('img', { src: t.poster, alt: '', width: 640, height: 360, decoding: 'async' }),
        make('span', { className: 'length' }, clock(t.duration_s))),
      make('div', { className: 'body' },
        make('h2', { id: `title-${t.id}` }, t.title),
        make('p', { className: 'summary' }, t.summary),
        make('progress', { id: `progress-${t.id}`, max: 1, value: 0, 'aria-label': `Download of ${t.title}` }, ''),
        make('p', { id: `state-${t.id}`, className: 'state', role: 'status' }),
        make('div', { className: 'buttons' },
          button('play', 'Play', () => this.play(t), 'main'),
          button('restart', 'From start', () => this.play(t, true)),
          button('download', 'Download', () => library.download(t)),
          button('pause', 'Pause', () => library.pause(t.id)),
          button('cancel', 'Cancel', () => library.cancel(t.id))),
        make('p', { id: `note-${t.id}`, className: 'note' }, 'Starts again from 0 %: parts of a download are not kept.')));
  }

  #row(t) {
    return make('article', { className: 'row', id: `row-${t.id}` },
      make('img', { src: t.poster, alt: '', width: 160, height: 90, decoding: 'async' }),
      make('div', { className: 'body' },
        make('h2', { id: `row-title-${t.id}` }, t.title),
        make('p', { id: `row-state-${t.id}`, className: 'state' }),
        make('p', { id: `row-time-${t.id}`, className: 'quiet' })),
      make('div', { className: 'buttons' },
        make('button', { id: `row-play-${t.id}`, className: 'button main', onclick: () => this.play(t) }, 'Play'),
        make('button', { id: `row-restart-${t.id}`, className: 'button', onclick: () => this.play(t, true) }, 'From start'),
        make('button', { id: `row-delete-${t.id}`, className: 'button danger', 'aria-label': 'Delete',
          onclick: (event) => this.#delete(t, event.currentTarget) }, 'Delete')));
  }

  async #delete(t, button) {
    button.disabled = true;
    try {
      await this.library.remove(t.id);
      places.forget(t.id);
      this.update(t.id);
    } finally {
      button.disabled = false;
    }
  }

  updateAll() {
    for (const t of this.library.titles) this.update(t.id);
  }

  update(id) {
    const t = this.library.titles.find((title) => title.id === id);
    const s = this.library.states.get(id);
    const text = this.library.text(id);
    const busy = s.kind === 'downloading';
    const resumed = places.of(t);
    byId(`card-${id}`).dataset.kind = s.kind;
    byId(`row-${id}`).dataset.kind = s.kind;
    set(byId(`state-${id}`), text);
    set(byId(`row-state-${id}`), text);
    set(byId(`row-time-${id}`), resumed ? `${clock(resumed)} of ${clock(t.duration_s)} watched` : clock(t.duration_s));
    for (const name of [`play-${id}`, `row-play-${id}`]) set(byId(name), resumed ? 'Resume' : 'Play');
    const bar = byId(`progress-${id}`);
    const percent = `${Math.floor((s.part || 0) * 100)} %`;
    bar.value = s.part || 0;
    bar.setAttribute('aria-valuetext', percent);
    set(bar, percent);
    bar.classList.toggle('idle', !busy && s.kind !== 'paused'); // keeps its room, so that buttons never jump
    set(byId(`download-${id}`), { failed: 'Try again', paused: 'Resume download' }[s.kind] || 'Download');
    show(byId(`download-${id}`), !busy && s.kind !== 'done');
    show(byId(`pause-${id}`), busy);
    show(byId(`cancel-${id}`), busy || s.kind === 'paused');
    show(byId(`note-${id}`), s.kind === 'paused');
    show(byId(`restart-${id}`), resumed > 0 && !busy && s.kind !== 'paused');
    show(byId(`row-${id}`), s.kind === 'done');
    show(byId(`row-restart-${id}`), resumed > 0);
    show(byId('downloads-empty'), ![...this.library.states.values()].some((one) => one.kind === 'done'));
    set(byId('storage-used'), `${megabytes(this.library.usedBytes)} used`);
    set(byId('nav-downloads'), 'Downloads');
  }

  show(name) {
    for (const view of ['catalogue', 'downloads']) {
      show(byId(`view-${view}`), view === name);
      if (view === name) byId(`nav-${view}`).setAttribute('aria-current', 'page');
      else byId(`nav-${view}`).removeAttribute('aria-current');
    }
    scrollTo(0, 0);
  }
}
