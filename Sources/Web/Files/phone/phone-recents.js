import { icon, make, plainName } from './phone-elements.js';

const outcomeTexts = {
  missed: 'Missed', declined: 'Declined', elsewhere: 'Answered elsewhere', cancelled: 'Cancelled', failed: 'Failed',
};
const directionTexts = { incoming: 'Incoming', outgoing: 'Outgoing' };

/** Shows the recent calls; a press on one calls again. */
export class RecentCalls {
  #list;
  #onCall;
  #onSave;

  /**
   * @param {HTMLElement} list
   * @param {{onCall: (call: import('./phone-history.js').PastCall) => void,
   *          onSave: (call: import('./phone-history.js').PastCall) => void}} handlers `onSave`: as a contact
   */
  constructor(list, { onCall, onSave }) {
    this.#list = list;
    this.#onCall = onCall;
    this.#onSave = onSave;
  }

  /**
   * @param {readonly import('./phone-history.js').PastCall[]} calls
   * @param {(address: string) => string|undefined} nameOf the contact with that address
   */
  show(calls, nameOf) {
    this.#list.replaceChildren(...calls.map(call => {
      const known = nameOf(call.address);
      const buttons = [this.#again(call, known ?? plainName(call.name)), known === undefined ? this.#save(call) : null];
      const item = make('li', {}, buttons.filter(Boolean));
      item.dataset.direction = call.direction;
      item.dataset.outcome = call.outcome;
      return item;
    }));
  }

  #again(call, name) {
    const missed = call.outcome === 'missed';
    const outcome = outcomeTexts[call.outcome] ?? directionTexts[call.direction];
    const facts = [outcome, call.outcome === 'failed' ? call.text : '', call.seconds ? lasted(call.seconds) : ''];
    const when = make('time', { className: 'when', textContent: spokenTime(call.at) });
    when.dateTime = new Date(call.at).toISOString();
    const button = make('button', { type: 'button', className: 'entry', title: `Call ${call.address} again` }, [
      icon(missed ? 'missed' : call.direction),
      make('span', { className: 'words' }, [
        make('span', { className: 'name', textContent: name }),
        make('span', { className: 'how', textContent: facts.filter(Boolean).join(' · ') }),
      ]),
      when,
      make('span', { className: 'hidden-text', textContent: call.video ? 'Call again with video' : 'Call again' }),
    ]);
    button.dataset.action = 'call';
    button.dataset.needsGateway = '';
    button.addEventListener('click', () => this.#onCall(call));
    return button;
  }

  #save(call) {
    const label = `Save ${plainName(call.name)} as a contact`;
    const button = make('button', { type: 'button', className: 'round quiet', title: label }, [icon('person')]);
    button.dataset.action = 'save';
    button.setAttribute('aria-label', label);
    button.addEventListener('click', () => this.#onSave(call));
    return button;
  }
}

/** @param {number} seconds @returns {string} such as `3 min 20 s` */
function lasted(seconds) {
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor(seconds / 60) % 60;
  const parts = [hours && `${hours} h`, minutes && `${minutes} min`, !hours && seconds % 60 && `${seconds % 60} s`];
  return parts.filter(Boolean).join(' ');
}

/** The time of today's calls, the day of others. @param {number} at ms since 1970 @returns {string} */
function spokenTime(at) {
  const date = new Date(at);
  const today = date.toDateString() === new Date().toDateString();
  return today ? date.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' })
    : date.toLocaleDateString([], { day: 'numeric', month: 'short' });
}
