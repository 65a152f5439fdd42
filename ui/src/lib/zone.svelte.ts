/**
 * The one time zone that everything on the page is in: tables, charts, calendars, days of a
 * range, what is copied as CSV. Two zones on one page make the same trade two trades.
 */

/** Of this browser. */
const own: string = Intl.DateTimeFormat().resolvedOptions().timeZone;

const PLACE = 'zone';

const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(zone: string): Intl.DateTimeFormat {
  let format = formats.get(zone);
  if (!format) {
    // Swedish writes 2026-03-11 12:35:00.
    const parts = { year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit' } as const;
    format = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, ...parts });
    formats.set(zone, format);
  }
  return format;
}

function isZone(name: string | null): name is string {
  if (!name) return false;
  try {
    formatOf(name);
    return true;
  } catch {
    return false;
  }
}

// Unit tests have no browser.
const kept = globalThis.localStorage?.getItem(PLACE) ?? null;
let name = $state(isZone(kept) ? kept : own);

export const zone = {
  /** Its IANA name. */
  get name(): string {
    return name;
  },
  get own(): string {
    return own;
  },
  /** Shows everything in another zone, in this browser from now on. */
  choose(next: string): void {
    if (!isZone(next)) return;
    name = next;
    if (next === own) globalThis.localStorage?.removeItem(PLACE);
    else globalThis.localStorage?.setItem(PLACE, next);
  },
};

/** The wall clock at a moment, as `2026-03-11 12:35:00`. */
export const wallClock = (at: Date): string => formatOf(name).format(at);

/** Seconds that the wall clock is ahead of UTC at a moment. */
export const offset = (at: Date): number => Math.round((Date.parse(`${wallClock(at).replace(' ', 'T')}Z`) - at.getTime()) / 1000);

/** The day at a moment, as `2026-03-11`. */
export const dayOf = (at: Date): string => wallClock(at).slice(0, 10);

/** A day some days later. */
export function later(day: string, days: number): string {
  const at = new Date(`${day}T00:00:00Z`);
  at.setUTCDate(at.getUTCDate() + days);
  return at.toISOString().slice(0, 10);
}

/** The moment at which a day begins. */
export function midnight(day: string): Date {
  const utc = Date.parse(`${day}T00:00:00Z`);
  let at = utc - offset(new Date(utc)) * 1000;
  // Once more with the offset of that moment, where clocks change in between.
  at = utc - offset(new Date(at)) * 1000;
  return new Date(at);
}

/** A moment with its offset, for a file that leaves the page: `2026-03-11T12:35:00-04:00`. */
export function stamped(text: string): string {
  const at = new Date(text);
  const minutes = Math.round(offset(at) / 60);
  const two = (value: number) => String(value).padStart(2, '0');
  const ahead = `${minutes < 0 ? '-' : '+'}${two(Math.floor(Math.abs(minutes) / 60))}:${two(Math.abs(minutes) % 60)}`;
  return `${wallClock(at).replace(' ', 'T')}${minutes === 0 ? 'Z' : ahead}`;
}
