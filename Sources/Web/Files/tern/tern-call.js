import { TernError, TernServerError } from './tern-errors.js';
import { endDecidedHere, endFromEvent } from './tern-reasons.js';
import { wireOptions, withoutAbsent } from './tern-options.js';
import { TernSession } from './tern-session.js';

/** How long a session's `stop` waits for the call's `hangup`, which says more, in ms. */
const hangupDelay = 1_000;

/** For how long another gateway is asked again that cannot go on with a call at the moment, and how often, in ms. */
const recoveryLimit = 20_000;
const recoveryPause = 1_000;
const wrongState = 3004;

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
 * - event `recovering`: its gateway is gone, and another one is to go on with the other side; `recovered` when it does
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
  /** What another gateway needs to go on with it; null where none could. @type {string|null} */
  #recovery = null;
  #isRecovering = false;
  /** How often another gateway was asked to go on with it. */
  #recoveries = 0;
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

  /** @returns {boolean} whether another gateway is being asked to go on with it */
  get recovering() { return this.#isRecovering; }

  /** @returns {boolean} whether another gateway may go on with it when its own is gone @internal */
  get _isRecoverable() { return this.state === 'active' && this.#recovery !== null; }

  /**
   * Goes on at the gateway where the client has logged in since: that calls the other side in place of the one that is gone. @internal
   */
  async _recover() {
    // One that was under way with a connection that is lost by now gives up.
    const run = ++this.#recoveries;
    const isOver = () => this.ended || run !== this.#recoveries;
    this.#isRecovering = true;
    clearTimeout(this.#stopTimer);
    this.#stopTimer = 0;
    this.#dropNext();
    this._forgetFailures();
    this.emit('recovering');
    // The other side's hold was one of the former dialog; one from here is made again.
    if (this.held) this.#held(null, false);
    const end = performance.now() + recoveryLimit;
    while (!isOver()) {
      this._peer?.close();
      try {
        await this.#callAgain(isOver);
        return;
      } catch (error) {
        if (isOver()) return;
        this._peer?.close();
        // Without a connection there is nothing to try: the client says when there is one.
        if (this._client.state !== 'online') return;
        // A gateway that was started again may be taken for the one that had the call, for a moment.
        const mayPass = !(error instanceof TernServerError) || error.mayPass || error.code === wrongState;
        if (!mayPass || performance.now() > end) {
          // The other side has hung up meanwhile, or does not let itself be called so.
          this._finish(endDecidedHere('connection', 'gateway', { reason: `the gateway that had it is gone: ${error.message}` }));
          return;
        }
        await new Promise(resolve => setTimeout(resolve, recoveryPause));
      }
    }
  }

  async #callAgain(isOver) {
    const offer = await this._offer();
    if (isOver()) return;
    const data = await this._ask('start_call', { recovery: this.#recovery, offer, ...this.#wireOptions(this.options) });
    if (isOver()) {
      this._disown(data);
      return;
    }
    // From now on this side is the caller.
    [this.callId, this.sessionId, this.#role] = [data.call_id, data.session_id, 'caller'];
    this._client._register(this, [this.callId, this.sessionId]);
    this._trickle();
  }

  /** Until another gateway has it there is no media whose way could be looked for. @protected */
  get _mayRestart() { return !this.#isRecovering; }

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
    // Another party has another dialog: what is for that comes later.
    if (typeof body.session_id === 'string') this.#recovery = null;
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
      // That of an attempt of before, or of the gateway that is gone, says nothing.
      if (this.#recoveries > 0 && event.obj_id !== this.callId) return true;
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
      if ((!this.#offer || this.#isRecovering) && body.answer) await this._peer?.accept(body.answer);
      if (this.ended) return;
      if (this.#isRecovering && !body.early) {
        this.#isRecovering = false;
        this.#recovery = null;
        this.emit('recovered');
        if (this.holding) this.hold().catch(error => this.#notHeld(error));
        return;
      }
      if (body.early) this.emit('early');
      else this.#established();
      if (body.line_test) this._reportLineTest({ call_id: this.callId });
    } else if (type === 'recovery') {
      this.#recovery = typeof body.token === 'string' ? body.token : null;
    } else if (type === 'hold' || type === 'resume') {
      this.#held(body.by, type === 'hold');
    } else if (type === 'dtmf') {
      if (body.by !== this.#side) this.emit(type, body);
    } else if (type === 'transfer') {
      this.#transferred(body);
      this.emit(type, body);
    }
  }

  #notHeld(error) {
    this.#held(this.#side, false);
    this.emit('warning', error);
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
    this.#isRecovering = false;
    super._finish(end);
  }
}
