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

/** What a report is about: the trades, and the money that its percentages are of. */
export interface ReportFilter extends Filter {
  base: string;
}

/** The money that percentages are of where a range has a beginning. */
export const bases: [string, string][] = [
  ['', 'equity at the start'],
  ['initialCapital', 'initial capital, as if started then'],
];

export const ranges: [string, string][] = [
  ['', 'all time'],
  ['7', 'the last 7 days'],
  ['30', 'the last 30 days'],
  ['90', 'the last 90 days'],
  ['year', 'this year'],
  ['days', 'days of my choice'],
];

/** A day as the API takes it: it begins where the report says that days do. */
function named(day: Date): string {
  const two = (part: number) => String(part).padStart(2, '0');
  return `${day.getFullYear()}-${two(day.getMonth() + 1)}-${two(day.getDate())}`;
}

/** The viewer's midnight at the beginning of a day, some days later. */
function midnight(day: string | null, later = 0): Date | null {
  const [year, month, date] = (day ?? '').split('-').map(Number);
  return year && month && date ? new Date(year, month - 1, date + later) : null;
}

/** What the query of an address asks for; both days of a range are within it. */
export function filter(query: URLSearchParams, now: Date): Filter {
  const text = (name: string) => query.get(name) ?? '';
  const isOwn = text('range') === 'days';
  const from = isOwn ? midnight(query.get('since')) : begins(text('range'), now);
  const to = isOwn ? midnight(query.get('until'), 1) : null;
  return {
    webhook: text('webhook'),
    ticker: text('ticker'),
    source: text('source'),
    tag: text('tag'),
    from: from && named(from),
    to: to && named(to),
  };
}

/** The same for a report. */
export const reportFilter = (query: URLSearchParams, now: Date): ReportFilter => ({
  ...filter(query, now),
  base: query.get('base') ?? '',
});

/** The same for what is shown by the time it was received: days of the viewer. */
export function received(query: URLSearchParams, now: Date): Filter {
  const asked = filter(query, now);
  const begin = (day: string | null) => midnight(day)?.toISOString() ?? null;
  return { ...asked, from: begin(asked.from), to: begin(asked.to) };
}
