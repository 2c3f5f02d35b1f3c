/** Between two reports, in ms. */
const interval = 2_000;
/** How often a result is asked for that is being made, and how long that may take, in ms. */
const pause = 300;
const patience = 6_000;

/** Tells the gateway what this browser measures of an echo, and asks for what the gateway has measured. */
export class LineTestReports {
  #client;
  #session;
  #name;
  #timer = 0;

  /**
   * @param {import('./tern-client.js').TernClient} client
   * @param {import('./tern-session.js').TernSession} session
   * @param {{session_id: string}|{call_id: string}} name of the echo
   */
  constructor(client, session, name) {
    this.#client = client;
    this.#session = session;
    this.#name = name;
    this.#timer = setInterval(() => this.#report(), interval);
  }

  stop() { clearInterval(this.#timer); }

  /** @returns {Promise<object>} the result */
  async result() {
    const end = Date.now() + patience;
    for (;;) {
      try {
        return await this.#client.request('media', 'get_line_test', this.#name);
      } catch (error) {
        if (!this.#session.ended || Date.now() > end) throw error;
        await new Promise(done => { setTimeout(done, pause); });
      }
    }
  }

  async #report() {
    const stats = await this.#session.lineTestStats().catch(() => null);
    if (!stats || this.#session.ended) return;
    // A report that is lost is followed by another.
    this.#client.request('media', 'report_line_test', { ...this.#name, stats }).catch(() => {});
  }
}

/**
 * What `report_line_test` takes, of a report of `RTCPeerConnection.getStats()`.
 * @param {RTCStatsReport} report
 * @param {{ice?: number, dtls?: number}} times
 * @returns {object}
 */
export function lineTestStats(report, times) {
  const stats = {};
  const set = (name, value) => { if (Number.isFinite(value)) stats[name] = Math.round(value); };
  for (const entry of report.values()) {
    if (entry.type === 'inbound-rtp' && entry.kind === 'audio') {
      set('packets_received', entry.packetsReceived);
      set('packets_lost', entry.packetsLost);
      set('jitter', entry.jitter * 1_000);
      set('buffer_delay', entry.jitterBufferDelay / entry.jitterBufferEmittedCount * 1_000);
      set('concealed_samples', entry.concealedSamples);
      set('samples', entry.totalSamplesReceived);
      const codec = report.get(entry.codecId)?.mimeType?.split('/')[1];
      if (codec) stats.codec = codec;
    } else if (entry.type === 'outbound-rtp' && entry.kind === 'audio') {
      set('packets_sent', entry.packetsSent);
    } else if (entry.type === 'candidate-pair' && entry.nominated) {
      set('round_trip', entry.currentRoundTripTime * 1_000);
    }
  }
  set('ice_connected', times.ice);
  set('dtls_connected', times.dtls);
  return stats;
}
