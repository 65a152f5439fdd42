/** Days of profit and loss as the weeks of a month. */

import type { DayProfit } from './api';
import { decimalsOf } from './format';
import { sum } from './sum';

export interface Week {
  key: string;
  /** Monday to Sunday; null where the day is another month's. */
  days: ({ day: number; profit: DayProfit | null } | null)[];
  /** What its trades made; null where there were none. */
  total: string | null;
  trades: number;
  /** Its first and last day in the month. */
  since: string;
  until: string;
}

/** Every month from the first day to the last, `2026-01` for instance. */
export function monthsOf(days: DayProfit[]): string[] {
  const months: string[] = [];
  const last = days.at(-1)?.date.slice(0, 7) ?? '';
  let [year = 0, month = 0] = (days[0]?.date ?? '').split('-').map(Number);
  for (let at = ''; days.length && at < last; month += 1) {
    if (month > 12) [year, month] = [year + 1, 1];
    at = `${year}-${String(month).padStart(2, '0')}`;
    months.push(at);
  }
  return months;
}

/** The weeks of a month, each with its days' profit. */
export function weeks(month: string, days: DayProfit[]): Week[] {
  const [year = 0, number = 1] = month.split('-').map(Number);
  const profits = new Map(days.map((day) => [day.date, day]));
  const length = new Date(Date.UTC(year, number, 0)).getUTCDate();
  // Monday is the first day of a week.
  const before = (new Date(Date.UTC(year, number - 1, 1)).getUTCDay() + 6) % 7;
  const count = Math.ceil((before + length) / 7);
  const dateOf = (day: number) => `${month}-${String(day).padStart(2, '0')}`;
  return Array.from({ length: count }, (_, week) => {
    const all = Array.from({ length: 7 }, (__, weekday) => {
      const day = week * 7 + weekday - before + 1;
      if (day < 1 || day > length) return null;
      return { day, profit: profits.get(dateOf(day)) ?? null };
    });
    const traded = all.flatMap((day) => day?.profit ?? []);
    const monday = week * 7 - before + 1;
    return {
      key: `${month} ${week}`,
      days: all,
      total: traded.length ? sum(traded.map(({ netProfit }) => netProfit)) : null,
      trades: traded.reduce((count, { trades }) => count + trades, 0),
      since: dateOf(Math.max(1, monday)),
      until: dateOf(Math.min(length, monday + 6)),
    };
  });
}

const MONTHS = ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November', 'December'];

/** `2026-03` in words. */
export const titleOf = (month: string): string => `${MONTHS[Number(month.slice(5)) - 1] ?? ''} ${month.slice(0, 4)}`.trim();

/** The first and the last day of a month, or of a year where it is left out. */
export function span(year: number, month?: number): { since: string; until: string } {
  const two = (value: number) => String(value).padStart(2, '0');
  const last = month === undefined ? 31 : new Date(Date.UTC(year, month, 0)).getUTCDate();
  return { since: `${year}-${two(month ?? 1)}-01`, until: `${year}-${two(month ?? 12)}-${two(last)}` };
}

/** Closed trades by year and by month, `2026` and `2026-03`. */
export function countsOf(days: DayProfit[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { date, trades } of days) {
    for (const part of [date.slice(0, 4), date.slice(0, 7)]) counts.set(part, (counts.get(part) ?? 0) + trades);
  }
  return counts;
}

/** How strongly a cell is coloured, in percent: texts on it stay readable. */
export const heat = (value: string | number | null | undefined, largest: number): number =>
  Math.round(4 + (Math.abs(Number(value ?? 0)) / largest) * 18);

const STEPS: [number, string][] = [
  [1e9, 'B'],
  [1e6, 'M'],
  [1e3, 'k'],
];

/** Letters of a small amount that have room; a smaller one is written as 2e−8. */
const LONGEST = 6;

/** An amount in two digits, for where there is no room: +1.2k. No more decimals than its currency has. */
export function shortMoney(text: string, currency: string): string {
  const value = Number(text);
  const size = Math.abs(value);
  const sign = value > 0 ? '+' : value < 0 ? '−' : '';
  const found = STEPS.find(([step]) => size >= step * 0.9995);
  if (found) {
    const shown = size / found[0];
    return `${sign}${shown.toFixed(shown >= 9.95 ? 0 : 1)}${found[1]}`;
  }
  const digits = size >= 9.95 ? 0 : size >= 0.995 ? 1 : 1 - Math.floor(Math.log10(size || 1));
  const isNothing = Number(size.toFixed(decimalsOf(currency))) === 0;
  const shown = size.toFixed(isNothing ? Math.min(digits, 28) : Math.min(digits, decimalsOf(currency)));
  if (size === 0) return '0';
  return sign + (shown.length > LONGEST ? size.toExponential(0).replace('-', '−') : shown);
}
