import { element, plainName } from '../phone/phone-elements.js';
import { duration, orDash, time } from './admin-format.js';
import { explain } from './admin-gateway.js';
import { Table, callerText } from './admin-table.js';

const pageLength = 50;
const results = {
  answered: 'Answered', busy: 'Busy', cancelled: 'Given up', declined: 'Declined', no_answer: 'No answer', not_found: 'Not found',
  refused: 'Refused', failed: 'Failed', lost: 'Lost in a crash',
};
const good = ['answered'], indifferent = ['busy', 'cancelled', 'declined', 'no_answer'];

/** How a call ended, in a word or two. @param {object|null} end of a record */
export const resultText = end => end ? results[end.result] ?? String(end.result) : 'Still on';

/** @param {object|null} end of a record */
export function resultTone(end) {
  if (!end || good.includes(end.result)) return end ? 'good' : '';
  return indifferent.includes(end.result) ? 'fair' : 'poor';
}

/** @param {object} record @returns {string} who called, as shown and as proven */
export const recordCaller = ({ caller = {} }) => callerText(caller.user, caller.name, caller.source);

/** The search of call records. */
export class CallsView {
  #request;
  #table;
  #found = [];
  #searches = 0;

  /** @param {{request: (command: string, data?: object) => Promise<object>}} page */
  constructor({ request }) {
    this.#request = request;
    this.#table = new Table(element('found-calls'), [
      { name: 'began', title: 'When', text: ({ times }) => time(times.began), link: ({ id }) => `#call/${encodeURIComponent(id)}`, isHeader: true },
      { name: 'who', title: 'Caller', text: recordCaller },
      { name: 'whom', title: 'Dialled', text: ({ dialled }) => orDash(plainName(dialled)) },
      { name: 'trunk', title: 'Trunk', text: ({ trunk }) => orDash(trunk) },
      { name: 'result', title: 'Result', text: ({ end }) => resultText(end), tone: ({ end }) => resultTone(end) },
      { name: 'length', title: 'Length', text: ({ times }) => times.answered ? duration(((times.ended ?? Date.now()) - times.answered) / 1_000) : '–' },
      { name: 'why', title: 'Why it ended', text: ({ end }) => orDash(end?.why) },
    ], ({ id }) => id);
    element('search-form').addEventListener('submit', event => {
      event.preventDefault();
      this.search();
    });
    element('found-more').addEventListener('click', () => this.#more());
  }

  /** Shows the newest calls that fit the form. */
  async search() {
    this.#found = [];
    element('found-more').hidden = true;
    await this.#ask({});
  }

  async #more() {
    const oldest = this.#found.at(-1);
    // Others may have begun in the same millisecond.
    if (oldest) await this.#ask({ until: oldest.times.began + 1 });
  }

  async #ask(further) {
    const search = ++this.#searches;
    const status = element('found-status');
    status.textContent = 'Searching…';
    try {
      const { calls = [] } = await this.#request('find_calls', { ...this.#wanted(), ...further, limit: pageLength });
      if (search !== this.#searches) return;
      const known = new Set(this.#found.map(({ id }) => id)), fresh = calls.filter(({ id }) => !known.has(id));
      this.#found.push(...fresh);
      status.textContent = this.#found.length === 0 ? 'No call fits.' : this.#found.length === 1 ? '1 call' : `${this.#found.length} calls`;
      element('found-more').hidden = calls.length < pageLength || fresh.length === 0;
    } catch (error) {
      if (search !== this.#searches) return;
      status.textContent = explain(error, 'records of calls');
    }
    this.#table.show(this.#found);
  }

  #wanted() {
    const from = element('search-from').value.trim(), to = element('search-to').value.trim(), since = element('search-since').value;
    return {
      ...from === '' ? {} : { from },
      ...to === '' ? {} : { to },
      ...since === '' ? {} : { since: Date.now() - Number(since) * 1_000 },
      ...element('search-result').value === 'failed' ? { failed: true } : {},
    };
  }
}
