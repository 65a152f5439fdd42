/** The names of webhooks, for what knows only their ids. */

import { get } from './api';
import { load } from './load.svelte';

export interface Names {
  of: (id: string) => string;
  /** Whether they are there; a table is not shown before, so that its columns stay as wide as they are. */
  readonly isRead: boolean;
}

export function webhookNames(): Names {
  const webhooks = load((signal) => get('/webhooks', { signal }));
  const names = $derived(new Map(webhooks.value?.items.map((webhook) => [webhook.id, webhook.name])));
  return {
    of: (id) => names.get(id) ?? id,
    get isRead() {
      return webhooks.value !== null || webhooks.error !== null;
    },
  };
}
