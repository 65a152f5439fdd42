/** The event log: pages from the newest back, and new events on top as they come. */

import { get, type ApiError, type Event, type EventStatus, type Page } from './api';
import { listen } from './live.svelte';
import { asApiError } from './load.svelte';

export interface LogFilter {
  webhook: string;
  status: string;
  ticker: string;
  q: string;
  from: string | null;
  to: string | null;
}

const PAGE = 100;

/** Whether an event belongs into a filtered log, as the server has it. */
export function belongs(event: Event, filter: LogFilter): boolean {
  return (
    (!filter.webhook || event.webhook === filter.webhook) &&
    (!filter.status || event.status === (filter.status as EventStatus)) &&
    (!filter.ticker || event.ticker === filter.ticker) &&
    (!filter.q || event.payload.includes(filter.q)) &&
    (!filter.from || Date.parse(event.receivedAt) >= Date.parse(filter.from)) &&
    (!filter.to || Date.parse(event.receivedAt) < Date.parse(filter.to))
  );
}

const number = (id: string): number => Number(id.slice('evt_'.length));

/** Puts an event where its number belongs, once. */
export function insert(events: Event[], event: Event): Event[] {
  const at = events.findIndex((other) => number(other.id) <= number(event.id));
  if (at < 0) return [...events, event];
  if (events[at]?.id === event.id) return events;
  return [...events.slice(0, at), event, ...events.slice(at)];
}

export class Log {
  events = $state.raw<Event[]>([]);
  error = $state.raw<ApiError | null>(null);
  isComplete = $state(false);
  isRead = $state(false);
  private cursor: string | null = null;
  private isBusy = false;

  constructor(private readonly filter: LogFilter) {}

  /** Reads the newest page and listens from before that on; the function returned ends it. */
  open(): () => void {
    const stop = listen((event) => {
      if (belongs(event, this.filter)) this.events = insert(this.events, event);
    });
    void this.more();
    return stop;
  }

  /** Reads one more page back. */
  async more(): Promise<void> {
    if (this.isBusy || this.isComplete) return;
    this.isBusy = true;
    try {
      const page = await get<Page<Event>>('/events', { ...this.filter, limit: PAGE, cursor: this.cursor });
      this.events = page.items.reduce(insert, this.events);
      this.cursor = page.nextCursor ?? null;
      this.isComplete = this.cursor === null;
      this.error = null;
      this.isRead = true;
    } catch (failure) {
      this.error = asApiError(failure);
    }
    this.isBusy = false;
  }
}
