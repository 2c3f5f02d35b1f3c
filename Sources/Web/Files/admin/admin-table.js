import { make, plainName } from '../phone/phone-elements.js';

/**
 * A column of a table.
 * @typedef {object} Column
 * @property {string} name for `data-column`
 * @property {string} title
 * @property {(row: object) => string} [text] what the cell says
 * @property {(row: object) => string} [link] the address that the text leads to
 * @property {(row: object) => string} [tone] `good`, `fair`, `poor` or empty
 * @property {(row: () => object) => Node} [control] made once for each row
 * @property {(control: Node, row: object) => void} [refresh] shows on the control what its row says now
 * @property {boolean} [isHeader] names its row
 */

/**
 * A table whose rows stay the elements that they are while what they say changes, so that focus and selection stay too.
 * On small screens a row is a card: its cells then show the titles of their columns.
 */
export class Table {
  #columns;
  #keyOf;
  #table;
  #body = make('tbody', { role: 'rowgroup' });
  #rows = new Map();

  /**
   * @param {HTMLTableElement} table
   * @param {Column[]} columns
   * @param {(row: object, index: number) => string} keyOf names a row
   */
  constructor(table, columns, keyOf) {
    this.#columns = columns;
    this.#keyOf = keyOf;
    this.#table = table;
    // Written out, as they are lost where the style makes blocks of them.
    table.setAttribute('role', 'table');
    const heads = columns.map(({ title, control }) => {
      const head = make('th', { scope: 'col' }, [make('span', { textContent: title, className: control ? 'hidden-text' : '' })]);
      head.setAttribute('role', 'columnheader');
      return head;
    });
    const row = make('tr', {}, heads), group = make('thead', {}, [row]);
    row.setAttribute('role', 'row');
    group.setAttribute('role', 'rowgroup');
    table.append(group, this.#body);
    table.hidden = true;
  }

  /** @param {object[]} rows in the order in which they are shown; the table is hidden where there are none */
  show(rows) {
    const kept = new Set();
    let place = this.#body.firstElementChild;
    rows.forEach((data, index) => {
      const key = this.#keyOf(data, index);
      if (kept.has(key)) return;
      kept.add(key);
      const row = this.#row(key);
      row.data = data;
      for (const cell of row.cells) cell.update(data);
      if (row.element === place) place = place.nextElementSibling;
      else this.#body.insertBefore(row.element, place);
    });
    for (const [key, { element }] of this.#rows) {
      if (kept.has(key)) continue;
      element.remove();
      this.#rows.delete(key);
    }
    this.#table.hidden = rows.length === 0;
  }

  #row(key) {
    const known = this.#rows.get(key);
    if (known) return known;
    const row = { element: make('tr'), data: null };
    row.element.dataset.key = key;
    row.element.setAttribute('role', 'row');
    row.cells = this.#columns.map(column => makeCell(column, () => row.data));
    row.element.append(...row.cells.map(({ element }) => element));
    this.#rows.set(key, row);
    return row;
  }
}

function makeCell({ name, title, text, link, tone, control, refresh, isHeader }, row) {
  const element = make(isHeader ? 'th' : 'td');
  element.setAttribute('role', isHeader ? 'rowheader' : 'cell');
  if (isHeader) element.scope = 'row';
  Object.assign(element.dataset, { column: name, title: control ? '' : title });
  if (control) {
    const made = control(row);
    element.append(made);
    return { element, update(data) { refresh?.(made, data); } };
  }
  const holder = make(link ? 'a' : 'span');
  element.append(holder);
  return {
    element,
    update(data) {
      const next = text(data);
      if (holder.textContent !== next) holder.textContent = next;
      if (link && holder.getAttribute('href') !== link(data)) holder.setAttribute('href', link(data));
      if (tone && element.dataset.tone !== tone(data)) element.dataset.tone = tone(data);
    },
  };
}

/** Who called whom. @param {string} caller @param {string} name how the caller is shown @param {string} source what is proven */
export function callerText(caller, name, source) {
  const who = plainName(caller || 'unknown');
  const shown = name && name !== caller ? `${name} (${who})` : who;
  return source === 'anonymous' ? `${shown}, not proven` : shown;
}
