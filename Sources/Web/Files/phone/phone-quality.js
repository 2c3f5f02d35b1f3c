/** From which loss (a share) and which round trip (s) on a call is no longer good, and when it is poor. */
const fair = { loss: 0.01, roundTrip: 0.25 };
const poor = { loss: 0.05, roundTrip: 0.5 };
/** Over how many looks at the figures the loss is taken. */
const looks = 10;
/** For how many looks with packets nothing is judged after a hold: what was not sent meanwhile counts as lost once. */
const settling = 3;

/** Tells how good the media are that come in, from what was lost of late. */
export class QualityGauge {
  #past = [];
  #settling = 0;
  #received = 0;

  reset() {
    this.#past = [];
    this.#settling = 0;
  }

  /** Nothing flows for now, as during a hold. */
  pause() {
    this.#past = [];
    this.#settling = settling;
  }

  /**
   * @param {import('../tern/tern-stats.js').TernStats} stats
   * @returns {{word: 'good'|'fair'|'poor', loss: number, roundTrip: number|null}|null} `loss` is a share, `roundTrip` in s;
   *   null while nothing comes in
   */
  judge({ audio, video, roundTripTime }) {
    const received = audio.packetsReceived + video.packetsReceived;
    const lost = Math.max(0, audio.packetsLost + video.packetsLost);
    const flows = received > this.#received;
    this.#received = received;
    if (this.#settling > 0) {
      if (flows) this.#settling -= 1;
      return null;
    }
    this.#past.push({ received, lost });
    if (this.#past.length > looks) this.#past.shift();
    const [first] = this.#past;
    const arrived = received - first.received;
    if (arrived <= 0) return null;
    const missing = Math.max(0, lost - first.lost);
    const loss = missing / (missing + arrived);
    const beyond = bound => loss > bound.loss || (roundTripTime ?? 0) > bound.roundTrip;
    return { word: beyond(poor) ? 'poor' : beyond(fair) ? 'fair' : 'good', loss, roundTrip: roundTripTime };
  }
}

const words = { good: 'Good', fair: 'Fair', poor: 'Poor' };

/** @param {{word: string, loss: number, roundTrip: number|null}} quality @returns {string} such as `Good, 0.0 % lost, 20 ms` */
export function qualityText({ word, loss, roundTrip }) {
  const figures = [`${(loss * 100).toFixed(1)} % lost`];
  if (roundTrip !== null) figures.push(`${Math.round(roundTrip * 1000)} ms`);
  return `${words[word]}, ${figures.join(', ')}`;
}
