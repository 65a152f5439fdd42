/** Webhooks under headings, each with the sums of what is under it. */

import type { Position, WebhookOverview } from './api';
import { sum } from './sum';

/** What webhooks can be grouped by. */
export const groupings = [
  ['', 'No groups'],
  ['ticker', 'By ticker'],
  ['currency', 'By currency'],
  ['position', 'By position'],
  ['state', 'By state'],
] as const;

export type Grouping = (typeof groupings)[number][0];

/** The grouping of a name that was kept; none where it is not known any more. */
export const groupingOf = (name: string | null): Grouping => groupings.find(([known]) => known === name)?.[0] ?? '';

/** The amounts of a group in one currency. */
export interface Sums {
  currency: string;
  /** Null where one of them is not known. */
  openProfit: string | null;
  profitToday: string | null;
  netProfit: string | null;
}

export interface WebhookGroup {
  name: string;
  webhooks: WebhookOverview[];
  /** One for each currency, since amounts of several are never added up. */
  sums: Sums[];
}

function headingOf(webhook: WebhookOverview, by: Grouping, positions: Position[]): string {
  if (by === 'currency') return webhook.currency;
  if (by === 'state') return { active: 'Active', paused: 'Paused', archived: 'Archived' }[webhook.state];
  if (by === 'ticker') {
    const tickers = new Set(positions.map(({ ticker }) => ticker));
    return tickers.size > 1 ? 'Several tickers' : ([...tickers][0] ?? 'No orders yet');
  }
  const directions = new Set(positions.flatMap(({ direction }) => direction ?? []));
  if (directions.size > 1) return 'Long and short';
  return { long: 'Long', short: 'Short', none: 'Flat' }[[...directions][0] ?? 'none'];
}

function sumsOf(webhooks: WebhookOverview[]): Sums[] {
  const currencies = [...new Set(webhooks.map(({ currency }) => currency))].toSorted();
  return currencies.map((currency) => {
    const own = webhooks.filter((webhook) => webhook.currency === currency);
    return {
      currency,
      openProfit: sum(own.map(({ openProfit }) => openProfit)),
      profitToday: sum(own.map(({ profitToday }) => profitToday)),
      netProfit: sum(own.map(({ netProfit }) => netProfit)),
    };
  });
}

/** Webhooks by their heading, headings by name; within one they stay in their order. */
export function groupsOf(webhooks: WebhookOverview[], by: Grouping, positions: Position[]): WebhookGroup[] {
  const found = new Map<string, WebhookOverview[]>();
  for (const webhook of webhooks) {
    const own = positions.filter((position) => position.webhook === webhook.id);
    const name = headingOf(webhook, by, own);
    found.set(name, [...(found.get(name) ?? []), webhook]);
  }
  return [...found]
    .map(([name, own]) => ({ name, webhooks: own, sums: sumsOf(own) }))
    .toSorted((one, other) => one.name.localeCompare(other.name, undefined, { numeric: true }));
}
