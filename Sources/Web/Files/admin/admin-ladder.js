import { make } from '../phone/phone-elements.js';

/**
 * A step of a call: a message from one party to another, or something that happened at one.
 * @typedef {object} Step
 * @property {number} at ms since the beginning
 * @property {string} from a party's name @property {string} to another one's, or the same
 * @property {string} kind `sip`, `api`, `engine`, `call`, `session` or `log`
 * @property {string} title what is seen at once
 * @property {string} [tone] `poor` where something is wrong
 * @property {string} [detail] the whole message
 */

/**
 * Draws a ladder: a lane for each party, an arrow for each message. On small screens it is a list. It is a list for those who hear it as well.
 * @param {HTMLOListElement} list
 * @param {{parties: {name: string, title: string}[], steps: Step[]}} ladder
 */
export function showLadder(list, { parties, steps }) {
  const lanes = new Map(parties.map(({ name }, index) => [name, index + 1]));
  list.style.setProperty('--lanes', String(Math.max(1, parties.length)));
  const head = make('li', { className: 'lanes' }, parties.map(({ title }) => make('span', { textContent: title })));
  head.setAttribute('aria-hidden', 'true');
  const titles = new Map(parties.map(({ name, title }) => [name, title]));
  list.replaceChildren(head, ...steps.map(step => makeStep(step, lanes, titles)));
  list.hidden = steps.length === 0;
}

function makeStep(step, lanes, titles) {
  const { at, from, to, kind, title, tone = '', detail } = step;
  const one = lanes.get(from) ?? 1, other = lanes.get(to) ?? one;
  const who = from === to ? titles.get(from) ?? from : `${titles.get(from) ?? from} → ${titles.get(to) ?? to}`;
  const arrow = make('div', { className: one === other ? 'mark' : other > one ? 'arrow right' : 'arrow left' }, [
    make('span', { className: 'parties', textContent: who }), make('span', { className: 'title', textContent: title }),
  ]);
  // By the style's own object: the page's policy allows no style attributes.
  arrow.style.setProperty('--from', String(Math.min(one, other)));
  arrow.style.setProperty('--to', String(Math.max(one, other)));
  const line = [make('time', { textContent: `${(at / 1_000).toFixed(3)} s` }), arrow];
  const item = make('li', {}, detail ? [make('details', {}, [make('summary', {}, line), make('pre', { textContent: detail, tabIndex: 0 })])]
    : [make('div', { className: 'row-line' }, line)]);
  Object.assign(item.dataset, { kind, tone });
  return item;
}
