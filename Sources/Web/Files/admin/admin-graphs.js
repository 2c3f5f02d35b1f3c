import { make } from '../phone/phone-elements.js';

const namespace = 'http://www.w3.org/2000/svg';
const width = 600, height = 100;

/** An element of SVG. @param {string} name @param {object} attributes @param {Node[]} [children] */
function draw(name, attributes, children = []) {
  const made = document.createElementNS(namespace, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

function canvas(label, children) {
  return draw('svg', { viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: 'none', role: 'img', 'aria-label': label, class: 'graph' }, children);
}

/** The next number of 1, 2, 5, 10, 20… that is not below `value`. */
function roundUp(value) {
  const power = 10 ** Math.floor(Math.log10(Math.max(value, 1e-9)));
  return [1, 2, 5, 10].map(factor => factor * power).find(round => round >= value * 0.999) ?? value;
}

/**
 * Bars of calls that began in each minute, with those that failed at their foot.
 * @param {HTMLElement} place
 * @param {{started: number, answered: number, failed: number}[]} minutes the oldest first
 */
export function showRates(place, minutes) {
  const key = JSON.stringify(minutes);
  if (place.dataset.shown === key) return;
  place.dataset.shown = key;
  const most = roundUp(Math.max(1, ...minutes.map(({ started, failed }) => Math.max(started, failed))));
  const step = width / Math.max(1, minutes.length);
  const bar = (count, index, kind) => draw('rect', {
    x: (index * step + step * 0.12).toFixed(2), y: (height - height * count / most).toFixed(2),
    width: (step * 0.76).toFixed(2), height: (height * count / most).toFixed(2), class: kind,
  });
  const bars = minutes.flatMap(({ started, failed }, index) => [
    ...started > 0 ? [bar(started, index, 'started')] : [], ...failed > 0 ? [bar(failed, index, 'failed')] : [],
  ]);
  const sum = name => minutes.reduce((total, minute) => total + minute[name], 0);
  const text = `${sum('started')} calls began, ${sum('answered')} were answered, ${sum('failed')} failed; at most ${most} a minute in the drawing`;
  place.replaceChildren(
    make('p', { className: 'legend' }, [
      make('span', { className: 'key started', textContent: `${sum('started')} began` }), make('span', { className: 'key failed', textContent: `${sum('failed')} failed` }),
      make('span', { className: 'top', textContent: `${most} a minute` }),
    ]),
    canvas(text, bars),
    make('p', { className: 'axis' }, [make('span', { textContent: '60 minutes ago' }), make('span', { textContent: 'now' })]));
}

/** A value over time, a line for each side of a call. */
export class LineChart {
  #place = make('figure', { className: 'chart' });
  #title;
  #unit;
  #least;
  #span;

  /**
   * @param {string} title @param {string} unit
   * @param {number} least the top of the scale, where no value is above it
   * @param {number} span the time that is shown, in s
   */
  constructor(title, unit, least, span) {
    this.#title = title;
    this.#unit = unit;
    this.#least = least;
    this.#span = span;
  }

  get element() { return this.#place; }

  /** @param {{name: string, points: {at: number, value: number|null}[]}[]} lines times in s */
  show(lines) {
    const values = lines.flatMap(({ points }) => points.map(({ value }) => value)).filter(Number.isFinite);
    const top = Math.max(this.#least, roundUp(Math.max(0, ...values)));
    const end = Math.max(0, ...lines.flatMap(({ points }) => points.slice(-1).map(({ at }) => at)));
    const x = at => width - width * Math.min(1, (end - at) / this.#span);
    const y = value => height - 1.5 - (height - 3) * value / top;
    const paths = lines.map(({ points }, index) => draw('path', {
      class: `line line-${index}`, d: pathOf(points.filter(({ at }) => end - at <= this.#span), x, y),
    }));
    const last = ({ points }) => points.at(-1)?.value;
    const said = lines.map(line => `${line.name} ${Number.isFinite(last(line)) ? `${Number(last(line).toFixed(2))} ${this.#unit}` : '–'}`);
    this.#place.replaceChildren(
      make('figcaption', { className: 'legend' }, [
        make('b', { textContent: this.#title }), ...said.map((text, index) => make('span', { className: `key line-${index}`, textContent: text })),
        make('span', { className: 'top', textContent: `${top} ${this.#unit}` }),
      ]),
      canvas(`${this.#title}: ${said.join(', ')}`, paths));
  }
}

/** A line through the points; it is broken where a value is not known. */
function pathOf(points, x, y) {
  let isDown = false;
  return points.map(({ at, value }) => {
    if (!Number.isFinite(value)) {
      isDown = false;
      return '';
    }
    const start = isDown ? 'L' : 'M', place = `${x(at).toFixed(1)} ${y(value).toFixed(1)}`;
    // A value alone is a dot: a line without length, with round ends.
    const dot = isDown ? '' : 'h0';
    isDown = true;
    return `${start}${place}${dot}`;
  }).join('');
}
