/**
 * The Tern client library: calls between this browser and SIP phones, other browsers, and `echo`.
 *
 * ```js
 * import { TernClient } from './tern.js';
 * const client = new TernClient();
 * await client.login('alice', password);
 * client.on('incoming', async call => { await call.ring(); await call.answer(); });
 * const call = await client.call('bob');
 * call.on('stream', stream => { audioElement.srcObject = stream; });
 * ```
 *
 * Plain ES modules without dependencies: copy this folder.
 */

export { TernClient } from './tern-client.js';
export { TernSession } from './tern-session.js';
export { TernCall } from './tern-call.js';
export {
  TernError, TernServerError, TernTimeoutError, TernConnectionError, TernMediaError, TernCancelledError,
} from './tern-errors.js';
export { describeEnd } from './tern-reasons.js';
export { openMedia, mediaSupport } from './tern-media.js';
