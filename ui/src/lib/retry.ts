/** Events that made no order, by what was wrong with them, and the message that each is retried with. */

import { post, type Event } from './api';
import { counted } from './format';
import { asApiError } from './load.svelte';
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

/** Whether an event can be retried without being looked at. */
const isMechanical = (event: Event): boolean => isHeldBack(event) || Boolean(event.payload && corrected(event.payload));

/** Whether an event made no order and may make one yet. Tests make none at all. */
const isOpen = (event: Event): boolean => !event.order && event.source !== 'test' && event.status !== 'processed' && event.status !== 'duplicate';

/** Those of some events that are retried by one click. */
export const retryable = (events: Event[]): Event[] => events.filter((event) => isOpen(event) && isMechanical(event));

/** Events without an order by their cause, the most frequent first. */
export function causes(events: Event[]): Cause[] {
  const found = new Map<string, Event[]>();
  for (const event of events) {
    if (!isOpen(event)) continue;
    const name = event.error ? (event.error.hint || event.error.message) : event.status === 'limited' ? 'Over the limit' : 'Received while paused';
    found.set(name, [...(found.get(name) ?? []), event]);
  }
  return [...found]
    .map(([name, of]) => ({ name, events: of, isMechanical: of.every(isMechanical) }))
    .toSorted((one, other) => other.events.length - one.events.length);
}

/** What an event is retried with: its corrected message, or as it came. */
export const retriedWith = (event: Event): string | undefined => (isHeldBack(event) || !event.payload ? undefined : corrected(event.payload)?.message);

/** Retries events, the oldest first, as they should have arrived; says what came of it. */
export async function retryAll(newestFirst: Event[]): Promise<string> {
  let made = 0;
  let skipped = 0;
  let last = '';
  for (const event of newestFirst.toReversed()) {
    const payload = retriedWith(event);
    try {
      await post('/events/{id}/reprocess', { path: { id: event.id }, body: payload === undefined ? {} : { payload } });
      made += 1;
    } catch (failure) {
      const error = asApiError(failure);
      // It made an order before.
      if (error.status !== 409) last = error.detail;
      skipped += 1;
    }
  }
  const rest = skipped ? `; ${skipped} skipped${last ? `: ${last}` : ', retried before'}` : '';
  return `${counted(made, 'order')} created${rest}.`;
}
