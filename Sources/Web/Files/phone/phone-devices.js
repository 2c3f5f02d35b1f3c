import { openMedia } from '../tern/tern.js';
import { element, make } from './phone-elements.js';
import { chooseOutput } from './phone-sound.js';
import { store, stored } from './phone-store.js';

const storeKey = 'devices';
const kinds = { microphone: 'audioinput', camera: 'videoinput', speaker: 'audiooutput' };
const usual = { microphone: 'Default microphone', camera: 'Default camera', speaker: 'Default speaker' };

/** Which microphone, camera and loudspeaker are used; chosen in the settings, and remembered. */
export class Devices {
  #chosen = { microphone: '', camera: '', speaker: '' };
  #more;
  #onChange;

  /**
   * @param {MediaTrackConstraints} more what the microphone is asked for besides
   * @param {(kind: 'microphone'|'camera') => void} onChange the user has chosen another one
   */
  constructor(more, onChange) {
    this.#more = more;
    this.#onChange = onChange;
    const before = stored(storeKey, {});
    for (const kind of Object.keys(kinds)) {
      if (typeof before?.[kind] === 'string') this.#chosen[kind] = before[kind];
      element(`choose-${kind}`).addEventListener('change', event => this.#choose(kind, event.target.value));
    }
    element('speaker-field').hidden = typeof HTMLMediaElement.prototype.setSinkId !== 'function';
    element('allow-devices').addEventListener('click', () => this.#allow());
    navigator.mediaDevices?.addEventListener('devicechange', () => this.refresh());
    if (this.#chosen.speaker) this.#useSpeaker();
  }

  /** @returns {boolean|MediaTrackConstraints} */
  get audio() { return this.#wanted(this.#chosen.microphone, this.#more); }

  /** @returns {boolean|MediaTrackConstraints} */
  get video() { return this.#wanted(this.#chosen.camera); }

  #wanted(device, more = {}) {
    const wanted = device ? { ...more, deviceId: device } : more;
    return Object.keys(wanted).length === 0 ? true : wanted;
  }

  /** Lists what there is. */
  async refresh() {
    const found = await navigator.mediaDevices?.enumerateDevices().catch(() => []) ?? [];
    for (const [kind, name] of Object.entries(kinds)) {
      const devices = found.filter(device => device.kind === name && device.deviceId !== '' && device.deviceId !== 'default');
      const options = [make('option', { value: '', textContent: usual[kind] }), ...devices.map((device, index) =>
        make('option', { value: device.deviceId, textContent: device.label || `${usual[kind].split(' ')[1]} ${index + 1}` }))];
      const field = element(`choose-${kind}`);
      field.replaceChildren(...options);
      const chosen = devices.some(device => device.deviceId === this.#chosen[kind]) ? this.#chosen[kind] : '';
      field.value = chosen;
    }
    element('devices-hint').hidden = !navigator.mediaDevices || found.some(device => device.label !== '');
  }

  async #allow() {
    try {
      const { stream } = await openMedia({ audio: true, video: true });
      await this.refresh();
      for (const track of stream.getTracks()) track.stop();
    } catch (error) {
      element('devices-hint').firstChild.textContent = `${error.text ?? error.message} `;
    }
  }

  #choose(kind, device) {
    this.#chosen[kind] = device;
    store(storeKey, this.#chosen);
    if (kind === 'speaker') this.#useSpeaker();
    else this.#onChange(kind);
  }

  async #useSpeaker() {
    try {
      await element('remote-video').setSinkId?.(this.#chosen.speaker);
      await chooseOutput(this.#chosen.speaker);
    } catch {
      // It is gone: the usual one is used, as the browser does by itself.
    }
  }
}

/**
 * Sends from another device in a running call, without asking the gateway.
 * @param {import('../tern/tern.js').TernSession} session
 * @param {'audio'|'video'} kind
 * @param {boolean|MediaTrackConstraints} wanted
 * @throws {import('../tern/tern.js').TernMediaError} it cannot be had; what was sent goes on
 */
export async function changeDevice(session, kind, wanted) {
  const stream = session.localStream;
  const old = stream?.getTracks().find(track => track.kind === kind);
  const sender = session.peerConnection?.getSenders().find(one => one.track === old);
  if (!old || !sender) return;
  const opened = await openMedia({ audio: kind === 'audio' && wanted, video: kind === 'video' && wanted });
  const [track] = opened.stream.getTracks();
  if (session.ended) {
    track.stop();
    return;
  }
  track.enabled = old.enabled;
  await sender.replaceTrack(track);
  stream.removeTrack(old);
  old.stop();
  stream.addTrack(track);
}
