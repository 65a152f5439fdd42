/** A webhook's settings while they are typed: what changes elsewhere meanwhile is taken, what was typed stays. */

import type { Settings, Webhook } from './api';
import { pointValuesOf, written } from './point-values';

/** What the form holds; texts where something is typed. */
export interface Draft {
  name: string;
  notes: string;
  settings: Omit<Settings, 'pointValues' | 'silence' | 'senders'>;
  pointValues: string;
  silence: string;
  hours: number;
  senders: string;
}

/** What is not right, by the field that it is in. */
export type DraftFaults = Record<string, string>;

export function draftOf({ name, notes, settings }: Webhook): Draft {
  const { pointValues, silence, senders, ...rest } = settings;
  return {
    name,
    notes,
    settings: structuredClone(rest),
    pointValues: written(pointValues),
    silence: silence?.counted ?? '',
    hours: (silence?.seconds ?? 86_400) / 3_600,
    senders: senders ?? '',
  };
}

const isSame = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);

/** The fields that are not what they were before. */
function changed<T extends object>(before: T, after: T): Partial<T> {
  const entries = Object.entries(after).filter(([name, value]) => !isSame(value, before[name as keyof T]));
  return Object.fromEntries(entries) as Partial<T>;
}

/** What was typed since `before`, on what the webhook is now. */
export function rebased(before: Draft, typed: Draft, now: Draft): Draft {
  const { settings: _, ...fields } = changed(before, typed);
  return { ...now, ...fields, settings: { ...now.settings, ...changed(before.settings, typed.settings) } };
}

/** What to ask of the server: only what was typed, so that nothing else is overwritten. Null where that is nothing. */
export function patchOf(before: Draft, typed: Draft): object | null {
  const { name, notes, pointValues, silence, hours, senders } = changed(before, typed);
  const settings: Partial<Settings> = changed(before.settings, typed.settings);
  if (pointValues !== undefined) settings.pointValues = pointValuesOf(pointValues);
  if (senders !== undefined) settings.senders = senders || null;
  if (silence !== undefined || hours !== undefined) {
    const seconds = Math.max(1, Math.round(typed.hours * 3_600));
    settings.silence = typed.silence ? ({ seconds, counted: typed.silence } as Settings['silence']) : null;
  }
  const patch = { ...(name !== undefined && { name }), ...(notes !== undefined && { notes }), ...(Object.keys(settings).length && { settings }) };
  return Object.keys(patch).length ? patch : null;
}

const isNumber = (text: string): boolean => /^\d+(\.\d+)?$/.test(text.trim());
const NO_NUMBER = 'Write a number such as 0.5 or 1234.5.';

/** Numbers that are none, before the server is asked. */
export function faultsOf({ settings, pointValues }: Draft): DraftFaults {
  const { initialCapital, pointValue, commission, slippage } = settings;
  const numbers: Record<string, string> = { initialCapital, pointValue, commission: commission.value, slippage: slippage.value };
  if (slippage.kind === 'ticks') numbers['tickSize'] = slippage.tickSize;
  const faults = Object.entries(numbers).flatMap(([name, text]) => (isNumber(text) ? [] : [[name, NO_NUMBER]]));
  const line = Object.entries(pointValuesOf(pointValues)).find(([ticker, value]) => !ticker || !isNumber(value));
  if (line) faults.push(['pointValues', `${line[0] || 'A line'} needs a ticker, = and a number, as in CME_MINI:ES1! = 50.`]);
  return Object.fromEntries(faults) as DraftFaults;
}

/** Where the server's words about a setting belong: `settings.timeZone must be …`. */
export function faultNamed(detail: string): DraftFaults {
  const [, name, inner, rest] = detail.match(/^settings\.(\w+)(?:\.(\w+))? (.*)$/s) ?? [];
  if (!name || !rest) return {};
  return { [inner === 'tickSize' ? inner : name]: `It ${rest}.` };
}
