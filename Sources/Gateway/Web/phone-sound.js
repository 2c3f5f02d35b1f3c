/** The page's one AudioContext; browsers let it run only after the user has pressed something. */
let sharedContext = null;

function context() {
  sharedContext ??= new AudioContext();
  if (sharedContext.state === 'suspended') sharedContext.resume().catch(() => {});
  return sharedContext;
}

/** Each tone: its frequencies in Hz, and seconds of sound and of silence, in turn. */
const tones = {
  incoming: { frequencies: [520, 660], pattern: [0.4, 0.2, 0.4, 2], volume: 0.18 },
  ringback: { frequencies: [425], pattern: [1, 4], volume: 0.06 },
};

/** Plays the ring of an incoming call and the ringing tone of an outgoing one. */
export class RingTone {
  #timer = 0;
  #playing = null;
  #sources = new Set();

  /** @param {'incoming'|'ringback'|null} name null is silence */
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

  #sound({ frequencies, volume }, seconds) {
    const audio = context();
    const gain = audio.createGain();
    const now = audio.currentTime;
    gain.gain.setValueAtTime(0, now);
    gain.gain.linearRampToValueAtTime(volume / frequencies.length, now + 0.02);
    gain.gain.setValueAtTime(volume / frequencies.length, now + seconds - 0.03);
    gain.gain.linearRampToValueAtTime(0, now + seconds);
    gain.connect(audio.destination);
    for (const frequency of frequencies) {
      const source = new OscillatorNode(audio, { frequency });
      source.connect(gain);
      source.start(now);
      source.stop(now + seconds);
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

const floor = -60;

/**
 * Shows how loud a stream is: 0 (silence, -60 dB) to 100 in `data-level` and `aria-valuenow`, and the strongest
 * frequency in Hz in `data-frequency`.
 */
export class LevelMeter {
  #element;
  #timer = 0;
  #source = null;
  #analyser = null;

  /** @param {HTMLElement} element with the role `meter` */
  constructor(element) {
    this.#element = element;
    this.#show(0, 0);
  }

  /** Begins, once the stream has a track with sound; harmless when begun. @param {MediaStream} stream */
  start(stream) {
    if (this.#source || !stream?.getAudioTracks().length) return;
    const audio = context();
    this.#analyser = new AnalyserNode(audio, { fftSize: 4096, smoothingTimeConstant: 0.2 });
    this.#source = audio.createMediaStreamSource(stream);
    this.#source.connect(this.#analyser);
    const samples = new Float32Array(1024);
    const spectrum = new Float32Array(this.#analyser.frequencyBinCount);
    this.#timer = setInterval(() => this.#measure(samples, spectrum), 100);
  }

  stop() {
    clearInterval(this.#timer);
    this.#source?.disconnect();
    this.#source = this.#analyser = null;
    this.#show(0, 0);
  }

  #measure(samples, spectrum) {
    this.#analyser.getFloatTimeDomainData(samples);
    const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
    const decibels = 10 * Math.log10(power + 1e-12);
    const level = Math.round(Math.min(1, Math.max(0, 1 - decibels / floor)) * 100);
    if (level === 0) return this.#show(0, 0);
    this.#analyser.getFloatFrequencyData(spectrum);
    const strongest = spectrum.reduce((best, value, index) => (value > spectrum[best] ? index : best), 0);
    return this.#show(level, Math.round(strongest * context().sampleRate / this.#analyser.fftSize));
  }

  #show(level, frequency) {
    this.#element.dataset.level = level;
    this.#element.dataset.frequency = frequency;
    this.#element.setAttribute('aria-valuenow', level);
    this.#element.style.setProperty('--level', level / 100);
  }
}
