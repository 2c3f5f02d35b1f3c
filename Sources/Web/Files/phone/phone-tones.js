import { element } from './phone-elements.js';
import { Keypad } from './phone-keypad.js';
import { playKey } from './phone-sound.js';

/** How much of what was pressed is shown, in keys. */
const shownKeys = 40;

/** The keypad in a call: what is pressed goes to the other side as tones. */
export class TonePad {
  #call = null;
  #sent = new WeakMap();
  #received = new WeakMap();
  #onError;

  /** @param {(error: Error) => void} onError a tone could not be sent */
  constructor(onError) {
    this.#onError = onError;
    new Keypad(element('call-keys'), key => this.press(key));
    element('keypad-button').addEventListener('click', () => this.toggle());
  }

  /** @param {import('../tern/tern-call.js').TernCall|null} call whose tones they are from now on */
  show(call) {
    if (call !== this.#call) this.toggle(false);
    this.#call = call;
    element('dtmf-digits').textContent = this.#sent.get(call) ?? '';
    const received = this.#received.get(call) ?? '';
    element('dtmf-received').textContent = received;
    element('received-field').hidden = received === '';
  }

  /** @returns {boolean} */
  get isOpen() { return !element('call-keypad').hidden; }

  /** Opens or closes it; the focus goes along. @param {boolean} [open] */
  toggle(open = !this.isOpen) {
    const panel = element('call-keypad');
    const hadFocus = panel.contains(document.activeElement);
    panel.hidden = !open;
    element('stage').hidden = open;
    element('keypad-button').setAttribute('aria-expanded', open);
    if (open) panel.querySelector('button').focus();
    else if (hadFocus) element('keypad-button').focus();
  }

  /** @param {string} key one of 0 to 9, * and # */
  async press(key) {
    const call = this.#call;
    if (call?.state !== 'active') return;
    playKey(key);
    this.#sent.set(call, ((this.#sent.get(call) ?? '') + key).slice(-shownKeys));
    this.show(call);
    try {
      await call.sendDTMF(key);
    } catch (error) {
      if (!call.ended) this.#onError(error);
    }
  }

  /** What the other side pressed. @param {import('../tern/tern-call.js').TernCall} call @param {string} key */
  received(call, key) {
    this.#received.set(call, ((this.#received.get(call) ?? '') + key).slice(-shownKeys));
    if (call === this.#call) this.show(call);
  }
}
