/** The page's one AudioContext; browsers let it run only after the user has pressed something. */
let sharedContext = null;

/** @returns {AudioContext} */
export function context() {
  sharedContext ??= new AudioContext();
  if (sharedContext.state === 'suspended') sharedContext.resume().catch(() => {});
  return sharedContext;
}

/** Each tone: its frequencies in Hz, and seconds of sound and of silence, in turn. */
const tones = {
  incoming: { frequencies: [520, 660], pattern: [0.4, 0.2, 0.4, 2], volume: 0.18 },
  ringback: { frequencies: [425], pattern: [1, 4], volume: 0.06 },
  waiting: { frequencies: [440], pattern: [0.2, 0.2, 0.2, 4], volume: 0.06 },
};

/** The two tones of each key in Hz (ITU-T Q.23): its row's and its column's. */
const rows = { 697: '123', 770: '456', 852: '789', 941: '*0#' };
const columns = [1209, 1336, 1477];

/** Lets the user hear a key of the keypad. @param {string} key others than 0 to 9, * and # are silent */
export function playKey(key) {
  const [row, keys] = Object.entries(rows).find(([, own]) => own.includes(key)) ?? [];
  if (row) sound({ frequencies: [Number(row), columns[keys.indexOf(key)]], volume: 0.08 }, 0.12);
}

/** Plays the frequencies together. @returns {OscillatorNode[]} what sounds until then */
function sound({ frequencies, volume }, seconds) {
  const audio = context();
  const gain = audio.createGain();
  const now = audio.currentTime;
  gain.gain.setValueAtTime(0, now);
  gain.gain.linearRampToValueAtTime(volume / frequencies.length, now + 0.02);
  gain.gain.setValueAtTime(volume / frequencies.length, now + seconds - 0.03);
  gain.gain.linearRampToValueAtTime(0, now + seconds);
  gain.connect(audio.destination);
  return frequencies.map(frequency => {
    const source = new OscillatorNode(audio, { frequency });
    source.connect(gain);
    source.start(now);
    source.stop(now + seconds);
    return source;
  });
}

/** Where the page's own sounds go, if the browser lets one choose. @param {string} device empty is the usual one */
export async function chooseOutput(device) {
  await context().setSinkId?.(device);
}

/** Plays the ring of an incoming call, the ringing tone of an outgoing one, and that another call waits. */
export class RingTone {
  #timer = 0;
  #playing = null;
  #sources = new Set();

  /** @param {'incoming'|'ringback'|'waiting'|null} name null is silence */
  play(name) {
    if (name === this.#playing) return;
    this.#stop();
    this.#playing = name;
    if (name) this.#step(tones[name], 0);
  }

  #step(tone, index) {
    const seconds = tone.pattern[index % tone.pattern.length];
    if (index % 2 === 0) this.#sound(tone, seconds);
    this.#timer = setTimeout(() => this.#step(tone, index + 1), seconds * 1000);
  }

  #sound(tone, seconds) {
    for (const source of sound(tone, seconds)) {
      this.#sources.add(source);
      source.onended = () => this.#sources.delete(source);
    }
  }

  #stop() {
    clearTimeout(this.#timer);
    for (const source of this.#sources) source.stop();
    this.#sources.clear();
  }
}
