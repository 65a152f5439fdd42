/** Who is logged in. */

import { ApiError, get, onLoggedOut, post, remove, type Me } from './api';
import { connect, disconnect } from './live.svelte';
import { keptLog } from './log.svelte';

/** `undefined` until the server has said. */
let me = $state<Me | null | undefined>(undefined);

export const session = {
  get me() {
    return me;
  },
};

onLoggedOut.call = () => {
  me = null;
  disconnect();
  keptLog.forget();
};

/** Asks the server; tries again while it does not answer. */
export async function identify(): Promise<void> {
  try {
    me = await get('/me');
    await connect();
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 0) return;
    setTimeout(() => void identify(), 2_000);
  }
}

export async function logIn(password: string, code: string): Promise<void> {
  await post('/session', { body: code ? { password, code } : { password } });
  await identify();
}

export async function setUp(token: string, password: string): Promise<void> {
  await post('/setup', { body: { token, password } });
  await identify();
}

export async function logOut(): Promise<void> {
  await remove('/session');
  onLoggedOut.call();
}
