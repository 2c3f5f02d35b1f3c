import { CallAlert } from './phone-alerts.js';
import { PhoneCalls } from './phone-calls.js';
import { Controls } from './phone-controls.js';
import { CallDesk } from './phone-desk.js';
import { Devices, changeDevice } from './phone-devices.js';
import { element, plainName } from './phone-elements.js';
import { Contacts } from './phone-contacts.js';
import { CallHistory } from './phone-history.js';
import { Keypad, typeInto } from './phone-keypad.js';
import { CallLife } from './phone-life.js';
import { LineTestCard } from './phone-line-test.js';
import { Lists } from './phone-lists.js';
import { OtherCalls } from './phone-others.js';
import { Recordings } from './phone-recordings.js';
import { SessionView } from './phone-session-view.js';
import { Settings } from './phone-settings.js';
import { Shortcuts } from './phone-shortcuts.js';
import { signIn } from './phone-sign-in.js';
import { RingTone, playKey } from './phone-sound.js';
import { Stage } from './phone-stage.js';
import { TonePad } from './phone-tones.js';
import { ask } from './phone-transfer.js';
import { PhoneView } from './phone-view.js';
import { TernClient } from '../tern/tern.js';

const parameters = new URLSearchParams(location.search);
const raw = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };

const client = new TernClient({ trickle: parameters.get('trickle') !== '0' });
const view = new PhoneView();
const calls = new PhoneCalls(refresh);
const history = new CallHistory();
const contacts = new Contacts();
const tone = new RingTone();
const alert = new CallAlert();
const devices = new Devices(parameters.get('audio') === 'raw' ? raw : {}, useDevice);
const tonePad = new TonePad(tell);
const sessionView = new SessionView(view, tonePad);
const life = new CallLife({ calls, view, sessionView, tonePad, contacts, remember, lineTests: new LineTestCard() });
const desk = new CallDesk({ client, calls, life, view, devices, contacts, remember, tell, refresh });
const otherCalls = new OtherCalls(element('other-calls'), (action, call) => desk.act(action, call));
const lists = new Lists({ history, contacts, onCall: (address, video) => desk.dial(address, video) });
const shortcuts = new Shortcuts({ onDigit, onEscape });

window.tern = { client, get current() { return calls.shown; } };

// What the page is in

function pageState() {
  const { shown } = calls;
  if (client.state === 'connecting') return 'connecting';
  if (client.user === null) return 'signed-out';
  if (!shown) return desk.isStarting ? 'calling' : 'ready';
  if (shown.direction === undefined) return 'echo';
  return shown.state === 'active' ? 'in-call' : shown.state;
}

function refresh() {
  const state = pageState();
  const { shown, others } = calls;
  const waiting = others.find(call => call.state === 'incoming') ?? null;
  const ringing = state === 'incoming' ? shown : waiting;
  view.showConnection(client.state, client.user);
  sessionView.show(shown);
  view.showState(state);
  otherCalls.show(others, shown);
  view.showAway(client.state === 'reconnecting' ? awayText() : '');
  view.showDraining(client.isDraining && client.state === 'online');
  if (state === 'incoming') tone.play('incoming');
  else if (waiting) tone.play('waiting');
  else tone.play(state === 'ringing' && !sessionView.hearsEarly ? 'ringback' : null);
  alert.show(ringing, ringing ? plainName(ringing.remoteName) : '');
  document.title = titleOf(state, ringing);
}

function titleOf(state, ringing) {
  if (ringing) return `${plainName(ringing.remoteName)} calls – Tern`;
  return state === 'in-call' ? `${plainName(calls.shown.remoteName)} – Tern` : 'Tern';
}

function awayText() {
  const why = client.problem ? ` (${client.problem.message})` : '';
  const goesOn = calls.shown?.state === 'active' ? ' The call goes on.' : '';
  return `Reconnecting to the gateway${why}…${goesOn}`;
}

/** Something could not be done; the call goes on. */
function tell(error) {
  view.showNotice(error.text ?? error.message);
  view.log(`${error.name}: ${error.message}`);
}

/** What has ended belongs to the call list. */
function remember(call) {
  history.add(call);
  lists.show();
}

function showUser() {
  history.open(client.user);
  contacts.open(client.user);
  recordings.open(client.user);
  lists.show();
  refresh();
}

// Controls

desk.begin();
new Controls({ calls, view, sessionView, devices, tell, dial: (dest, video) => desk.dial(dest, video), nameOf: dest => contacts.nameOf(dest) ?? dest }).begin();
new Stage();
const recordings = new Recordings(client, tell);
new Settings(devices, shortcuts);
new Keypad(element('dial-keypad'), key => {
  playKey(key);
  typeInto(element('dial-input'), key);
}, { plus: true });

element('dial-delete').addEventListener('click', () => typeInto(element('dial-input'), ''));
element('dial-input').addEventListener('input', showDelete);
element('help-button').addEventListener('click', () => ask('help'));

function showDelete() { element('dial-delete').hidden = element('dial-input').value === ''; }

function onDigit(key) {
  if (pageState() !== 'in-call') return false;
  tonePad.press(key);
  return true;
}

function onEscape() {
  if (!tonePad.isOpen) return false;
  tonePad.toggle(false);
  return true;
}

async function useDevice(kind) {
  const media = kind === 'microphone' ? 'audio' : 'video';
  for (const session of [calls.shown, ...calls.others].filter(Boolean)) {
    try { await changeDevice(session, media, devices[media]); } catch (error) { tell(error); }
  }
  if (calls.shown) sessionView.refreshMedia(calls.shown, { restart: true });
}

// The gateway

client.on('state', state => {
  view.log(`Connection: ${state}`);
  refresh();
});
client.on('problem', problem => {
  view.log(`Connection: ${problem.message}`);
  refresh();
});
client.on('draining', refresh);
client.on('warning', problem => {
  view.showNotice(problem.device === 'microphone' ? `${problem.text} You cannot be heard.` : problem.text);
});
client.on('event', ({ subclass, type, body = {} }) => {
  const details = [body.kind, body.state, body.path, body.code, body.sip_status, body.reason, body.by].filter(Boolean);
  view.log([subclass, type, ...new Set(details)].join(' '));
  if (type === 'record' && body.state === 'ready') {
    view.showRecording(`The recording is ready: ${body.path}`);
    recordings.refresh();
  }
});

// The page comes and goes

window.addEventListener('pageshow', event => {
  // Back from the browser's cache the client is logged out: begin afresh.
  if (event.persisted) location.reload();
});

element('dial-input').value = parameters.get('dest') ?? '';
showDelete();
refresh();
signIn({ client, view, user: parameters.get('user'), onChange: showUser });
