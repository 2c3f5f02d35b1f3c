import { element, make, plainName } from '../phone/phone-elements.js';
import { duration, orDash, time, words } from './admin-format.js';
import { explain } from './admin-gateway.js';
import { showProbes } from './admin-probes.js';
import { Table } from './admin-table.js';

const tones = { good: 'good', notice: '', warning: 'fair', critical: 'poor' };
const toneOf = severity => tones[severity] ?? '';
/** The order in which groups are read; others come behind. */
const order = ['quality', 'received', 'sent', 'audio', 'codec', 'set_up', 'addresses', 'dtmf'];
const place = group => order.includes(group) ? order.indexOf(group) : order.length;
/** Stands for the unit of what is 0 to 1. */
const share = Symbol('share');
/** The units of figures, by their names. */
const units = {
  loss: share, silence: share, clipping: share,
  level: 'dBov', active_level: 'dBov', loudest_second: 'dBov', peak: 'dBov', jitter: 'ms', mean: 'ms', p95: 'ms', max: 'ms', largest_gap: 'ms', round_trip: 'ms',
  agreed: 'ms', seen: 'ms', clock_skew: 'ppm', clock_skew_error: 'ppm', delay: 'ms', answered: 'ms', first_rtp: 'ms', duration: 'ms', time: 'ms', seconds: 's',
};

/** The latest line tests. */
export class LineTestsView {
  #request;
  #table;

  /** @param {{request: (command: string, data?: object) => Promise<object>}} page */
  constructor({ request }) {
    this.#request = request;
    this.#table = new Table(element('tests-list'), [
      { name: 'began', title: 'When', text: ({ began }) => time(began), link: ({ id }) => `#line-test/${encodeURIComponent(id)}`, isHeader: true },
      { name: 'who', title: 'Who', text: ({ caller }) => orDash(plainName(caller ?? '')) },
      { name: 'codec', title: 'Codec', text: ({ codec }) => orDash(codec?.name) },
      { name: 'verdict', title: 'Worst verdict', text: ({ verdict, verdicts }) => verdicts?.[0]?.evidence ?? orDash(verdict), tone: ({ verdict }) => toneOf(verdict) },
    ], ({ id }) => id);
  }

  async enter() {
    const status = element('tests-status');
    status.textContent = 'Asking…';
    try {
      const { tests = [] } = await this.#request('list_line_tests');
      this.#table.show(tests);
      status.textContent = tests.length === 0 ? 'Nobody has tested a line yet.' : '';
    } catch (error) {
      this.#table.show([]);
      status.textContent = explain(error, 'line tests');
    }
    try {
      showProbes((await this.#request('list_probes')).probes ?? []);
    } catch {
      showProbes([]);
    }
  }
}

/** One line test: what is wrong with the line, and what was measured. */
export class LineTestView {
  #request;
  #tests = 0;

  /** @param {{requestMedia: (command: string, data: object) => Promise<object>}} page */
  constructor({ requestMedia }) {
    this.#request = requestMedia;
    element('test-print').addEventListener('click', () => window.print());
  }

  /** @param {string} id of the call that was the test */
  async enter(id) {
    const test = ++this.#tests;
    element('test-heading').textContent = 'Line test';
    element('test-verdicts').replaceChildren();
    element('test-figures').replaceChildren();
    element('test-status').textContent = 'Asking…';
    try {
      const result = await this.#request('get_line_test', { call_id: id });
      if (test === this.#tests) this.#show(result);
    } catch (error) {
      if (test === this.#tests) element('test-status').textContent = explain(error, 'line tests');
    }
  }

  #show({ verdicts = [], id, began, duration: length, caller, dialled, ...groups }) {
    element('test-heading').textContent = `Line test of ${plainName(caller || 'an unknown caller')}`;
    element('test-status').textContent = `${time(began)}, ${duration(length / 1_000)} on the line, dialled ${orDash(dialled)}; call ${id}`;
    element('test-verdicts').replaceChildren(...verdicts.map(makeVerdict));
    element('test-figures').replaceChildren(...Object.entries(groups)
      .sort(([one], [other]) => place(one) - place(other)).map(([group, value]) => makeGroup(group, value)).filter(Boolean));
  }
}

function makeVerdict({ severity, evidence, remedy }) {
  const parts = [make('b', { textContent: `${words(severity)}: ` }), make('span', { textContent: evidence })];
  if (remedy) parts.push(make('p', { className: 'detail', textContent: remedy }));
  const item = make('li', {}, parts);
  Object.assign(item.dataset, { severity, tone: toneOf(severity) });
  return item;
}

/** A card of figures; what was not measured is said so. */
function makeGroup(group, value) {
  if (value === null || typeof value !== 'object') return null;
  const heading = make('h3', { textContent: words(group), id: `group-${group}` });
  const card = make('section', { className: 'card' }, [heading, makeFigures(value)]);
  card.setAttribute('aria-labelledby', heading.id);
  return card;
}

function makeFigures(value) {
  return make('dl', { className: 'facts' }, Object.entries(value).map(([name, figure]) => make('div', {}, [
    make('dt', { textContent: words(name) }), make('dd', {}, [figureOf(figure, units[name])]),
  ])));
}

function figureOf(figure, unit) {
  if (Array.isArray(figure) && figure.length === 0) return make('span', { textContent: 'none' });
  if (Array.isArray(figure)) return make('ul', {}, figure.map(each => make('li', { textContent: lineOf(each) })));
  if (figure !== null && typeof figure === 'object') return makeFigures(figure);
  return make('span', { textContent: textOf(figure, unit) });
}

/** An entry of a list, such as a digit, on one line. */
function lineOf(entry) {
  if (entry === null || typeof entry !== 'object') return textOf(entry);
  return Object.entries(entry).map(([name, value]) => `${words(name).toLowerCase()} ${textOf(value, units[name])}`).join(', ');
}

function textOf(value, unit) {
  if (value === null || value === undefined) return 'not measured';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value !== 'number') return typeof value === 'object' ? JSON.stringify(value) : String(value);
  if (unit === share) return `${Number((value * 100).toFixed(2))} %`;
  return [Number(value.toFixed(4)), unit].filter(part => part !== undefined).join(' ');
}
