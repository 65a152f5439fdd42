/** Which trades a page is about: kept in its address, so that it can be sent to others. */

import { begins } from './series';

export interface Filter {
  webhook: string;
  ticker: string;
  source: string;
  tag: string;
  from: string | null;
  to: string | null;
}

export const ranges: [string, string][] = [
  ['', 'all time'],
  ['7', 'the last 7 days'],
  ['30', 'the last 30 days'],
  ['90', 'the last 90 days'],
  ['year', 'this year'],
  ['days', 'days of my choice'],
];

/** The viewer's midnight at the beginning of a day, some days later. */
function midnight(day: string | null, later: number): string | null {
  const [year, month, date] = (day ?? '').split('-').map(Number);
  return year && month && date ? new Date(year, month - 1, date + later).toISOString() : null;
}

/** What the query of an address asks for; both days of a range are within it. */
export function filter(query: URLSearchParams, now: Date): Filter {
  const text = (name: string) => query.get(name) ?? '';
  const isOwn = text('range') === 'days';
  return {
    webhook: text('webhook'),
    ticker: text('ticker'),
    source: text('source'),
    tag: text('tag'),
    from: isOwn ? midnight(query.get('since'), 0) : begins(text('range'), now),
    to: isOwn ? midnight(query.get('until'), 1) : null,
  };
}
