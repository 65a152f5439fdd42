/** From a number of the report to the trades that it stands for. */

import type { QueryOf } from './api';
import { filter, type Filter } from './filter';
import { counted, decimal, duration } from './format';
import { later, wallClock } from './zone.svelte';

/** What one bar, cell or dot asks besides what the whole report is of. */
export interface Behind {
  /** A day, or the first of several. */
  since?: string;
  /** The last day. */
  until?: string;
  /** A moment to the second: what closed in it. */
  closed?: string;
  weekday?: string;
  hour?: string;
  ticker?: string;
  tag?: string;
  signal?: string;
  withoutSignal?: string;
  direction?: string;
  outcome?: string;
  profitFrom?: string;
  profitTo?: string;
  secondsFrom?: string;
  secondsTo?: string;
}

/** The names of what is asked besides, in the order of its chips. */
const NAMES = ['closed', 'direction', 'outcome', 'weekday', 'hour', 'signal', 'withoutSignal', 'profitFrom', 'profitTo', 'secondsFrom', 'secondsTo'] as const;

/** The address of the trades behind a part of the report at `query`. */
export function tradesBehind(query: URLSearchParams, behind: Behind, now: Date): string {
  const asked = new URLSearchParams();
  for (const name of ['webhook', 'ticker', 'source', 'tag', 'range', 'since', 'until']) {
    for (const value of query.getAll(name)) asked.append(name, value);
  }
  const { since, until, ...others } = behind;
  if (since && until) {
    // Within the days that the report is of.
    const whole = filter(query, now);
    const last = whole.to && later(whole.to, -1);
    asked.set('range', 'days');
    asked.set('since', whole.from && whole.from > since ? whole.from : since);
    asked.set('until', last && last < until ? last : until);
  }
  for (const [name, value] of Object.entries(others)) if (value !== undefined) asked.set(name, value);
  return `/trades${asked.size ? `?${asked}` : ''}`;
}

const WEEKDAYS = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'];

const oneOf = <const T extends string>(text: string | null, values: readonly T[]): T | undefined => values.find((value) => value === text);
const whole = (text: string | null): number | undefined => (text !== null && /^\d+$/.test(text) ? Number(text) : undefined);

/** What the trades of an address are asked for with. */
export function tradesAsked(query: URLSearchParams, now: Date): Omit<QueryOf<'/trades'>, keyof Filter> & Filter {
  const text = (name: string) => query.get(name);
  const closed = Date.parse(text('closed') ?? '');
  const moment = Number.isNaN(closed) ? {} : { from: new Date(closed).toISOString(), to: new Date(closed + 1000).toISOString() };
  return {
    ...filter(query, now),
    ...moment,
    direction: oneOf(text('direction'), ['long', 'short']),
    outcome: oneOf(text('outcome'), ['win', 'loss', 'even']),
    weekday: whole(text('weekday')),
    hour: whole(text('hour')),
    signal: text('signal') ?? undefined,
    withoutSignal: text('withoutSignal') ? true : undefined,
    profitFrom: text('profitFrom') ?? undefined,
    profitTo: text('profitTo') ?? undefined,
    secondsFrom: whole(text('secondsFrom')),
    secondsTo: whole(text('secondsTo')),
  };
}

/** What narrows the trades of an address, in words, and the names to take out to be rid of it. */
export interface Chip {
  text: string;
  names: string[];
}

/** Every narrowing of an address that no field of the filter shows. */
export function chips(query: URLSearchParams): Chip[] {
  const text = (name: string) => query.get(name);
  const seconds = (name: string) => duration(Number(text(name)));
  const between = (from: string, to: string, show: (name: string) => string): string =>
    [text(from) === null ? '' : `from ${show(from)}`, text(to) === null ? '' : `below ${show(to)}`].filter(Boolean).join(', ');
  const outcomes: Record<string, string> = { win: 'Winning', loss: 'Losing', even: 'Break-even' };
  const found: [string[], string | null][] = [
    [['closed'], text('closed') && `Closed ${wallClock(new Date(text('closed') ?? ''))}`],
    [['direction'], text('direction') && `${text('direction')} trades`],
    [['outcome'], text('outcome') && (outcomes[text('outcome') ?? ''] ?? null)],
    [['weekday'], text('weekday') && `Closed on a ${WEEKDAYS[Number(text('weekday')) - 1] ?? ''}`],
    [['hour'], text('hour') && `Closed from ${text('hour')?.padStart(2, '0')}:00 to ${text('hour')?.padStart(2, '0')}:59`],
    [['signal'], text('signal') && `Opened by “${text('signal')}”`],
    [['withoutSignal'], text('withoutSignal') && 'Opened without a signal name'],
    [['profitFrom', 'profitTo'], between('profitFrom', 'profitTo', (name) => decimal(text(name))) && `Net profit ${between('profitFrom', 'profitTo', (name) => decimal(text(name)))}`],
    [['secondsFrom', 'secondsTo'], between('secondsFrom', 'secondsTo', seconds) && `Open ${between('secondsFrom', 'secondsTo', seconds)}`],
  ];
  return found.flatMap(([names, text]) => (text ? [{ names, text }] : []));
}

/** All names that a chip can take out. */
export const drillNames: readonly string[] = NAMES;

/** How many trades a link leads to, for who hovers over it. */
export const leadsTo = (count: number): string => `See ${count === 1 ? 'the trade' : `the ${counted(count, 'trade')}`}`;
