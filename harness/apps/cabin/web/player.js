// The player: one video, one Shaka Player, and controls that leave the picture alone.
import { coverPicture, isMuted, lateStart, seekTarget } from './faults.js';
import { clock, explain } from './format.js';
import { places } from './library.js';

const HIDE_AFTER_MS = 2800; // and 0.2 s of fading
const KEEP_PLACE_EVERY_S = 2;
const byId = (id) => document.getElementById(id);

export class CabinPlayer {
  constructor(faults, onError) {
    this.faults = faults;
    this.onError = onError;
    this.root = byId('player');
    this.video = byId('player-video');
    this.controls = byId('player-controls');
    this.seek = byId('player-seek');
    this.title = null;
    this.shaka = null;
    this.failed = false;
    this.dragging = false;
    this.timer = 0;
    this.kept = 0;
    this.uncover = () => undefined;
    this.#wire();
  }

  get isOpen() { return !this.root.hidden; }

  async open(title, source, at) {
    this.title = title;
    this.failed = false;
    this.kept = 0;
    this.root.hidden = false;
    byId('player-title').textContent = title.title;
    byId('player-source').textContent = source.stored ? 'Stored copy' : 'Stream';
    this.#fill(byId('player-audio'), []);
    this.#fill(byId('player-text'), []);
    this.#metadata(title);
    this.showControls();
    this.#update();
    const player = new shaka.Player();
    this.shaka = player;
    player.configure({ streaming: { bufferingGoal: 20 } });
    player.addEventListener('error', (event) => {
      if (event.detail?.severity === shaka.util.Error.Severity.CRITICAL) this.#fail(event.detail);
      else console.warn('Cabin: the player recovered from', explain(event.detail));
    });
    for (const name of ['buffering', 'trackschanged', 'variantchanged', 'audiotrackschanged', 'textchanged']) {
      player.addEventListener(name, () => { if (name !== 'buffering') this.#tracks(); this.#update(); });
    }
    try {
      this.video.muted = isMuted(this.faults);
      await player.attach(this.video);
      await lateStart(this.faults);
      if (this.shaka !== player) return;
      this.uncover = coverPicture(this.faults, this.video, () => player.getVariantTracks().find((t) => t.active)?.frameRate || 30);
      await player.load(source.uri, at || null);
      if (this.shaka !== player) return;
      this.#tracks();
      await this.video.play();
    } catch (error) {
      if (this.shaka !== player || error?.name === 'AbortError') return;
      if (error?.name === 'NotAllowedError') return; // the browser wants a touch on Play first
      if (error?.code !== shaka.util.Error.Code.LOAD_INTERRUPTED) this.#fail(error);
    }
  }

  async close() {
    this.#keepPlace();
    clearTimeout(this.timer);
    const player = this.shaka;
    this.shaka = null;
    this.uncover();
    this.root.hidden = true;
    if ('mediaSession' in navigator) {
      navigator.mediaSession.playbackState = 'none';
      navigator.mediaSession.metadata = null;
    }
    await player?.destroy();
  }

  showControls() {
    this.#controls(true);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.#controls(false), HIDE_AFTER_MS);
  }

  #controls(on) {
    this.controls.classList.toggle('away', !on);
    // What cannot be seen cannot be pressed; it stays readable.
    for (const e of this.controls.querySelectorAll('button, select, input')) e.disabled = !on;
  }

  toggle() {
    if (this.video.ended) this.video.currentTime = 0;
    if (this.video.paused || this.video.ended) this.video.play().catch(() => undefined);
    else this.video.pause();
  }

  seekTo(seconds) {
    this.video.currentTime = seekTarget(this.faults, seconds, this.video.duration || 0);
  }

  jump(seconds) {
    const end = this.video.duration || 0;
    this.seekTo(Math.min(end, Math.max(0, this.video.currentTime + seconds)));
  }

  #wire() {
    const { video } = this;
    for (const name of ['play', 'pause', 'playing', 'waiting', 'seeking', 'seeked', 'ended', 'timeupdate', 'loadeddata', 'durationchange'])
      video.addEventListener(name, () => this.#update());
    video.addEventListener('pause', () => this.#keepPlace());
    video.addEventListener('ended', () => { if (this.title) places.forget(this.title.id); });
    video.addEventListener('timeupdate', () => {
      if (Math.abs(video.currentTime - this.kept) >= KEEP_PLACE_EVERY_S) this.#keepPlace();
    });
    video.addEventListener('click', () => {
      if (this.controls.classList.contains('away')) this.showControls();
      else { clearTimeout(this.timer); this.#controls(false); }
    });
    for (const name of ['pointerdown', 'pointerup', 'input', 'change', 'focusin'])
      this.controls.addEventListener(name, () => this.showControls());
    byId('player-play').addEventListener('click', () => this.toggle());
    this.seek.addEventListener('input', () => { this.dragging = true; this.#update(); });
    this.seek.addEventListener('change', () => {
      this.dragging = false;
      this.seekTo(Number(this.seek.value));
      this.#update();
    });
    byId('player-audio').addEventListener('change', (event) => {
      const track = this.shaka?.getAudioTracks()[Number(event.target.value)];
      if (track) this.shaka.selectAudioTrack(track);
    });
    byId('player-text').addEventListener('change', (event) => {
      const track = this.shaka?.getTextTracks()[Number(event.target.value)];
      this.shaka?.selectTextTrack(track ?? null);
    });
    addEventListener('keydown', (event) => this.#key(event));
    if ('mediaSession' in navigator) {
      const on = (action, act) => navigator.mediaSession.setActionHandler(action, act);
      on('play', () => video.play());
      on('pause', () => video.pause());
      on('seekto', (d) => this.seekTo(d.seekTime));
      on('seekbackward', (d) => this.jump(-(d.seekOffset || 10)));
      on('seekforward', (d) => this.jump(d.seekOffset || 10));
    }
  }

  #key(event) {
    if (!this.isOpen || !byId('error-dialog').hidden || event.ctrlKey || event.altKey || event.metaKey) return;
    const inSelect = event.target.tagName === 'SELECT';
    const away = this.controls.classList.contains('away');
    if (event.key === ' ' && (away || event.target.tagName !== 'BUTTON') && !inSelect) this.toggle();
    else if (event.key === 'ArrowLeft' && !inSelect) this.jump(-5);
    else if (event.key === 'ArrowRight' && !inSelect) this.jump(5);
    else if (event.key === 'Escape') history.back();
    else { this.showControls(); return; }
    event.preventDefault();
    this.showControls();
  }

  #state() {
    const { video } = this;
    if (this.failed) return 'Error';
    if (video.ended) return 'Ended';
    if (!this.shaka || this.shaka.isBuffering() || video.readyState < 2 || (video.seeking && video.readyState < 3)) return 'Buffering';
    return video.paused ? 'Paused' : 'Playing';
  }

  #update() {
    if (!this.isOpen) return;
    const { video, seek } = this;
    const state = this.#state();
    const length = Number.isFinite(video.duration) ? video.duration : this.title.duration_s;
    const at = this.dragging ? Number(seek.value) : video.currentTime;
    // The buffered end is a few ms short of the packager's duration: the total is rounded, and the end shows the total.
    const total = clock(Math.round(length));
    const time = `${video.ended ? total : clock(at)} / ${total}`;
    this.root.dataset.state = state;
    if (byId('player-state').textContent !== state) byId('player-state').textContent = state;
    if (byId('player-time').textContent !== time) byId('player-time').textContent = time;
    if (seek.max !== String(length)) seek.max = String(length);
    if (!this.dragging) seek.value = String(at);
    seek.style.setProperty('--at', String(length ? at / length : 0));
    seek.setAttribute('aria-valuetext', time);
    byId('player-play').setAttribute('aria-label', video.paused || video.ended ? 'Play' : 'Pause');
    byId('player-play').classList.toggle('paused', video.paused || video.ended);
    if ('mediaSession' in navigator && length > 0 && Number.isFinite(video.duration)) {
      navigator.mediaSession.playbackState = video.paused || video.ended ? 'paused' : 'playing';
      navigator.mediaSession.setPositionState({ duration: length, position: Math.min(video.currentTime, length), playbackRate: 1 });
    }
  }

  #keepPlace() {
    if (!this.title || this.failed || this.video.ended || this.video.readyState < 1) return;
    this.kept = this.video.currentTime;
    places.keep(this.title.id, this.kept);
  }

  #tracks() {
    if (!this.shaka) return;
    const name = (t) => t.label || new Intl.DisplayNames(['en'], { type: 'language' }).of(t.language || 'und');
    const sounds = this.shaka.getAudioTracks().map((t, i) => [i, name(t), t.active]);
    const texts = this.shaka.getTextTracks().map((t, i) => [i, name(t), t.active]);
    this.#fill(byId('player-audio'), sounds);
    this.#fill(byId('player-text'), [[-1, 'Off', !texts.some((t) => t[2])], ...texts]);
  }

  #fill(select, options) {
    const wanted = options.length ? options : [[-1, 'None', true]];
    select.replaceChildren(...wanted.map(([value, text, on]) => new Option(text, value, on, on)));
  }

  #metadata(title) {
    if (!('mediaSession' in navigator)) return;
    navigator.mediaSession.metadata = new MediaMetadata({
      title: title.title, artist: 'Cabin', artwork: [{ src: new URL(title.poster, location.href).href, sizes: '640x360', type: 'image/jpeg' }],
    });
  }

  #fail(error) {
    this.failed = true;
    this.video.pause();
    this.#update();
    this.onError(explain(error));
  }
}
