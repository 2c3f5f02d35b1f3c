import { element, icon, make, plainName } from '../phone/phone-elements.js';
import { duration, measured, orDash, qualityText, size, time, toneOf } from './admin-format.js';
import { explain } from './admin-gateway.js';
import { showRates } from './admin-graphs.js';
import { Table, callerText } from './admin-table.js';

const callStates = { setting_up: 'Setting up', ringing: 'Ringing', answered: 'Answered' };
const targetStates = { up: 'answers', down: 'does not answer', unknown: 'not known yet' };

/** What there is at the moment, looked at again each second. */
export class NowView {
  #request;
  #tables;
  isDraining = false;

  /**
   * @param {object} page
   * @param {(command: string, data?: object) => Promise<object>} page.request
   * @param {(call: object) => void} page.onHangUp an operator wants to end this call
   * @param {(ban: object) => void} page.onLift an operator wants to lift this ban
   * @param {(server: object) => void} page.onDrainMedia an operator wants to keep new calls from this media server, or let them come again
   */
  constructor({ request, onHangUp, onLift, onDrainMedia }) {
    this.#request = request;
    this.#tables = {
      calls: new Table(element('live-calls'), [
        { name: 'who', title: 'Caller', text: whoCalls, link: ({ call_id: id }) => `#call/${encodeURIComponent(id)}`, isHeader: true },
        { name: 'whom', title: 'Called', text: whomCalled },
        { name: 'state', title: 'State', text: ({ state, age, answered_for: since }) => `${callStates[state] ?? state}, ${duration(since ?? age)}` },
        { name: 'trunk', title: 'Trunk', text: ({ trunk }) => orDash(trunk) },
        { name: 'codecs', title: 'Codecs', text: codecsText },
        { name: 'quality', title: 'Audio', text: ({ quality }) => qualityText(quality), tone: ({ quality }) => toneOf(quality) },
        { name: 'hang-up', title: 'Hang up', control: row => hangUpButton(row, onHangUp) },
      ], ({ call_id: id }) => id),
      trunks: new Table(element('trunks'), [
        { name: 'name', title: 'Trunk', text: ({ name }) => name, isHeader: true },
        { name: 'state', title: 'State', text: ({ state }) => state, tone: ({ up }) => up ? 'good' : 'poor' },
        { name: 'calls', title: 'Calls', text: ({ calls, maximum_calls: most }) => most ? `${calls} of ${most}` : String(calls) },
        { name: 'targets', title: 'Targets', text: ({ targets }) => targets.map(({ uri, state }) => `${plainName(uri)} ${targetStates[state] ?? state}`).join(', ') },
      ], ({ name }) => name),
      januses: new Table(element('januses'), [
        { name: 'name', title: 'Janus', text: ({ name, url }) => name ?? url, isHeader: true },
        { name: 'url', title: 'Address', text: ({ url }) => url },
        { name: 'state', title: 'State', text: mediaServerState, tone: mediaServerTone },
        { name: 'handles', title: 'Handles', text: ({ handles }) => String(handles) },
        { name: 'load', title: 'Load', text: mediaServerLoad },
        { name: 'drain', title: 'Drain', control: row => drainMediaButton(row, onDrainMedia), refresh: showDraining },
      ], ({ name, url }) => name ?? url),
      registrations: new Table(element('registrations'), [
        { name: 'user', title: 'User', text: ({ user }) => user, isHeader: true },
        { name: 'contact', title: 'Contact', text: ({ contact }) => plainName(contact) },
        { name: 'received', title: 'From', text: ({ received }) => orDash(received) },
        { name: 'agent', title: 'Phone', text: ({ user_agent: agent }) => orDash(agent) },
        { name: 'expires', title: 'Ends in', text: ({ expires_in: seconds }) => duration(seconds) },
      ], ({ user, contact, received }) => `${user} ${contact} ${received}`),
      clients: new Table(element('clients'), [
        { name: 'user', title: 'User', text: ({ user, admin }) => admin ? `${user} (admin)` : user, isHeader: true },
        { name: 'address', title: 'From', text: ({ address }) => orDash(address) },
        { name: 'state', title: 'State', text: ({ connected }) => connected ? 'connected' : 'away', tone: ({ connected }) => connected ? 'good' : 'fair' },
      ], ({ connection_id: id }) => id),
      shutOut: new Table(element('shut-out'), [
        { name: 'address', title: 'Address', text: ({ address }) => address, isHeader: true },
        { name: 'user', title: 'User', text: ({ user }) => user ?? 'all' },
        { name: 'until', title: 'Until', text: ({ until }) => time(Date.parse(until)) },
        { name: 'reason', title: 'Why', text: ({ reason }) => orDash(reason) },
        { name: 'lift', title: 'Lift the ban', control: row => liftButton(row, onLift) },
      ], ({ address, user, reason }) => `${address} ${user} ${reason}`),
    };
  }

  /** Asks what there is and shows it. @returns {Promise<Error|null>} why it could not be had */
  async look() {
    try {
      this.show(await this.#request('get_overview'));
      return null;
    } catch (error) {
      say('now-state', explain(error, 'overview'), 'poor');
      return error;
    }
  }

  /** @param {object} all the answer to `get_overview` */
  show(all) {
    this.isDraining = all.draining === true;
    this.#showState(all);
    this.#showFigures(all);
    showRates(element('rates-graph'), all.rates?.minutes ?? []);
    this.#list('calls', 'live-calls', all.calls, 'There are no calls.');
    this.#list('trunks', 'trunks', all.trunks, 'There are no trunks in the configuration.');
    this.#list('januses', 'januses', all.januses, 'There is no media server.');
    this.#list('registrations', 'registrations', all.registrations, 'No phone is registered.');
    this.#list('clients', 'clients', all.clients, 'Nobody is signed in.');
    this.#list('shutOut', 'shut-out', all.bans, all.bans ? 'Nobody is banned.' : 'This gateway does not tell.');
  }

  #list(table, id, { list = [], count = list.length } = {}, none) {
    this.#tables[table].show(list);
    say(`${id}-note`, list.length === 0 ? none : count > list.length ? `${list.length} of ${count} are shown.` : '');
    element(`${id}-note`).hidden = list.length > 0 && count <= list.length;
  }

  #showState({ draining, obstacles = [], version, uptime, memory }) {
    if (draining) say('now-state', 'Drained: no new calls are taken, those that live go on', 'fair');
    else if (obstacles.length > 0) say('now-state', `Takes no calls: ${obstacles.join('; ')}`, 'poor');
    else say('now-state', 'Takes calls', 'good');
    say('now-since', `Tern ${version}, up for ${duration(uptime)}, ${size(memory)} of memory`);
    say('drain-button', draining ? 'Take calls again' : 'Drain…');
  }

  #showFigures({ calls = {}, rates = {}, registrations = {}, clients = {}, limits = {} }) {
    const { started, answered, failed } = rates.last_minute ?? {};
    const { sessions = {}, descriptors = {} } = limits;
    say('figure-calls', orDash(calls.count));
    say('figure-calls-more', `${orDash(calls.answered)} answered`);
    say('figure-started', orDash(started));
    say('figure-started-more', `${orDash(answered)} answered`);
    say('figure-failed', orDash(failed));
    element('figure-failed').dataset.tone = failed > 0 ? 'poor' : '';
    say('figure-registrations', orDash(registrations.count));
    say('figure-clients', orDash(clients.count));
    say('figure-sessions', orDash(sessions.used));
    say('figure-sessions-more', `of ${orDash(sessions.of)}; ${measured(descriptors.used, `of ${descriptors.of}`)} descriptors`);
  }
}

/** Changes a text, and its tone, where it is another. */
function say(id, text, tone) {
  const target = element(id);
  if (target.textContent !== text) target.textContent = text;
  if (tone !== undefined) target.dataset.tone = tone;
}

const whoCalls = ({ caller, caller_name: name, source }) => callerText(caller, name, source);

function whomCalled({ dialled, callees = [] }) {
  const others = callees.map(plainName).filter(callee => callee !== dialled);
  return others.length > 0 ? `${orDash(dialled)} → ${others.join(', ')}` : orDash(dialled);
}

/** The codecs of both sides, once where they are the same. */
function codecsText({ codecs = {} }) {
  const sides = ['caller', 'callee'].map(side => Object.values(codecs[side] ?? {}).join(' + ')).filter(Boolean);
  return orDash([...new Set(sides)].join(' ↔ '));
}

function hangUpButton(row, onHangUp) {
  const button = make('button', { type: 'button', className: 'quiet danger-text' }, [icon('end'), make('span', { textContent: 'Hang up' })]);
  button.dataset.needsGateway = '';
  button.setAttribute('aria-haspopup', 'dialog');
  button.addEventListener('focus', () => button.setAttribute('aria-label', `Hang up ${whoCalls(row())}`));
  button.addEventListener('click', () => onHangUp(row()));
  return button;
}

function liftButton(row, onLift) {
  const button = make('button', { type: 'button', className: 'quiet' }, [make('span', { textContent: 'Lift' })]);
  button.dataset.needsGateway = '';
  button.addEventListener('focus', () => button.setAttribute('aria-label', `Lift the ban of ${row().user ?? 'all'} at ${row().address}`));
  button.addEventListener('click', () => onLift(row()));
  return button;
}

function mediaServerState({ state, reason, draining, restarts_when_empty: restarts, slow }) {
  const words = [reason ? `${state}: ${reason}` : state];
  if (slow) words.push('answers late');
  if (draining) words.push(restarts ? 'drained, starts again when it is empty' : 'drained');
  return words.join(', ');
}

function mediaServerTone({ state, draining, slow }) {
  if (state === 'ready') return draining || slow ? 'fair' : 'good';
  return state === 'down' ? 'poor' : 'fair';
}

/** How busy a media server is, and how fast it answers. */
function mediaServerLoad({ cores, answer_time: seconds }) {
  const parts = [];
  if (cores !== null && cores !== undefined) parts.push(`${cores.toFixed(2)} cores`);
  if (seconds !== null && seconds !== undefined) parts.push(`${Math.round(seconds * 1_000)} ms`);
  return orDash(parts.join(', '));
}

function drainMediaButton(row, onDrainMedia) {
  const button = make('button', { type: 'button', className: 'quiet' }, [make('span')]);
  button.dataset.needsGateway = '';
  button.addEventListener('click', () => onDrainMedia(row()));
  return button;
}

function showDraining(button, { name, draining }) {
  const text = draining ? 'Use again' : 'Drain', label = draining ? `Send new calls to ${name} again` : `Send no new calls to ${name}`;
  if (button.textContent !== text) button.firstElementChild.textContent = text;
  if (button.getAttribute('aria-label') !== label) button.setAttribute('aria-label', label);
}
