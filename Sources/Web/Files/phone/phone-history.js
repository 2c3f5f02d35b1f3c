import { forget, store, stored } from './phone-store.js';

/** How many calls are remembered for a user; the oldest go first. */
const limit = 100;
/** How long a name or an address may be, in characters. */
const nameLimit = 256;
const outcomes = ['answered', 'missed', 'declined', 'elsewhere', 'cancelled', 'failed'];

/**
 * A call of the list.
 * @typedef {object} PastCall
 * @property {'incoming'|'outgoing'} direction
 * @property {string} name of the other side
 * @property {string} address what to dial to call again
 * @property {number} at when it began, ms since 1970
 * @property {number} seconds how long one talked; 0 where it was not answered
 * @property {'answered'|'missed'|'declined'|'elsewhere'|'cancelled'|'failed'} outcome
 * @property {string} text how it ended, in words
 * @property {boolean} video whether one's own picture was sent
 */

/** The recent calls of a user, newest first, as this browser remembers them. */
export class CallHistory {
  #key = null;
  /** @type {PastCall[]} */
  #calls = [];

  /** Whose calls. @param {string|null} user */
  open(user) {
    const key = user === null ? null : `calls.${user}`;
    if (key === this.#key) return;
    this.#key = key;
    const found = key === null ? [] : stored(key, []);
    this.#calls = Array.isArray(found) ? found.filter(isPastCall).slice(0, limit) : [];
  }

  /** @returns {readonly PastCall[]} */
  get calls() { return this.#calls; }

  /** @returns {string[]} addresses that were called or called from, each once */
  get addresses() { return [...new Set(this.#calls.map(call => call.address))]; }

  /** @param {PastCall} call */
  add(call) {
    if (this.#key === null || !isPastCall(call)) return;
    this.#calls = [call, ...this.#calls].slice(0, limit);
    store(this.#key, this.#calls);
  }

  clear() {
    this.#calls = [];
    if (this.#key !== null) forget(this.#key);
  }
}

/**
 * What to remember of a call that has ended.
 * @param {import('../tern/tern-call.js').TernCall} call
 * @param {number} at when it began, ms since 1970
 * @param {number} [now] ms since 1970
 * @returns {PastCall}
 */
export function pastCall(call, at, now = Date.now()) {
  const seconds = call.answeredAt === null ? 0 : Math.max(0, Math.round((now - call.answeredAt) / 1000));
  return {
    direction: call.direction, name: call.remoteName.slice(0, nameLimit), address: call.remoteId.slice(0, nameLimit),
    at, seconds, outcome: outcomeOf(call), text: call.end.text, video: Boolean(call.localStream?.getVideoTracks().length),
  };
}

function outcomeOf({ direction, answeredAt, end }) {
  if (answeredAt !== null) return 'answered';
  if (end.code === 'answered_elsewhere') return 'elsewhere';
  if (direction === 'incoming') return end.code === 'local' ? 'declined' : 'missed';
  return end.code === 'local' || end.sipStatus === 487 ? 'cancelled' : 'failed';
}

function isPastCall(value) {
  return typeof value === 'object' && value !== null && outcomes.includes(value.outcome)
    && ['incoming', 'outgoing'].includes(value.direction)
    && ['name', 'address', 'text'].every(field => typeof value[field] === 'string')
    && ['at', 'seconds'].every(field => Number.isFinite(value[field])) && value.address !== '';
}
