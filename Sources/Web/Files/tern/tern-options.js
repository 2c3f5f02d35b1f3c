/**
 * What to capture and what the gateway lets through.
 * @typedef {object} TernMediaOptions
 * @property {boolean|MediaTrackConstraints} [audio] default true
 * @property {boolean|MediaTrackConstraints} [video] default false
 * @property {number} [bitrate] the most that this client may send, kbps; 0, the default, is no limit
 * @property {boolean} [record] record it at the gateway; default false
 * @property {MediaStream} [stream] send this instead of microphone and camera; it stays the caller's to stop
 * @property {boolean} [receiveOnly] where there is no microphone, go on and only listen; default false
 * @property {AbortSignal} [signal] gives up, also while the user is asked for the microphone
 */

/**
 * The API's names for what of the options is there.
 * @internal
 */
export function wireOptions({ audio, video, bitrate, record }) {
  return withoutAbsent({
    use_audio: audio === undefined ? undefined : Boolean(audio),
    use_video: video === undefined ? undefined : Boolean(video),
    bitrate,
    record,
  });
}

/** @internal */
export function withoutAbsent(object) {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));
}
