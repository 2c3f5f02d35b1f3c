/** How many sessions and calls the page has at once; one more is busy. */
const limit = 6;

/**
 * The sessions and calls of the page: one is shown, the others ring, are held or wait. It holds what is left for
 * another one, and decides which is shown when one ends.
 */
export class PhoneCalls {
  #all = [];
  #shown = null;
  #begun = new WeakMap();
  #onChange;
  #moving = false;

  /** @param {() => void} onChange another one is shown, or one has come or gone or changed */
  constructor(onChange) { this.#onChange = onChange; }

  /** @returns {import('../tern/tern.js').TernSession|null} */
  get shown() { return this.#shown; }

  /** @returns {import('../tern/tern-call.js').TernCall[]} those that are not shown, the oldest first */
  get others() { return this.#all.filter(session => session !== this.#shown); }

  /** @returns {boolean} whether one more is too many */
  get isFull() { return this.#all.length >= limit; }

  /** @param {object} session @returns {number} when it came, ms since 1970 */
  begun(session) { return this.#begun.get(session) ?? Date.now(); }

  /**
   * Has one more from now until its end.
   * @param {import('../tern/tern.js').TernSession} session
   * @param {(end: object, wasShown: boolean) => void} onEnd after the next one is shown
   * @param {{shown?: boolean}} [options] `shown`: in place of what is shown
   */
  add(session, onEnd, { shown = false } = {}) {
    this.#all.push(session);
    if (shown) this.#shown = session;
    this.#begun.set(session, Date.now());
    for (const type of ['state', 'early', 'hold', 'resume', 'holding']) session.on(type, () => this.#onChange());
    session.once('ended', end => {
      this.#all = this.#all.filter(other => other !== session);
      const wasShown = session === this.#shown;
      if (wasShown) this.#shown = this.#next();
      onEnd(end, wasShown);
      this.#onChange();
    });
    this.#onChange();
  }

  /** @param {import('../tern/tern.js').TernSession|null} session null while a call is begun */
  show(session) {
    if (session === this.#shown || session?.ended) return;
    this.#shown = session;
    this.#onChange();
  }

  /** When nothing is shown: what asks for an answer, else what waits longest. */
  showNext() { this.show(this.#next()); }

  /**
   * Leaves the call that is shown, for another one: an established call is held, one that rings here goes on ringing,
   * anything else ends.
   * @throws {import('../tern/tern.js').TernError} it cannot be held
   */
  async leave() {
    const session = this.#shown;
    if (!session || session.ended || session.state === 'incoming') return;
    const isCall = session.direction !== undefined;
    if (!isCall || session.state !== 'active') await session.stop();
    else if (!session.holding) await session.hold();
  }

  /** @returns {boolean} whether one is being left for another one */
  get isMoving() { return this.#moving; }

  /**
   * Shows another call, and speaks on there; while it moves already it does nothing.
   * @param {import('../tern/tern-call.js').TernCall} call
   * @throws {import('../tern/tern.js').TernError} the call that is left cannot be held, or the other not be resumed
   */
  async switchTo(call) {
    if (this.#moving) return;
    this.#moving = true;
    try {
      await this.leave();
      this.show(call);
      if (call.state === 'active' && call.holding) await call.resume();
    } finally {
      this.#moving = false;
    }
  }

  #next() {
    return this.#all.find(session => session.state === 'incoming') ?? this.#all[0] ?? null;
  }
}
