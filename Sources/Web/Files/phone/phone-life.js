import { plainName } from './phone-elements.js';
import { pastCall } from './phone-history.js';
import { statusOf } from './phone-session-view.js';
import { failureText, transferProgress } from './phone-transfer.js';
import { describeEnd } from '../tern/tern.js';

/** Follows each session and call from its beginning to its end, and has the page say what becomes of it. */
export class CallLife {
  #phone;
  /** Calls that are somebody else's now: they end because of it. */
  #transferred = new WeakSet();

  /**
   * @param {object} phone
   * @param {import('./phone-calls.js').PhoneCalls} phone.calls
   * @param {import('./phone-view.js').PhoneView} phone.view
   * @param {import('./phone-session-view.js').SessionView} phone.sessionView
   * @param {import('./phone-tones.js').TonePad} phone.tonePad
   * @param {import('./phone-contacts.js').Contacts} phone.contacts
   * @param {(call: import('./phone-history.js').PastCall) => void} phone.remember
   * @param {import('./phone-line-test.js').LineTestCard} phone.lineTests
   */
  constructor(phone) { this.#phone = phone; }

  /** @param {import('../tern/tern.js').TernSession} session @param {boolean} shown in place of what is shown */
  follow(session, shown) {
    const { calls, sessionView } = this.#phone;
    if (session.ended) {
      this.#ended(session, session.end, shown);
      return;
    }
    if (session.direction !== undefined) this.#listen(session);
    for (const type of ['stream', 'answer']) session.on(type, () => sessionView.refreshMedia(session));
    for (const type of ['updated', 'record']) session.on(type, () => sessionView.refreshOptions(session));
    session.on('record', body => this.#recording(body));
    calls.add(session, (end, wasShown) => this.#ended(session, end, wasShown), { shown });
  }

  /** Says what the call is in, if it is the one that is shown. @param {import('../tern/tern-call.js').TernCall} call */
  showStatus(call) {
    const { calls, view } = this.#phone;
    if (call === calls.shown && !call.ended) view.showStatus(statusOf(call), { plain: true });
  }

  #listen(call) {
    const { sessionView, tonePad } = this.#phone;
    for (const type of ['answer', 'ringing', 'hold', 'resume', 'holding', 'recovering', 'recovered']) call.on(type, () => this.showStatus(call));
    call.on('early', () => sessionView.early(call));
    call.on('dtmf', ({ digit }) => {
      if (typeof digit === 'string') tonePad.received(call, digit);
    });
    call.on('transfer', body => this.#transfer(call, body));
  }

  /** How a transfer that was asked for here goes; or the other side was transferred, and another one is there now. */
  #transfer(call, { status, remote_id: remoteId }) {
    const { contacts, sessionView, view } = this.#phone;
    if (typeof remoteId === 'string') {
      call.remoteName = contacts.nameOf(remoteId) ?? call.remoteName;
      sessionView.refreshPeer(call);
      this.showStatus(call);
      return;
    }
    if (!Number.isInteger(status)) return;
    if (status >= 200 && status < 300) this.#transferred.add(call);
    const { text, failed } = transferProgress(call, status, describeEnd);
    view.showStatus(text, { failed });
  }

  #recording({ state, file }) {
    const { view } = this.#phone;
    view.log(`Recording ${state ?? ''} ${file ?? ''}`);
    if (state === 'failed') view.showNotice('The recording failed.');
  }

  #ended(session, end, wasShown) {
    const { calls, lineTests, view, remember } = this.#phone;
    lineTests.show(session);
    const gaveAway = this.#transferred.has(session);
    const who = plainName(session.remoteName ?? '');
    const refused = session.direction === 'outgoing' && end.by !== 'local' && (end.sipStatus ?? 0) >= 300;
    const how = refused ? failureText(who, end) : wasShown ? end.text : `${who}: ${end.text}`;
    const text = gaveAway ? `${who} was transferred` : how;
    const wrong = (end.sipStatus ?? 0) >= 300 || ['connection', 'media', 'failed'].includes(end.code);
    const after = wasShown && calls.shown ? statusOf(calls.shown) : '';
    view.showStatus([text, after].filter(Boolean).join('. '), {
      code: end.sipStatus ?? end.code, failed: wasShown && wrong && end.code !== 'local' && !gaveAway,
    });
    view.log(text);
    if (session.direction !== undefined) remember(pastCall(session, calls.begun(session)));
  }
}
