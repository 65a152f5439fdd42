/** A webhook's settings while they are typed: what changes elsewhere meanwhile is taken, what was typed stays. */

import type { Settings, Webhook } from './api';
import { byTicker, written } from './by-ticker';

/** The settings of single tickers. */
type ByTicker = 'pointValues' | 'contracts' | 'tickSizes';

/** What the form holds; texts where something is typed. */
export interface Draft {
  name: string;
  notes: string;
  settings: Omit<Settings, ByTicker | 'silence' | 'senders'>;
  pointValues: string;
  contracts: string;
  tickSizes: string;
  silence: NonNullable<Settings['silence']>['counted'] | '';
  hours: number;
  senders: NonNullable<Settings['senders']> | '';
}

/** What is not right, by the field that it is in. */
export type DraftFaults = Record<string, string>;

export function draftOf({ name, notes, settings }: Webhook): Draft {
  const { pointValues, contracts, tickSizes, silence, senders, ...rest } = settings;
  return {
    name,
    notes,
    settings: structuredClone(rest),
    pointValues: written(pointValues),
    contracts: written(contracts),
    tickSizes: written(tickSizes),
    silence: silence?.counted ?? '',
    hours: (silence?.seconds ?? 86_400) / 3_600,
    senders: senders ?? '',
  };
}

const isSame = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);

/** The fields that are not what they were before. */
function changed<T extends object>(before: T, after: T): Partial<T> {
  const found: Partial<T> = {};
  for (const name in after) if (!isSame(after[name], before[name])) found[name] = after[name];
  return found;
}

/** What was typed since `before`, on what the webhook is now. */
export function rebased(before: Draft, typed: Draft, now: Draft): Draft {
  const { settings: _, ...fields } = changed(before, typed);
  return { ...now, ...fields, settings: { ...now.settings, ...changed(before.settings, typed.settings) } };
}

/** What to ask of the server: only what was typed, so that nothing else is overwritten. Null where that is nothing. */
export function patchOf(before: Draft, typed: Draft): object | null {
  const { name, notes, pointValues, contracts, tickSizes, silence, hours, senders } = changed(before, typed);
  const settings: Partial<Settings> = changed(before.settings, typed.settings);
  if (pointValues !== undefined) settings.pointValues = byTicker(pointValues);
  if (contracts !== undefined) settings.contracts = contractsOf(contracts);
  if (tickSizes !== undefined) settings.tickSizes = byTicker(tickSizes);
  if (senders !== undefined) settings.senders = senders || null;
  if (silence !== undefined || hours !== undefined) {
    const seconds = Math.max(1, Math.round(typed.hours * 3_600));
    settings.silence = typed.silence ? { seconds, counted: typed.silence } : null;
  }
  const patch = { ...(name !== undefined && { name }), ...(notes !== undefined && { notes }), ...(Object.keys(settings).length && { settings }) };
  return Object.keys(patch).length ? patch : null;
}

const isNumber = (text: string): boolean => /^\d+(\.\d+)?$/.test(text.trim());
const isContract = (text: string): text is Settings['contract'] => text === 'linear' || text === 'inverse';

/** The contracts of single tickers; `faultsOf` has found the lines that are none. */
const contractsOf = (lines: string): Settings['contracts'] =>
  Object.fromEntries(Object.entries(byTicker(lines)).flatMap(([ticker, text]) => (isContract(text) ? [[ticker, text]] : [])));
const NO_NUMBER = 'Write a number such as 0.5 or 1234.5.';

/** Numbers that are none, before the server is asked. */
export function faultsOf({ settings, pointValues, contracts, tickSizes }: Draft): DraftFaults {
  const { initialCapital, pointValue, commission, slippage } = settings;
  const numbers: Record<string, string> = { initialCapital, pointValue, commission: commission.value, slippage: slippage.value };
  if (slippage.kind === 'ticks') numbers['tickSize'] = slippage.tickSize;
  const faults = Object.entries(numbers).flatMap(([name, text]): [string, string][] => (isNumber(text) ? [] : [[name, NO_NUMBER]]));
  const lines: [ByTicker, string, (value: string) => boolean, string][] = [
    ['pointValues', pointValues, isNumber, 'a number, as in ES1! = 50'],
    ['contracts', contracts, isContract, 'linear or inverse, as in BTCUSD = inverse'],
    ['tickSizes', tickSizes, isNumber, 'a number, as in ES1! = 0.25'],
  ];
  for (const [name, text, isRight, example] of lines) {
    const line = Object.entries(byTicker(text)).find(([ticker, value]) => !ticker || !isRight(value));
    if (line) faults.push([name, `${line[0] || 'A line'} needs a ticker, = and ${example}.`]);
  }
  return Object.fromEntries(faults);
}

/** Lines with one more for a ticker. */
export const withLine = (lines: string, ticker: string, value: string): string => [...lines.split('\n').filter((line) => line.trim()), `${ticker} = ${value}`].join('\n');

/** Where the server's words about a setting belong, by the field that they begin with: `settings.timeZone`. */
export function faultNamed(field: string, detail: string): DraftFaults {
  const [room, name, inner] = field.split('.');
  if (room !== 'settings' || !name) return {};
  return { [inner === 'tickSize' ? inner : name]: `It${detail.slice(field.length)}.` };
}
