/**
 * What flows in one medium, summed over its streams.
 * @typedef {object} TernMediumStats
 * @property {string|null} codec such as `opus`, `PCMA`, `VP8`; null before one is agreed
 * @property {number} clockRate Hz, 0 while the codec is unknown
 * @property {number} packetsSent
 * @property {number} packetsReceived
 * @property {number} packetsLost of those that should have been received
 * @property {number} bytesSent payload only
 * @property {number} bytesReceived payload only
 * @property {number} jitter of what is received, s
 */

/**
 * @typedef {object} TernStats
 * @property {string|null} codec the audio codec, or the video codec where there is no audio
 * @property {TernMediumStats} audio
 * @property {TernMediumStats} video
 * @property {number|null} roundTripTime to the gateway, s
 */

/**
 * Sums up a report of `RTCPeerConnection.getStats()`.
 * @param {RTCStatsReport} report
 * @param {RTCRtpTransceiver[]} [transceivers] whose agreed codecs count until packets name theirs
 * @returns {TernStats}
 */
export function summarised(report, transceivers = []) {
  const audio = emptyMedium();
  const video = emptyMedium();
  let roundTripTime = null;
  for (const entry of report.values()) {
    const medium = entry.kind === 'audio' ? audio : entry.kind === 'video' ? video : null;
    if (entry.type === 'inbound-rtp' && medium) {
      medium.packetsReceived += entry.packetsReceived ?? 0;
      medium.packetsLost += entry.packetsLost ?? 0;
      medium.bytesReceived += entry.bytesReceived ?? 0;
      medium.jitter = Math.max(medium.jitter, entry.jitter ?? 0);
      if (entry.packetsReceived) nameCodec(medium, report.get(entry.codecId));
    } else if (entry.type === 'outbound-rtp' && medium) {
      medium.packetsSent += entry.packetsSent ?? 0;
      medium.bytesSent += entry.bytesSent ?? 0;
      if (entry.packetsSent) nameCodec(medium, report.get(entry.codecId));
    } else if (entry.type === 'candidate-pair' && entry.nominated && entry.currentRoundTripTime !== undefined) {
      roundTripTime = entry.currentRoundTripTime;
    }
  }
  for (const { currentDirection, receiver, sender } of transceivers) {
    const medium = receiver.track.kind === 'audio' ? audio : video;
    if (medium.codec === null && !['inactive', 'stopped', null].includes(currentDirection)) nameCodec(medium, sender.getParameters().codecs?.[0]);
  }
  return { codec: audio.codec ?? video.codec, audio, video, roundTripTime };
}

function emptyMedium() {
  return {
    codec: null, clockRate: 0, packetsSent: 0, packetsReceived: 0, packetsLost: 0, bytesSent: 0, bytesReceived: 0,
    jitter: 0,
  };
}

function nameCodec(medium, codec) {
  if (!codec?.mimeType) return;
  medium.codec = codec.mimeType.split('/')[1];
  medium.clockRate = codec.clockRate ?? 0;
}
