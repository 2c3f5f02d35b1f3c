import { TernMediaError } from './tern-errors.js';

/**
 * Says what this page can have: whether WebRTC is there at all, and whether the browser would hand out
 * a microphone here.
 * @returns {{calls: boolean, capture: boolean, problem: TernMediaError|null}}
 */
export function mediaSupport() {
  if (typeof RTCPeerConnection === 'undefined') {
    return { calls: false, capture: false, problem: new TernMediaError('unsupported', 'This browser has no WebRTC') };
  }
  if (!navigator.mediaDevices?.getUserMedia) {
    return { calls: true, capture: false, problem: noCapture() };
  }
  return { calls: true, capture: true, problem: null };
}

/**
 * Opens microphone and camera, as far as they are there. A missing camera, or a missing microphone where there is a
 * camera, is reported in `problem` and the rest is opened.
 * @param {{audio?: boolean|MediaTrackConstraints, video?: boolean|MediaTrackConstraints}} wanted
 * @returns {Promise<{stream: MediaStream, problem: TernMediaError|null}>}
 * @throws {TernMediaError} when nothing of what was wanted can be had
 */
export async function openMedia({ audio = true, video = false }) {
  const support = mediaSupport();
  if (!support.capture) throw support.problem;
  const attempts = [{ audio, video }];
  if (audio && video) attempts.push({ audio, video: false }, { audio: false, video });
  let first = null;
  for (const attempt of attempts) {
    try {
      const stream = await navigator.mediaDevices.getUserMedia(attempt);
      return { stream, problem: first && explained(first, attempt.audio ? 'camera' : 'microphone') };
    } catch (error) {
      first ??= error;
    }
  }
  throw explained(first, audio ? 'microphone' : 'camera');
}

function noCapture() {
  if (!window.isSecureContext) {
    return new TernMediaError('insecure',
      'No microphone here: browsers hand it out only to pages opened over https, or from localhost on the '
      + 'same machine. Open this page over https to speak.', 'microphone');
  }
  return new TernMediaError('unsupported', 'This browser gives pages no microphone', 'microphone');
}

function explained(error, device) {
  switch (error.name) {
    case 'NotAllowedError':
    case 'SecurityError':
      return new TernMediaError('denied',
        `The ${device} is not allowed for this page. Allow it beside the address bar and try again.`, device);
    case 'NotFoundError':
    case 'OverconstrainedError':
      return new TernMediaError('missing', `No ${device} was found.`, device);
    case 'NotReadableError':
    case 'AbortError':
      return new TernMediaError('busy', `The ${device} is used by another program or does not work.`, device);
    default:
      return new TernMediaError('failed', `The ${device} cannot be used: ${error.message}`, device);
  }
}

/** @param {MediaStream} stream */
export function stopTracks(stream) {
  for (const track of stream.getTracks()) track.stop();
}
