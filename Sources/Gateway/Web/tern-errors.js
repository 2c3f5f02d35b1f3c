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

/** The gateway answered a request with an error; `code` is one of the numbers in docs/browser-api.md. */
export class TernServerError extends TernError {}

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
export class TernMediaError extends TernError {}
