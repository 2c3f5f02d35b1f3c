import { icon, make, plainName } from './phone-elements.js';

const stateTexts = { ringing: 'Calls you', held: 'On hold', active: 'In a call' };

/** Shows the calls beside the one that is shown, with what one can do with each. */
export class OtherCalls {
  #list;
  #onAction;
  #last = '';

  /**
   * @param {HTMLElement} list
   * @param {(action: 'answer'|'reject'|'switch'|'join'|'hangup', call: import('../tern/tern-call.js').TernCall) => void} onAction
   */
  constructor(list, onAction) {
    this.#list = list;
    this.#onAction = onAction;
  }

  /**
   * @param {import('../tern/tern-call.js').TernCall[]} calls
   * @param {import('../tern/tern-call.js').TernCall|null} shown the call that is shown, if it is one
   */
  show(calls, shown) {
    const rows = calls.map(call => ({ call, state: stateOf(call), actions: actionsOf(call, shown) }));
    const sign = JSON.stringify(rows.map(({ call, state, actions }) => [call.id, call.remoteName, state, actions]));
    if (sign === this.#last) return;
    this.#last = sign;
    const focus = document.activeElement?.closest('#other-calls button');
    this.#list.replaceChildren(...rows.map(row => this.#item(row)));
    this.#list.hidden = rows.length === 0;
    if (focus) this.#focusAgain(focus);
  }

  #item({ call, state, actions }) {
    const buttons = actions.map(({ action, text, label, drawing, style }) => {
      const button = make('button', { type: 'button', className: style, title: label }, [
        icon(drawing), make('span', { textContent: text }),
      ]);
      button.setAttribute('aria-label', label);
      button.dataset.action = action;
      if (action !== 'hangup') button.dataset.needsGateway = '';
      button.addEventListener('click', () => this.#onAction(action, call));
      return button;
    });
    const words = make('p', {}, [
      make('strong', { textContent: plainName(call.remoteName) }), make('span', { className: 'how', textContent: stateTexts[state] }),
    ]);
    const item = make('li', {}, [words, make('div', { className: 'row' }, buttons)]);
    item.dataset.call = call.id ?? '';
    item.dataset.state = state;
    return item;
  }

  #focusAgain(former) {
    const { action } = former.dataset;
    const id = former.closest('li')?.dataset.call ?? '';
    const item = [...this.#list.children].find(one => one.dataset.call === id);
    item?.querySelector(`[data-action="${action}"]`)?.focus();
  }
}

function stateOf(call) {
  if (call.state === 'incoming' || call.state === 'answering') return 'ringing';
  return call.holding ? 'held' : 'active';
}

function actionsOf(call, shown) {
  const who = plainName(call.remoteName);
  if (call.state === 'incoming') {
    const way = shown?.state === 'active' && shown.direction ? 'Hold and answer' : shown && shown.state !== 'incoming'
      ? 'End and answer' : 'Answer';
    return [
      { action: 'answer', text: way, label: `${way} ${who}`, drawing: 'phone', style: 'accept' },
      { action: 'reject', text: 'Decline', label: `Decline ${who}`, drawing: 'end', style: 'danger' },
    ];
  }
  const actions = [{ action: 'switch', text: 'Switch', label: `Switch to ${who}`, drawing: 'swap', style: '' }];
  if (shown?.state === 'active' && shown.direction && call.state === 'active') {
    const label = `Join ${who} with ${plainName(shown.remoteName)}, and leave`;
    actions.push({ action: 'join', text: 'Join', label, drawing: 'join', style: '' });
  }
  actions.push({ action: 'hangup', text: 'Hang up', label: `Hang up on ${who}`, drawing: 'end', style: 'danger' });
  return actions;
}
