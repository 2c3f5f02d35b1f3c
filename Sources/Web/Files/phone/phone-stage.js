import { element } from './phone-elements.js';

const corners = ['bottom-right', 'bottom-left', 'top-left', 'top-right'];
/** How far a pointer moves before it drags, in pixels. */
const slack = 6;

/** The pictures of a call: one's own can be moved to another corner, all of it can fill the screen. */
export class Stage {
  #stage = element('stage');
  #own = element('self-view');
  #drag = null;
  #dragged = false;

  constructor() {
    this.#own.addEventListener('click', () => this.#next());
    this.#own.addEventListener('pointerdown', event => this.#begin(event));
    this.#own.addEventListener('pointermove', event => this.#move(event));
    for (const type of ['pointerup', 'pointercancel']) this.#own.addEventListener(type, event => this.#drop(event));
    const full = element('fullscreen-button');
    full.hidden = !document.fullscreenEnabled;
    full.addEventListener('click', () => this.#fill());
    document.addEventListener('fullscreenchange', () => {
      full.setAttribute('aria-pressed', document.fullscreenElement === this.#stage);
    });
  }

  async #fill() {
    try {
      await (document.fullscreenElement ? document.exitFullscreen() : this.#stage.requestFullscreen());
    } catch {
      // The browser does not want to: all stays as it is.
    }
  }

  #next() {
    if (this.#dragged) {
      this.#dragged = false;
      return;
    }
    const { corner } = this.#stage.dataset;
    this.#stage.dataset.corner = corners[(corners.indexOf(corner) + 1) % corners.length];
  }

  #begin(event) {
    if (event.button !== 0) return;
    this.#drag = { x: event.clientX, y: event.clientY };
    this.#dragged = false;
    this.#own.setPointerCapture(event.pointerId);
  }

  #move(event) {
    if (!this.#drag) return;
    const [x, y] = [event.clientX - this.#drag.x, event.clientY - this.#drag.y];
    this.#dragged ||= Math.hypot(x, y) > slack;
    if (this.#dragged) this.#own.style.translate = `${x}px ${y}px`;
  }

  /** To the corner that is nearest. */
  #drop(event) {
    if (!this.#drag) return;
    this.#drag = null;
    this.#own.style.translate = '';
    if (!this.#dragged) return;
    const { left, top, width, height } = this.#stage.getBoundingClientRect();
    const vertical = event.clientY < top + height / 2 ? 'top' : 'bottom';
    this.#stage.dataset.corner = `${vertical}-${event.clientX < left + width / 2 ? 'left' : 'right'}`;
  }
}
