import { make } from './phone-elements.js';

const keys = [
  ['1', ''], ['2', 'abc'], ['3', 'def'], ['4', 'ghi'], ['5', 'jkl'], ['6', 'mno'],
  ['7', 'pqrs'], ['8', 'tuv'], ['9', 'wxyz'], ['*', ''], ['0', '+'], ['#', ''],
];
const names = { '*': 'star', '#': 'hash' };
/** How long 0 is pressed to become +, in ms. */
const longPress = 600;

/** A telephone's twelve keys. */
export class Keypad {
  /**
   * @param {HTMLElement} place to be filled
   * @param {(key: string) => void} onKey
   * @param {{plus?: boolean}} [options] `plus`: 0 that is pressed for long is +
   */
  constructor(place, onKey, { plus = false } = {}) {
    place.append(...keys.map(([key, letters]) => {
      const shown = letters === '+' && !plus ? '' : letters;
      const button = make('button', { type: 'button' }, [
        make('span', { className: 'key', textContent: key }), make('span', { className: 'letters', textContent: shown }),
      ]);
      button.dataset.key = key;
      button.setAttribute('aria-label', names[key] ?? key);
      if (key === '0' && plus) longPressed(button, () => onKey('0'), () => onKey('+'));
      else button.addEventListener('click', () => onKey(key));
      return button;
    }));
  }
}

/** Tells a short press from a long one; by keyboard it is always short. */
function longPressed(button, onShort, onLong) {
  let timer = 0;
  let wasLong = false;
  button.addEventListener('pointerdown', () => {
    wasLong = false;
    timer = setTimeout(() => {
      wasLong = true;
      onLong();
    }, longPress);
  });
  for (const type of ['pointerup', 'pointerleave', 'pointercancel']) button.addEventListener(type, () => clearTimeout(timer));
  button.addEventListener('contextmenu', event => event.preventDefault());
  button.addEventListener('click', () => {
    if (!wasLong) onShort();
    wasLong = false;
  });
}

/**
 * Puts a key where the cursor is in a field, in place of what is selected.
 * @param {HTMLInputElement} field
 * @param {string} key empty deletes the character before the cursor
 */
export function typeInto(field, key) {
  const [start, end] = [field.selectionStart ?? field.value.length, field.selectionEnd ?? field.value.length];
  const from = key === '' && start === end ? Math.max(0, start - 1) : start;
  field.setRangeText(key, from, end, 'end');
  field.dispatchEvent(new Event('input', { bubbles: true }));
}
