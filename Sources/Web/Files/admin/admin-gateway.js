import { TernServerError } from '../tern/tern.js';

/** The gateway's error codes that this page has words of its own for. */
const unknownCommand = 1104;
const notYours = 2005;
const unknownCall = 3002;

/** Whether the gateway has no such command. @param {Error} error */
export const isMissing = error => error instanceof TernServerError && error.code === unknownCommand;

/** Whether the gateway knows no such call. @param {Error} error */
export const isUnknownCall = error => error instanceof TernServerError && error.code === unknownCall;

/** Whether the user is no admin. @param {Error} error */
export const isForbidden = error => error instanceof TernServerError && error.code === notYours;

/**
 * Says why something is not shown.
 * @param {Error} error
 * @param {string} what such as `records of calls`
 */
export function explain(error, what) {
  if (isMissing(error)) return `This gateway keeps no ${what}.`;
  return error.text ?? error.message;
}

/** Asks again and again, a while after each answer, as long as the page can be seen. */
export class Poll {
  #interval;
  #work;
  #isOn = false;
  #timer;
  #runs = 0;

  /** @param {number} interval in ms @param {() => Promise<void>} work throws nothing */
  constructor(interval, work) {
    this.#interval = interval;
    this.#work = work;
    document.addEventListener('visibilitychange', () => {
      if (this.#isOn && !document.hidden) this.start();
    });
  }

  /** Asks now, and from then on. */
  start() {
    this.#isOn = true;
    this.#run(++this.#runs);
  }

  stop() {
    this.#isOn = false;
    this.#runs += 1;
    clearTimeout(this.#timer);
  }

  async #run(run) {
    clearTimeout(this.#timer);
    if (document.hidden) return;
    await this.#work();
    if (run === this.#runs) this.#timer = setTimeout(() => this.#run(run), this.#interval);
  }
}
