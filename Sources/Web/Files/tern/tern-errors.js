/** Everything the library throws: a stable `code` for programs and a `text` for people. */
export class TernError extends Error {
  /**
   * @param {number|string} code what went wrong, for programs
   * @param {string} text what went wrong, for people
   */
  constructor(code, text) {
    super(text);
    this.name = new.target.name;
    /** @type {number|string} */
    this.code = code;
    /** @type {string} */
    this.text = text;
  }
}

/**
 * The gateway's error codes of what may be over by the next attempt: too many requests or clients, an internal error, no answer in time,
 * a gateway that is being stopped.
 */
const passing = new Set([1108, 2006, 5001, 5002, 5003, 5004]);

/** What SIP would have said; by the gateway's error code. */
const sipStatuses = { 3007: 400, 3008: 488, 3009: 404, 3010: 503 };

/** The gateway answered a request with an error; `code` is one of the numbers in docs/browser-api.md. */
export class TernServerError extends TernError {
  #sipStatus;

  /**
   * @param {number} code
   * @param {string} text
   * @param {number} [sipStatus] where the gateway gave one
   */
  constructor(code, text, sipStatus) {
    super(code, text);
    this.#sipStatus = Number.isInteger(sipStatus) ? sipStatus : sipStatuses[code];
  }

  /** @returns {number|undefined} the SIP status with which the call was refused, or that means the same as the code */
  get sipStatus() { return this.#sipStatus; }

  /** @returns {boolean} whether the same request may well succeed later */
  get mayPass() { return passing.has(this.code); }
}

/** The gateway did not answer in time; `code` is `'timeout'`. */
export class TernTimeoutError extends TernError {
  /** @param {string} text */
  constructor(text) { super('timeout', text); }
}

/** There is no connection to the gateway, or it was lost before the answer came; `code` is `'connection'`. */
export class TernConnectionError extends TernError {
  /** @param {string} text */
  constructor(text) { super('connection', text); }
}

/** The program itself gave up, by `hangup()`, `stop()` or an `AbortSignal`; `code` is `'cancelled'`. */
export class TernCancelledError extends TernError {
  constructor() { super('cancelled', 'Cancelled'); }
}

/**
 * The browser gives no microphone or camera, or its WebRTC part refused.
 * `code` is `'insecure'` (page neither https nor localhost), `'denied'`, `'missing'`, `'busy'`,
 * `'unsupported'` or `'failed'`.
 */
export class TernMediaError extends TernError {
  /**
   * @param {string} code
   * @param {string} text
   * @param {'microphone'|'camera'} [device] which one it is about
   */
  constructor(code, text, device) {
    super(code, text);
    /** @type {'microphone'|'camera'|undefined} */
    this.device = device;
  }
}
