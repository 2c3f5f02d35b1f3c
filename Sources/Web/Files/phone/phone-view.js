import { element, plainName, setIcon } from './phone-elements.js';

const connectionTexts = {
  offline: 'Not connected', connecting: 'Connecting…', online: 'Connected', reconnecting: 'Reconnecting…',
};
const logLength = 200;
/** The limits that one can choose, kbps, and their names. */
const bitrates = [
  [0, 'No limit'], [64, '64 kbps'], [128, '128 kbps'], [256, '256 kbps'], [512, '512 kbps'], [1024, '1 Mbps'],
  [2048, '2 Mbps'],
];
const callStates = ['calling', 'ringing', 'in-call', 'echo'];
/** Controls that only an established call has. */
const callControls = [
  'picture-button', 'screen-button', 'hold-button', 'keypad-button', 'transfer-button', 'add-call-button', 'record-button', 'bitrate-field',
];

/** What the page shows; it decides nothing. Whatever comes from the network is set as text, never as markup. */
export class PhoneView {
  #notices = new Set();

  constructor() {
    for (const field of document.querySelectorAll('[data-bitrates]')) {
      field.append(...bitrates.map(([value, text]) => new Option(text, value)));
    }
  }

  /** @param {string} state one of those in index.html's comment */
  showState(state) {
    const before = document.body.dataset.state;
    document.body.dataset.state = state;
    const signedOut = state === 'signed-out' || state === 'connecting';
    const incoming = state === 'incoming' || state === 'answering';
    element('loading-view').hidden = true;
    element('login-view').hidden = !signedOut;
    element('phone-view').hidden = signedOut;
    element('account').hidden = signedOut;
    element('ready-panel').hidden = state !== 'ready';
    element('incoming-panel').hidden = !incoming;
    element('call-panel').hidden = !callStates.includes(state);
    element('echo-controls').hidden = state !== 'echo';
    for (const id of callControls) element(id).hidden = state !== 'in-call' || element(id).dataset.supported === 'false';
    element('level-label').textContent = state === 'echo' ? 'Echo' : 'Other side';
    element('login-button').disabled = state === 'connecting';
    for (const id of ['answer-button', 'answer-video-button']) element(id).disabled = state === 'answering';
    if (state === before) return;
    if (callStates.includes(state) || incoming) this.showRecording('');
    this.#closeDialogs(state);
    this.#focusFor(state);
  }

  /** A call that comes in is behind no dialog; what is about a call ends with it. */
  #closeDialogs(state) {
    const open = state === 'incoming' ? 'dialog[open]' : 'dialog[open]:is(#transfer-dialog, #add-call-dialog)';
    if (state !== 'in-call') for (const dialog of document.querySelectorAll(open)) dialog.close('');
  }

  /** Moves the focus to what one wants next, as what had it may be hidden now. */
  #focusFor(state) {
    if (document.querySelector('dialog[open]')) return;
    // On a touch screen it would open the keyboard.
    const touch = matchMedia('(pointer: coarse)').matches;
    const lost = !document.activeElement?.checkVisibility?.() || document.activeElement === document.body;
    if (state === 'incoming') element('incoming-panel').focus();
    else if (state === 'calling') element('hangup-button').focus();
    else if (state === 'in-call' && lost) element('mute-button').focus();
    else if (state === 'ready' && !touch) element('dial-input').focus();
  }

  /** @param {string} state of the TernClient @param {string|null} user */
  showConnection(state, user) {
    document.body.dataset.connection = state;
    document.body.dataset.user = user ?? '';
    this.#say('connection-status', connectionTexts[state] ?? state);
    this.#say('account-name', user ?? '');
  }

  /** @param {string} text what it means that the gateway is away; empty when it is there */
  showAway(text) {
    this.#say('connection-banner', text);
    element('connection-banner').hidden = text === '';
    for (const control of document.querySelectorAll('[data-needs-gateway]')) {
      if (text === '') control.removeAttribute('aria-disabled');
      else control.setAttribute('aria-disabled', 'true');
      if (control instanceof HTMLSelectElement) control.disabled = text !== '';
    }
  }

  /** @param {boolean} isDraining whether the gateway takes no new calls */
  showDraining(isDraining) {
    this.#say('drain-banner', isDraining ? 'The gateway takes no new calls at the moment. Calls that are up go on.' : '');
    element('drain-banner').hidden = !isDraining;
  }

  /**
   * @param {string} text
   * @param {object} [more]
   * @param {number|string} [more.code] why the last call ended or could not be made
   * @param {boolean} [more.failed] something went wrong
   * @param {boolean} [more.plain] what the card of the call says too
   */
  showStatus(text, { code = '', failed = false, plain = false } = {}) {
    const status = element('call-status');
    status.textContent = text;
    status.dataset.code = code;
    status.dataset.failed = failed;
    status.dataset.plain = plain;
  }

  /** Says something at once to those who listen to the page. @param {string} text */
  announce(text) { element('announcer').textContent = text; }

  /** @param {string} text empty hides it */
  showLoginError(text) {
    element('login-error').textContent = text;
    element('login-error').hidden = text === '';
  }

  /** Something about microphone or camera that the user should know. @param {string} text empty hides it */
  showNotice(text) {
    if (text === '') this.#notices.clear();
    else this.#notices.add(text);
    element('notice').textContent = [...this.#notices].join(' ');
    element('notice').hidden = this.#notices.size === 0;
  }

  /** @param {string} name @param {string} [address] */
  showPeer(name, address = name) {
    const plain = plainName(name);
    this.#say('call-peer', plain);
    this.#say('incoming-name', plain);
    this.#say('call-address', plainName(address) === plain ? '' : plainName(address));
    const words = plain.split('@')[0].match(/[\p{L}\p{N}]+/gu) ?? [];
    const initials = words.slice(0, 2).map(word => Array.from(word)[0].toUpperCase()).join('');
    for (const avatar of document.querySelectorAll('[data-initials]')) this.#tell(avatar, initials || '?');
  }

  /** @param {import('../tern/tern-call.js').TernCall} call */
  showIncoming(call) {
    const address = plainName(call.remoteId) === plainName(call.remoteName) ? '' : plainName(call.remoteId);
    const facts = [address, call.offersVideo ? 'with video' : ''].filter(Boolean);
    this.#say('incoming-detail', facts.join(', '));
    element('answer-video-button').hidden = !call.offersVideo;
  }

  /** @param {number|null} seconds null where none runs */
  showDuration(seconds) {
    const pad = number => String(number).padStart(2, '0');
    const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
    this.#say('call-duration', seconds === null ? '' : `${hours ? `${hours}:` : ''}${pad(minutes)}:${pad(seconds % 60)}`);
  }

  /** @param {import('../tern/tern-stats.js').TernStats|null} stats */
  showStats(stats) {
    const { audio, video, roundTripTime } = stats ?? { audio: {}, video: {}, roundTripTime: null };
    const shown = {
      'stats-codec': audio.codec ?? '–',
      'stats-packets-sent': audio.packetsSent ?? 0,
      'stats-packets-received': audio.packetsReceived ?? 0,
      'stats-video-codec': video.codec ?? '–',
      'stats-video-packets-sent': video.packetsSent ?? 0,
      'stats-video-packets-received': video.packetsReceived ?? 0,
      'stats-packets-lost': (audio.packetsLost ?? 0) + (video.packetsLost ?? 0),
      'stats-round-trip': roundTripTime === null ? '–' : `${Math.round(roundTripTime * 1000)} ms`,
    };
    for (const [id, value] of Object.entries(shown)) element(id).textContent = value;
    element('stats-video').hidden = !video.codec;
  }

  /** @param {string} word good, fair, poor, or empty while it is not known @param {string} text */
  showQuality(word, text) {
    element('call-quality').hidden = word === '';
    element('call-quality').dataset.quality = word;
    this.#say('quality-text', text);
  }

  /** @param {MediaStream|null} local @param {MediaStream|null} remote */
  showStreams(local, remote) {
    this.#play(element('remote-video'), remote);
    this.#play(element('local-video'), local);
    element('stage').dataset.local = Boolean(local?.getVideoTracks().length);
    this.showPicture();
  }

  /** Only what is sent can be muted. @param {MediaStream|null} local */
  showSending(local) {
    element('mute-button').hidden = !local?.getAudioTracks().length;
    element('camera-button').hidden = !local?.getVideoTracks().length;
  }

  /** @param {boolean} held by the other side @param {boolean} holding from here */
  showHold(held, holding) {
    document.body.dataset.held = held;
    document.body.dataset.holding = holding;
    element('call-hold').hidden = !held;
    element('call-holding').hidden = !holding;
    this.showPressed('hold-button', holding);
    setIcon(element('hold-button'), holding ? 'resume' : 'hold');
    this.showPicture();
  }

  /** The remote picture is shown once there is one; during a hold it would stand still. */
  showPicture() {
    const video = element('remote-video');
    const { held, holding } = document.body.dataset;
    const shown = Boolean(video.srcObject?.getVideoTracks().length && video.videoWidth > 0) && held !== 'true' && holding !== 'true';
    element('stage').dataset.remote = shown;
    element('call-panel').dataset.picture = shown || element('stage').dataset.local === 'true';
  }

  /** @param {boolean} isShared whether what is sent is the screen, not the camera */
  showScreen(isShared) {
    element('stage').dataset.screen = isShared;
    this.showPressed('screen-button', isShared);
    if (isShared) this.showPressed('picture-button', false);
    element('camera-button').hidden ||= isShared;
  }

  /** @param {string} text that a recording is ready; empty when another call begins */
  showRecording(text) {
    element('recording-status').textContent = text;
    element('recording-status').hidden = text === '';
  }

  #play(video, stream) {
    if (video.srcObject === stream) return;
    video.srcObject = stream;
    // Play fails where the stream ends first, which is shown otherwise.
    if (stream) video.play().catch(() => {});
  }

  /** @param {string} id of a toggle button @param {boolean} pressed */
  showPressed(id, pressed) { element(id).setAttribute('aria-pressed', pressed); }

  /** @param {import('../tern/tern-options.js').TernMediaOptions} options @param {boolean} hasVideo */
  showOptions(options, hasVideo) {
    element('echo-use-audio').checked = Boolean(options.audio);
    element('echo-use-video').checked = Boolean(options.video) && hasVideo;
    element('echo-use-video').disabled = !hasVideo;
    element('echo-record').checked = Boolean(options.record);
    for (const field of document.querySelectorAll('[data-bitrates]')) this.#showBitrate(field, options.bitrate ?? 0);
    this.showPressed('record-button', Boolean(options.record));
    document.body.dataset.recording = Boolean(options.record);
    element('call-recording').hidden = !options.record;
  }

  /** Also one that another client has set. */
  #showBitrate(field, bitrate) {
    const value = String(bitrate);
    if (![...field.options].some(option => option.value === value)) field.append(new Option(`${value} kbps`, value));
    field.value = value;
  }

  /** Text that stays as it is is not written again: it would be read again. */
  #say(id, text) { this.#tell(element(id), text); }

  #tell(place, text) {
    if (place.textContent !== text) place.textContent = text;
  }

  /** @param {string} text */
  log(text) {
    const time = document.createElement('time');
    time.textContent = new Date().toLocaleTimeString();
    const words = document.createElement('span');
    words.textContent = text;
    const item = document.createElement('li');
    item.append(time, words);
    const list = element('event-log');
    list.prepend(item);
    while (list.children.length > logLength) list.lastElementChild.remove();
  }
}
