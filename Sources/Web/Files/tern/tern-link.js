import { TernConnection } from './tern-connection.js';
import { TernCancelledError, TernConnectionError, TernServerError } from './tern-errors.js';

const pingInterval = 20_000;
/** How long the answer to a ping may take when the network seems to have changed. */
const checkTimeout = 2_000;
const firstDelay = 250;
const longestDelay = 8_000;
/** How long a login at a gateway that drains waits for another one that takes calls, in ms. */
const moveTimeout = 2_000;
/** Between two rounds of looking for a gateway that takes calls, at most, in ms: each is a login at every other one. */
const longestMoveDelay = 60_000;
/** Before each further attempt of a login whose connection cannot be had, in ms: a browser drops connections that it opens while its network changes. */
const loginDelays = [250, 1_000];

/**
 * A logged-in link to the gateway that outlives its WebSockets: it pings, and when a connection is lost it
 * opens the next one with back-off and resumes with the token; where the token is too old it logs in again.
 * @internal
 */
export class TernLink {
  #urls;
  /** The one of them that the connection is to, or the next attempt goes to. */
  #current = 0;
  #timeout;
  #handlers;
  #connection = null;
  #credentials = null;
  #resumeToken = null;
  #pingTimer = 0;
  #wake = null;
  /** Counts what was asked for; work begun under an older count is no longer wanted. */
  #epoch = 0;
  /** The epoch in which another gateway is looked for. */
  #moving = -1;
  /** Connections that are being logged out. */
  #left = new WeakSet();

  /** @type {'offline'|'connecting'|'online'|'reconnecting'} */
  state = 'offline';
  /** Why the last attempt to reconnect failed, while there are more. @type {Error|null} */
  problem = null;

  /**
   * @param {{urls: string[], timeout: number}} options `urls`: of one gateway, or of several that know each other
   * @param {{onState: (state: string) => void, onEvent: Function, onRequest: Function,
   *          onResumed: (answer: object, fresh: boolean) => void, onProblem: () => void, onRefused: (error: Error) => void}} handlers
   *   `onResumed`: back on a new connection, `fresh` where it took a new login; `onProblem`: `problem` is another one;
   *   `onRefused`: logged out by the gateway
   */
  constructor(options, handlers) {
    this.#urls = options.urls;
    this.#timeout = options.timeout;
    this.#handlers = handlers;
    window.addEventListener('online', () => this.check());
    navigator.connection?.addEventListener?.('change', () => this.check());
  }

  /**
   * @param {object} credentials `user` and `password`, or `token`; kept in memory for a later login
   * @returns {Promise<object>} the gateway's answer
   */
  async login(credentials) {
    this.close();
    const epoch = this.#epoch;
    this.#become('connecting');
    try {
      const [connection, answer] = await this.#attempts(epoch, link => link.request('core', 'login', credentials));
      this.#credentials = credentials;
      this.#adopt(connection, answer);
      if (answer.draining !== true) return answer;
      // Once this has returned there may be calls, which nothing is to end.
      let isWaiting = true;
      const moved = this.#moved(epoch, () => isWaiting && epoch === this.#epoch).catch(() => null);
      const next = await Promise.race([moved, new Promise(resolve => setTimeout(resolve, moveTimeout, null))]);
      isWaiting = false;
      if (!next && epoch !== this.#epoch && this.state === 'offline') throw new TernCancelledError();
      return next ?? answer;
    } catch (error) {
      if (epoch === this.#epoch) this.#become('offline');
      throw error;
    }
  }

  /** Requests go out only while online; see TernConnection.request. */
  request(className, command, data, options) {
    if (this.state !== 'online') return Promise.reject(new TernConnectionError('Not connected to the gateway'));
    return this.#connection.request(className, command, data, options);
  }

  /** Ends the link without a word to the gateway; nothing is reconnected. */
  close() {
    this.#epoch += 1;
    this.#credentials = this.#resumeToken = this.problem = null;
    const connection = this.#connection;
    this.#drop();
    connection?.close();
    this.#wake?.();
    this.#become('offline');
  }

  /**
   * Logs in at another of the gateways, one that takes calls, and leaves the one that it is at. Where there is none, it looks again and again.
   * @param {() => boolean} mayMove whether it is still to be done
   */
  async move(mayMove) {
    const epoch = this.#epoch;
    if (this.#urls.length < 2 || this.state !== 'online' || this.#moving === epoch) return;
    this.#moving = epoch;
    const isWanted = () => epoch === this.#epoch && mayMove();
    try {
      for (let delay = firstDelay; ; delay = Math.min(delay * 2, longestMoveDelay)) {
        // Not all pages at once.
        await new Promise(resolve => setTimeout(resolve, delay * Math.random()));
        if (!isWanted() || await this.#moved(epoch, isWanted)) return;
        await new Promise(resolve => setTimeout(resolve, delay));
      }
    } catch (error) {
      // There this user is none.
      if (!isRefusal(error)) throw error;
    } finally {
      if (this.#moving === epoch) this.#moving = -1;
    }
  }

  /** Moves to the first of the other gateways that takes calls, and gives its answer; null where there is none. */
  async #moved(epoch, isWanted) {
    const former = this.#current;
    for (let step = 1; step < this.#urls.length && isWanted(); step += 1) {
      const answer = await this.#movedTo((former + step) % this.#urls.length, epoch, isWanted);
      if (answer) return answer;
    }
    return null;
  }

  /** Moves to a gateway where it takes calls, and gives its answer; else null. */
  async #movedTo(index, epoch, isWanted) {
    const open = handlers => TernConnection.open(this.#urls[index], handlers, this.#timeout);
    try {
      const [connection, answer] = await this.#attempt(epoch, link => link.request('core', 'login', this.#credentials), open);
      if (answer.draining === true || !isWanted()) {
        this.#leave(connection);
        return null;
      }
      const former = this.#connection;
      this.#epoch += 1;
      this.#current = index;
      this.#drop();
      this.#become('reconnecting');
      this.#adopt(connection, answer);
      this.#handlers.onResumed(answer, true);
      this.#leave(former);
      return answer;
    } catch (error) {
      if (isRefusal(error)) throw error;
      return null;
    }
  }

  #become(state) {
    if (this.state === state) return;
    this.state = state;
    this.#handlers.onState(state);
  }

  /** Logs a connection out, and closes it: the gateway would keep the user for a while, for a connection that is lost. */
  #leave(connection) {
    this.#left.add(connection);
    connection.request('core', 'logout').catch(() => {}).then(() => connection.close());
  }

  /** Opens a connection and logs in on it; closes it again when that fails, and logs it out when it is no longer wanted. */
  async #attempt(epoch, authenticate, open = handlers => this.#open(epoch, handlers)) {
    let connection, isLoggedIn = false;
    // A gateway that has been left has nothing to say any more.
    const handlers = {
      onEvent: event => { if (!this.#left.has(connection)) this.#handlers.onEvent(event); },
      onRequest: (request, reply) => this.#left.has(connection) ? reply.fail(480, 'at another gateway') : this.#handlers.onRequest(request, reply),
      onClose: () => { if (this.#connection === connection) this.#lost(); },
    };
    connection = await open(handlers);
    try {
      if (epoch !== this.#epoch) throw new TernCancelledError();
      const answer = await authenticate(connection);
      isLoggedIn = true;
      if (epoch !== this.#epoch) throw new TernCancelledError();
      return [connection, answer];
    } catch (error) {
      if (isLoggedIn) this.#leave(connection);
      else connection.close();
      throw error;
    }
  }

  /** Connects to the gateway that was there last, or to the first of the others that is there. */
  async #open(epoch, handlers) {
    for (let left = this.#urls.length; ; ) {
      try {
        return await TernConnection.open(this.#urls[this.#current], handlers, this.#timeout);
      } catch (error) {
        this.#current = (this.#current + 1) % this.#urls.length;
        left -= 1;
        if (left <= 0 || epoch !== this.#epoch) throw error;
      }
    }
  }

  /** As `#attempt`, several times while there is no connection. */
  async #attempts(epoch, authenticate) {
    for (const delay of loginDelays) {
      try {
        return await this.#attempt(epoch, authenticate);
      } catch (error) {
        if (epoch !== this.#epoch || !(error instanceof TernConnectionError)) throw error;
      }
      await this.#pause(delay);
      if (epoch !== this.#epoch) throw new TernCancelledError();
    }
    return this.#attempt(epoch, authenticate);
  }

  #adopt(connection, answer) {
    this.#connection = connection;
    this.#resumeToken = answer.resume_token ?? this.#resumeToken;
    this.#pingTimer = setInterval(() => this.#ping(connection), pingInterval);
    this.problem = null;
    this.#become('online');
  }

  /** Looks whether the connection is alive, because the network may have changed; while there is none, tries at once to get one. */
  check() {
    if (this.#connection) this.#ping(this.#connection, { timeout: checkTimeout });
    else this.#wake?.();
  }

  #ping(connection, options) {
    connection.request('core', 'ping', {}, options).catch(error => {
      // An error is an answer too; only silence says that the connection is dead.
      if (!(error instanceof TernServerError)) connection.close(4000, 'no answer to ping');
    });
  }

  #drop() {
    clearInterval(this.#pingTimer);
    this.#connection = null;
  }

  async #lost() {
    this.#drop();
    const epoch = ++this.#epoch;
    this.#become('reconnecting');
    for (let delay = firstDelay; ; delay = Math.min(delay * 2, longestDelay)) {
      await this.#pause(delay * (0.75 + Math.random() / 2));
      if (epoch !== this.#epoch) return;
      try {
        let fresh = false;
        const [connection, answer] = await this.#attempt(epoch, async link => {
          try {
            return await link.request('core', 'resume', { resume_token: this.#resumeToken });
          } catch (error) {
            if (!isRefusal(error)) throw error;
            fresh = true;
            return link.request('core', 'login', this.#credentials);
          }
        });
        this.#adopt(connection, answer);
        this.#handlers.onResumed(answer, fresh);
        return;
      } catch (error) {
        if (epoch !== this.#epoch) return;
        if (isRefusal(error)) {
          this.close();
          this.#handlers.onRefused(error);
          return;
        }
        this.problem = error;
        this.#handlers.onProblem();
      }
    }
  }

  /** Waits, but no longer than until the browser says that the network is back. */
  #pause(delay) {
    return new Promise(resolve => {
      const timer = setTimeout(() => this.#wake?.(), delay);
      this.#wake = () => {
        clearTimeout(timer);
        this.#wake = null;
        resolve();
      };
    });
  }
}

/** Whether a person has to do something about it; the rest may pass, as may a connection that is lost. */
function isRefusal(error) { return error instanceof TernServerError && !error.mayPass; }
