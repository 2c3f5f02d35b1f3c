import { LevelMeter, RingTone } from './phone-sound.js';
import { PhoneView } from './phone-view.js';
import { TernCancelledError, TernClient, describeEnd, mediaSupport } from './tern.js';

const userKey = 'tern.user';
const parameters = new URLSearchParams(location.search);
const element = id => document.getElementById(id);

const client = new TernClient({ trickle: parameters.get('trickle') !== '0' });
const view = new PhoneView();
const tone = new RingTone();
const level = new LevelMeter(element('level-meter'));
const ownLevel = new LevelMeter(element('own-level-meter'));
const microphone = parameters.get('audio') === 'raw'
  ? { echoCancellation: false, noiseSuppression: false, autoGainControl: false }
  : true;

/** @type {import('./tern.js').TernSession|null} what the page shows */
let current = null;
/** @type {AbortController|null} of what is being started and has no session yet */
let starting = null;
let ticker = 0;

window.tern = { client, get current() { return current; } };

// What the page is in

function pageState() {
  if (client.state === 'connecting') return 'connecting';
  if (client.user === null) return 'signed-out';
  if (!current) return starting ? 'calling' : 'ready';
  if (current.direction === undefined) return 'echo';
  return current.state === 'active' ? 'in-call' : current.state;
}

function refresh() {
  const state = pageState();
  view.showConnection(client.state, client.user);
  view.showState(state);
  tone.play(state === 'incoming' ? 'incoming' : state === 'ringing' && !current.remoteSpeaks ? 'ringback' : null);
  document.title = state === 'incoming' ? `${current.remoteName} calls – Tern` : 'Tern';
}

function refreshMedia() {
  view.showStreams(current?.localStream ?? null, current?.remoteStream ?? null);
  if (current?.remoteStream) level.start(current.remoteStream);
  if (current?.localStream) ownLevel.start(current.localStream);
  showMutes();
}

async function tick() {
  const session = current;
  const stats = await session?.stats().catch(() => null);
  if (session !== current || !session) return;
  if (stats) view.showStats(stats);
  const since = session.answeredAt ?? null;
  view.showDuration(since === null ? null : Math.floor((Date.now() - since) / 1000));
}

/** Shows a session or call from now until its end. */
function show(session) {
  if (session.ended) {
    ended(session.end);
    return;
  }
  current = session;
  view.showStats(null);
  view.showDuration(null);
  session.on('state', refresh);
  session.on('stream', refreshMedia);
  session.on('answer', () => {
    view.showStatus(`In a call with ${session.remoteName}`);
    refreshMedia();
  });
  session.on('ringing', () => {
    if (session.state === 'ringing') view.showStatus(`Ringing at ${session.remoteName}`);
  });
  session.on('early', () => {
    session.remoteSpeaks = true;
    refresh();
  });
  for (const type of ['hold', 'resume']) session.on(type, () => showHold(session));
  session.on('record', body => view.log(`Recording ${body.state ?? ''} ${body.file ?? ''}`));
  session.on('updated', () => showEchoOptions(session));
  session.once('ended', ended);
  clearInterval(ticker);
  ticker = setInterval(tick, 500);
  showHold(session);
  refreshMedia();
  refresh();
}

function showHold(session) {
  view.showHold(session.held);
  if (session.state !== 'active' || session.direction === undefined) return;
  view.showStatus(`${session.held ? 'On hold by' : 'In a call with'} ${session.remoteName}`);
}

function ended(end) {
  current = null;
  view.showHold(false);
  clearInterval(ticker);
  level.stop();
  ownLevel.stop();
  view.showStreams(null, null);
  const gone = (end.sipStatus ?? 0) >= 300 || ['connection', 'media', 'failed'].includes(end.code);
  view.showStatus(end.text, { code: end.sipStatus ?? end.code, failed: gone && end.code !== 'local' });
  view.log(end.text);
  refresh();
}

function failed(error) {
  const cancelled = error instanceof TernCancelledError;
  if (cancelled) view.showStatus('You cancelled the call', { code: 487 });
  else if (error.sipStatus) view.showStatus(describeEnd(error), { code: error.sipStatus, failed: true });
  else view.showStatus(error.text ?? error.message, { code: error.code, failed: true });
  view.log(`${error.name}: ${error.message}`);
}

/** Runs what begins a session, so that Hang up works meanwhile. */
async function start(who, begin) {
  if (current || starting) return;
  starting = new AbortController();
  const { signal } = starting;
  view.showNotice('');
  view.showPeer(who);
  view.showStats(null);
  view.showDuration(null);
  refresh();
  try {
    const session = await begin(signal);
    starting = null;
    show(session);
  } catch (error) {
    starting = null;
    failed(error);
    refresh();
  }
}

// Signing in and out

element('login-form').addEventListener('submit', async event => {
  event.preventDefault();
  const user = element('login-user').value.trim();
  view.showLoginError('');
  try {
    await client.login(user, element('login-password').value);
    element('login-password').value = '';
    remember(user);
    signedIn();
  } catch (error) {
    if (!(error instanceof TernCancelledError)) view.showLoginError(error.text ?? error.message);
  }
  refresh();
});

function signedIn() {
  view.showStatus(`Ready: others reach you as ${client.user}`);
  const { problem } = mediaSupport();
  if (problem) view.showNotice(problem.text);
}

/** Only the name; where the browser keeps nothing for this page, it is typed again. */
function remember(user) {
  try { localStorage.setItem(userKey, user); } catch { /* private window */ }
}

function remembered() {
  try { return localStorage.getItem(userKey) ?? ''; } catch { return ''; }
}

element('logout-button').addEventListener('click', async () => {
  await client.logout();
  view.showNotice('');
  refresh();
});

client.on('state', state => {
  view.log(`Connection: ${state}`);
  refresh();
});
client.on('refused', error => {
  client.user = null;
  view.showLoginError(error.text);
  refresh();
});
client.on('warning', problem => {
  view.showNotice(problem.device === 'microphone' ? `${problem.text} You cannot be heard.` : problem.text);
});
client.on('event', ({ subclass, type, body = {} }) => {
  const details = [body.kind, body.state, body.code, body.sip_status, body.reason, body.by].filter(Boolean);
  view.log([subclass, type, ...new Set(details)].join(' '));
});

// Echo and calls

element('echo-button').addEventListener('click', () => start('Echo', async signal => {
  view.showStatus('Starting the echo');
  const session = await client.echo({ audio: microphone, video: element('echo-camera').checked, signal });
  showEchoOptions(session);
  view.showStatus('Echo: you should hear yourself');
  return session;
}));

element('dial-form').addEventListener('submit', event => {
  event.preventDefault();
  const dest = element('dial-input').value.trim();
  const video = event.submitter === element('video-dial-button');
  if (!dest) return;
  start(dest, signal => {
    view.showStatus(`Calling ${dest}`);
    view.log(`Calling ${dest}`);
    return client.call(dest, { audio: microphone, video, receiveOnly: true, signal });
  });
});

client.on('incoming', async call => {
  view.log(`${call.remoteName} calls`);
  if (current || starting) {
    await call.reject(486);
    return;
  }
  view.showIncoming(call);
  view.showStatus(`${call.remoteName} calls`);
  show(call);
  try { await call.ring(); } catch (error) { view.log(`ring: ${error.message}`); }
});

async function answer(video) {
  const call = current;
  if (!call) return;
  try {
    view.showNotice('');
    await call.answer({ audio: microphone, video, receiveOnly: true });
  } catch (error) {
    if (!call.ended) failed(error);
  }
}

element('answer-button').addEventListener('click', () => answer(false));
element('answer-video-button').addEventListener('click', () => answer(true));
element('reject-button').addEventListener('click', () => {
  if (current?.state === 'answering') current.hangup();
  else current?.reject();
});
element('hangup-button').addEventListener('click', () => {
  if (current) current.stop();
  else starting?.abort();
});

// Controls in a call

function showMutes() {
  view.showPressed('mute-button', Boolean(current?.localStream) && current.isMuted('audio'));
  view.showPressed('camera-button', Boolean(current?.localStream) && current.isMuted('video'));
  view.showSending(current?.localStream ?? null);
  view.showPressed('picture-button', Boolean(current?.localStream?.getVideoTracks().length));
}

for (const [id, kind] of [['mute-button', 'audio'], ['camera-button', 'video']]) {
  element(id).addEventListener('click', () => {
    current?.mute(kind, !current.isMuted(kind));
    showMutes();
  });
}

element('picture-button').addEventListener('click', async () => {
  const session = current;
  try {
    view.showNotice('');
    await session?.changeVideo(!session.localStream?.getVideoTracks().length);
  } catch (error) {
    if (!session.ended) view.showNotice(error.text ?? error.message);
  }
  if (session === current) refreshMedia();
});

/** Sends one changed option; shows what really is when the gateway refuses it. */
async function updateEcho(change) {
  const session = current;
  try {
    await session?.update(change);
    view.log(`Changed: ${JSON.stringify(change)}`);
  } catch (error) {
    if (!session.ended) view.showStatus(error.text ?? error.message, { code: error.code, failed: true });
  }
  if (session && !session.ended) showEchoOptions(session);
}

function showEchoOptions(session) {
  view.showEchoOptions(session.options, Boolean(session.localStream?.getVideoTracks().length));
}

element('echo-use-audio').addEventListener('change', event => updateEcho({ audio: event.target.checked }));
element('echo-use-video').addEventListener('change', event => updateEcho({ video: event.target.checked }));
element('echo-record').addEventListener('change', event => updateEcho({ record: event.target.checked }));
element('echo-bitrate').addEventListener('change', event => updateEcho({ bitrate: Number(event.target.value) }));
for (const type of ['resize', 'loadedmetadata', 'emptied']) {
  element('remote-video').addEventListener(type, () => view.showPicture());
}

// The page comes and goes

window.addEventListener('pageshow', event => {
  // Back from the browser's cache the client is logged out: begin afresh.
  if (event.persisted) location.reload();
});

element('login-user').value = parameters.get('user') ?? remembered();
element('dial-input').value = parameters.get('dest') ?? '';
element(element('login-user').value ? 'login-password' : 'login-user').focus();
refresh();
