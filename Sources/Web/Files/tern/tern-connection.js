import { TernConnectionError, TernServerError, TernTimeoutError } from './tern-errors.js';

const subprotocol = 'tern';
/** How long a request may take once the gateway has acknowledged it, in ms; longer than a phone rings. */
const acknowledgedTimeout = 180_000;

/**
 * One WebSocket to the gateway: requests with their responses by `tid`, requests of the gateway, events.
 * It lives once; reconnecting is TernLink's.
 * @internal
 */
export class TernConnection {
  #socket;
  #handlers;
  #timeout;
  #requests = new Map();
  #lastTID = 0;
  #closed = false;

  /**
   * Opens a connection; fails with TernConnectionError or TernTimeoutError.
   * @param {string} url `ws:` or `wss:`
   * @param {{onEvent: (data: object) => void, onRequest: (request: object, reply: TernReply) => void,
   *          onClose: (reason: string) => void}} handlers `onClose` is called exactly once, and only after success
   * @param {number} timeout ms for the handshake, and for each request
   * @returns {Promise<TernConnection>}
   */
  static open(url, handlers, timeout) {
    return new Promise((resolve, reject) => {
      const socket = new WebSocket(url, subprotocol);
      const timer = setTimeout(() => fail(new TernTimeoutError('The gateway does not answer')), timeout);
      const fail = error => {
        clearTimeout(timer);
        socket.onopen = socket.onclose = null;
        socket.close();
        reject(error);
      };
      socket.onclose = () => fail(new TernConnectionError('The gateway cannot be reached'));
      socket.onopen = () => {
        clearTimeout(timer);
        resolve(new TernConnection(socket, handlers, timeout));
      };
    });
  }

  constructor(socket, handlers, timeout) {
    this.#socket = socket;
    this.#handlers = handlers;
    this.#timeout = timeout;
    socket.onopen = null;
    socket.onmessage = event => this.#received(event.data);
    socket.onclose = event => this.#ended(event.reason || `connection closed (${event.code})`);
  }

  /**
   * Sends a request and waits for its response.
   * @param {string} className
   * @param {string} command
   * @param {object} [data]
   * @param {{subclass?: string, timeout?: number}} [options] `timeout` in ms
   * @returns {Promise<object>} the response's `data`
   */
  request(className, command, data = {}, options = {}) {
    if (this.#closed) return Promise.reject(new TernConnectionError('Not connected to the gateway'));
    const tid = ++this.#lastTID;
    const message = { class: className, cmd: command, data, tid };
    if (options.subclass) message.subclass = options.subclass;
    return new Promise((resolve, reject) => {
      const pending = { command, resolve, reject, timer: 0 };
      this.#requests.set(tid, pending);
      this.#expect(tid, pending, options.timeout ?? this.#timeout);
      this.#send(message);
    });
  }

  /** Closes the socket; open requests fail. Harmless when closed already. */
  close(code = 1000, reason = '') {
    this.#socket.close(code, reason);
    this.#ended(reason || 'closed');
  }

  #expect(tid, pending, timeout) {
    clearTimeout(pending.timer);
    pending.timer = setTimeout(() => {
      this.#requests.delete(tid);
      pending.reject(new TernTimeoutError(`The gateway did not answer ${pending.command}`));
    }, timeout);
  }

  #send(message) {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }

  #received(text) {
    let message;
    try { message = JSON.parse(text); } catch { return; }
    if (message === null || typeof message !== 'object') return;
    if ('ack' in message) this.#acknowledged(message.ack);
    else if ('result' in message) this.#answered(message);
    else if (message.cmd === 'event') this.#handlers.onEvent(message.data ?? {});
    else if ('cmd' in message) this.#handlers.onRequest(message, this.#replyTo(message));
  }

  #acknowledged(tid) {
    const pending = this.#requests.get(tid);
    if (pending) this.#expect(tid, pending, acknowledgedTimeout);
  }

  #answered({ tid, result, data }) {
    const pending = this.#requests.get(tid);
    if (!pending) return;
    this.#requests.delete(tid);
    clearTimeout(pending.timer);
    if (result === 'ok') pending.resolve(data ?? {});
    else pending.reject(new TernServerError(data?.code ?? 0, data?.error ?? `${pending.command} failed`, data?.sip_status));
  }

  /** @typedef {{ok: (data?: object) => void, fail: (code: number, text: string) => void}} TernReply */
  #replyTo({ tid }) {
    return {
      ok: (data = {}) => this.#send({ result: 'ok', data, tid }),
      fail: (code, text) => this.#send({ result: 'error', data: { code, error: text }, tid }),
    };
  }

  #ended(reason) {
    if (this.#closed) return;
    this.#closed = true;
    this.#socket.onmessage = this.#socket.onclose = null;
    for (const pending of this.#requests.values()) {
      clearTimeout(pending.timer);
      pending.reject(new TernConnectionError('The connection to the gateway was lost'));
    }
    this.#requests.clear();
    this.#handlers.onClose(reason);
  }
}
