import { context } from './phone-sound.js';

/** What counts as silence, dB. */
const floor = -60;

/**
 * Shows how loud a stream is: 0 (silence, -60 dB) to 100 in `data-level` and `aria-valuenow`, and the strongest
 * frequency in Hz in `data-frequency`.
 */
export class LevelMeter {
  #element;
  #timer = 0;
  #source = null;
  #stream = null;
  #analyser = null;

  /** @param {HTMLElement} element with the role `meter` */
  constructor(element) {
    this.#element = element;
    this.#show(0, 0);
  }

  /** Begins, once the stream has a track with sound; another stream takes the place. @param {MediaStream} stream */
  start(stream) {
    if (!stream?.getAudioTracks().length || stream === this.#stream) return;
    this.stop();
    this.#stream = stream;
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
    this.#source = this.#analyser = this.#stream = null;
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
