/*
 * Looks after the loading of the page's program. A browser whose network changes gives up what it loads
 * (ERR_NETWORK_CHANGED in Chromium), and a program of modules does not begin when one of them is missing.
 * This is no module, so that it runs in any case.
 */
(() => {
  const key = 'tern.loads';
  /** Before each further attempt, in ms. After the last one the user decides. */
  const delays = [500, 2_000, 4_000];

  /** How many further attempts there were in this tab; where nothing is kept, as many as there may be. */
  function attempts() {
    try {
      return Number(sessionStorage.getItem(key) ?? 0);
    } catch {
      return delays.length;
    }
  }

  function keep(count) {
    try {
      if (count === 0) sessionStorage.removeItem(key);
      else sessionStorage.setItem(key, String(count));
    } catch { /* nothing is kept */ }
  }

  function tell(text, isLast) {
    document.getElementById('loading-text').textContent = text;
    document.getElementById('load-button').hidden = !isLast;
  }

  function loadAgain() {
    const count = attempts();
    if (count >= delays.length) {
      keep(0);
      tell('A part of the page could not be loaded. Check your network.', true);
      return;
    }
    keep(count + 1);
    tell('A part of the page could not be loaded. Trying again…', false);
    setTimeout(() => location.reload(), delays[count]);
  }

  // At a module that is missing, or one that it imports.
  window.addEventListener('error', event => {
    if (event.target instanceof HTMLScriptElement) loadAgain();
  }, true);
  window.addEventListener('load', () => {
    if (document.body.dataset.state !== 'loading') keep(0);
    document.getElementById('load-button').addEventListener('click', () => location.reload());
  });
})();
