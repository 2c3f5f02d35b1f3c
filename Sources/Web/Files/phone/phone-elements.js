const svg = 'http://www.w3.org/2000/svg';

/** @param {string} id @returns {HTMLElement|null} */
export const element = id => document.getElementById(id);

/**
 * An element; what comes from the network is given as `textContent`, never as markup.
 * @param {string} name
 * @param {object} [properties]
 * @param {Node[]} [children]
 * @returns {HTMLElement}
 */
export function make(name, properties = {}, children = []) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

/** @param {string} name of a symbol in icons.svg @returns {SVGElement} */
export function icon(name) {
  const drawing = document.createElementNS(svg, 'svg');
  drawing.setAttribute('aria-hidden', 'true');
  const use = document.createElementNS(svg, 'use');
  use.setAttribute('href', `phone/icons.svg#${name}`);
  drawing.append(use);
  return drawing;
}

/** Changes the drawing of a button. @param {HTMLElement} button @param {string} name of a symbol in icons.svg */
export function setIcon(button, name) {
  const use = button.querySelector('use');
  const reference = `phone/icons.svg#${name}`;
  if (use && use.getAttribute('href') !== reference) use.setAttribute('href', reference);
}

/** A name or an address as people read it. @param {string} name @returns {string} */
export function plainName(name) {
  return name.replace(/^(sips?|tel):/i, '');
}
