import { element, make, plainName } from '../phone/phone-elements.js';
import { time } from './admin-format.js';
import { LineChart } from './admin-graphs.js';

/** The time that the charts have: a day, in s. */
const span = 86_400;
const figures = [
  { title: 'MOS', unit: '', least: 5, value: ({ score }) => score },
  { title: 'Round trip', unit: 'ms', least: 100, value: ({ audio_round_trip: trip, reported_round_trip: reported }) => trip ?? reported },
  { title: 'Lost', unit: '%', least: 1, value: ({ loss }) => Number.isFinite(loss) ? loss * 100 : null },
];

/** Draws the results of each probe over the last day. @param {object[]} probes as `list_probes` answers them */
export function showProbes(probes) {
  element('probes-card').hidden = probes.length === 0;
  element('probes').replaceChildren(...probes.map(makeProbe));
}

function makeProbe({ name, call, trunk, results = [] }) {
  const last = results.at(-1), verdict = last?.verdicts?.[0];
  const way = `${plainName(call)}${trunk ? ` by trunk ${trunk}` : ''}`;
  const state = make('p', { className: 'word', textContent: last ? `${verdict?.evidence ?? 'No verdict'} (${time(last.began)})` : 'Not tested yet' });
  state.dataset.tone = { good: 'good', notice: 'good', warning: 'fair', critical: 'poor' }[verdict?.severity] ?? '';
  const charts = figures.map(({ title, unit, least, value }) => {
    const chart = new LineChart(title, unit, least, span);
    chart.show([{ name: way, points: results.map(result => ({ at: result.began / 1_000, value: value(result) ?? null })) }]);
    return chart.element;
  });
  return make('div', { className: 'probe' }, [make('h4', { textContent: name }), state, make('div', { className: 'charts' }, results.length > 0 ? charts : [])]);
}
