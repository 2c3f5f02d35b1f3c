import { element, make } from './phone-elements.js';

/** How bad a verdict is, in words. */
const severities = { critical: 'Not usable', warning: 'Impaired', notice: 'Noticed', good: 'Good' };

/** Shows what the gateway has measured of the last echo, until the next one ends. */
export class LineTestCard {
  #last = null;

  /** @param {import('../tern/tern.js').TernSession} session one that has ended */
  async show(session) {
    this.#last = session;
    let result = null;
    try { result = await session.lineTest(); } catch { return; }
    if (!result || this.#last !== session) return;
    const verdicts = result.verdicts ?? [];
    element('line-test-verdicts').replaceChildren(...verdicts.map(({ severity, evidence, remedy }) => {
      const line = make('li', {}, [make('strong', { textContent: `${severities[severity] ?? severity}: ` }), `${evidence} ${remedy}`.trim()]);
      line.dataset.severity = severity;
      return line;
    }));
    element('line-test-figures').replaceChildren(...figures(result).flatMap(([name, value]) => [make('dt', { textContent: name }), make('dd', { textContent: value })]));
    element('line-test').dataset.verdict = result.verdict;
    element('line-test').hidden = false;
  }
}

function figures({ codec, received = {}, sent = {}, quality, browser_stats: browser }) {
  const number = (value, unit, digits = 0) => (typeof value === 'number' ? `${value.toFixed(digits)}${unit}` : null);
  const share = (lost, all) => (all > 0 && typeof lost === 'number' ? `${(Math.max(0, lost) / all * 100).toFixed(1)} %` : null);
  return [
    ['Codec', codec?.name], ['Lost on the way there', share(received.lost, received.expected)],
    ['Lost on the way back', share(sent.lost, sent.packets)], ['Jitter', number(received.jitter?.mean, ' ms', 1)],
    ['Round trip', number(sent.round_trip ?? browser?.round_trip, ' ms')], ['MOS', number(quality?.received?.mos, '', 2)],
    ['Lost, says this browser', share(browser?.packets_lost, browser ? browser.packets_received + Math.max(0, browser.packets_lost) : 0)],
    ['Made up by this browser', typeof browser?.concealed === 'number' ? `${(browser.concealed * 100).toFixed(1)} % of the sound` : null],
  ].filter(([, value]) => value);
}
