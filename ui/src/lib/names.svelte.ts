/** The names of webhooks, for what knows only their ids. */

import { get, type Answer } from './api';
import { load, type Loaded } from './load.svelte';

type Listed = Answer<'/webhooks/names', 'get'>;

export interface Names {
  of: (id: string) => string;
  /** Whether they are there; a table is not shown before, so that its columns stay as wide as they are. */
  readonly isRead: boolean;
}

/** What is being asked: parts of a page that want the names at once share one answer. */
let asked: Promise<Listed> | null = null;

const shared = (): Promise<Listed> =>
  (asked ??= get('/webhooks/names').finally(() => {
    asked = null;
  }));

/** All webhooks by name. */
export const namedWebhooks = (): Loaded<Listed> => load(shared);

export function webhookNames(): Names {
  const webhooks = namedWebhooks();
  const names = $derived(new Map(webhooks.value?.items.map((webhook) => [webhook.id, webhook.name])));
  return {
    of: (id) => names.get(id) ?? id,
    get isRead() {
      return webhooks.value !== null || webhooks.error !== null;
    },
  };
}
