/** Events that made no order, by what was wrong with them, and the message that each is retried with. */

import type { Event } from './api';
import { corrected } from './payload';

export interface Cause {
  /** What was wrong, in words. */
  name: string;
  events: Event[];
  /** Whether every one of them can be retried without being looked at. */
  isMechanical: boolean;
}

/** Whether an event may be retried as it is, once it was held back. */
const isHeldBack = (event: Event): boolean => event.status === 'limited' || event.status === 'ignored';

/** Events without an order by their cause, the most frequent first. Tests make no order at all. */
export function causes(events: Event[]): Cause[] {
  const found = new Map<string, Event[]>();
  for (const event of events) {
    if (event.order || event.source === 'test' || event.status === 'processed' || event.status === 'duplicate') continue;
    const name = event.error ? (event.error.hint || event.error.message) : event.status === 'limited' ? 'Over the limit' : 'Received while paused';
    found.set(name, [...(found.get(name) ?? []), event]);
  }
  return [...found]
    .map(([name, of]) => ({ name, events: of, isMechanical: of.every((event) => isHeldBack(event) || Boolean(event.payload && corrected(event.payload))) }))
    .toSorted((one, other) => other.events.length - one.events.length);
}

/** What an event is retried with: its corrected message, or as it came. */
export const retriedWith = (event: Event): string | undefined => (isHeldBack(event) || !event.payload ? undefined : corrected(event.payload)?.message);
