import { TernMediaError } from './tern-errors.js';
import { lineTestStats } from './tern-line-test.js';
import { summarised } from './tern-stats.js';

/** How long to collect candidates when they are not trickled, in ms. */
const gatheringLimit = 2_000;

/**
 * An RTCPeerConnection with the offer/answer steps that Tern needs. Candidates are kept until `trickleTo` says
 * where to send them, because the gateway knows the session only after its answer.
 * @internal
 */
export class TernPeer {
  #connection;
  #trickle;
  #candidates = [];
  #sendCandidate = null;
  #appliedAnswer = null;
  #handlers;
  /** Whether all candidates of the present way are known: more of them mean that the network is another one. */
  #isGathered = false;

  /** What the other side sends; tracks come and go in it. */
  remoteStream = new MediaStream();

  /**
   * @param {{iceServers: RTCIceServer[], trickle: boolean}} options
   * @param {{onTrack: (track: MediaStreamTrack) => void, onState: (state: string) => void, onNetworkChange: () => void}} handlers
   */
  constructor(options, handlers) {
    this.#trickle = options.trickle;
    this.#handlers = handlers;
    const connection = new RTCPeerConnection({ iceServers: options.iceServers, bundlePolicy: 'max-bundle' });
    this.#connection = connection;
    connection.ontrack = ({ track }) => {
      this.remoteStream.addTrack(track);
      handlers.onTrack(track);
    };
    connection.onconnectionstatechange = () => handlers.onState(connection.connectionState);
    const made = performance.now();
    const mark = name => { this.setUpTimes[name] ??= Math.round(performance.now() - made); };
    connection.addEventListener('iceconnectionstatechange', () => {
      if (['connected', 'completed'].includes(connection.iceConnectionState)) mark('ice');
    });
    connection.addEventListener('connectionstatechange', () => { if (connection.connectionState === 'connected') mark('dtls'); });
    connection.onicecandidate = ({ candidate }) => this.#gathered(candidate);
    connection.addEventListener('icegatheringstatechange', () => {
      this.#isGathered = connection.iceGatheringState === 'complete';
    });
  }

  /** From the beginning until ICE had found a way, and until DTLS was done, in ms. @type {{ice?: number, dtls?: number}} */
  setUpTimes = {};

  /** @returns {RTCPeerConnection} */
  get connection() { return this.#connection; }

  /**
   * Makes the first offer: what `stream` has is sent, what else is wanted is only received.
   * @param {MediaStream|null} stream
   * @param {{audio: boolean, video: boolean}} wanted
   * @returns {Promise<object>} the API's offer object
   */
  async offer(stream, wanted) {
    for (const kind of ['audio', 'video']) {
      const track = stream?.getTracks().find(candidate => candidate.kind === kind);
      if (track) this.#connection.addTransceiver(track, { direction: 'sendrecv', streams: [stream] });
      else if (wanted[kind]) this.#connection.addTransceiver(kind, { direction: 'recvonly' });
    }
    return this.#describe(await this.#connection.createOffer());
  }

  /**
   * Answers an offer, with the tracks of `stream` that it has a place for.
   * @param {object} offer the API's offer object
   * @param {MediaStream|null} stream
   * @returns {Promise<object>} the API's answer object
   */
  async answer(offer, stream) {
    await this.#setRemote({ type: 'offer', sdp: offer.sdp });
    const offered = new Set(this.#connection.getTransceivers().map(one => one.receiver.track.kind));
    for (const track of stream?.getTracks() ?? []) {
      if (offered.has(track.kind)) this.#connection.addTrack(track, stream);
    }
    return this.#describe(await this.#connection.createAnswer());
  }

  /**
   * Takes the answer to our offer. It may come twice, for early media and for the call: the same again changes
   * nothing, another one is negotiated anew without asking the gateway.
   * @param {{sdp: string}} answer
   */
  async accept(answer) {
    if (typeof answer?.sdp !== 'string' || answer.sdp === this.#appliedAnswer) return;
    if (this.#connection.signalingState === 'stable') {
      await this.#connection.setLocalDescription(await this.#connection.createOffer());
    }
    await this.#setRemote({ type: 'answer', sdp: answer.sdp });
    this.#appliedAnswer = answer.sdp;
  }

  /**
   * Answers an offer of the gateway in the running session. It comes before an offer of our own that is still open:
   * that one is withdrawn, and the gateway refuses it.
   * @param {{sdp: string}} offer
   * @param {MediaStream|null} stream what is being sent
   * @returns {Promise<object>} the API's answer object
   */
  async renegotiate(offer, stream) {
    await this.#setRemote({ type: 'offer', sdp: offer.sdp });
    await this.#resumeVideo(stream);
    await this.#connection.setLocalDescription(await this.#connection.createAnswer());
    return { sdp: this.#connection.localDescription.sdp };
  }

  /**
   * Offers to send and receive pictures from now on, or no longer to. What fails changes nothing.
   * @param {MediaStreamTrack|null} track what to send; null ends the pictures in both directions
   * @param {MediaStream} stream that the track belongs to
   * @param {(offer: object) => Promise<{sdp: string}>} ask carries the offer to the gateway and brings its answer
   */
  async changeVideo(track, stream, ask) {
    const connection = this.#connection;
    if (connection.signalingState !== 'stable') throw new TernMediaError('failed', 'Another offer is open');
    const undo = await this.#setVideo(track, stream);
    try {
      await connection.setLocalDescription(await connection.createOffer());
      const answer = await ask({ sdp: connection.localDescription.sdp });
      await this.#setRemote({ type: 'answer', sdp: answer.sdp });
    } catch (error) {
      if (connection.signalingState === 'have-local-offer') await connection.setLocalDescription({ type: 'rollback' });
      if (connection.signalingState !== 'closed') await undo();
      throw error;
    }
  }

  /**
   * Sends keys as RTP (RFC 4733), behind those that are being sent.
   * @param {string} digits
   * @param {number} duration of each, in ms
   * @param {number} gap between two, in ms
   */
  insertKeys(digits, duration, gap) {
    const dtmf = this.#connection.getSenders().map(one => one.dtmf).find(one => one?.canInsertDTMF);
    if (!dtmf) throw new TernMediaError('unsupported', 'Keys cannot be sent as RTP');
    dtmf.insertDTMF(dtmf.toneBuffer + digits, duration, gap);
  }

  /**
   * Looks for a new way to the gateway, which the network has cut off or changed (RFC 8445 section 2.4).
   * @param {(offer: object) => Promise<{sdp: string}>} ask carries the offer to the gateway and brings its answer
   * @param {(candidate: RTCIceCandidate|null) => void} send carries a candidate; null: that was the last one
   */
  async restart(ask, send) {
    const connection = this.#connection;
    if (connection.signalingState !== 'stable') throw new TernMediaError('failed', 'Another offer is open');
    // The media server takes the new candidates when it has begun anew, neither before nor out of the offer.
    const [trickle, sendCandidate] = [this.#trickle, this.#sendCandidate];
    [this.#trickle, this.#sendCandidate] = [true, null];
    this.#isGathered = false;
    try {
      await connection.setLocalDescription(await connection.createOffer({ iceRestart: true }));
      const answer = await ask({ sdp: connection.localDescription.sdp, trickle_ice: true });
      await this.#setRemote({ type: 'answer', sdp: answer.sdp });
      this.#sendCandidate = send;
      for (const candidate of this.#candidates.splice(0)) send(candidate);
    } catch (error) {
      this.#candidates = [];
      [this.#trickle, this.#sendCandidate] = [trickle, sendCandidate];
      if (connection.signalingState === 'have-local-offer') await connection.setLocalDescription({ type: 'rollback' });
      throw error;
    }
  }

  /** @returns {Promise<() => Promise<void>>} takes it back */
  async #setVideo(track, stream) {
    const places = this.#connection.getTransceivers()
      .filter(one => one.receiver.track.kind === 'video' && one.direction !== 'stopped');
    // One that was refused before it was agreed has no mid; the other side may have made another meanwhile.
    const known = places.find(one => one.mid !== null) ?? places[0];
    if (!known) {
      if (!track) return async () => {};
      const added = this.#connection.addTransceiver(track, { direction: 'sendrecv', streams: [stream] });
      // Not stopped: Chromium gives the line of the next offer to a transceiver that was stopped after its rollback.
      return async () => {
        added.direction = 'inactive';
        await added.sender.replaceTrack(null);
      };
    }
    const before = { direction: known.direction, track: known.sender.track };
    known.direction = track ? 'sendrecv' : 'inactive';
    known.sender.setStreams?.(stream);
    await known.sender.replaceTrack(track);
    return async () => {
      known.direction = before.direction;
      await known.sender.replaceTrack(before.track);
    };
  }

  /** A video line that the other side has dropped comes back with a transceiver that sends nothing yet. */
  async #resumeVideo(stream) {
    const [track] = stream?.getVideoTracks() ?? [];
    const places = this.#connection.getTransceivers()
      .filter(one => one.receiver.track.kind === 'video' && one.direction !== 'stopped');
    const free = places.find(one => one.mid !== null && !one.sender.track);
    if (!track || !free || places.some(one => one.sender.track)) return;
    free.direction = 'sendrecv';
    free.sender.setStreams?.(stream);
    await free.sender.replaceTrack(track);
  }

  /**
   * Where candidates go, now that the session is known.
   * @param {(candidate: RTCIceCandidate|null) => void} send null: that was the last one
   */
  trickleTo(send) {
    if (!this.#trickle) return;
    this.#sendCandidate = send;
    for (const candidate of this.#candidates.splice(0)) send(candidate);
  }

  /** @returns {Promise<import('./tern-stats.js').TernStats>} */
  async stats() {
    return summarised(await this.#connection.getStats(), this.#connection.getTransceivers());
  }

  /** @returns {Promise<object>} */
  async lineTestStats() {
    return lineTestStats(await this.#connection.getStats(), this.setUpTimes);
  }

  /** Closes the connection and ends the remote tracks; harmless when closed already. */
  close() {
    this.#connection.ontrack = this.#connection.onicecandidate = this.#connection.onconnectionstatechange = null;
    this.#sendCandidate = null;
    this.#candidates = [];
    this.#connection.close();
    for (const track of this.remoteStream.getTracks()) {
      track.stop();
      this.remoteStream.removeTrack(track);
    }
  }

  async #describe(description) {
    await this.#connection.setLocalDescription(description);
    if (!this.#trickle) await this.#gatheringEnds();
    return { sdp: this.#connection.localDescription.sdp, trickle_ice: this.#trickle };
  }

  async #setRemote(description) {
    try {
      await this.#connection.setRemoteDescription(description);
    } catch (error) {
      if (this.#connection.signalingState === 'closed') throw error;
      throw new TernMediaError('failed', `The browser refused the ${description.type}: ${error.message}`);
    }
  }

  #gathered(candidate) {
    if (this.#isGathered && candidate?.candidate) this.#handlers.onNetworkChange();
    // An empty candidate ends one medium's generation; only null ends them all.
    if (!this.#trickle || candidate?.candidate === '') return;
    if (this.#sendCandidate) this.#sendCandidate(candidate);
    else this.#candidates.push(candidate);
  }

  #gatheringEnds() {
    const connection = this.#connection;
    if (connection.iceGatheringState === 'complete') return Promise.resolve();
    return new Promise(resolve => {
      const done = () => {
        clearTimeout(timer);
        connection.onicegatheringstatechange = null;
        resolve();
      };
      const timer = setTimeout(done, gatheringLimit);
      connection.onicegatheringstatechange = () => {
        if (connection.iceGatheringState === 'complete' || connection.signalingState === 'closed') done();
      };
    });
  }
}
