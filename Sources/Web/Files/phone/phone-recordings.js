import { element, plainName } from './phone-elements.js';

/** The list of the user's finished recordings, each with a download. */
export class Recordings {
  #client;
  #tell;
  #user = null;
  #isAsking = false;
  #isStale = false;
  #panel = element('recordings-panel');

  /**
   * @param {import('../tern/tern.js').TernClient} client
   * @param {(error: Error) => void} tell says what could not be done
   */
  constructor(client, tell) {
    this.#client = client;
    this.#tell = tell;
    this.#panel.addEventListener('toggle', () => this.refresh());
    element('recordings-list').addEventListener('click', event => {
      const button = event.target.closest('button');
      if (button) this.#download(button.dataset.call, button.dataset.file);
    });
  }

  /**
   * Whose recordings they are from now on: nobody sees another's.
   * @param {string|null} user
   */
  open(user) {
    if (user === this.#user) return;
    this.#user = user;
    this.#panel.open = false;
    element('recordings-list').replaceChildren();
    element('recordings-none').hidden = false;
  }

  /** Asks the gateway anew, where the list is seen: for one list at a time. */
  async refresh() {
    this.#isStale = true;
    if (this.#isAsking) return;
    this.#isAsking = true;
    while (this.#isStale && this.#panel.open && this.#client.state === 'online') {
      this.#isStale = false;
      await this.#ask();
    }
    this.#isAsking = false;
  }

  async #ask() {
    const user = this.#user;
    try {
      const { recordings } = await this.#client.request('media', 'list_recordings', { limit: 100 });
      if (user !== this.#user) return;
      element('recordings-list').replaceChildren(...recordings.map(recording => this.#entry(recording)));
      element('recordings-none').hidden = recordings.length > 0;
    } catch (error) {
      if (user === this.#user) this.#tell(error);
    }
  }

  #entry({ call_id: call, file, began, caller, dialled, size }) {
    const item = document.createElement('li');
    const words = document.createElement('span');
    words.className = 'recording-name';
    words.textContent = `${plainName(caller)} to ${plainName(dialled)}, ${new Date(began).toLocaleString()}, ${(size / 1e6).toFixed(1)} MB`;
    const button = document.createElement('button');
    button.type = 'button';
    button.textContent = 'Download';
    button.setAttribute('aria-label', `Download ${words.textContent}`);
    Object.assign(button.dataset, { call, file });
    item.append(words, button);
    return item;
  }

  async #download(call, file) {
    try {
      const { url, path } = await this.#client.request('media', 'get_recording', { call_id: call, file });
      const link = Object.assign(document.createElement('a'), { href: url, download: path });
      link.click();
    } catch (error) {
      this.#tell(error);
    }
  }
}
