import { element, make } from './phone-elements.js';

/** Each shortcut: the key, the button that it presses, and what it does in words. */
const shortcuts = [
  ['Shift+A', 'answer-button', 'Answer the call that rings'],
  ['Shift+D', 'reject-button', 'Decline it'],
  ['Shift+E', 'hangup-button', 'Hang up'],
  ['M', 'mute-button', 'Mute the microphone'],
  ['C', 'camera-button', 'Switch the camera off and on'],
  ['V', 'picture-button', 'Begin or end the video'],
  ['S', 'screen-button', 'Share the screen, or end it'],
  ['H', 'hold-button', 'Hold and resume'],
  ['K', 'keypad-button', 'Open and close the keypad'],
  ['T', 'transfer-button', 'Transfer'],
  ['N', 'add-call-button', 'Add a call'],
  ['R', 'record-button', 'Record'],
  ['?', 'help-button', 'This help'],
];

/** Presses buttons by keys of the keyboard, and sends digits as tones; not while one types or a dialog is open. */
export class Shortcuts {
  enabled = true;

  /** @param {{onDigit: (key: string) => boolean, onEscape: () => boolean}} handlers tell whether the key was meant for them */
  constructor({ onDigit, onEscape }) {
    element('shortcut-list').append(...this.#rows());
    document.addEventListener('keydown', event => {
      if (event.ctrlKey || event.altKey || event.metaKey || document.querySelector('dialog[open]')) return;
      if (event.key === 'Escape' && onEscape()) event.preventDefault();
      else if (!isTyping(event.target) && this.#pressed(event, onDigit)) event.preventDefault();
    });
  }

  #pressed(event, onDigit) {
    if (/^[0-9*#]$/.test(event.key)) return onDigit(event.key);
    if (!this.enabled || event.repeat) return false;
    const letter = /^[a-z]$/i.test(event.key);
    const name = letter && event.shiftKey ? `Shift+${event.key.toUpperCase()}` : event.key.toUpperCase();
    const [, id] = shortcuts.find(([key]) => key === name) ?? [];
    const button = id ? element(id) : null;
    if (!button || button.hidden || button.closest('[hidden]')) return false;
    button.click();
    return true;
  }

  #rows() {
    const all = [...shortcuts, ['0–9 * #', '', 'Tones, in a call']];
    return all.map(([key, , text]) => make('tr', {}, [
      make('td', {}, [make('kbd', { textContent: key })]), make('td', { textContent: text }),
    ]));
  }
}

function isTyping(target) {
  return target instanceof HTMLElement && target.matches('input:not([type="checkbox"]), select, textarea');
}
