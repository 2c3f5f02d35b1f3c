import { element, make, plainName } from '../phone/phone-elements.js';
import { recordCaller, resultText, resultTone } from './admin-calls.js';
import { duration, measured, offset, orDash, percent, time } from './admin-format.js';
import { Poll, explain, isMissing, isUnknownCall } from './admin-gateway.js';
import { showLadder } from './admin-ladder.js';
import { QualityView } from './admin-quality.js';
import { Table, callerText } from './admin-table.js';
import { ladderOf, save } from './admin-trace.js';

/** Between two looks at a call that lasts, ms. */
const interval = 3_000;

/** All that is known of one call: its record, its media, its ladder. */
export class CallView {
  #request;
  #quality;
  #id = null;
  #poll = new Poll(interval, () => this.#look());
  #live = null;
  /** What the trace of the call is asked for by. */
  #traced = null;
  #media;
  #legs;

  /**
   * @param {object} page
   * @param {(command: string, data?: object) => Promise<object>} page.request
   * @param {(command: string, data: object) => Promise<object>} page.requestMedia
   * @param {(call: object) => void} page.onHangUp
   * @param {(text: string) => void} page.tell
   */
  constructor({ request, requestMedia, onHangUp, tell }) {
    this.#request = request;
    this.#quality = new QualityView({ requestMedia });
    this.#media = new Table(element('call-media'), [
      { name: 'side', title: 'Audio and video', text: ({ side, kind }) => `${kind}, ${side}`, isHeader: true },
      { name: 'codec', title: 'Codec', text: ({ codec }) => orDash(codec) },
      { name: 'from', title: 'Came from', text: ({ from }) => orDash(from) },
      { name: 'received', title: 'Received', text: ({ received }) => flowText(received) },
      { name: 'sent', title: 'Sent', text: ({ sent }) => flowText(sent) },
      { name: 'mos', title: 'MOS', text: ({ mos }) => Number.isFinite(mos) ? mos.toFixed(2) : '–' },
    ], ({ side, kind }) => `${side} ${kind}`);
    this.#legs = new Table(element('call-legs'), [
      { name: 'target', title: 'Who', text: ({ target }) => plainName(target ?? ''), isHeader: true },
      { name: 'kind', title: 'What', text: ({ kind, trunk }) => trunk ? `trunk ${trunk}` : orDash(kind) },
      { name: 'rang', title: 'Rang', text: ({ invited, rang }) => offset(invited, rang) },
      { name: 'answered', title: 'Answered', text: ({ invited, answered }) => offset(invited, answered) },
      { name: 'end', title: 'Ended', text: ({ status, reason }) => status ? `${status} ${reason ?? ''}` : '–' },
      { name: 'call-id', title: 'Call-ID', text: ({ call_id: id }) => orDash(id) },
    ], (leg, index) => String(index));
    element('call-hang-up').addEventListener('click', () => {
      if (this.#live) onHangUp(this.#live);
    });
    element('call-print').addEventListener('click', () => window.print());
    element('trace-download').addEventListener('click', async () => {
      const id = this.#id;
      try {
        const { pcapng } = await request('get_capture', { call: this.#traced });
        save(pcapng, `${id}.pcapng`, 'application/x-pcapng');
      } catch (error) {
        tell(explain(error, 'captures'));
      }
    });
  }

  /** @param {string} id of the call that is shown */
  enter(id) {
    this.#id = id;
    this.#live = null;
    element('call-heading').textContent = 'Call';
    element('call-why').textContent = '';
    element('trace-status').textContent = '';
    element('call-facts').replaceChildren();
    for (const part of ['call-media-card', 'call-legs-card', 'trace-download', 'ladder']) element(part).hidden = true;
    this.#poll.start();
  }

  leave() {
    this.#id = null;
    this.#poll.stop();
    this.#quality.follow(null);
  }

  async #look() {
    const id = this.#id;
    const [overview, record] = await Promise.allSettled([this.#request('get_overview'), this.#request('get_call', { call_id: id })]);
    const [trace] = await Promise.allSettled([this.#findTrace(id, record.value)]);
    if (id !== this.#id) return;
    this.#live = overview.value?.calls?.list?.find(call => call.call_id === id) ?? null;
    const known = record.value?.call ?? record.value;
    if (known?.id) this.#showRecord(known);
    else this.#showLive(record.reason);
    this.#showTrace(trace);
    element('call-hang-up').hidden = !this.#live;
    this.#quality.follow(this.#live?.session_id ?? null);
    // What is over does not change.
    if (!this.#live && overview.status === 'fulfilled') this.#poll.stop();
  }

  /** A call that was refused before it began has a trace by its Call-ID alone. */
  async #findTrace(id, answer) {
    this.#traced = id;
    try {
      return await this.#request('get_trace', { call: id });
    } catch (error) {
      const callID = answer?.call?.caller_side?.call_id;
      if (!isUnknownCall(error) || !callID) throw error;
      this.#traced = callID;
      return this.#request('get_trace', { call: callID });
    }
  }

  /** Where there are no records, a live call is known at least. */
  #showLive(problem) {
    const call = this.#live;
    if (!call) {
      say('call-why', isMissing(problem) ? 'The call is over, and this gateway keeps no records of calls.' : explain(problem, 'records of calls'));
      return;
    }
    say('call-heading', `${callerText(call.caller, call.caller_name, call.source)} → ${plainName(call.dialled)}`);
    say('call-why', call.state === 'answered' ? `Answered, for ${duration(call.answered_for)} so far` : 'Not answered yet');
    facts([
      ['Caller is', call.source], ['Rings, or has answered', (call.callees ?? []).map(plainName).join(', ')], ['Trunk', call.trunk], ['Call', call.call_id],
      ['Session', call.session_id],
    ]);
  }

  #showRecord(record) {
    const { caller = {}, times = {}, end, dialled } = record;
    say('call-heading', `${recordCaller(record)} → ${plainName(dialled ?? '')}`);
    say('call-why', end ? `${resultText(end)}: ${end.why}` : `Still on${times.answered ? `, answered ${duration((Date.now() - times.answered) / 1_000)} ago` : ''}`);
    element('call-why').dataset.tone = resultTone(end);
    facts([
      ['Began', time(times.began)], ['Rang after', offset(times.began, times.rang)], ['Answered after', offset(times.began, times.answered)],
      ['Media after', offset(times.began, times.media)], ['Length', times.answered && times.ended ? duration((times.ended - times.answered) / 1_000) : '–'],
      ['Ended by', end?.by], ['Status', end ? `${end.status} ${end.reason}` : ''], ['Reason of the party', end?.cause],
      ['Caller is', caller.source], ['Called from', caller.address], ['User-Agent', caller.user_agent], ['Number sent on', record.number],
      ['Answered by', record.answered_by], ['Route', record.route], ['Trunk', record.trunk], ['Target', record.target],
      ['Line test', record.line_test ? `${record.line_test.verdict}: ${record.line_test.codes.join(', ')}` : ''],
      ['Recordings', (record.recordings ?? []).join(', ')], ['Call-ID of the caller', record.caller_side?.call_id],
      ['Call-ID of the called', record.callee_side?.call_id], ['Call', record.id], ['Session', record.session],
    ]);
    const media = ['caller', 'callee'].flatMap(side => ['audio', 'video'].flatMap(kind => {
      const { [kind]: medium, mos } = record[`${side}_side`] ?? {};
      return medium ? [{ ...medium, side: side === 'caller' ? 'caller' : 'called', kind: kind === 'audio' ? 'Audio' : 'Video', mos: kind === 'audio' ? mos : null }] : [];
    }));
    this.#media.show(media);
    this.#legs.show(record.legs ?? []);
    element('call-media-card').hidden = media.length === 0;
    element('call-legs-card').hidden = (record.legs ?? []).length === 0;
  }

  #showTrace({ status, value, reason }) {
    const list = element('ladder');
    element('trace-download').hidden = status !== 'fulfilled';
    if (status !== 'fulfilled') {
      say('trace-status', explain(reason, 'traces'));
      list.hidden = true;
      return;
    }
    say('trace-status', '');
    const key = JSON.stringify(value);
    if (list.dataset.shown === key && !list.hidden) return;
    // What somebody reads stays open.
    const open = [...list.querySelectorAll('details')].map(({ open: isOpen }) => isOpen);
    list.dataset.shown = key;
    showLadder(list, ladderOf(value));
    list.querySelectorAll('details').forEach((details, index) => { details.open = open[index] ?? false; });
  }
}

/** Changes a text where it is another. */
function say(id, text) {
  if (element(id).textContent !== text) element(id).textContent = text;
}

function facts(pairs) {
  const known = pairs.filter(([, value]) => value !== null && value !== undefined && value !== '' && value !== '–');
  element('call-facts').replaceChildren(...known.map(([name, value]) => make('div', {}, [
    make('dt', { textContent: name }), make('dd', { textContent: String(value) }),
  ])));
}

function flowText(flow) {
  if (!flow) return '–';
  const share = Number.isFinite(flow.lost) && flow.packets + flow.lost > 0 ? flow.lost / (flow.packets + flow.lost) : NaN;
  const more = [Number.isFinite(share) ? `${percent(share)} lost` : '', Number.isFinite(flow.jitter) ? `jitter ${measured(flow.jitter, 'ms')}` : '',
    Number.isFinite(flow.round_trip) ? `round trip ${measured(flow.round_trip, 'ms')}` : ''].filter(Boolean);
  return [`${flow.packets} packets`, ...more].join(', ');
}
