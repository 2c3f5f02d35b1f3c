import { element, plainName } from './phone-elements.js';
import { ScreenSharing } from './phone-screen.js';
import { store, stored } from './phone-store.js';
import { askWhom, transferTo } from './phone-transfer.js';

/** The buttons of a call. */
export class Controls {
  #phone;
  #screen = new ScreenSharing();
  /** The changes of pictures, one after the other: only one offer can be open. */
  #changes = Promise.resolve();

  /**
   * @param {object} phone
   * @param {import('./phone-calls.js').PhoneCalls} phone.calls
   * @param {import('./phone-view.js').PhoneView} phone.view
   * @param {import('./phone-session-view.js').SessionView} phone.sessionView
   * @param {import('./phone-devices.js').Devices} phone.devices
   * @param {(error: Error) => void} phone.tell says what could not be done
   * @param {(dest: string, video: boolean) => Promise<void>} phone.dial holds the call that is shown, and calls
   * @param {(dest: string) => string} phone.nameOf what a contact is called, or the address itself
   */
  constructor(phone) { this.#phone = phone; }

  /** Listens to the buttons. */
  begin() {
    this.#refuseAway();
    this.#beginVolume();
    for (const [id, kind] of [['mute-button', 'audio'], ['camera-button', 'video']]) {
      this.#on(id, 'click', session => {
        session.mute(kind, !session.isMuted(kind));
        this.#phone.sessionView.refreshMutes(session);
      });
    }
    this.#on('picture-button', 'click', session => this.#changePicture(session));
    this.#on('screen-button', 'click', session => this.#shareScreen(session));
    this.#on('hold-button', 'click', call => (call.holding ? call.resume() : call.hold()));
    this.#on('transfer-button', 'click', call => this.#transfer(call));
    this.#on('add-call-button', 'click', () => this.#addCall());
    this.#on('record-button', 'click', session => this.#update(session, { record: !session.options.record }));
    this.#on('call-bitrate', 'change', (session, field) => this.#update(session, { bitrate: Number(field.value) }));
    this.#on('echo-use-audio', 'change', (session, field) => this.#update(session, { audio: field.checked }));
    this.#on('echo-use-video', 'change', (session, field) => this.#update(session, { video: field.checked }));
    this.#on('echo-record', 'change', (session, field) => this.#update(session, { record: field.checked }));
    this.#on('echo-bitrate', 'change', (session, field) => this.#update(session, { bitrate: Number(field.value) }));
    for (const type of ['resize', 'loadedmetadata', 'emptied']) {
      element('remote-video').addEventListener(type, () => this.#phone.view.showPicture());
    }
  }

  /** How loud the other side is here; it is remembered. */
  #beginVolume() {
    const field = element('call-volume');
    const use = () => { element('remote-video').volume = Number(field.value) / 100; };
    const before = stored('volume', 100);
    field.value = typeof before === 'number' ? before : 100;
    use();
    field.addEventListener('input', use);
    field.addEventListener('change', () => store('volume', Number(field.value)));
  }

  /** What needs the gateway is seen and reached while it is away, and does nothing. */
  #refuseAway() {
    document.addEventListener('click', event => {
      if (!event.target.closest?.('[aria-disabled="true"]')) return;
      event.preventDefault();
      event.stopImmediatePropagation();
    }, true);
  }

  /** Does something with the session that is shown; says so when it fails. */
  #on(id, type, act) {
    element(id).addEventListener(type, async event => {
      const session = this.#phone.calls.shown;
      if (!session) return;
      try {
        this.#phone.view.showNotice('');
        await act(session, event.target);
      } catch (error) {
        if (!session.ended) this.#phone.tell(error);
      }
    });
  }

  async #changePicture(session) {
    const { devices } = this.#phone;
    if (this.#screen.isSharing(session)) return this.#shareScreen(session);
    return this.#showing(session, () => session.changeVideo(!session.localStream?.getVideoTracks().length && devices.video));
  }

  async #shareScreen(session) {
    const toggle = () => this.#screen.toggle(session, this.#phone.devices.video, () => this.#screenEnded(session));
    await this.#showing(session, toggle);
  }

  /** The user has ended it in the browser's own bar. */
  async #screenEnded(session) {
    if (session.ended) return;
    try {
      await this.#showing(session, () => this.#screen.restore(session, this.#phone.devices.video));
    } catch (error) {
      this.#phone.tell(error);
    }
  }

  /** Shows what is sent, whatever becomes of the change. */
  async #showing(session, change) {
    const { sessionView, view } = this.#phone;
    const done = this.#changes.then(change);
    this.#changes = done.catch(() => {});
    try {
      await done;
    } finally {
      sessionView.refreshMedia(session);
      sessionView.refreshOptions(session);
      if (session === this.#phone.calls.shown) view.showScreen(this.#screen.isSharing(session));
    }
  }

  /** Sends one changed option; shows what really is when the gateway refuses it. */
  async #update(session, change) {
    try {
      await session.update(change);
      this.#phone.view.log(`Changed: ${JSON.stringify(change)}`);
    } finally {
      this.#phone.sessionView.refreshOptions(session);
    }
  }

  async #transfer(call) {
    element('transfer-lead').textContent = `Connects ${plainName(call.remoteName)} to somebody else. You leave the call.`;
    const { choice, dest } = await askWhom('transfer');
    if (call.ended || choice === '') return;
    if (choice === 'ask') await this.#phone.dial(dest, false);
    else await transferTo(call, dest, this.#phone.nameOf(dest));
  }

  async #addCall() {
    const { choice, dest } = await askWhom('add-call');
    if (choice !== '') await this.#phone.dial(dest, false);
  }
}
