/** A comparison as the page shows it: the bridge as bars, legs side by side, and their drift. */

import type { Bridge, LegRow, LegSide } from './api';
import { sum } from './sum';
import { dayOf } from './zone.svelte';

/** The normal distribution's quantile that leaves 2.5 % above it. */
const Z = 1.959963984540054;

/** Which legs are listed. */
export type Only = 'problem' | 'missed' | 'false' | '';

export const kinds: [Only, string][] = [
  ['problem', 'Problems'],
  ['missed', 'Missed'],
  ['false', 'False'],
  ['', 'All'],
];

/** As an address has it: problems where it says nothing, `all` for every leg. */
export const onlyOf = (text: string | null): Only => (text === 'all' ? '' : text === 'missed' || text === 'false' ? text : 'problem');

/** A bar of the bridge: an amount that stands, or a step from the one before. */
export interface Step {
  name: string;
  amount: string;
  isTotal: boolean;
  /** Both ends, in the unit of money. */
  from: number;
  to: number;
  /** The legs behind it. */
  only: Only | null;
}

/** The way from the one profit to the other; steps that are nothing are left out. */
export function steps(bridge: Bridge, names: [string, string]): Step[] {
  const of = (name: string, count: number) => (count ? `${name} (${count})` : name);
  const { trades } = bridge;
  const all: [string, string, Only | null][] = [
    [of('Missed trades', trades.missed), bridge.missed, 'missed'],
    [of('False trades', trades.falseTrades), bridge.falseTrades, 'false'],
    [of('Other exits', trades.exits), bridge.exits, 'problem'],
    ['Prices', bridge.price, ''],
    ['Quantities', bridge.quantity, 'problem'],
    ['Commission and slippage settings', bridge.commission, null],
    ['Rounding', bridge.rounding, null],
  ];
  const total = (name: string, amount: string): Step => ({ name, amount, isTotal: true, from: 0, to: Number(amount), only: null });
  const found = [total(names[0], bridge.expected)];
  let at: string = bridge.expected;
  for (const [name, amount, only] of all) {
    if (Number(amount) === 0) continue;
    const next = sum([at, amount]) ?? at;
    found.push({ name, amount, isTotal: false, from: Number(at), to: Number(next), only });
    at = next;
  }
  return [...found, total(names[1], bridge.observed)];
}

/** Where a value lies between the ends of some steps, in percent. */
export function placed(all: Step[]): (value: number) => number {
  const ends = all.flatMap(({ from, to }) => [from, to]);
  const [low, high] = [Math.min(0, ...ends), Math.max(0, ...ends)];
  return (value) => ((value - low) / (high - low || 1)) * 100;
}

/** A leg of each book of the chain, where it has one. */
export interface Chain extends LegRow {
  fill?: LegSide | null;
  /** How much worse the fill is than its alert; above zero is a cost. */
  slippage?: string | null;
}

const keyOf = (side: LegSide | null | undefined) => (side?.order ? `${side.order} ${side.action}` : null);

/** Legs of backtest and alerts with the fills of the same orders; fills without an order come beside. */
export function chained(rows: LegRow[], executed: Chain[]): Chain[] {
  if (!executed.length) return rows;
  const fills = new Map<string, Chain>();
  for (const row of executed) {
    const key = keyOf(row.alert);
    if (key && row.fill) fills.set(key, row);
  }
  return rows.map((row) => {
    const found = fills.get(keyOf(row.alert) ?? '');
    return { ...row, fill: found?.fill ?? null, slippage: found?.priceCost ?? null };
  });
}

/** When it was: of what is on both sides, the later one. */
export const timeOf = (row: Chain): string => row.alert?.time ?? row.fill?.time ?? row.backtest?.time ?? '';

/** An alert that was brought in later is one that came, for who looks for problems. */
export const isProblem = (row: LegRow): boolean =>
  row.outcome === 'missed' || row.outcome === 'false' || row.flags.some((flag) => flag !== 'imported');

/** How far the later leg is behind the earlier one, in seconds. */
export function lag(row: Chain): number | null {
  const [first, second] = row.backtest && row.alert ? [row.backtest, row.alert] : [row.alert, row.fill];
  return first && second ? (Date.parse(second.time) - Date.parse(first.time)) / 1000 : null;
}

/** How much worse the later price is, in percent of the earlier one. */
export function costOf(row: LegRow): number | null {
  const price = Number((row.backtest ?? row.alert)?.price);
  return row.priceCost && price ? (100 * Number(row.priceCost)) / Math.abs(price) : null;
}

/** The 95 % interval of a mean, by the normal distribution; null of fewer than two values. */
export function meanInterval(values: number[]): [number, number] | null {
  const n = values.length;
  if (n < 2) return null;
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1);
  const half = Z * Math.sqrt(variance / n);
  return [mean - half, mean + half];
}

/** The 95 % interval of a median: the values whose ranks a fair coin gives; null of fewer than six values. */
export function medianInterval(values: number[]): [number, number] | null {
  const n = values.length;
  if (n < 6) return null;
  const ordered = values.toSorted((one, other) => one - other);
  const below = Math.max(0, Math.floor(n / 2 - (Z * Math.sqrt(n)) / 2));
  return [ordered[below] ?? 0, ordered[n - 1 - below] ?? 0];
}

/** What somebody reads of a row first. */
export function note(row: LegRow): string {
  if (row.causeInWords) return row.causeInWords;
  const words: Record<string, string> = { late: 'late', quantity: 'another quantity', imported: 'imported later' };
  if (row.flags.length) return row.flags.map((flag) => words[flag] ?? flag).join(', ');
  return row.outcome === 'missed' || row.outcome === 'false' ? 'no evidence of a cause' : '';
}

/** The match rate of a stretch of time, with its interval, and how much worse prices were. */
export interface Period {
  /** The first day of it. */
  day: string;
  matched: number;
  legs: number;
  percent: number;
  low: number;
  high: number;
  /** Mean cost of a leg in percent of its price; null without pairs. */
  cost: number | null;
}

/** Wilson's 95 % interval of a share, in percent. */
export function wilson(part: number, of: number): [number, number] {
  const share = part / of;
  const centre = share + (Z * Z) / (2 * of);
  const half = Z * Math.sqrt((share * (1 - share)) / of + (Z * Z) / (4 * of * of));
  const scale = 1 + (Z * Z) / of;
  return [Math.max(0, (100 * (centre - half)) / scale), Math.min(100, (100 * (centre + half)) / scale)];
}

/** Most bars that a drift has. */
const MOST_PERIODS = 30;

/** Days that a bar may be of. */
const LENGTHS = [1, 7, 30, 91, 365];

const day = (text: string) => Math.floor(Date.parse(text) / 86_400_000);

/** Legs by day, week or month, oldest first: those of the first book, and what they had of the second. */
export function periods(rows: Chain[]): Period[] {
  const judged = rows.filter((row) => row.outcome === 'matched' || row.outcome === 'missed');
  const days = judged.map((row) => day(`${dayOf(new Date(timeOf(row)))}T00:00:00Z`));
  const [first, last] = [Math.min(...days), Math.max(...days)];
  const length = LENGTHS.find((size) => (last - first + 1) / size <= MOST_PERIODS) ?? 365;
  const groups = new Map<number, Chain[]>();
  judged.forEach((row, index) => {
    const group = Math.floor(((days[index] ?? first) - first) / length);
    const known = groups.get(group);
    if (known) known.push(row);
    else groups.set(group, [row]);
  });
  return [...groups].toSorted(([one], [other]) => one - other).map(([group, legs]) => {
    const pairs = legs.filter((row) => row.outcome === 'matched');
    const costs = pairs.flatMap((row) => costOf(row) ?? []);
    const [low, high] = wilson(pairs.length, legs.length);
    return {
      day: new Date((first + group * length) * 86_400_000).toISOString().slice(0, 10),
      matched: pairs.length,
      legs: legs.length,
      percent: (100 * pairs.length) / legs.length,
      low,
      high,
      cost: costs.length ? costs.reduce((sum, cost) => sum + cost, 0) / costs.length : null,
    };
  });
}
