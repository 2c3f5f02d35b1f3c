const nothing = '–';
/** Keeps a unit with its number. */
const gap = '\u00a0';

/** @param {unknown} value @returns {string} its text, or a dash for what is not known */
export const orDash = value => value === null || value === undefined || value === '' ? nothing : String(value);

/** @param {number} seconds @returns {string} such as `4 s`, `1:05`, `2:03:04`, `3 d 4 h` */
export function duration(seconds) {
  if (!Number.isFinite(seconds)) return nothing;
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < 60) return `${whole}${gap}s`;
  const hours = Math.floor(whole / 3_600), two = number => String(number).padStart(2, '0');
  if (hours >= 48) return `${Math.floor(hours / 24)}${gap}d ${hours % 24}${gap}h`;
  const rest = `${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
  return hours > 0 ? `${hours}:${rest}` : rest.replace(/^0/, '');
}

/** @param {number} milliseconds since 1970 @returns {string} date and time here, with seconds */
export function time(milliseconds) {
  if (!Number.isFinite(milliseconds)) return nothing;
  const at = new Date(milliseconds), isToday = at.toDateString() === new Date().toDateString();
  return isToday ? at.toLocaleTimeString() : at.toLocaleString();
}

/** @param {number} from @param {number} to both in ms @returns {string} such as `+0.120 s` */
export const offset = (from, to) => Number.isFinite(from) && Number.isFinite(to) ? `+${((to - from) / 1_000).toFixed(3)}${gap}s` : nothing;

/** @param {number} share 0 to 1 @returns {string} such as `1.2 %` */
export const percent = share => Number.isFinite(share) ? `${(share * 100).toFixed(1)}${gap}%` : nothing;

/** @param {number} value @param {string} unit */
export const measured = (value, unit) => Number.isFinite(value) ? `${value}${gap}${unit}` : nothing;

/** @param {number} bytes @returns {string} such as `41 MB` */
export function size(bytes) {
  if (!Number.isFinite(bytes)) return nothing;
  const units = ['B', 'kB', 'MB', 'GB'];
  let value = bytes, unit = 0;
  while (value >= 1_000 && unit < units.length - 1) {
    value /= 1_000;
    unit += 1;
  }
  return `${value < 10 && unit > 0 ? value.toFixed(1) : Math.round(value)}${gap}${units[unit]}`;
}

/** @param {{loss: number, mos: number|null}|null} quality @returns {''|'good'|'fair'|'poor'} */
export function toneOf(quality) {
  if (!quality) return '';
  const { loss = 0, mos = null } = quality;
  if (loss > 0.05 || (mos !== null && mos < 3.1)) return 'poor';
  return loss > 0.01 || (mos !== null && mos < 3.6) ? 'fair' : 'good';
}

const qualityWords = { good: 'Good', fair: 'Fair', poor: 'Poor' };

/** @param {{loss: number, mos: number|null, jitter: number|null}|null} quality @returns {string} */
export function qualityText(quality) {
  if (!quality) return nothing;
  const figures = [];
  if (Number.isFinite(quality.mos)) figures.push(`MOS${gap}${quality.mos.toFixed(1)}`);
  figures.push(`${percent(quality.loss)} lost`);
  if (Number.isFinite(quality.jitter)) figures.push(`jitter ${measured(quality.jitter, 'ms')}`);
  return `${qualityWords[toneOf(quality)]}: ${figures.join(', ')}`;
}

const acronyms = new Set(['alg', 'dc', 'dscp', 'dtmf', 'id', 'mos', 'rtcp', 'rtp', 'sip', 'srtp', 'ssrc']);

/** `rtcp_packets` as people write it: `RTCP packets`. @param {string} name */
export function words(name) {
  const text = name.split('_').map(word => acronyms.has(word) ? word.toUpperCase() : word).join(' ');
  return text.charAt(0).toUpperCase() + text.slice(1);
}
