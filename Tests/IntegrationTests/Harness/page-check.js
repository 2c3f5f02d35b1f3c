// What is wrong with what the page shows now, as sentences: names, ids, contrast (WCAG 2.2, 1.4.3), what is beyond the edge, sizes of
// targets, the order of focus. The body of a function.
const problems = [];
const visible = one => one.checkVisibility({ visibilityProperty: true }) && one.getClientRects().length > 0;
const describe = one => one.id ? `#${one.id}` : `${one.localName}.${one.className} "${one.textContent.trim().slice(0, 30)}"`;
const scope = document.querySelector('dialog[open]') ?? document.body;
const all = [...scope.querySelectorAll('*')].filter(visible);

const spoken = one => [...one.childNodes].map(node => node.nodeType === Node.TEXT_NODE ? node.data
  : node.nodeType === Node.ELEMENT_NODE && node.getAttribute('aria-hidden') !== 'true' ? node.getAttribute('alt') ?? spoken(node) : '').join(' ').trim();
const nameOf = one => one.getAttribute('aria-label')
  ?? one.getAttribute('aria-labelledby')?.split(' ').map(id => document.getElementById(id)?.textContent ?? '').join(' ').trim()
  ?? ([...one.labels ?? []].map(spoken).join(' ').trim() || spoken(one));
const named = 'button, input, select, summary, video, output, dialog, fieldset, [role="meter"], [role="group"], [role="alertdialog"], section, ul[id]';
for (const one of all.filter(each => each.matches(named))) {
  if (one.closest('[aria-hidden="true"]') || (one.localName === 'video' && one.closest('button'))) continue;
  const text = one.localName === 'fieldset' ? one.querySelector('legend')?.textContent : nameOf(one);
  if (!text && one.localName !== 'output') problems.push(`no name: ${describe(one)}`);
}

const ids = [...document.querySelectorAll('[id]')].map(one => one.id);
for (const id of new Set(ids.filter((each, index) => ids.indexOf(each) !== index))) problems.push(`twice: #${id}`);
for (const attribute of ['for', 'aria-labelledby', 'aria-describedby', 'aria-controls', 'list']) {
  for (const one of document.querySelectorAll(`[${attribute}]`)) {
    for (const id of one.getAttribute(attribute).split(' ')) {
      if (!document.getElementById(id)) problems.push(`${attribute} of ${describe(one)} leads nowhere`);
    }
  }
}

const rgba = text => (text.match(/[\d.]+/g) ?? [0, 0, 0, 0]).map(Number);
const over = ([r, g, b, a = 1], [R, G, B]) => [r * a + R * (1 - a), g * a + G * (1 - a), b * a + B * (1 - a)];
const behind = one => {
  const layers = [];
  for (let each = one; each; each = each.parentElement) layers.push(rgba(getComputedStyle(each).backgroundColor));
  return layers.reverse().reduce((below, layer) => over(layer, below), matchMedia('(prefers-color-scheme: dark)').matches ? [18, 18, 18] : [255, 255, 255]);
};
const luminance = color => color.map(part => part / 255)
  .map(part => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
  .reduce((sum, part, index) => sum + part * [0.2126, 0.7152, 0.0722][index], 0);
const contrast = (one, other) => {
  const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
};
const isDim = one => one.closest(':disabled, [aria-disabled="true"], .hidden-text, option') !== null;
for (const one of all) {
  const hasText = [...one.childNodes].some(node => node.nodeType === Node.TEXT_NODE && node.data.trim() !== '');
  if ((!hasText && !one.matches('input:not([type="checkbox"]), select')) || isDim(one) || one.getBoundingClientRect().width < 2) continue;
  const style = getComputedStyle(one), ground = behind(one), size = parseFloat(style.fontSize);
  const isLarge = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
  const ratio = contrast(over(rgba(style.color), ground), ground);
  if (ratio < (isLarge ? 3 : 4.5)) problems.push(`contrast ${ratio.toFixed(2)}: ${describe(one)}`);
}

const width = document.documentElement.clientWidth;
if (document.documentElement.scrollWidth > width) problems.push(`scrolls sideways: ${document.documentElement.scrollWidth} > ${width}`);
for (const one of all) {
  const { left, right } = one.getBoundingClientRect();
  if (right - left > 2 && (right > width + 1 || left < -1)) problems.push(`beyond the edge: ${describe(one)}`);
}

for (const one of all.filter(each => each.matches('button, input, select, summary'))) {
  const target = one.matches('input[type="checkbox"]') ? one.closest('label') : one;
  const { width: wide, height: high } = target.getBoundingClientRect();
  if (wide < 43.5 || high < 43.5) problems.push(`small: ${describe(one)} ${wide.toFixed(0)}×${high.toFixed(0)}`);
  if (one.tabIndex !== 0 && one.getAttribute('aria-selected') !== 'false') problems.push(`not in the order of focus: ${describe(one)}`);
  if (one.scrollWidth > one.clientWidth + 1 && one.matches('button')) problems.push(`text does not fit: ${describe(one)}`);
}
return problems;
