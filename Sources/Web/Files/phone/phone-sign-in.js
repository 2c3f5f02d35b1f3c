import { element } from './phone-elements.js';
import { store, stored } from './phone-store.js';
import { TernCancelledError, mediaSupport } from '../tern/tern.js';

/**
 * Signs in and out by the page's form. Only the name is remembered.
 * @param {object} phone
 * @param {import('../tern/tern.js').TernClient} phone.client
 * @param {import('./phone-view.js').PhoneView} phone.view
 * @param {string|null} phone.user the name to begin with; null is that of last time
 * @param {() => void} phone.onChange somebody has signed in or out
 */
export function signIn({ client, view, user, onChange }) {
  element('login-form').addEventListener('submit', async event => {
    event.preventDefault();
    const name = element('login-user').value.trim();
    view.showLoginError('');
    try {
      await client.login(name, element('login-password').value);
      element('login-password').value = '';
      store('user', name);
      signedIn();
    } catch (error) {
      if (!(error instanceof TernCancelledError)) view.showLoginError(error.text ?? error.message);
    }
    onChange();
  });

  function signedIn() {
    view.showStatus(`Others reach you as ${client.user}`);
    const { problem } = mediaSupport();
    if (problem) view.showNotice(problem.text);
  }

  element('logout-button').addEventListener('click', async () => {
    await client.logout();
    view.showNotice('');
    onChange();
  });
  client.on('refused', error => {
    client.user = null;
    view.showLoginError(`The gateway has signed you out: ${error.text}`);
    onChange();
  });

  const last = stored('user', '');
  element('login-user').value = user ?? (typeof last === 'string' ? last : '');
  element(element('login-user').value ? 'login-password' : 'login-user').focus();
}
