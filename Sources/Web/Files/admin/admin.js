import { element } from '../phone/phone-elements.js';
import { ask } from '../phone/phone-transfer.js';
import { TernClient } from '../tern/tern.js';
import { CallView } from './admin-call.js';
import { CallsView } from './admin-calls.js';
import { Poll } from './admin-gateway.js';
import { LineTestView, LineTestsView } from './admin-line-tests.js';
import { NowView } from './admin-now.js';
import { signIn } from './admin-sign-in.js';
import { callerText } from './admin-table.js';

const connectionTexts = { offline: 'Not connected', connecting: 'Connecting…', online: 'Connected', reconnecting: 'Reconnecting…' };

const client = new TernClient();
// Calls ring where the user's phone is.
client.acceptsCalls = false;
window.tern = { client };

const page = {
  request: (command, data) => client.request('admin', command, data),
  requestMedia: (command, data) => client.request('media', command, data),
  onHangUp: hangUp,
  onLift: ({ address, user }) => perform('lift_ban', { address, user }, 'The ban is lifted.'),
  onDrainMedia: drainMedia,
  tell,
};
const now = new NowView(page), calls = new CallsView(page), call = new CallView(page);
const lineTests = new LineTestsView(page), lineTest = new LineTestView(page);
const nowPoll = new Poll(1_000, () => now.look());

/** By the word in the address: the title, what the navigation calls it, what to do when it is entered and left. */
const views = {
  now: { title: 'Now', link: 'now', enter: () => nowPoll.start(), leave: () => nowPoll.stop() },
  calls: { title: 'Calls', link: 'calls', enter: () => calls.search() },
  call: { title: 'Call', link: 'calls', enter: id => call.enter(id), leave: () => call.leave() },
  'line-tests': { title: 'Line tests', link: 'line-tests', enter: () => lineTests.enter() },
  'line-test': { title: 'Line test', link: 'line-tests', enter: id => lineTest.enter(id) },
};
let shown = null;

// Where one is

function place() {
  const [name, ...rest] = location.hash.slice(1).split('/');
  if (!Object.hasOwn(views, name)) return { name: 'now', id: '' };
  try {
    return { name, id: decodeURIComponent(rest.join('/')) };
  } catch {
    return { name: 'now', id: '' };
  }
}

/** Shows the view of the address, or none while nobody is signed in. @param {boolean} moves whether the focus goes along */
function showView(moves) {
  if (shown) views[shown].leave?.();
  const { name, id } = place();
  shown = document.body.dataset.state === 'ready' ? name : null;
  document.body.dataset.view = shown ?? '';
  for (const each of Object.keys(views)) element(`${each}-view`).hidden = each !== shown;
  document.title = shown ? `${views[shown].title} – Tern operator` : 'Tern operator';
  for (const link of element('views').querySelectorAll('a')) {
    if (shown && link.getAttribute('href') === `#${views[shown].link}`) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
  if (!shown) return;
  views[shown].enter(id);
  tell('');
  if (moves) {
    scrollTo(0, 0);
    element(`${shown}-view`).querySelector('h2').focus({ preventScroll: true });
  }
}

function refresh() {
  const { state, user } = client, before = document.body.dataset.state;
  const next = isIn ? 'ready' : state === 'connecting' ? 'connecting' : 'signed-out';
  Object.assign(document.body.dataset, { state: next, connection: state, user: user ?? '' });
  element('connection-status').textContent = connectionTexts[state] ?? state;
  element('account-name').textContent = user ?? '';
  element('loading-view').hidden = true;
  element('login-view').hidden = isIn;
  element('login-button').disabled = next === 'connecting';
  for (const id of ['account', 'views']) element(id).hidden = !isIn;
  showAway(isIn && state === 'reconnecting');
  if ((before === 'ready') !== isIn) showView(true);
  if (before === 'ready' && !isIn) element('login-password').focus();
}

function showAway(isAway) {
  const why = client.problem ? ` (${client.problem.message})` : '';
  element('connection-banner').textContent = isAway ? `Reconnecting to the gateway${why}… What is shown may be old.` : '';
  element('connection-banner').hidden = !isAway;
  for (const control of document.querySelectorAll('[data-needs-gateway]')) {
    if (isAway) control.setAttribute('aria-disabled', 'true');
    else control.removeAttribute('aria-disabled');
  }
}

/** Says what became of something that was asked for. @param {string} text empty says nothing more */
function tell(text) { element('outcome').textContent = text; }

// What an operator does

/** Asks first. @returns {Promise<boolean>} whether it is to be done */
async function isSure(title, text, go) {
  element('sure-title').textContent = title;
  element('sure-text').textContent = text;
  element('sure-go').textContent = go;
  return await ask('sure') === 'go';
}

async function hangUp({ call_id: id, caller, caller_name: name, source, dialled }) {
  if (!await isSure('End this call?', `${callerText(caller, name, source)} → ${dialled}`, 'Hang up')) return;
  await perform('hang_up', { call_id: id }, 'The call is ended.');
}

async function drainMedia({ name, draining }) {
  const on = !draining;
  const text = 'The calls that it has go on. Where no other media server is ready, new calls are answered 503.';
  if (on && !await isSure(`Send no new calls to ${name}?`, text, 'Drain')) return;
  await perform('drain_media', { name, on }, on ? `${name} gets no new calls.` : `${name} gets new calls again.`);
}

element('drain-button').addEventListener('click', async () => {
  const on = !now.isDraining;
  const text = 'New calls are answered 503, and load balancers are told. Calls that live go on; phones stay registered.';
  if (on && !await isSure('Take no new calls?', text, 'Drain')) return;
  await perform('drain', { on }, on ? 'No new calls are taken.' : 'Calls are taken again.');
});

async function perform(command, data, done) {
  try {
    await page.request(command, data);
    tell(done);
  } catch (error) {
    tell(error.text ?? error.message);
  }
  if (shown === 'now') nowPoll.start();
}

// Nothing is begun that would only fail.
document.addEventListener('click', event => {
  if (!event.target.closest?.('[aria-disabled="true"]')) return;
  event.preventDefault();
  event.stopPropagation();
}, true);

// The gateway, and the page's coming and going

let isIn = false;
client.on('state', refresh);
client.on('problem', refresh);
window.addEventListener('hashchange', () => showView(true));
window.addEventListener('pageshow', event => {
  // Back from the browser's cache the client is logged out: begin afresh.
  if (event.persisted) location.reload();
});
refresh();
signIn({
  client,
  user: new URLSearchParams(location.search).get('user'),
  onChange: value => {
    isIn = value;
    refresh();
  },
});
