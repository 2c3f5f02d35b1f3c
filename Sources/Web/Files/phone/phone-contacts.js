import { plainName } from './phone-elements.js';
import { store, stored } from './phone-store.js';

/** How many contacts a user has at most, and how long what is in them may be, in characters. */
const limit = 500;
const textLimit = 256;

/**
 * @typedef {object} Contact
 * @property {string} name
 * @property {string} address what to dial
 */

/** The people whom a user knows, by name, as this browser remembers them. */
export class Contacts {
  #key = null;
  /** @type {Contact[]} */
  #all = [];

  /** Whose. @param {string|null} user */
  open(user) {
    const key = user === null ? null : `contacts.${user}`;
    if (key === this.#key) return;
    this.#key = key;
    const found = key === null ? [] : stored(key, []);
    this.#all = Array.isArray(found) ? sorted(found.filter(isContact).slice(0, limit)) : [];
  }

  /** @returns {readonly Contact[]} */
  get all() { return this.#all; }

  /** @param {string} address @returns {string|undefined} the name of whom one reaches there */
  nameOf(address) { return this.#all.find(contact => isSame(contact.address, address))?.name; }

  /** Knows somebody, in place of whom one reached there before. @param {string} name @param {string} address */
  add(name, address) {
    const contact = { name: name.trim().slice(0, textLimit), address: address.trim().slice(0, textLimit) };
    if (!isContact(contact)) return;
    this.#keep([contact, ...this.#all.filter(other => !isSame(other.address, contact.address))].slice(0, limit));
  }

  /** @param {Contact} contact */
  remove(contact) { this.#keep(this.#all.filter(other => other !== contact)); }

  #keep(all) {
    this.#all = sorted(all);
    if (this.#key !== null) store(this.#key, this.#all);
  }
}

function sorted(contacts) { return [...contacts].sort((one, other) => one.name.localeCompare(other.name)); }

/** With and without `sip:` it is the same. */
function isSame(one, other) { return plainName(one).toLowerCase() === plainName(other).toLowerCase(); }

function isContact(value) {
  return typeof value === 'object' && value !== null
    && ['name', 'address'].every(field => typeof value[field] === 'string' && value[field] !== '');
}
