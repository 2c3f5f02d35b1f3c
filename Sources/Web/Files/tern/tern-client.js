import { TernCall } from './tern-call.js';
import { Emitter } from './tern-emitter.js';
import { TernLink } from './tern-link.js';
import { endDecidedHere } from './tern-reasons.js';
import { TernSession } from './tern-session.js';
import { EventRouter } from './tern-router.js';

/** What a request of the gateway is refused with; SIP's 486 and 481 say the same. */
const busy = 486;
const unknownObject = 481;
const unknownCommand = 501;
/** How long missed events may take to come after a resumption, in ms. */
const missedEventDelay = 1_000;
/** How long the result of a line test may be asked for after its end, in ms: see tern-line-test.js. */
const resultTime = 6_000;

/**
 * A user of the gateway in this browser: one connection, and the sessions and calls on it.
 *
 * Events, by `on(type, listener)`:
 * - `state`: `'offline'`, `'connecting'`, `'online'`, `'reconnecting'`
 * - `problem`: the error with which an attempt to reconnect failed; further ones are made
 * - `incoming`: a TernCall that wants `ring()`, and `answer()` or `reject()`
 * - `refused`: the TernServerError with which a lost connection could not be logged in again
 * - `warning`: a TernMediaError that stopped nothing
 * - `event`: every event of the gateway, as it came
 * - `draining`: whether the gateway takes no new calls; told when it changes
 */
export class TernClient extends Emitter {
  /** @type {string|null} the user logged in */
  user = null;
  /** @type {string|null} the gateway's name for this client */
  connectionId = null;
  /** @type {boolean} false refuses invitations with an error, so that other clients of the user ring alone */
  acceptsCalls = true;
  /** @type {boolean} whether the gateway takes no new calls, as before it stops; those that live go on */
  isDraining = false;
  /** What every RTCPeerConnection is made with. @type {{iceServers: RTCIceServer[], trickle: boolean}} */
  peerOptions;

  #link;
  #router = new EventRouter();
  /** All that live, with or without an id yet. */
  #live = new Set();
  /** When the last session was over. */
  #lastEnd = -Infinity;
  #isLoggingOut = false;

  /**
   * @param {object} [options]
   * @param {string|string[]} [options.url] of the API; by default `/api` of where the page came from. Of several gateways that know each other, the
   *   first is tried first; when it is gone, the client logs in at the next one that is there, and calls go on there with whoever can be moved. When it drains,
   *   the client goes to one that does not as soon as no session or call lives
   * @param {RTCIceServer[]} [options.iceServers] none by default: the gateway's media address is reachable
   * @param {boolean} [options.trickle] send candidates as they are found, default true; or else wait for them (2 s)
   * @param {number} [options.timeout] ms for a connection or an answer, default 10,000
   */
  constructor({ url = defaultURL(), iceServers = [], trickle = true, timeout = 10_000 } = {}) {
    super();
    this.peerOptions = { iceServers, trickle };
    this.#link = new TernLink({ urls: [url].flat(), timeout }, {
      onState: state => this.emit('state', state),
      onEvent: event => {
        this.emit('event', event);
        if (event.class === 'core') this.#drains(event.type === 'draining');
        else this.#router.route(event);
      },
      onRequest: (request, reply) => this.#requested(request, reply),
      onResumed: (answer, fresh) => this.#resumed(answer, fresh),
      onProblem: () => this.emit('problem', this.problem),
      onRefused: error => {
        this.#endAll();
        this.emit('refused', error);
      },
    });
    window.addEventListener('pagehide', () => this.#leave());
  }

  /** @returns {'offline'|'connecting'|'online'|'reconnecting'} */
  get state() { return this.#link.state; }

  /** @returns {Error|null} while it reconnects: why the last attempt failed */
  get problem() { return this.#link.problem; }

  /** @returns {TernSession[]} the sessions and calls that live */
  get sessions() { return [...this.#live]; }

  /**
   * Connects and logs in; what lived before ends. From then on lost connections are replaced, until `logout`.
   * @param {string} user
   * @param {string} password kept in memory, for when the gateway was restarted
   * @throws {import('./tern-errors.js').TernError} wrong password, no gateway there, no answer
   */
  async login(user, password) {
    await this.#login({ user, password });
  }

  /**
   * As `login`, with a token that the gateway's operator or an application server gave out.
   * @param {string} token
   */
  async loginWithToken(token) {
    await this.#login({ token });
  }

  /** Ends all sessions and calls, logs out and disconnects. */
  async logout() {
    this.#isLoggingOut = true;
    try {
      // Who signs out here does not refuse for the user's other clients.
      await Promise.all(this.sessions.map(session => session.state === 'incoming' ? session.reject(480, 'signed out') : session.stop()));
      if (this.state === 'online') await this.request('core', 'logout').catch(() => {});
      this.#link.close();
    } finally {
      this.#isLoggingOut = false;
    }
    this.user = this.connectionId = null;
  }

  /** @returns {Promise<number>} ms until the gateway has answered */
  async ping() {
    const start = performance.now();
    await this.request('core', 'ping');
    return performance.now() - start;
  }

  /**
   * Any command of the API; docs/browser-api.md lists them.
   * @param {string} className `core` or `media`
   * @param {string} command
   * @param {object} [data]
   * @param {{subclass?: string, timeout?: number}} [options] `timeout` in ms
   * @returns {Promise<object>} the response's data
   * @throws {import('./tern-errors.js').TernError} the gateway's error, no answer in time, no connection
   */
  request(className, command, data, options) {
    return this.#link.request(className, command, data, options);
  }

  /**
   * Sends media to the gateway and gets it back.
   * @param {import('./tern-options.js').TernMediaOptions} [options]
   * @returns {Promise<TernSession>} when it has begun
   */
  async echo(options = {}) {
    const session = this.#track(new TernSession(this));
    await session._startEcho(options);
    return session;
  }

  /**
   * Calls somebody.
   * @param {string} dest a user, an extension, or a `sip:`, `sips:` or `tel:` URI
   * @param {import('./tern-options.js').TernMediaOptions & {type?: 'sip'|'user'}} [options]
   * @returns {Promise<TernCall>} when the gateway has begun to call; the rest comes as events
   */
  async call(dest, options = {}) {
    const call = this.#track(new TernCall(this, 'outgoing', { dest }));
    await call._dial(options);
    return call;
  }

  /** @internal */
  _register(session, ids) { this.#router.register(session, ids); }

  /** @internal */
  _checkLink() { this.#link.check(); }

  /** @internal */
  _forget(session) {
    this.#live.delete(session);
    this.#router.forget(session);
    this.#lastEnd = performance.now();
    setTimeout(() => this.#leaveDraining(), resultTime + 50);
  }

  async #login(credentials) {
    this.#endAll();
    const answer = await this.#link.login(credentials);
    this.#loggedIn(answer, credentials.user);
  }

  #loggedIn(answer, user) {
    this.user = answer.user ?? user ?? null;
    this.connectionId = answer.connection_id ?? null;
    this.#drains(answer.draining === true);
  }

  #drains(isDraining) {
    const isNew = this.isDraining !== isDraining;
    this.isDraining = isDraining;
    if (isNew) this.emit('draining', isDraining);
    this.#leaveDraining();
  }

  /** Nobody calls a gateway that drains: a client without sessions goes to another one. It waits a while, as the other one does not know the result of a line test that has just ended. */
  #leaveDraining() {
    const mayLeave = () => this.isDraining && this.#live.size === 0 && !this.#isLoggingOut && performance.now() - this.#lastEnd >= resultTime;
    if (mayLeave()) this.#link.move(mayLeave);
  }

  #track(session) {
    this.#live.add(session);
    return session;
  }

  #requested({ cmd, data = {} }, reply) {
    if (cmd === 'call_invite') this.#invited(data, reply);
    else if (cmd === 'renegotiate_session') this.#renegotiated(data, reply);
    else if (cmd === 'insert_dtmf') this.#insertKeys(data, reply);
    else if (cmd === 'replace_session') this.#replaced(data, reply);
    else reply.fail(unknownCommand, 'unknown command');
  }

  #invited(data, reply) {
    if (typeof data.call_id !== 'string') return reply.fail(unknownCommand, 'call_id is missing');
    if (!this.acceptsCalls) return reply.fail(busy, 'takes no calls');
    reply.ok();
    if (this.#router.knows(data.call_id)) return undefined;
    const call = this.#track(new TernCall(this, 'incoming', data));
    this.#router.register(call, [call.callId, call.sessionId]);
    return this.emit('incoming', call);
  }

  async #renegotiated({ session_id, offer }, reply) {
    const session = this.#router.find(session_id);
    if (!session || typeof offer?.sdp !== 'string') return reply.fail(unknownObject, 'no such session, or no offer');
    try {
      return reply.ok({ answer: await session._renegotiate(offer) });
    } catch (error) {
      return reply.fail(488, error.message);
    }
  }

  #insertKeys({ call_id, digits, duration, gap }, reply) {
    const call = this.#router.find(call_id);
    if (!(call instanceof TernCall)) return reply.fail(unknownObject, 'no such call');
    try {
      call._insertKeys(digits, duration, gap);
      return reply.ok();
    } catch (error) {
      return reply.fail(488, error.message);
    }
  }

  async #replaced({ call_id, session_id, offer }, reply) {
    const call = this.#router.find(call_id);
    if (!(call instanceof TernCall) || typeof session_id !== 'string') return reply.fail(unknownObject, 'no such call');
    try {
      reply.ok(await call._replace(session_id, offer));
      return call._replaced();
    } catch (error) {
      return reply.fail(488, error.message);
    }
  }

  /** Brings both sides to the same view of what lives, after a connection was lost. */
  #resumed(answer, fresh) {
    this.#loggedIn(answer, this.user);
    if (!fresh && !Array.isArray(answer.calls) && !Array.isArray(answer.sessions)) return;
    const calls = new Set((answer.calls ?? []).map(one => one.call_id ?? one));
    const sessions = new Set((answer.sessions ?? []).map(one => one.session_id ?? one));
    for (const session of this.sessions) {
      const alive = calls.has(session.id) || sessions.has(session.sessionId);
      if (alive) session._resumed();
      else this.#gone(session, fresh);
    }
    setTimeout(() => this.#disown(calls, sessions), missedEventDelay);
  }

  /** Leaves what is said to be ours and does not live here. An invitation that was kept for us has come by now. */
  async #disown(calls, sessions) {
    const ask = (command, fields) => this.request('media', command, fields).catch(() => null);
    const isUnknown = id => !this.#router.find(id);
    for (const id of [...calls].filter(isUnknown)) {
      // One that has ended here meanwhile is hung up; one that never came to us rings on at the user's other clients.
      if (this.#router.knows(id)) ask('hangup_call', { call_id: id });
      else ask('reject_call', { call_id: id, code: 480, reason: 'unknown to the page' });
    }
    for (const id of [...sessions].filter(isUnknown)) {
      // The session of a call ends with that.
      const info = await ask('get_info', { session_id: id });
      if (info && !info.call_id) ask('stop_session', { session_id: id });
    }
  }

  /** What ended while we were away has left an event that says why, unless the gateway has forgotten us. */
  #gone(session, fresh) {
    if (session._isRecoverable && (fresh || session.recovering)) {
      session._recover();
      return;
    }
    const end = endDecidedHere('connection', 'gateway', fresh ? { reason: 'the gateway that had it is gone' } : {});
    setTimeout(() => session._finish(end), fresh ? 0 : missedEventDelay);
  }

  #endAll() {
    for (const session of this.sessions) session._finish(endDecidedHere('connection', 'gateway'));
  }

  /** The page goes away: the gateway need not wait for us to come back. */
  #leave() {
    for (const session of this.sessions) session._leave();
    if (this.state === 'online') this.request('core', 'logout').catch(() => {});
    this.#link.close();
  }
}

function defaultURL() {
  return `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/api`;
}
