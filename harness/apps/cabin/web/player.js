// The player page: video, controls that leave after three seconds, resume position, errors in words.
const $ = (id) => document.getElementById(id);
const AWAY_MS = 3000;
const clock = (s) => `${Math.floor(s / 60)}:${String(Math.floor(s % 60)).padStart(2, '0')}`;

export const resumeAt = (id) => {
  const kept = JSON.parse(localStorage.getItem(`resume-${id}`) || 'null');
  return kept && kept.at > 5 && kept.at < kept.of * 0.95 ? kept.at : 0;
};

export class PlayerPage {
  constructor(onLeave, onError) {
    this.onLeave = onLeave;
    this.onError = onError;
    this.video = $('video');
    this.title = null;
    this.ended = false;
    this.dragging = false;
    const video = this.video;
    for (const event of ['playing', 'pause', 'waiting', 'ended', 'timeupdate', 'seeking', 'seeked', 'durationchange']) {
      video.addEventListener(event, () => this.show(event));
    }
    $('player-back').onclick = () => this.close();
    $('player-play').onclick = () => this.toggle();
    $('player-seek').addEventListener('input', () => { this.dragging = true; this.stay(); });
    $('player-seek').addEventListener('change', () => {
      this.dragging = false;
      video.currentTime = Number($('player-seek').value);
      if (video.paused && !this.ended) this.show('pause');
      if (this.ended) video.play();
      this.stay();
    });
    $('player-audio').onchange = (e) => this.shaka?.selectAudioLanguage(e.target.value);
    $('player-text').onchange = (e) => this.selectText(e.target.value);
    $('player').addEventListener('click', (e) => {
      if (e.target.closest('#controls') && !this.away) { this.stay(); return; }
      if (this.away) this.stay(); else if (e.target === video) this.leave();
    });
    document.addEventListener('keydown', (e) => this.key(e));
  }

  get away() { return $('controls').classList.contains('away'); }

  stay() {
    $('controls').classList.remove('away');
    $('controls').inert = false;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.leave(), AWAY_MS);
  }

  leave() {
    if (this.video.paused && !this.ended) return;
    $('controls').classList.add('away');
    $('controls').inert = true;
  }

  async open(title, source, from) {
    this.title = title;
    this.ended = false;
    $('player').hidden = false;
    $('player-source').textContent = source.label;
    this.state('Buffering');
    this.stay();
    this.shaka = new shaka.Player();
    this.shaka.addEventListener('error', (e) => this.fail(e.detail));
    this.shaka.configure({streaming: {retryParameters: {maxAttempts: 2, baseDelay: 200}}, manifest: {retryParameters: {maxAttempts: 1}}});
    try {
      await this.shaka.attach(this.video);
      await this.shaka.load(source.uri, from || undefined);
      this.tracks();
      await this.video.play();
      if ('mediaSession' in navigator) navigator.mediaSession.metadata = new MediaMetadata({title: title.title, artist: 'Cabin'});
    } catch (error) {
      this.fail(error);
    }
  }

  tracks() {
    const options = (select, values, none) => {
      select.replaceChildren(...(none ? [new Option('Off', '')] : []), ...values.map((v) => new Option(v, v)));
      select.disabled = !values.length;
    };
    options($('player-audio'), [...new Set(this.shaka.getAudioLanguages())]);
    options($('player-text'), [...new Set(this.shaka.getTextLanguages())], true);
  }

  selectText(language) {
    const track = this.shaka?.getTextTracks().find((t) => t.language === language);
    if (track) this.shaka.selectTextTrack(track);
    this.shaka?.setTextTrackVisibility?.(Boolean(track));
  }

  toggle() {
    if (this.video.paused) this.video.play(); else this.video.pause();
    this.stay();
  }

  state(text) {
    $('player-state').textContent = text;
    $('player-play').textContent = text === 'Playing' || text === 'Buffering' ? 'Pause' : 'Play';
  }

  show(event) {
    if (!this.title) return;
    const video = this.video;
    if (event === 'ended') { this.ended = true; this.state('Ended'); }
    else if (event === 'playing') { this.ended = false; this.state('Playing'); }
    else if (event === 'pause' && !this.ended && !video.ended) this.state('Paused');
    else if (event === 'waiting') this.state('Buffering');
    const of = Number.isFinite(video.duration) ? video.duration : 0;
    const seek = $('player-seek');
    if (seek.max !== String(of)) seek.max = String(of);
    if (!this.dragging) seek.value = String(video.currentTime);
    const text = `${clock(video.currentTime)} / ${clock(Math.round(of))}`;
    if ($('player-time').textContent !== text) $('player-time').textContent = text;
    if (event === 'timeupdate' && of) {
      localStorage.setItem(`resume-${this.title.id}`, JSON.stringify({at: this.ended ? 0 : video.currentTime, of}));
      navigator.mediaSession?.setPositionState?.({duration: of, position: Math.min(video.currentTime, of), playbackRate: 1});
    }
  }

  fail(error) {
    this.state('Error');
    const code = error?.code ? `Shaka error ${error.category}.${error.code}` : String(error?.message || error || 'unknown');
    const network = error?.category === 1 ? 'This title needs a connection. ' : 'This title cannot be played. ';
    this.onError('Cannot play', `${network}(${code})`);
  }

  async close() {
    clearTimeout(this.timer);
    const player = this.shaka;
    this.shaka = null;
    this.title = null;
    $('player').hidden = true;
    this.state('Paused');
    await player?.destroy();
    this.onLeave();
  }

  key(event) {
    if ($('player').hidden || event.target.closest('select,button')) return;
    const step = {ArrowLeft: -10, ArrowRight: 10}[event.key];
    if (event.key === ' ') this.toggle();
    else if (step && event.target.id !== 'player-seek') this.video.currentTime += step;
    else if (event.key === 'Escape') this.close();
    else return;
    this.stay();
    if (event.key === ' ') event.preventDefault();
  }
}
