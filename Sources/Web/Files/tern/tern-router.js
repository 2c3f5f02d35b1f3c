/** How much is kept for objects that are not known yet. */
const earlyObjects = 32;
const earlyEvents = 64;
const earlyLifetime = 30_000;

/**
 * Brings events to the session or call that they name. Those for an object whose id has not arrived yet, because
 * the event overtook the response or its handling, wait for it.
 * @internal
 */
export class EventRouter {
  #objects = new Map();
  /** Events by id, each with a number that keeps their order over the ids of one object. */
  #early = new Map();
  #count = 0;

  /** @param {{obj_id: string}} event */
  route(event) {
    const id = event.obj_id;
    if (typeof id !== 'string') return;
    const waiting = this.#early.get(id);
    if (waiting) waiting.add(event, ++this.#count);
    else if (this.#objects.has(id)) this.#objects.get(id)?._receive(event);
    else this.#wait(id).add(event, ++this.#count);
  }

  /**
   * From now on `object` gets what names one of `ids`; what came before, after the code that made it had the time
   * to listen.
   */
  register(object, ids) {
    const own = ids.filter(id => typeof id === 'string');
    for (const id of own) this.#objects.set(id, object);
    if (!own.some(id => this.#early.has(id))) return;
    for (const id of own) if (!this.#early.has(id)) this.#wait(id);
    setTimeout(() => this.#flush(own), 0);
  }

  /** Its events are dropped; the ids stay known for a while, for those that are under way. */
  forget(object) {
    const ids = [...this.#objects].filter(([, other]) => other === object).map(([id]) => id);
    for (const id of ids) {
      this.#objects.set(id, null);
      setTimeout(() => this.#objects.delete(id), earlyLifetime);
    }
  }

  /** @returns {boolean} whether the id is that of an object here that lives or has just ended */
  knows(id) { return this.#objects.has(id); }

  /** @returns {object|null} the object that lives under that id */
  find(id) { return this.#objects.get(id) ?? null; }

  #wait(id) {
    if (this.#early.size >= earlyObjects) this.#drop(this.#early.keys().next().value);
    const timer = setTimeout(() => this.#early.delete(id), earlyLifetime);
    const entry = {
      events: [],
      timer,
      add(event, order) { if (this.events.length < earlyEvents) this.events.push({ event, order }); },
    };
    this.#early.set(id, entry);
    return entry;
  }

  #drop(id) {
    clearTimeout(this.#early.get(id)?.timer);
    this.#early.delete(id);
  }

  #flush(ids) {
    const events = ids.flatMap(id => this.#early.get(id)?.events ?? []);
    for (const id of ids) this.#drop(id);
    events.sort((one, other) => one.order - other.order);
    for (const { event } of events) this.#objects.get(event.obj_id)?._receive(event);
  }
}
