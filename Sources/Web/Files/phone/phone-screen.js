import { element } from './phone-elements.js';
import { TernMediaError } from '../tern/tern.js';

/** Shows the screen, a window or a tab to the other side, in the place of the camera. */
export class ScreenSharing {
  /** The track of each call that shows it, and whether the camera was on before. */
  #shared = new WeakMap();

  constructor() { element('screen-button').dataset.supported = Boolean(navigator.mediaDevices?.getDisplayMedia); }

  /** @param {object|null} session @returns {boolean} whether the other side sees the screen */
  isSharing(session) {
    const track = session?.localStream?.getVideoTracks()[0];
    return track !== undefined && this.#shared.get(session)?.track === track && track.readyState === 'live';
  }

  /**
   * Begins, or ends it: then the camera is seen again, if it was before.
   * @param {import('../tern/tern.js').TernSession} session
   * @param {boolean|MediaTrackConstraints} camera
   * @param {() => void} onEnd the browser's own button has ended it
   * @throws {import('../tern/tern.js').TernError} it was not allowed, or the other side wants none
   */
  async toggle(session, camera, onEnd) {
    if (this.isSharing(session)) return this.restore(session, camera);
    const hadCamera = Boolean(session.localStream?.getVideoTracks().length);
    const track = await this.#open();
    track.contentHint = 'detail';
    this.#shared.set(session, { track, hadCamera });
    track.addEventListener('ended', onEnd);
    session.once('ended', () => track.stop());
    try {
      await session.changeVideo(track);
    } catch (error) {
      this.#shared.delete(session);
      track.stop();
      throw error;
    }
  }

  /** Ends it, also when the browser has ended it before. */
  async restore(session, camera) {
    const shared = this.#shared.get(session);
    if (!shared) return;
    this.#shared.delete(session);
    try { await session.changeVideo(shared.hadCamera && camera); } finally { shared.track.stop(); }
  }

  async #open() {
    try {
      const stream = await navigator.mediaDevices.getDisplayMedia({ video: true, audio: false });
      return stream.getVideoTracks()[0];
    } catch (error) {
      const refused = error.name === 'NotAllowedError';
      throw new TernMediaError(refused ? 'denied' : 'failed',
        refused ? 'The screen is not shared.' : `The screen cannot be shared: ${error.message}`, 'screen');
    }
  }
}
