import { element, plainName } from './phone-elements.js';
import { statusOf } from './phone-session-view.js';
import { failureText } from './phone-transfer.js';
import { TernCancelledError, describeEnd } from '../tern/tern.js';

/** How a call that was never there ended. */
const cancelledEnd = { code: 487, text: 'You cancelled the call' };

/** Begins, takes, declines and ends calls. */
export class CallDesk {
  /** @type {AbortController|null} of what is being started and has no session yet */
  #starting = null;
  #phone;

  /**
   * @param {object} phone
   * @param {import('../tern/tern.js').TernClient} phone.client
   * @param {import('./phone-calls.js').PhoneCalls} phone.calls
   * @param {import('./phone-life.js').CallLife} phone.life
   * @param {import('./phone-view.js').PhoneView} phone.view
   * @param {import('./phone-devices.js').Devices} phone.devices
   * @param {import('./phone-contacts.js').Contacts} phone.contacts
   * @param {(call: import('./phone-history.js').PastCall) => void} phone.remember
   * @param {(error: Error) => void} phone.tell something could not be done, and the call goes on
   * @param {() => void} phone.refresh
   */
  constructor(phone) {
    this.#phone = phone;
    phone.client.on('incoming', call => this.#incoming(call));
  }

  /** @returns {boolean} whether a session is being started that is not there yet */
  get isStarting() { return this.#starting !== null; }

  /**
   * Calls somebody; what is shown is held or ended before.
   * @param {string} dest
   * @param {boolean} video
   */
  async dial(dest, video) {
    const { client, contacts, devices, view } = this.#phone;
    const name = contacts.nameOf(dest) ?? dest;
    await this.#start(dest, true, async signal => {
      view.showPeer(name, dest);
      view.showStatus(`Calling ${name}`);
      view.log(`Calling ${dest}`);
      const call = await client.call(dest, {
        audio: devices.audio, video: video && devices.video, receiveOnly: true, signal,
      });
      call.remoteName = name;
      return call;
    });
  }

  /** @param {boolean} video */
  async echo(video) {
    const { client, devices, view } = this.#phone;
    await this.#start('Echo', false, async signal => {
      view.showStatus('Starting the echo');
      const session = await client.echo({ audio: devices.audio, video: video && devices.video, signal });
      view.showStatus(statusOf(session));
      return session;
    });
  }

  /** @param {import('../tern/tern-call.js').TernCall|null} call @param {boolean} video */
  async answer(call, video) {
    if (call?.state !== 'incoming') return;
    const { devices, view } = this.#phone;
    try {
      view.showNotice('');
      await call.answer({ audio: devices.audio, video: video && devices.video, receiveOnly: true });
    } catch (error) {
      if (!call.ended) this.#failed(error);
    }
  }

  /** Ends what is shown, or what is being started. */
  hangUp() {
    const { shown } = this.#phone.calls;
    if (shown) shown.stop();
    else this.#starting?.abort();
  }

  /** Declines the call that is shown, also while it is being answered. */
  decline() {
    const { shown } = this.#phone.calls;
    if (shown?.state === 'answering') shown.hangup();
    else shown?.reject();
  }

  /**
   * What is pressed at one of the further calls.
   * @param {'answer'|'reject'|'switch'|'join'|'hangup'} action
   * @param {import('../tern/tern-call.js').TernCall} call
   */
  async act(action, call) {
    const { calls, life, tell } = this.#phone;
    try {
      if (action === 'answer' || action === 'switch') {
        this.#starting?.abort();
        await calls.switchTo(call);
        if (calls.shown !== call) return;
        life.showStatus(call);
      }
      if (action === 'answer') await this.answer(call, false);
      if (action === 'reject') await call.reject(486);
      if (action === 'hangup') await call.hangup();
      if (action === 'join' && calls.shown) await call.transfer(calls.shown);
    } catch (error) {
      tell(error);
    }
  }

  async #incoming(call) {
    const { calls, contacts, life, view } = this.#phone;
    call.remoteName = contacts.nameOf(call.remoteId) ?? call.remoteName;
    view.log(`${call.remoteName} calls`);
    if (calls.isFull) {
      await call.reject(486);
      return;
    }
    const waits = calls.shown !== null || this.isStarting;
    if (waits) view.announce(`${plainName(call.remoteName)} calls as well`);
    else view.showStatus(statusOf(call), { plain: true });
    life.follow(call, !waits);
    try { await call.ring(); } catch (error) { view.log(`ring: ${error.message}`); }
  }

  /** Runs what begins a session, so that Hang up works meanwhile; what is shown is held or ended before. */
  async #start(who, isCall, begin) {
    const { calls, life, view, refresh } = this.#phone;
    if (this.#starting || calls.isMoving || calls.isFull) return;
    this.#starting = new AbortController();
    const { signal } = this.#starting;
    let session = null;
    try {
      await calls.leave();
      view.showNotice('');
      view.showPeer(who);
      calls.show(null);
      refresh();
      session = await begin(signal);
    } catch (error) {
      this.#failed(error, isCall ? this.#phone.contacts.nameOf(who) ?? who : undefined);
      if (isCall) this.#rememberFailed(who, error);
    }
    this.#starting = null;
    if (session) life.follow(session, true);
    if (!calls.shown) calls.showNext();
    refresh();
  }

  /** @param {Error} error @param {string} [who] was called */
  #failed(error, who) {
    const { view } = this.#phone;
    if (error instanceof TernCancelledError) view.showStatus(cancelledEnd.text, { code: cancelledEnd.code });
    else if (error.sipStatus && who) view.showStatus(failureText(who, error), { code: error.sipStatus, failed: true });
    else if (error.sipStatus) view.showStatus(describeEnd(error), { code: error.sipStatus, failed: true });
    else view.showStatus(error.text ?? error.message, { code: error.code, failed: true });
    view.log(`${error.name}: ${error.message}`);
  }

  /** A call that the gateway refused at once, or that was given up so early. */
  #rememberFailed(dest, error) {
    const cancelled = error instanceof TernCancelledError;
    if (!cancelled && !error.sipStatus) return;
    this.#phone.remember({
      direction: 'outgoing', name: dest, address: dest, at: Date.now(), seconds: 0, video: false,
      outcome: cancelled ? 'cancelled' : 'failed', text: cancelled ? cancelledEnd.text : describeEnd(error),
    });
  }

  /** Listens to the page's buttons. */
  begin() {
    const { calls } = this.#phone;
    element('echo-button').addEventListener('click', () => this.echo(element('echo-camera').checked));
    element('dial-form').addEventListener('submit', event => {
      event.preventDefault();
      const dest = element('dial-input').value.trim();
      if (dest) this.dial(dest, event.submitter === element('video-dial-button'));
    });
    element('answer-button').addEventListener('click', () => this.answer(calls.shown, false));
    element('answer-video-button').addEventListener('click', () => this.answer(calls.shown, true));
    element('reject-button').addEventListener('click', () => this.decline());
    element('hangup-button').addEventListener('click', () => this.hangUp());
  }
}
