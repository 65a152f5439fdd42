/** Which trades a page is about: kept in its address, so that it can be sent to others. */

import { begins } from './series';
import { later, midnight, zone } from './zone.svelte';

/** What trades are asked for with; its days are of `timeZone`. */
export interface Filter {
  webhook: string[];
  ticker: string;
  source: 'backtest' | '';
  tag: string;
  from: string | null;
  to: string | null;
  timeZone: string;
}

/** What a report is about: the trades, and the money that its percentages are of. */
export interface ReportFilter extends Filter {
  base: 'initialCapital' | '';
}

/** The money that percentages are of where a range has a beginning. */
export const bases: [string, string][] = [
  ['', 'equity at the start'],
  ['initialCapital', 'initial capital, as if started then'],
];

export const ranges: [string, string][] = [
  ['', 'All time'],
  ['7', 'Last 7 days'],
  ['30', 'Last 30 days'],
  ['90', 'Last 90 days'],
  ['180', 'Last 180 days'],
  ['365', 'Last 365 days'],
  ['year', 'This year'],
  ['days', 'Custom range'],
];

const DAY = /^\d{4}-\d{2}-\d{2}$/;

/** What the query of an address asks for; both days of a range are within it. */
export function filter(query: URLSearchParams, now: Date): Filter {
  const text = (name: string) => query.get(name) ?? '';
  const day = (name: string) => (DAY.test(text(name)) ? text(name) : null);
  const isOwn = text('range') === 'days';
  const until = isOwn ? day('until') : null;
  return {
    webhook: query.getAll('webhook').filter(Boolean),
    ticker: text('ticker'),
    source: text('source') === 'backtest' ? 'backtest' : '',
    tag: text('tag'),
    from: isOwn ? day('since') : begins(text('range'), now),
    to: until && later(until, 1),
    timeZone: zone.name,
  };
}

/** The same for a report. */
export const reportFilter = (query: URLSearchParams, now: Date): ReportFilter => ({
  ...filter(query, now),
  base: query.get('base') === 'initialCapital' ? 'initialCapital' : '',
});

/** What is shown by the time it was received, in days of the page's zone. */
export interface Received {
  webhook: string;
  ticker: string;
  from: string | null;
  to: string | null;
}

/** The same for what is shown by the time it was received. */
export function received(query: URLSearchParams, now: Date): Received {
  const { webhook, ticker, from, to } = filter(query, now);
  const begin = (day: string | null) => (day ? midnight(day).toISOString() : null);
  return { webhook: webhook[0] ?? '', ticker, from: begin(from), to: begin(to) };
}
