/** What this browser keeps for the page. Where it keeps nothing, as in a private window, all begins afresh. */
const prefix = 'tern.';

/**
 * @param {string} key
 * @param {unknown} fallback what to take when nothing is there, or something else than JSON
 * @returns {any}
 */
export function stored(key, fallback) {
  try {
    const text = localStorage.getItem(prefix + key);
    return text === null ? fallback : JSON.parse(text);
  } catch {
    return fallback;
  }
}

/** @param {string} key @param {unknown} value */
export function store(key, value) {
  try { localStorage.setItem(prefix + key, JSON.stringify(value)); } catch { /* not kept */ }
}

/** @param {string} key */
export function forget(key) {
  try { localStorage.removeItem(prefix + key); } catch { /* nothing was kept */ }
}
