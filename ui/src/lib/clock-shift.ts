/** The correction of a backtest's clock, as the address of the page has it. */

import { NEXT, figure } from './format';

export interface ClockShift {
  /** Seconds that are added, in winter where there is a summer. */
  shift?: number;
  /** Seconds that are added while daylight saving is in force. */
  summer?: number;
  /** A zone with the dates of daylight saving; alone, the zone that the times are in. */
  like?: string;
}

const DAY = 86_400;

/** What an address asks for; only what the server takes. */
export function shiftOf(query: URLSearchParams): ClockShift {
  const seconds = (name: string): number | undefined => {
    const found = Number(query.get(name) || NaN);
    return Number.isInteger(found) && Math.abs(found) <= DAY ? found : undefined;
  };
  const [shift, summer, like] = [seconds('shift'), seconds('summer'), query.get('like') ?? ''];
  if (!like) return shift ? { shift } : {};
  return summer === undefined ? { like } : { shift: shift ?? 0, summer, like };
}

/** The same for an address; null takes away what was there. */
export const asQuery = ({ shift, summer, like }: ClockShift): Record<'shift' | 'summer' | 'like', string | null> => ({
  shift: shift === undefined ? null : String(shift),
  summer: summer === undefined ? null : String(summer),
  like: like || null,
});

/** Seconds as hours with their sign. */
export const hours = (seconds: number): string => {
  const whole = Number.isInteger(seconds / 3600);
  return `${seconds > 0 ? '+' : seconds < 0 ? '−' : ''}${figure(Math.abs(seconds) / 3600, whole ? 0 : 2)}${NEXT}h`;
};

/** `America/New_York` as `New York`. */
export const place = (zone: string): string => (zone.split('/').at(-1) ?? zone).replaceAll('_', ' ');

/** What is done to the times, in words; empty where nothing is. */
export function shiftSaid({ shift, summer, like }: ClockShift): string {
  if (like && summer === undefined) return `read as ${place(like)}’s`;
  if (like && summer !== undefined) return `shifted by ${hours(shift ?? 0)} in winter and ${hours(summer)} in summer, as in ${place(like)}`;
  return shift ? `shifted by ${hours(shift)}` : '';
}
