import { plainName } from '../phone/phone-elements.js';

/** What `get_trace` answers (docs/browser-api.md), as the ladder draws it. */

const gateway = { name: 'gateway', title: 'Tern' };
/** Statuses from 400 on, errors, and lines of the log that warn. */
const wrong = { sip: /^[4-6]\d\d /, api: /: error /, engine: /: error /, log: /^(warning|error|critical) / };
/** Asking for credentials is no failure. */
const challenge = /^(401|407) /;

/** Questions how a call goes, this page's own among them, are no part of it. */
const questions = { api: /^get_info(:|$)/, engine: /^statistics(:|$)/ };

/**
 * @param {object} trace the answer to `get_trace`
 * @returns {{parties: {name: string, title: string}[], steps: import('./admin-ladder.js').Step[]}}
 */
export function ladderOf({ parties = [], entries = [] }) {
  const [caller, ...others] = parties.map(party => ({ name: party.id, title: titleOf(party) }));
  const first = entries[0]?.time ?? 0;
  const steps = entries.filter(({ kind, label }) => !questions[kind]?.test(label)).map(({ time, kind, party, direction, label, text, transport, peer, repetition, repeats }) => {
    const isSent = direction === 'sent', other = party ?? gateway.name;
    // A repetition has no text: it is that of the first one.
    const content = text || entries[repeats]?.text;
    const where = peer ? `${isSent ? 'to' : 'from'} ${peer}${transport ? ` over ${transport.toUpperCase()}` : ''}` : '';
    return {
      at: (time - first) / 1_000, from: isSent ? gateway.name : other, to: isSent ? other : gateway.name, kind,
      title: repetition ? `${label} (again)` : label, tone: wrong[kind]?.test(label) && !challenge.test(label) ? 'poor' : '',
      detail: content ? [where, content].filter(Boolean).join('\n\n') : undefined,
    };
  });
  return { parties: [...caller ? [caller] : [], gateway, ...others], steps };
}

function titleOf({ id, name, address }) {
  const who = id === 'janus' ? 'Janus' : [id, plainName(name ?? '')].filter(Boolean).join(': ');
  return address ? `${who} (${address})` : who;
}

/** Has the browser store bytes as a file. @param {string} base64 @param {string} name @param {string} type */
export function save(base64, name, type) {
  const bytes = Uint8Array.from(atob(base64), letter => letter.charCodeAt(0));
  const address = URL.createObjectURL(new Blob([bytes], { type }));
  Object.assign(document.createElement('a'), { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
