import { Emitter } from './tern-emitter.js';
import { TernCancelledError, TernError } from './tern-errors.js';
import { openMedia, stopTracks } from './tern-media.js';
import { wireOptions, withoutAbsent } from './tern-options.js';
import { TernPeer } from './tern-peer.js';
import { LineTestReports } from './tern-line-test.js';
import { endDecidedHere, endFromEvent, whyCancelled } from './tern-reasons.js';

/** How long media may be missing until another way is looked for, and how long that may take, in ms. */
const restartDelay = 2_000;
const restartLimit = 15_000;

/**
 * Media between this browser and the gateway: an RTCPeerConnection, what is sent and what is received.
 *
 * Events, by `on(type, listener)`:
 * - `state`: `'starting'`, `'active'`, `'ended'` (a call has more)
 * - `stream`: the remote MediaStream, each time a track is added to it
 * - `connected`: media can flow
 * - `warning`: a TernMediaError that did not stop it, such as a missing camera
 * - `ended`: a TernEnd, exactly once
 * - `media`, `webrtc`, `slow_link`, `record`, `updated`: the gateway's session events, with their body
 * - `event`: every event of the gateway as it came
 */
export class TernSession extends Emitter {
  /** @type {string|null} the session's id at the gateway; null until it has answered */
  sessionId = null;
  /** @type {string} */
  state = 'starting';
  /** @type {MediaStream|null} what is sent */
  localStream = null;
  /** @type {import('./tern-options.js').TernMediaOptions} as last asked for */
  options = {};
  /** @type {import('./tern-reasons.js').TernEnd|null} */
  end = null;

  #isRestarting = false;
  #restartTimer = 0;
  #failureTimer = 0;
  #ownsStream = false;
  #ownsVideo = null;
  /** The kinds that are muted, while nothing is sent. @type {Set<string>|null} */
  #silenced = null;
  #cancel;
  #cancelled;
  #work = Promise.resolve();
  /** @type {LineTestReports|null} of an echo */
  #lineTest = null;
  /** @protected */ _client;
  /** @protected @type {TernPeer|null} */ _peer = null;

  /** Made by `client.echo()`. @internal */
  constructor(client) {
    super();
    this._client = client;
    this.#cancelled = new Promise((_, reject) => { this.#cancel = reject; });
    this.#cancelled.catch(() => {});
  }

  /** The id that the gateway's commands know this by. @returns {string|null} */
  get id() { return this.sessionId; }

  /** @returns {MediaStream|null} what is received; null before media is set up */
  get remoteStream() { return this._peer?.remoteStream ?? null; }

  /** @returns {RTCPeerConnection|null} for inspection */
  get peerConnection() { return this._peer?.connection ?? null; }

  /** @returns {boolean} */
  get ended() { return this.end !== null; }

  /**
   * Changes what the gateway lets through, records or limits; absent fields stay as they are.
   * @param {{audio?: boolean, video?: boolean, bitrate?: number, record?: boolean}} change
   */
  async update(change) {
    await this._client.request('media', 'update_session', { session_id: this.sessionId, ...wireOptions(change) });
    Object.assign(this.options, change);
  }

  /**
   * Shows a picture to the other side from now on and wants its picture, or ends the pictures in both directions: a
   * new offer, which the other side may refuse. Then this throws, and all stays as it was.
   * @param {boolean|MediaTrackConstraints|MediaStreamTrack} video a track stays the caller's to stop
   * @throws {TernError} no camera, or refused
   */
  async changeVideo(video) {
    if (!this._peer || this.state !== 'active') throw new TernError('state', 'There is no call to change');
    const isTrack = video instanceof MediaStreamTrack;
    const opened = video && !isTrack ? (await this._until(openMedia({ audio: false, video }))).stream : null;
    const track = isTrack ? video : opened?.getVideoTracks()[0] ?? null;
    this.localStream ??= new MediaStream();
    try {
      await this._until(this._peer.changeVideo(track, this.localStream, offer => this.#askForAnswer(offer)));
    } catch (error) {
      if (opened) stopTracks(opened);
      throw error;
    }
    this.#replaceVideo(track, opened !== null);
    this.options.video = Boolean(video);
    this.emit('stream', this.remoteStream);
  }

  async #askForAnswer(offer) {
    const data = await this._client.request('media', 'update_session', { session_id: this.sessionId, offer });
    if (typeof data.answer?.sdp !== 'string') throw new TernError('failed', 'The gateway sent no answer');
    return data.answer;
  }

  /** What is captured for one's own picture, and no longer. */
  #replaceVideo(track, isOwn) {
    for (const old of this.localStream.getVideoTracks()) {
      if (old === track) continue;
      if (this.#ownsStream || old === this.#ownsVideo) old.stop();
      this.localStream.removeTrack(old);
    }
    if (track) this.localStream.addTrack(track);
    if (track && this.#silenced) {
      this.#silenced.delete('video');
      track.enabled = false;
    }
    this.#ownsVideo = isOwn ? track : null;
  }

  /**
   * Stops or goes on sending what is captured, here in the browser and without asking the gateway.
   * @param {'audio'|'video'} kind
   * @param {boolean} muted
   */
  mute(kind, muted) {
    if (this.#silenced) {
      if (muted) this.#silenced.add(kind);
      else this.#silenced.delete(kind);
      return;
    }
    for (const track of this.localStream?.getTracks() ?? []) {
      if (track.kind === kind) track.enabled = !muted;
    }
  }

  /** @param {'audio'|'video'} kind @returns {boolean} also true where nothing of that kind is sent */
  isMuted(kind) {
    return !this.localStream?.getTracks().some(track =>
      track.kind === kind && (this.#silenced ? !this.#silenced.has(kind) : track.enabled));
  }

  /** Sends silence and darkness for a while, whatever is muted. @protected */
  _silence(isSilent) {
    if (isSilent === (this.#silenced !== null)) return;
    const muted = this.#silenced ?? new Set(['audio', 'video'].filter(kind => this.isMuted(kind)));
    this.#silenced = isSilent ? muted : null;
    for (const track of this.localStream?.getTracks() ?? []) track.enabled = !isSilent && !muted.has(track.kind);
  }

  /**
   * Codec and packets so far.
   * @returns {Promise<import('./tern-stats.js').TernStats|null>} null before media is set up and after the end
   */
  async stats() {
    return this.ended || !this._peer ? null : this._peer.stats();
  }

  /**
   * What the gateway has measured of an echo, while it lasts or soon after its end: docs/line-test.md.
   * @returns {Promise<object|null>} null where this is no echo
   * @throws {TernError} the gateway has no result
   */
  async lineTest() { return this.#lineTest?.result() ?? null; }

  /** What this browser measures of an echo. @internal */
  async lineTestStats() { return this.ended || !this._peer ? null : this._peer.lineTestStats(); }

  /** Tells the gateway from now on what this browser measures of the echo. @protected */
  _reportLineTest(name) { this.#lineTest ??= new LineTestReports(this._client, this, name); }

  /**
   * Ends it, here at once. Harmless when it has ended.
   * @param {string} [reason]
   * @returns {Promise<void>} when the gateway knows, or cannot be told
   */
  async stop(reason) {
    if (this.ended) return;
    const told = this._tellEnd(undefined, reason);
    this._finish(endDecidedHere('local', 'local', { reason }));
    await told;
  }

  /** @internal */
  async _startEcho(options) {
    await this._starting(options, async () => {
      const offer = await this._offer();
      const data = await this._ask('start_session', { type: 'echo', offer, ...wireOptions(this.options) });
      this.sessionId = data.session_id;
      this._client._register(this, [this.sessionId]);
      this._trickle();
      await this._until(this._peer.accept(data.answer));
      this._become('active');
      this._reportLineTest({ session_id: this.sessionId });
    });
  }

  /**
   * Runs the steps of a start: with media open, ended by the signal, and cleaned up when a step fails.
   * @protected
   */
  async _starting(options, steps) {
    this.options = { audio: true, video: false, bitrate: 0, record: false, ...options };
    const { signal } = options;
    signal?.addEventListener('abort', () => { if (this.state !== 'active') this.stop(); }, { once: true });
    try {
      if (signal?.aborted) throw new TernCancelledError();
      await this._openMedia();
      await steps();
    } catch (error) {
      await this._failed(error);
      throw error;
    }
  }

  /** @protected */
  async _openMedia() {
    const { audio, video, stream, receiveOnly } = this.options;
    if (stream) {
      this.localStream = stream;
      return;
    }
    if (!audio && !video) return;
    const opening = openMedia({ audio, video }).then(opened => {
      if (this.ended) stopTracks(opened.stream);
      return opened;
    });
    try {
      const opened = await this._until(opening);
      this.localStream = opened.stream;
      this.#ownsStream = true;
      if (opened.problem) this.#warn(opened.problem);
    } catch (error) {
      if (!receiveOnly || error instanceof TernCancelledError) throw error;
      this.#warn(error);
    }
  }

  /** @protected */
  _openPeer() { this._peer = this._makePeer(); }

  /** @protected @returns {TernPeer} */
  _makePeer() {
    const peer = new TernPeer(this._client.peerOptions, {
      onTrack: () => { if (peer === this._peer) this.emit('stream', this.remoteStream); },
      onState: state => this._peerBecomes(state, peer),
      onNetworkChange: () => { if (peer === this._peer) this.#networkChanged(); },
    });
    return peer;
  }

  /** @protected */
  _peerBecomes(state, peer) {
    if (peer !== this._peer) return;
    if (state === 'connected') this.#mediaUp();
    else if (state === 'disconnected') this.#networkChanged();
    else if (state === 'failed') this.#restart();
  }

  /** Goes on with another connection, of another session. @protected */
  _changePeer(peer, sessionId) {
    const former = this._peer;
    this._peer = peer;
    this.sessionId = sessionId;
    former?.close();
    this.emit('stream', this.remoteStream);
  }

  /** @protected */
  _offer() {
    this._openPeer();
    const { audio, video } = this.options;
    return this._until(this._peer.offer(this.localStream, { audio: Boolean(audio), video: Boolean(video) }));
  }

  /** Sends the candidates, those collected so far and those to come. @protected */
  _trickle(peer = this._peer, sessionId = this.sessionId) {
    peer.trickleTo(candidate => this.#sendCandidate(candidate, sessionId));
  }

  #sendCandidate(candidate, sessionId = this.sessionId) {
    const command = candidate ? 'set_candidate' : 'set_candidate_end';
    const fields = candidate && {
      sdpMid: candidate.sdpMid, sdpMLineIndex: candidate.sdpMLineIndex, candidate: candidate.candidate,
    };
    // A candidate that the gateway does not want is no reason to end: another one may do.
    this._client.request('media', command, { session_id: sessionId, ...fields }).catch(() => {});
  }

  /** A request that starts something at the gateway, which is ended again when this has ended meanwhile. @protected */
  _ask(command, data) {
    const request = this._client.request('media', command, data);
    request.then(answer => { if (this.ended) this._disown(answer); }, () => {});
    return this._until(request);
  }

  /** @protected */
  _disown(answer) {
    this._client.request('media', 'stop_session', { session_id: answer.session_id }).catch(() => {});
  }

  /** Waits, but no longer than this lives: a closed RTCPeerConnection leaves its promises open. @protected */
  _until(promise) {
    return Promise.race([promise, this.#cancelled]);
  }

  /** @protected */
  _become(state) {
    if (this.ended || this.state === state) return;
    this.state = state;
    this.emit('state', state);
  }

  /** @internal */
  _receive(event) {
    this.emit('event', event);
    if (this.ended || this._endsBy(event)) return;
    this.#work = this.#work.then(() => this._until(this._handle(event))).catch(error => this._failed(error));
  }

  /** Acts on events that end this, without waiting for those before it. @protected */
  _endsBy({ subclass, type, body = {} }) {
    if (subclass !== 'session' || type !== 'stop') return false;
    this._finish(endFromEvent(body));
    return true;
  }

  /** @protected */
  async _handle({ subclass, type, body = {} }) {
    if (subclass === 'session' && ['media', 'webrtc', 'slow_link', 'record', 'updated'].includes(type)) {
      if (type === 'updated') this.#updated(body);
      this.emit(type, body);
    }
  }

  /** What the gateway does now, whoever asked for it. */
  #updated({ use_audio: audio, use_video: video, bitrate, record }) {
    Object.assign(this.options, withoutAbsent({ audio, video, bitrate, record }));
  }

  /** The gateway's offer in a running session. @internal */
  async _renegotiate(offer) {
    if (!this._peer) throw new TernError('state', 'no media yet');
    return await this._until(this._peer.renegotiate(offer, this.localStream));
  }

  /** The connection to the gateway is back, and the gateway still has this: the network may be another one. @internal */
  _resumed() {
    if (this.state === 'active') this.#restart();
  }

  #mediaUp() {
    this.#mediaIsBack();
    this.emit('connected');
  }

  /** What was wrong with a connection that is given up is no matter any more. @protected */
  _forgetFailures() { this.#mediaIsBack(); }

  #mediaIsBack() {
    clearTimeout(this.#restartTimer);
    clearTimeout(this.#failureTimer);
    this.#restartTimer = this.#failureTimer = 0;
  }

  /** The connection to the gateway may be as dead as the way of the media. */
  #networkChanged() {
    this._client._checkLink();
    if (this.state === 'active') this.#restartSoon();
  }

  /** @protected */
  get _mayRestart() { return true; }

  #restartSoon() {
    clearTimeout(this.#restartTimer);
    this.#restartTimer = setTimeout(() => this.#restart(), restartDelay);
  }

  /**
   * Has media find another way. What fails is tried again until `restartLimit` is over; while the gateway cannot be reached there is
   * nothing to try, and time does not count: it is decided when the gateway is back.
   */
  async #restart() {
    clearTimeout(this.#restartTimer);
    if (this.ended || !this._mayRestart || this.#isRestarting || this._client.state !== 'online') return;
    this.#failureTimer ||= setTimeout(() => this._mediaFailed(), restartLimit);
    this.#isRestarting = true;
    try {
      await this._until(this._peer.restart(offer => this.#askForAnswer(offer), candidate => this.#sendCandidate(candidate)));
      if (this.peerConnection.connectionState === 'connected') this.#mediaIsBack();
    } catch {
      if (!this.ended) this.#restartSoon();
    } finally {
      this.#isRestarting = false;
    }
  }

  /** Tells the gateway that this ends, by failure where nobody wanted it; never fails. @protected */
  async _tellEnd(code, reason) {
    if (!this.sessionId) return;
    await this._client.request('media', 'stop_session', withoutAbsent({ session_id: this.sessionId, code, reason }))
      .catch(() => {});
  }

  /** The page goes away. @internal */
  _leave() {
    this._tellEnd(undefined, 'page closed');
    this._finish(endDecidedHere('local', 'local'));
  }

  /** Ends this and lets go of everything; only the first call does anything. @internal */
  _finish(end) {
    if (this.ended) return;
    this.end = end;
    this.state = 'ended';
    this.#mediaIsBack();
    this.#cancel(whyCancelled(end));
    this.#lineTest?.stop();
    this._peer?.close();
    if (this.#ownsStream) stopTracks(this.localStream);
    this.#ownsVideo?.stop();
    this._client._forget(this);
    this.emit('state', 'ended');
    this.emit('ended', end);
  }

  /** @protected */
  async _failed(error) {
    if (this.ended) return;
    const code = error instanceof TernError ? error.code : 'failed';
    const told = this._tellEnd(undefined, 'client error', { isFailure: true });
    this._finish(endDecidedHere(code, 'local', { reason: error.message }));
    await told;
  }

  /** @protected */
  _mediaFailed() {
    this.#failureTimer = 0;
    if (this.ended || this._client.state !== 'online') return;
    this._tellEnd(undefined, 'media connection failed', { isFailure: true });
    this._finish(endDecidedHere('media', 'local'));
  }

  #warn(problem) {
    this.emit('warning', problem);
    this._client.emit('warning', problem);
  }
}
