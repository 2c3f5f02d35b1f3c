/**
 * An `EventTarget` whose events carry their value in `detail`. `on` and `once` hand that value to the
 * listener directly; `addEventListener` works as everywhere else in the browser.
 */
export class Emitter extends EventTarget {
  /**
   * Calls `listener` with the value of every event of that type.
   * @param {string} type
   * @param {(detail: any) => void} listener
   * @returns {() => void} stops listening
   */
  on(type, listener) {
    const handler = event => listener(event.detail);
    this.addEventListener(type, handler);
    return () => this.removeEventListener(type, handler);
  }

  /**
   * Calls `listener` with the value of the next event of that type only.
   * @param {string} type
   * @param {(detail: any) => void} listener
   * @returns {() => void} stops listening
   */
  once(type, listener) {
    const handler = event => listener(event.detail);
    this.addEventListener(type, handler, { once: true });
    return () => this.removeEventListener(type, handler);
  }

  /**
   * An exception in one listener is reported to `window.onerror` and reaches neither the others nor the caller.
   * @internal
   */
  emit(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
