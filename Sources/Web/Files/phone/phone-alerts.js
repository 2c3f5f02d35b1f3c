/** Tells of an incoming call while the page cannot be seen. */
export class CallAlert {
  #shown = null;
  #key = null;

  /** @returns {'unsupported'|'default'|'granted'|'denied'} what the user allows */
  static get permission() { return typeof Notification === 'undefined' ? 'unsupported' : Notification.permission; }

  /** Asks the user; only on a press of a button. @returns {Promise<string>} the permission then */
  static async ask() {
    if (CallAlert.permission !== 'unsupported') await Notification.requestPermission();
    return CallAlert.permission;
  }

  /**
   * @param {object|null} call the one that rings; null takes the notification away
   * @param {string} name of the caller
   */
  show(call, name = '') {
    if (call === this.#key) return;
    this.#key = call;
    this.#shown?.close();
    this.#shown = null;
    if (!call || !document.hidden || CallAlert.permission !== 'granted') return;
    try {
      this.#shown = new Notification(`${name} calls`, { icon: 'icon.svg', tag: 'tern-call', requireInteraction: true });
      this.#shown.onclick = () => window.focus();
    } catch {
      // Browsers of phones let only service workers do it: the ring has to do.
    }
  }
}
