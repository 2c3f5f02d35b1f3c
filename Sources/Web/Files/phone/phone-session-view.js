import { element, plainName, setIcon } from './phone-elements.js';
import { LevelMeter } from './phone-meter.js';
import { QualityGauge, qualityText } from './phone-quality.js';

/** How often figures and time are looked at, in ms. */
const interval = 500;

/** Shows one session or call: its media, its figures, its options; another one when it is told so. */
export class SessionView {
  #view;
  #tonePad;
  #session = null;
  #ticker = 0;
  #early = new WeakSet();
  #gauge = new QualityGauge();
  #level = new LevelMeter(element('level-meter'));
  #ownLevel = new LevelMeter(element('own-level-meter'));

  /**
   * @param {import('./phone-view.js').PhoneView} view
   * @param {import('./phone-tones.js').TonePad} tonePad
   */
  constructor(view, tonePad) {
    this.#view = view;
    this.#tonePad = tonePad;
  }

  /** @returns {boolean} whether the other side is heard before it answers */
  get hearsEarly() { return this.#early.has(this.#session); }

  /** @param {object} call that has media before its answer */
  early(call) { this.#early.add(call); }

  /** @param {import('../tern/tern.js').TernSession|null} session that which is shown, also when it was before */
  show(session) {
    if (session !== this.#session) this.#become(session);
    this.#view.showHold(Boolean(session?.held), Boolean(session?.holding));
    // It is shown again when it has changed: an invitation that was answered has another picture.
    if (session?.state === 'incoming') this.#view.showIncoming(session);
  }

  #become(session) {
    this.#session = session;
    clearInterval(this.#ticker);
    this.#gauge.reset();
    this.#level.stop();
    this.#ownLevel.stop();
    this.#tonePad.show(session?.direction === undefined ? null : session);
    this.#view.showStats(null);
    this.#view.showQuality('', '');
    this.#view.showDuration(null);
    if (!session) {
      this.#view.showStreams(null, null);
      this.#view.showOptions({}, false);
      return;
    }
    this.refreshPeer(session);
    this.#ticker = setInterval(() => this.#tick(), interval);
    this.refreshOptions(session);
    this.refreshMedia(session);
    this.#tick();
  }

  /** Says with whom one speaks. @param {object} session */
  refreshPeer(session) {
    if (session === this.#session) this.#view.showPeer(session.remoteName ?? 'Echo', session.remoteId);
  }

  /** @param {object} session @param {{restart?: boolean}} [options] `restart` where another device is heard */
  refreshMedia(session, { restart = false } = {}) {
    if (session !== this.#session) return;
    if (restart) this.#ownLevel.stop();
    this.#view.showStreams(session.localStream, session.remoteStream);
    if (session.remoteStream) this.#level.start(session.remoteStream);
    if (session.localStream) this.#ownLevel.start(session.localStream);
    this.refreshMutes(session);
  }

  /** @param {object} session */
  refreshMutes(session) {
    if (session !== this.#session) return;
    const stream = session?.localStream ?? null;
    const [silent, dark] = ['audio', 'video'].map(kind => stream !== null && session.isMuted(kind));
    this.#view.showPressed('mute-button', silent);
    setIcon(element('mute-button'), silent ? 'mic-off' : 'mic');
    this.#view.showPressed('camera-button', dark);
    this.#view.showSending(stream);
    this.#view.showPressed('picture-button', Boolean(stream?.getVideoTracks().length));
  }

  /** @param {object} session */
  refreshOptions(session) {
    if (session !== this.#session) return;
    this.#view.showOptions(session.options, Boolean(session.localStream?.getVideoTracks().length));
  }

  async #tick() {
    const session = this.#session;
    const since = session?.answeredAt ?? null;
    this.#view.showDuration(since === null ? null : Math.floor((Date.now() - since) / 1000));
    const stats = await session?.stats().catch(() => null);
    if (session !== this.#session || !stats) return;
    this.#view.showStats(stats);
    if (session.held || session.holding) this.#gauge.pause();
    const quality = this.#gauge.judge(stats);
    this.#view.showQuality(quality?.word ?? '', quality ? qualityText(quality) : '');
  }
}

/** What a call or session is in, in words. @param {import('../tern/tern.js').TernSession} session @returns {string} */
export function statusOf(session) {
  if (session.direction === undefined) return 'Echo: you should hear yourself';
  const who = plainName(session.remoteName);
  switch (session.state) {
    case 'incoming': return `${who} calls`;
    case 'answering': return `Answering ${who}`;
    case 'calling': return `Calling ${who}`;
    case 'ringing': return `Ringing at ${who}`;
    default: break;
  }
  if (session.recovering) return `Calling ${who} again: the gateway was gone`;
  if (session.held) return `On hold by ${who}`;
  return session.holding ? `${who} is on hold` : `In a call with ${who}`;
}
