import { element } from '../phone/phone-elements.js';
import { Poll } from './admin-gateway.js';
import { LineChart } from './admin-graphs.js';

/** Between two looks at a call, ms, and the time that the charts have, s. */
const interval = 2_000, span = 300;
const sides = [['caller', 'from the caller'], ['callee', 'from the called']];

/** Draws how the audio of a live call arrives, from what the media server has counted since the look before. */
export class QualityView {
  #request;
  #session = null;
  #poll = new Poll(interval, () => this.#look());
  #former = {};
  #lines;
  #charts = { loss: new LineChart('Lost', '%', 1, span), jitter: new LineChart('Jitter', 'ms', 10, span), rate: new LineChart('Arrives', 'kbit/s', 10, span) };

  /** @param {{requestMedia: (command: string, data: object) => Promise<object>}} page */
  constructor({ requestMedia }) {
    this.#request = requestMedia;
    element('quality-charts').append(...Object.values(this.#charts).map(chart => chart.element));
  }

  /** @param {string|null} session whose quality is shown; null shows none */
  follow(session) {
    if (session === this.#session) return;
    this.#session = session;
    this.#former = {};
    this.#lines = Object.fromEntries(Object.keys(this.#charts).map(name => [name, sides.map(([, text]) => ({ name: text, points: [] }))]));
    element('quality').hidden = true;
    if (session) this.#poll.start();
    else this.#poll.stop();
  }

  async #look() {
    const session = this.#session;
    let info;
    try {
      info = await this.#request('get_info', { session_id: session, statistics: true });
    } catch {
      // It has ended, or the gateway is away: the charts stay as they are.
      return;
    }
    if (session !== this.#session) return;
    const at = performance.now() / 1_000;
    sides.forEach(([side], index) => this.#note(index, at, info.statistics?.[side]?.audio?.received));
    element('quality').hidden = this.#lines.rate.every(({ points }) => points.length === 0);
    for (const [name, chart] of Object.entries(this.#charts)) chart.show(this.#lines[name]);
  }

  #note(index, at, received) {
    if (!received) return;
    const before = this.#former[index];
    this.#former[index] = { at, ...received };
    if (!before) return;
    const packets = received.packets - before.packets, lost = Math.max(0, (received.lost ?? 0) - (before.lost ?? 0));
    const values = {
      loss: packets + lost > 0 ? 100 * lost / (packets + lost) : null,
      jitter: packets > 0 ? received.jitter ?? null : null,
      rate: Math.max(0, (received.bytes - before.bytes) * 8 / 1_000 / (at - before.at)),
    };
    for (const [name, value] of Object.entries(values)) {
      const { points } = this.#lines[name][index];
      points.push({ at, value });
      while (points[0].at < at - span) points.shift();
    }
  }
}
