import { mediaSupport, openMedia } from '../tern/tern.js';
import { CallAlert } from './phone-alerts.js';
import { element } from './phone-elements.js';
import { LevelMeter } from './phone-meter.js';
import { playKey } from './phone-sound.js';
import { store, stored } from './phone-store.js';
import { ask } from './phone-transfer.js';

const notifyTexts = { unsupported: 'Not in this browser', default: 'Allow', granted: 'Allowed', denied: 'Blocked by the browser' };

/** The settings: devices with the microphone's level, notifications, shortcuts. */
export class Settings {
  #devices;
  #meter = new LevelMeter(element('microphone-meter'));
  #stream = null;
  #isOpen = false;

  /**
   * @param {import('./phone-devices.js').Devices} devices
   * @param {import('./phone-shortcuts.js').Shortcuts} shortcuts
   */
  constructor(devices, shortcuts) {
    this.#devices = devices;
    shortcuts.enabled = stored('shortcuts', true) !== false;
    element('use-shortcuts').checked = shortcuts.enabled;
    element('use-shortcuts').addEventListener('change', event => {
      shortcuts.enabled = event.target.checked;
      store('shortcuts', shortcuts.enabled);
    });
    element('settings-button').addEventListener('click', () => this.#open());
    element('choose-microphone').addEventListener('change', () => this.#listen());
    element('test-speaker').addEventListener('click', () => playKey('5'));
    element('notify-button').addEventListener('click', async () => {
      await CallAlert.ask();
      this.#showNotify();
    });
  }

  async #open() {
    this.#isOpen = true;
    this.#showNotify();
    const closed = ask('settings');
    await this.#devices.refresh();
    if (element('devices-hint').hidden && mediaSupport().capture) this.#listen();
    await closed;
    this.#isOpen = false;
    this.#quiet();
  }

  /** Shows the level of the microphone that is chosen, while the settings are open. */
  async #listen() {
    this.#quiet();
    try {
      const { stream } = await openMedia({ audio: this.#devices.audio, video: false });
      this.#quiet();
      this.#stream = stream;
      if (this.#isOpen) this.#meter.start(stream);
      else this.#quiet();
    } catch {
      // The call itself will say what is wrong with it.
    }
  }

  #quiet() {
    this.#meter.stop();
    for (const track of this.#stream?.getTracks() ?? []) track.stop();
    this.#stream = null;
  }

  #showNotify() {
    const button = element('notify-button');
    button.textContent = notifyTexts[CallAlert.permission];
    button.disabled = CallAlert.permission !== 'default';
  }
}
