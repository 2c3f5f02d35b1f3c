// Answers commands of class admin in the place of the gateway, with figures that never change: for tests of what the operators' page draws.
// Names and texts of peers are markup throughout. The body of a function; `args[0]` has the commands that the gateway does not know.
const missing = args[0] ?? [];
const evil = '<img src=x onerror="document.body.dataset.owned = 1">';
const began = Date.parse('2026-03-01T10:00:00Z');
const medium = codec => ({ codec, from: '192.0.2.7:40000', received: { packets: 3020, bytes: 519440, lost: 12, jitter: 4 },
  sent: { packets: 3018, bytes: 519096, lost: 3, jitter: 2, round_trip: 24 } });
const record = (number, result, status, why, more = {}) => ({
  id: `call-${number}`, gateway: '', session: 'session', dialled: number % 2 ? 'bob' : '+4989123456', route: 'tern.yaml:34:5',
  caller: { kind: 'phone', user: number % 2 ? 'alice' : '+493012345678', name: evil, source: number % 2 ? 'user alice' : 'anonymous',
    address: '192.0.2.7:5060', user_agent: `${evil} 1.0` },
  times: { began: began - number * 600_000, ended: began - number * 600_000 + 63_000,
    ...result === 'answered' ? { rang: began - number * 600_000 + 180, answered: began - number * 600_000 + 2_400 } : {} },
  end: { status, result, by: 'callee', reason: evil, why }, caller_side: { call_id: 'one@192.0.2.7', mos: 4.37, audio: medium('PCMA/8000') },
  callee_side: { call_id: 'two@192.0.2.7', audio: medium('opus/48000/2') }, recordings: [],
  legs: [{ number: 1, kind: 'trunk', target: `sip:${evil}@203.0.113.9`, trunk: 'berlin', call_id: 'two@192.0.2.7', invited: began, rang: began + 160, status,
    reason: evil }], ...more,
});
const calls = [
  record(1, 'answered', 200, 'bob hung up after 1 min 0 s'), record(2, 'failed', 503, `trunk berlin refused the call: 503 ${evil}`),
  record(3, 'busy', 486, 'bob is busy: 486 Busy Here'), record(4, 'not_found', 404, 'carol has no phone or browser'),
];
const microseconds = began * 1_000;
const entry = (after, kind, label, more = {}) => ({ time: microseconds + after, kind, label, ...more });
const test = {
  id: 'call-1', session_id: 'session', began, duration: 21_000, caller: evil, dialled: 'echo', browser: false, set_up: { answered: 120, first_rtp: 180 },
  addresses: { sip: '192.0.2.7:5060', rtcp_source: null },
  codec: { name: 'PCMA/8000', telephone_event: true, packet_time: { agreed: 20, seen: 20 }, payload_types: [{ type: 8, packets: 1000, agreed: true }] },
  received: { packets: 1000, lost: 50, jitter: { mean: 12.1, p95: 31, max: 48.2 } }, quality: { received: { mos: 3.65, loss: 0.0476 }, sent: null },
  verdict: 'critical', verdicts: [
    { severity: 'critical', code: 'loss', evidence: '4.8 % of the packets were lost.', remedy: `Look at the access network. ${evil}` },
    { severity: 'notice', code: 'no_rtcp', evidence: 'No RTCP came.', remedy: 'Switch RTCP on in the phone.' },
  ],
};
const answers = {
  find_calls: ({ failed, from }) => ({ calls: calls.filter(({ end, caller }) => (!failed || end.result !== 'answered') && (!from || caller.user === from)) }),
  get_call: ({ call_id: id }) => ({ call: calls.find(call => call.id === id) }),
  get_trace: ({ call }) => call === 'call-4' ? null : ({
    id: call, began: microseconds, dropped: 0, parties: [
      { id: 'caller', name: evil, address: '192.0.2.7:5060' }, { id: 'callee', name: '+4989123456', address: '203.0.113.9:5060' },
      { id: 'callee 2', name: 'bob', address: '' }, { id: 'janus', name: '', address: '' },
    ], entries: [
      entry(0, 'sip', 'INVITE sip:+4989123456@tern.example', { party: 'caller', direction: 'received', transport: 'udp', peer: '192.0.2.7:5060',
        text: `INVITE sip:+4989123456@tern.example SIP/2.0\r\nUser-Agent: ${evil}\r\n\r\n` }),
      entry(1_200, 'call', `call begins: phone ${evil} dials +4989123456`),
      entry(1_500, 'engine', 'open', { party: 'janus', direction: 'sent', text: '{"request":"open"}' }),
      entry(3_000, 'sip', 'INVITE sip:+4989123456@203.0.113.9', { party: 'callee', direction: 'sent', text: 'INVITE' }),
      entry(3_100, 'api', 'call_invite', { party: 'callee 2', direction: 'sent', text: '{}' }),
      entry(400_000, 'api', 'get_info: ok', { party: 'callee 2', direction: 'sent', text: '{}' }),
      entry(603_000, 'sip', '503 Service Unavailable (INVITE)', { party: 'callee', direction: 'received', text: 'SIP/2.0 503' }),
      entry(604_000, 'log', 'warning tern: a target of the trunk does not take the call'),
      entry(605_000, 'sip', '503 Service Unavailable (INVITE)', { party: 'caller', direction: 'sent', text: 'SIP/2.0 503', repetition: true }),
    ],
  }),
  get_capture: () => ({ pcapng: btoa('\n\r\r\n') }),
  list_line_tests: () => ({ tests: [test] }),
  get_line_test: () => test,
  list_probes: () => ({ probes: [{ name: evil, call: 'echo', trunk: 'berlin', seconds: 10, every: 300, results: [1, 2, 3].map(count => ({
    began: began + count * 300_000, score: 4 + count / 10, loss: 0.01, audio_round_trip: 40 + count,
    verdicts: [{ severity: 'good', code: 'fine', evidence: `Nothing was found. ${evil}`, remedy: '' }] })) }] }),
};
const send = WebSocket.prototype.send;
WebSocket.prototype.send = function (text) {
  const { cmd, tid, data = {} } = JSON.parse(text);
  const isMissing = missing.includes(cmd);
  if (!isMissing && !answers[cmd]) return send.call(this, text);
  const found = isMissing ? null : answers[cmd](data);
  const answer = found ? { result: 'ok', tid, data: found } : { result: 'error', tid, data: { code: isMissing ? 1104 : 3002, error: 'unknown' } };
  return queueMicrotask(() => this.onmessage?.({ data: JSON.stringify(answer) }));
};
window.violations = [];
document.addEventListener('securitypolicyviolation', event => window.violations.push(`${event.effectiveDirective} ${event.blockedURI}`));
