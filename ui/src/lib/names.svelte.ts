/** The names of webhooks, for what knows only their ids. */

import { get, type Page, type Webhook } from './api';
import { load } from './load.svelte';

export function webhookNames(): (id: string) => string {
  const webhooks = load((signal) => get<Page<Webhook>>('/webhooks', {}, signal));
  const names = $derived(new Map(webhooks.value?.items.map((webhook) => [webhook.id, webhook.name])));
  return (id) => names.get(id) ?? id;
}
