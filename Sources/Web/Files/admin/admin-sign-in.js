import { element } from '../phone/phone-elements.js';
import { store, stored } from '../phone/phone-store.js';
import { TernCancelledError } from '../tern/tern.js';
import { isForbidden, isMissing } from './admin-gateway.js';

/**
 * Signs admins in and out by the page's form; others are told that the page is not for them. Only the name is remembered.
 * @param {object} page
 * @param {import('../tern/tern.js').TernClient} page.client
 * @param {string|null} page.user the name to begin with; null is that of last time
 * @param {(isIn: boolean) => void} page.onChange an admin is signed in, or no longer
 */
export function signIn({ client, user, onChange }) {
  element('login-form').addEventListener('submit', async event => {
    event.preventDefault();
    const name = element('login-user').value.trim();
    showError('');
    try {
      await client.login(name, element('login-password').value);
      await requireAdmin(client);
      element('login-password').value = '';
      store('user', name);
    } catch (error) {
      if (client.user !== null) await client.logout();
      if (!(error instanceof TernCancelledError)) {
        showError(isForbidden(error) ? `${name} is no admin. This page is for admins; the phone is for everybody.` : error.text ?? error.message);
      }
    }
    onChange(client.user !== null);
  });
  element('logout-button').addEventListener('click', async () => {
    await client.logout();
    onChange(false);
  });
  client.on('refused', error => {
    client.user = null;
    showError(`The gateway has signed you out: ${error.text}`);
    onChange(false);
  });

  const last = stored('user', '');
  element('login-user').value = user ?? (typeof last === 'string' ? last : '');
  element(element('login-user').value ? 'login-password' : 'login-user').focus();
}

/** Throws the gateway's error for whoever is no admin. */
async function requireAdmin(client) {
  try {
    await client.request('admin', 'get_overview');
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}

function showError(text) {
  element('login-error').textContent = text;
  element('login-error').hidden = text === '';
}
