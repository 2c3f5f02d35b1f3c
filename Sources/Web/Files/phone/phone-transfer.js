import { element, plainName } from './phone-elements.js';

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
  const who = plainName(call.remoteName);
  if (status >= 300) return { text: `The transfer failed: ${describe({ sipStatus: status })}. The call goes on.`, failed: true };
  if (status >= 200) return { text: `${who} was transferred`, failed: false };
  return { text: status >= 180 ? `Transferring ${who}: it rings there` : `Transferring ${who}…`, failed: false };
}
