/** The elements of the page by id; whatever comes from the network is set as text, never as markup. */
const element = id => document.getElementById(id);

const connectionTexts = {
  offline: 'Not connected', connecting: 'Connecting…', online: 'Connected', reconnecting: 'Reconnecting…',
};
const logLength = 200;

/** What the page shows; it decides nothing. */
export class PhoneView {
  #notices = new Set();

  /** @param {string} state one of those in index.html's comment */
  showState(state) {
    const before = document.body.dataset.state;
    document.body.dataset.state = state;
    const signedOut = state === 'signed-out' || state === 'connecting';
    const incoming = state === 'incoming' || state === 'answering';
    const inCall = ['calling', 'ringing', 'in-call', 'echo'].includes(state);
    element('login-view').hidden = !signedOut;
    element('phone-view').hidden = signedOut;
    element('account').hidden = signedOut;
    element('ready-panel').hidden = state !== 'ready';
    element('incoming-panel').hidden = !incoming;
    element('call-panel').hidden = !inCall;
    element('echo-controls').hidden = state !== 'echo';
    element('picture-button').hidden = state !== 'in-call';
    element('level-label').textContent = state === 'echo' ? 'Echo' : 'Other side';
    element('login-button').disabled = state === 'connecting';
    for (const id of ['answer-button', 'answer-video-button']) element(id).disabled = state === 'answering';
    if (state !== before) this.#focusFor(state);
  }

  /** Moves the focus to what one wants next, as what had it may be hidden now. */
  #focusFor(state) {
    const fine = matchMedia('(pointer: fine)').matches;
    if (state === 'incoming') element('answer-button').focus();
    else if (state === 'calling') element('hangup-button').focus();
    else if (state === 'in-call' && document.activeElement === document.body) element('mute-button').focus();
    else if (state === 'ready' && fine) element('dial-input').focus();
  }

  /** @param {string} state of the TernClient @param {string|null} user */
  showConnection(state, user) {
    document.body.dataset.connection = state;
    document.body.dataset.user = user ?? '';
    element('connection-status').textContent = connectionTexts[state] ?? state;
    element('account-name').textContent = user ?? '';
  }

  /**
   * @param {string} text
   * @param {{code?: number|string, failed?: boolean}} [end] why the last call ended or could not be made
   */
  showStatus(text, { code = '', failed = false } = {}) {
    const status = element('call-status');
    status.textContent = text;
    status.dataset.code = code;
    status.dataset.failed = failed;
  }

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

  /** @param {string} name */
  showPeer(name) {
    element('call-peer').textContent = name;
    element('incoming-name').textContent = name;
    const words = name.replace(/^(sips?|tel):/, '').split('@')[0].match(/[\p{L}\p{N}]+/gu) ?? [];
    const initials = words.slice(0, 2).map(word => Array.from(word)[0].toUpperCase()).join('');
    for (const avatar of document.querySelectorAll('[data-initials]')) avatar.textContent = initials || '?';
  }

  /** @param {import('./tern-call.js').TernCall} call */
  showIncoming(call) {
    this.showPeer(call.remoteName);
    const id = call.remoteId === call.remoteName ? '' : call.remoteId;
    element('incoming-detail').textContent = [id, call.offersVideo ? 'with picture' : ''].filter(Boolean).join(', ');
    element('answer-video-button').hidden = !call.offersVideo;
  }

  /** @param {number|null} seconds null where none runs */
  showDuration(seconds) {
    const pad = number => String(number).padStart(2, '0');
    const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
    element('call-duration').textContent = seconds === null ? ''
      : `${hours ? `${hours}:` : ''}${pad(minutes)}:${pad(seconds % 60)}`;
  }

  /** @param {import('./tern-stats.js').TernStats|null} stats */
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

  /** @param {boolean} held by the other side */
  showHold(held) {
    document.body.dataset.held = held;
    element('call-hold').hidden = !held;
  }

  /** The remote picture is shown once there is one. */
  showPicture() {
    const video = element('remote-video');
    const shown = Boolean(video.srcObject?.getVideoTracks().length && video.videoWidth > 0);
    element('stage').dataset.remote = shown;
    element('call-panel').dataset.picture = shown || element('stage').dataset.local === 'true';
  }

  #play(video, stream) {
    if (video.srcObject === stream) return;
    video.srcObject = stream;
    // Play fails where the stream ends first, which is shown otherwise.
    if (stream) video.play().catch(() => {});
  }

  /** @param {string} id of a toggle button @param {boolean} pressed */
  showPressed(id, pressed) { element(id).setAttribute('aria-pressed', pressed); }

  /** @param {import('./tern-options.js').TernMediaOptions} options @param {boolean} hasVideo */
  showEchoOptions(options, hasVideo) {
    element('echo-use-audio').checked = Boolean(options.audio);
    element('echo-use-video').checked = Boolean(options.video) && hasVideo;
    element('echo-use-video').disabled = !hasVideo;
    element('echo-record').checked = Boolean(options.record);
    element('echo-bitrate').value = String(options.bitrate ?? 0);
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
