import { TernError } from './tern-errors.js';
import { endDecidedHere, endFromEvent } from './tern-reasons.js';
import { wireOptions, withoutAbsent } from './tern-options.js';
import { TernSession } from './tern-session.js';

/** How long a session's `stop` waits for the call's `hangup`, which says more, in ms. */
const hangupDelay = 1_000;

/** How an incoming call ends that nobody took: cancelled, or rung for too long. */
const missedStatuses = [undefined, 200, 408, 480, 487];

/**
 * A call with a SIP phone or another browser. Everything of TernSession, and:
 *
 * - `state` is `'calling'`, `'ringing'`, `'active'`, `'ended'` for an outgoing call, `'incoming'`, `'answering'`,
 *   `'active'`, `'ended'` for an incoming one
 * - events `ringing`, `early` (the other side sends media before it answers), `answer`, `hold` and `resume` (by the other
 *   side), `holding` (whether it is held from here), `dtmf` (the other side's keys) and `transfer`, both with the gateway's
 *   body: how a transfer that was asked for here goes, as `{status}`, or with whom the call goes on, as
 *   `{remote_id, remote_name}`
 */
export class TernCall extends TernSession {
  /** @type {string|null} the call's id at the gateway; null until it has answered */
  callId = null;
  /** @type {'outgoing'|'incoming'} */
  direction;
  /** @type {string} who was dialled */
  dest;
  /** @type {string} the other side: its display name, or else its address */
  remoteName;
  /** @type {string} the other side's address */
  remoteId;
  /** @type {number|null} when it was answered, ms since 1970 */
  answeredAt = null;
  /** @type {boolean} whether the other side holds it */
  held = false;
  /** @type {boolean} whether it is held from here */
  holding = false;

  #offer = null;
  #stopTimer = 0;
  /** What the gateway calls this side after a transfer. */
  #role = null;
  /** The session that the call is to go on with. @type {{sessionId: string, peer: TernPeer, settled: boolean}|null} */
  #next = null;

  /** Made by `client.call()` and by an invitation of the gateway. @internal */
  constructor(client, direction, { call_id, session_id, dest, caller_id, caller_name, offer }) {
    super(client);
    this.direction = direction;
    this.state = direction === 'incoming' ? 'incoming' : 'calling';
    this.callId = call_id ?? null;
    this.sessionId = session_id ?? null;
    this.dest = String(dest ?? '');
    this.remoteId = direction === 'incoming' ? String(caller_id ?? '') : this.dest;
    this.remoteName = String(caller_name || this.remoteId || 'Unknown');
    this.#offer = typeof offer?.sdp === 'string' ? offer : null;
  }

  /** @returns {string|null} */
  get id() { return this.callId; }

  /** @returns {boolean} whether the caller of an incoming call would show a picture */
  get offersVideo() { return /^m=video [1-9]/m.test(this.#offer?.sdp ?? ''); }

  /** Tells the caller that it rings here. */
  async ring() {
    await this._client.request('media', 'ring_call', { call_id: this.callId });
  }

  /**
   * Takes an incoming call. When no microphone can be had it fails with TernMediaError, and still rings.
   * @param {import('./tern-options.js').TernMediaOptions} [options]
   */
  async answer(options = {}) {
    if (this.state !== 'incoming') throw new TernError('state', 'This call cannot be answered now');
    this.options = { audio: true, video: false, ...options };
    this._become('answering');
    try {
      await this._openMedia();
    } catch (error) {
      this._become('incoming');
      throw error;
    }
    try {
      await (this.#offer ? this.#answerOffer() : this.#offerInAnswer());
      this.#established();
    } catch (error) {
      await this._failed(error);
      throw error;
    }
  }

  /**
   * Refuses an incoming call.
   * @param {number} [code] SIP status for the caller; 603 is declined, 486 busy
   * @param {string} [reason]
   */
  async reject(code = 603, reason = undefined) {
    if (this.ended) return;
    const fields = withoutAbsent({ call_id: this.callId, code, reason });
    const told = this._client.request('media', 'reject_call', fields).catch(() => {});
    this._finish({ ...endDecidedHere('local', 'local', { reason }), text: 'You declined' });
    await told;
  }

  /**
   * Ends the call in whatever state: cancels, refuses or hangs up. Harmless when it has ended.
   * @param {string} [reason]
   * @returns {Promise<void>} when the gateway knows, or cannot be told
   */
  async hangup(reason) {
    if (this.ended) return;
    if (this.state === 'incoming') {
      await this.reject(undefined, reason);
      return;
    }
    const cancelled = this.direction === 'outgoing' && this.answeredAt === null;
    const told = this._tellEnd(undefined, reason);
    const end = endDecidedHere('local', 'local', cancelled ? { reason, sipStatus: 487 } : { reason });
    this._finish(cancelled ? { ...end, text: 'You cancelled the call' } : end);
    await told;
  }

  /** Holds it: nothing is heard or seen on either side until `resume`. The other side may hold it besides. */
  async hold() { await this._client.request('media', 'hold_call', { call_id: this.callId }); }

  /** Ends a hold from here. @throws {TernError} the other side did not take it: the call is still held */
  async resume() { await this._client.request('media', 'resume_call', { call_id: this.callId }); }

  /**
   * Presses keys, one after the other, in whatever way the other side takes them: as RTP, by INFO, as an event.
   * @param {string} digits of `0`-`9`, `A`-`D`, `*`, `#`, at most 64
   * @param {{duration?: number}} [options] ms of each key, 40 to 6,000
   * @throws {TernError} the other side takes none
   */
  async sendDTMF(digits, { duration } = {}) {
    await this._client.request('media', 'send_dtmf', withoutAbsent({ call_id: this.callId, digits, duration }));
  }

  /** The gateway has found that keys are to go as RTP, which is ours. @internal */
  _insertKeys(digits, duration, gap) {
    if (!this._peer) throw new TernError('state', 'no media yet');
    this._peer.insertKeys(String(digits), duration, gap);
  }

  /**
   * Hands the other side over, to somebody else or to the other side of a second call. How that goes is told by `transfer`
   * events; this call ends when it is done, and goes on when it fails.
   * @param {string|TernCall} target as for `client.call()`, or the second call
   */
  async transfer(target) {
    const fields = target instanceof TernCall ? { other_call_id: target.callId } : { dest: String(target) };
    await this._client.request('media', 'transfer_call', { call_id: this.callId, ...fields });
  }

  /** The same as `hangup`. @param {string} [reason] */
  async stop(reason) { await this.hangup(reason); }

  /** @internal */
  async _dial(options) {
    await this._starting(options, async () => {
      const offer = await this._offer();
      const data = await this._ask('start_call', withoutAbsent({
        dest: this.dest, type: options.type, offer, ...this.#wireOptions(options),
      }));
      this.callId = data.call_id;
      this.sessionId = data.session_id;
      this._client._register(this, [this.callId, this.sessionId]);
      this._trickle();
      if (data.answer) await this._until(this._peer.accept(data.answer));
    });
  }

  /** Only what differs from what the offer and the gateway's defaults say anyway. */
  #wireOptions({ audio, video, bitrate, record }) {
    const off = (value, kind) => {
      const offered = this.localStream?.getTracks().some(track => track.kind === kind);
      return value === false && offered ? false : undefined;
    };
    return wireOptions({ audio: off(audio, 'audio'), video: off(video, 'video'), bitrate, record });
  }

  async #answerOffer() {
    this._openPeer();
    const answer = await this._until(this._peer.answer(this.#offer, this.localStream));
    const answered = this._client.request('media', 'answer_call', { call_id: this.callId, answer });
    this._trickle();
    await this._until(answered);
  }

  /** The caller left the offer to us; its answer comes with the response or as an event. */
  async #offerInAnswer() {
    const offer = await this._offer();
    const answered = this._client.request('media', 'answer_call', { call_id: this.callId, offer });
    this._trickle();
    const data = await this._until(answered);
    if (data.answer) await this._until(this._peer.accept(data.answer));
  }

  #established() {
    if (this.ended || this.answeredAt !== null) return;
    this.answeredAt = Date.now();
    this._become('active');
    this.emit('answer');
  }

  /**
   * The gateway's: the call is to go on with another session, because one of its sides is transferred. What flows stays until
   * that is sure and the new connection is up.
   * @returns {Promise<object>} our offer, or the answer to the gateway's
   * @internal
   */
  async _replace(sessionId, offer) {
    if (this.state !== 'active') throw new TernError('state', 'The call is not answered');
    this.#dropNext();
    const peer = this._makePeer();
    this.#next = { sessionId, peer, settled: false };
    this._client._register(this, [sessionId]);
    try {
      if (offer) return { answer: await this._until(peer.answer(offer, this.localStream)) };
      const { audio = true, video = false } = this.options;
      return { offer: await this._until(peer.offer(this.localStream, { audio: Boolean(audio), video: Boolean(video) })) };
    } catch (error) {
      this.#dropNext();
      throw error;
    }
  }

  /** The gateway has our description. @internal */
  _replaced() {
    if (this.#next) this._trickle(this.#next.peer, this.#next.sessionId);
  }

  #dropNext() {
    this.#next?.peer.close();
    this.#next = null;
  }

  #goOn() {
    const next = this.#next;
    if (!next?.settled || next.peer.connection.connectionState !== 'connected') return;
    this.#next = null;
    this._changePeer(next.peer, next.sessionId);
    // Holds were those of the former session.
    if (this.held) this.#held(null, false);
    if (this.holding) this.#held(this.#side, false);
  }

  /** @protected */
  _peerBecomes(state, peer) {
    if (peer !== this.#next?.peer) {
      super._peerBecomes(state, peer);
    } else if (state === 'connected') {
      this.#goOn();
    } else if (state === 'failed') {
      const { settled } = this.#next;
      this.#dropNext();
      if (settled) this._mediaFailed();
    }
  }

  #transferred(body) {
    if (body.side) this.#role = body.side;
    if (typeof body.remote_id === 'string') {
      this.remoteId = body.remote_id;
      this.remoteName = String(body.remote_name || body.remote_id || 'Unknown');
    }
    if (this.#next && body.session_id === this.#next.sessionId) {
      this.#next.settled = true;
      this.#goOn();
    }
  }

  /** @protected */
  _endsBy(event) {
    const { subclass, type, body = {} } = event;
    if (subclass === 'call' && type === 'hangup') {
      this.#hungUp(body);
      return true;
    }
    if (subclass === 'call' && type === 'answered_elsewhere') {
      this._finish(endDecidedHere('answered_elsewhere', 'remote'));
      return true;
    }
    if (subclass === 'session' && type === 'stop') {
      if (event.obj_id === this.#next?.sessionId) this.#dropNext();
      // That of a former session says nothing, nor does that of one which another is about to follow.
      if (event.obj_id !== this.sessionId || this.#next) return true;
      this.#stopTimer ||= setTimeout(() => this._finish(endFromEvent(body)), hangupDelay);
      return true;
    }
    return super._endsBy(event);
  }

  #hungUp(body) {
    const incoming = this.direction === 'incoming';
    const end = endFromEvent(body, this.#side);
    const missed = incoming && this.answeredAt === null && missedStatuses.includes(end.sipStatus);
    this._finish(missed ? { ...end, text: 'Missed call' } : end);
  }

  /** @protected */
  async _handle(event) {
    const { subclass, type, body = {} } = event;
    if (subclass !== 'call') return super._handle(event);
    if (type === 'ringing') {
      if (this.state === 'calling') this._become('ringing');
      this.emit('ringing');
    } else if (type === 'answer') {
      if (this.#next && body.session_id === this.#next.sessionId) {
        await this.#next.peer.accept(body.answer);
        return;
      }
      // The answer to an offer of the caller's is our own: nothing to apply.
      if (!this.#offer && body.answer) await this._peer?.accept(body.answer);
      if (this.ended) return;
      if (body.early) this.emit('early');
      else this.#established();
      if (body.line_test) this._reportLineTest({ call_id: this.callId });
    } else if (type === 'hold' || type === 'resume') {
      this.#held(body.by, type === 'hold');
    } else if (type === 'dtmf') {
      if (body.by !== this.#side) this.emit(type, body);
    } else if (type === 'transfer') {
      this.#transferred(body);
      this.emit(type, body);
    }
  }

  /** @returns {string} what the gateway calls this side */
  get #side() { return this.#role ?? (this.direction === 'incoming' ? 'callee' : 'caller'); }

  #held(by, isHeld) {
    if (by === this.#side) {
      this.holding = isHeld;
      this.emit('holding', isHeld);
    } else {
      this.held = isHeld;
      this.emit(isHeld ? 'hold' : 'resume');
    }
    // Nobody is to hear any of it.
    this._silence(this.held || this.holding);
  }

  /** @protected */
  async _tellEnd(code, reason, { isFailure = false } = {}) {
    if (!this.callId) return;
    // Before our answer is taken we end our own part only: the user's other clients ring on, or one has the call by now.
    const isUnanswered = this.direction === 'incoming' && this.answeredAt === null;
    const status = code ?? (isUnanswered && isFailure ? 480 : undefined);
    const fields = withoutAbsent({ call_id: this.callId, code: status, reason });
    await this._client.request('media', isUnanswered ? 'reject_call' : 'hangup_call', fields).catch(() => {});
  }

  /** @protected */
  _disown(answer) {
    this._client.request('media', 'hangup_call', { call_id: answer.call_id }).catch(() => {});
  }

  /** @internal */
  _leave() {
    if (this.state === 'incoming') this.reject(480, 'page closed');
    else super._leave();
  }

  /** @internal */
  _finish(end) {
    clearTimeout(this.#stopTimer);
    this.#dropNext();
    super._finish(end);
  }
}
