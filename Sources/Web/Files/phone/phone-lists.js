import { element, icon, make, plainName } from './phone-elements.js';
import { RecentCalls } from './phone-recents.js';
import { ask } from './phone-transfer.js';

/** How many addresses the dial fields propose. */
const proposals = 40;

/** The call list and the contacts: two tabs, of which one is shown. */
export class Lists {
  #history;
  #contacts;
  #onCall;
  #recents;

  /**
   * @param {object} phone
   * @param {import('./phone-history.js').CallHistory} phone.history
   * @param {import('./phone-contacts.js').Contacts} phone.contacts
   * @param {(address: string, video: boolean) => void} phone.onCall somebody is to be called
   */
  constructor({ history, contacts, onCall }) {
    this.#history = history;
    this.#contacts = contacts;
    this.#onCall = onCall;
    this.#recents = new RecentCalls(element('recent-list'), {
      onCall: call => onCall(call.address, call.video), onSave: call => this.#save(plainName(call.name), call.address),
    });
    const tabs = [element('recent-tab'), element('contacts-tab')];
    for (const tab of tabs) {
      tab.addEventListener('click', () => this.#select(tabs, tab));
      tab.addEventListener('keydown', event => {
        if (!['ArrowLeft', 'ArrowRight'].includes(event.key)) return;
        const other = tabs.find(one => one !== tab);
        this.#select(tabs, other);
        other.focus();
      });
    }
    element('contact-add').addEventListener('click', () => this.#save('', element('dial-input').value));
    element('recent-clear').addEventListener('click', async () => {
      if (await ask('clear') !== 'clear') return;
      history.clear();
      this.show();
    });
  }

  /** Shows both as they are now. */
  show() {
    const { calls } = this.#history;
    element('recent-none').hidden = calls.length > 0;
    element('recent-clear').hidden = calls.length === 0;
    this.#recents.show(calls, address => this.#contacts.nameOf(address));
    element('contacts-none').hidden = this.#contacts.all.length > 0;
    element('contact-list').replaceChildren(...this.#contacts.all.map(contact => this.#item(contact)));
    const known = new Map([...this.#contacts.all.map(({ name, address }) => [address, name]),
      ...this.#history.addresses.map(address => [address, this.#contacts.nameOf(address) ?? ''])].slice(0, proposals));
    element('known-names').replaceChildren(...[...known].map(([address, name]) => new Option(name, address)));
  }

  #select(tabs, chosen) {
    for (const tab of tabs) {
      tab.setAttribute('aria-selected', tab === chosen);
      tab.tabIndex = tab === chosen ? 0 : -1;
      element(tab.getAttribute('aria-controls')).hidden = tab !== chosen;
    }
  }

  #item(contact) {
    const { name, address } = contact;
    const call = make('button', { type: 'button', className: 'entry', title: `Call ${address}` }, [
      make('span', { className: 'words' }, [
        make('span', { className: 'name', textContent: name }), make('span', { className: 'how', textContent: plainName(address) }),
      ]),
      icon('phone'),
    ]);
    call.dataset.action = 'call';
    call.dataset.needsGateway = '';
    call.addEventListener('click', () => this.#onCall(address, false));
    const remove = make('button', { type: 'button', className: 'round quiet', title: `Remove ${name}` }, [icon('remove')]);
    remove.dataset.action = 'remove';
    remove.setAttribute('aria-label', `Remove ${name}`);
    remove.addEventListener('click', () => {
      this.#contacts.remove(contact);
      this.show();
      element('contact-add').focus();
    });
    return make('li', {}, [call, remove]);
  }

  async #save(name, address) {
    element('contact-name').value = name;
    element('contact-address').value = address;
    if (await ask('contact') !== 'save') return;
    this.#contacts.add(element('contact-name').value, element('contact-address').value);
    this.show();
  }
}
