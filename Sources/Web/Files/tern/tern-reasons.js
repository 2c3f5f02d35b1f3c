import { TernCancelledError, TernError } from './tern-errors.js';

/** What the final SIP statuses mean to the person who made the call. */
const statusTexts = {
  400: 'the request was not understood',
  401: 'not authorised',
  403: 'not allowed',
  404: 'not found',
  405: 'not supported by the other side',
  407: 'not authorised',
  408: 'no answer',
  410: 'no longer at this address',
  415: 'the other side does not support this kind of call',
  416: 'this kind of address is not supported',
  420: 'not supported by the other side',
  480: 'not available, or no answer',
  481: 'the call no longer exists',
  482: 'the call goes round in a loop',
  483: 'the call was forwarded too often',
  484: 'the number is incomplete',
  485: 'the address is ambiguous',
  486: 'busy',
  487: 'cancelled',
  488: 'no codec that both sides know',
  491: 'another change is in progress',
  500: 'an error in the other side’s server',
  501: 'not supported by the other side',
  502: 'a gateway on the way failed',
  503: 'the service is not available at the moment',
  504: 'a server on the way did not answer',
  600: 'busy everywhere',
  603: 'declined',
  604: 'does not exist anywhere',
  606: 'no codec that both sides know',
};

/**
 * Says in words why a call or session ended.
 * @param {TernEnd} end as the `ended` event carries it
 * @returns {string} such as `Declined (603)` or `Ended by the other side`
 */
export function describeEnd(end) {
  const status = end.sipStatus ?? 0;
  if (status >= 300) {
    const text = statusTexts[status] ?? end.reason ?? 'the call failed';
    return `${capitalised(text)} (${status})`;
  }
  if (end.code === 'answered_elsewhere') return 'Answered on another device';
  if (end.code === 'connection') return 'The connection to the gateway was lost';
  if (end.code === 'media') return 'No media connection could be made';
  if (end.by === 'local') return 'You hung up';
  if (end.by === 'remote') return 'Ended by the other side';
  return end.reason ? capitalised(end.reason) : 'Ended';
}

/**
 * How a call or session ended.
 * @typedef {object} TernEnd
 * @property {number|string|undefined} code the gateway's code; or, decided here, `'local'`, `'connection'`,
 *   `'media'`, `'answered_elsewhere'`
 * @property {string|undefined} reason the gateway's words
 * @property {number|undefined} sipStatus the SIP status, when SIP ended or refused it
 * @property {string} by `'local'` is this client, `'remote'` the other side, `'gateway'` the gateway
 * @property {string} text all that in words, by `describeEnd`
 */

/**
 * @param {object} body of a `hangup` or `stop` event
 * @param {'caller'|'callee'} [role] what this client is in the call
 * @returns {TernEnd}
 * @internal
 */
export function endFromEvent(body, role = 'caller') {
  const end = {
    code: body.code,
    reason: typeof body.reason === 'string' ? body.reason : undefined,
    sipStatus: statusOf(body.sip_status) ?? statusOf(body.code),
    by: partyOf(body.by, role),
  };
  return { ...end, text: describeEnd(end) };
}

/**
 * @param {number|string} code
 * @param {string} by
 * @param {{reason?: string, sipStatus?: number}} [more]
 * @returns {TernEnd}
 * @internal
 */
export function endDecidedHere(code, by, more = {}) {
  const end = { code, by, reason: more.reason, sipStatus: more.sipStatus };
  return { ...end, text: describeEnd(end) };
}

/** The gateway names the parties by their parts in the call. */
function partyOf(by, role) {
  if (by === 'caller' || by === 'callee') return by === role ? 'local' : 'remote';
  return typeof by === 'string' ? by : 'remote';
}

function statusOf(value) {
  return Number.isInteger(value) && value >= 100 && value < 700 ? value : undefined;
}

function capitalised(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** What waits is told that the program gave up, or else what ended it. */
export function whyCancelled(end) {
  if (end.code === 'local') return new TernCancelledError();
  return Object.assign(new TernError(end.code, end.text), { sipStatus: end.sipStatus });
}
