import { element, plainName } from './phone-elements.js';
import { TernServerError, describeEnd } from '../tern/tern.js';

/** To whom calls are being transferred, by name. @type {WeakMap<object, string>} */
const targets = new WeakMap();

/** @param {string} text @returns {string} as it stands within a sentence */
function within(text) { return text.charAt(0).toLowerCase() + text.slice(1); }

/**
 * Why somebody could not be called, in words for people.
 * @param {string} who a name
 * @param {Error|import('../tern/tern-reasons.js').TernEnd} error
 * @returns {string} such as `carol: not found (404)`
 */
export function failureText(who, error) {
  // The gateway's own words name fields of its API.
  const text = error instanceof TernServerError && error.sipStatus ? describeEnd({ sipStatus: error.sipStatus }) : error.text ?? error.message;
  return `${plainName(who)}: ${within(text)}`;
}

/**
 * Transfers a call.
 * @param {import('../tern/tern-call.js').TernCall} call
 * @param {string} dest
 * @param {string} name of whoever that is
 * @throws {Error} with words for people
 */
export async function transferTo(call, dest, name) {
  targets.set(call, plainName(name));
  try {
    await call.transfer(dest);
  } catch (error) {
    throw Object.assign(error, { text: `The transfer failed. ${failureText(name, error)}. The call goes on.` });
  }
}

/**
 * Opens a dialog with a field, and waits for what is pressed in it.
 * @param {string} name the dialog's id without `-dialog`; its field is `NAME-dest`
 * @returns {Promise<{choice: string, dest: string}>} `choice` is the value of the button, empty when it was closed
 */
export async function askWhom(name) {
  const field = element(`${name}-dest`);
  field.value = '';
  const choice = await ask(name);
  return { choice: field.value.trim() === '' ? '' : choice, dest: field.value.trim() };
}

/**
 * Opens a dialog and waits until it is closed.
 * @param {string} name the dialog's id without `-dialog`
 * @returns {Promise<string>} the value of the button that was pressed, empty for Escape
 */
export function ask(name) {
  const dialog = element(`${name}-dialog`);
  dialog.returnValue = '';
  if (!dialog.open) dialog.showModal();
  return new Promise(resolve => dialog.addEventListener('close', () => resolve(dialog.returnValue), { once: true }));
}

/**
 * Says in words how far a transfer is.
 * @param {import('../tern/tern-call.js').TernCall} call
 * @param {number} status as SIP has it
 * @param {(end: object) => string} describe the library's words for a failure
 * @returns {{text: string, failed: boolean}}
 */
export function transferProgress(call, status, describe) {
  const who = plainName(call.remoteName), target = targets.get(call) ?? 'the other person';
  if (status >= 300) return { text: `The transfer failed. ${targets.get(call) ?? 'The other person'}: ${within(describe({ sipStatus: status }))}. The call goes on.`, failed: true };
  if (status >= 200) return { text: `${who} was transferred`, failed: false };
  return { text: status >= 180 ? `Transferring ${who}: ringing at ${target}` : `Transferring ${who} to ${target}…`, failed: false };
}
