/** The event log: pages from the newest back, and new events on top as they come. */

import { get, type ApiError, type Event, type EventStatus } from './api';
import { listen } from './live.svelte';
import { asApiError } from './load.svelte';
import { mayBe } from './tickers';

export interface LogFilter {
  webhook: string;
  status: EventStatus | '';
  ticker: string;
  q: string;
  from: string | null;
  to: string | null;
}

/** Enough for a usual screen, and as many as the server gives at once. */
const FIRST = 50;
const PAGE = 500;

/** The server's search knows capitals of ASCII only. */
const lower = (text: string): string => text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());

/** Whether an event belongs into a filtered log, as the server has it. */
export function belongs(event: Event, filter: LogFilter): boolean {
  return (
    (!filter.webhook || event.webhook === filter.webhook) &&
    (!filter.status || event.status === filter.status) &&
    (!filter.ticker || mayBe(event.ticker ?? '', filter.ticker)) &&
    (!filter.q || lower(event.payload ?? '').includes(lower(filter.q))) &&
    (!filter.from || Date.parse(event.receivedAt) >= Date.parse(filter.from)) &&
    (!filter.to || Date.parse(event.receivedAt) < Date.parse(filter.to))
  );
}

const number = (id: string): number => Number(id.slice('evt_'.length));

/** The newest by time first; of one moment, the one that came last. */
const order = (one: Event, other: Event): number =>
  Date.parse(other.receivedAt) - Date.parse(one.receivedAt) || number(other.id) - number(one.id);

/** Puts an event where its time belongs, once. */
export function insert(events: Event[], event: Event): Event[] {
  const at = events.findIndex((other) => order(event, other) <= 0);
  if (at < 0) return [...events, event];
  if (events[at]?.id === event.id) return events;
  return [...events.slice(0, at), event, ...events.slice(at)];
}

/** Puts a page of events, newest first, into a log: at its end, unless events came out of turn. */
export function join(events: Event[], page: Event[]): Event[] {
  const [last, first] = [events.at(-1), page[0]];
  if (!last || !first || order(last, first) < 0) return events.concat(page);
  const all = new Map([...events, ...page].map((event) => [event.id, event]));
  return [...all.values()].sort(order);
}

export class Log {
  events = $state.raw<Event[]>([]);
  error = $state.raw<ApiError | null>(null);
  isComplete = $state(false);
  isRead = $state(false);
  private cursor: string | null = null;
  private isBusy = false;
  private readonly stop: () => void;

  /** Reads the newest page and listens from before that on, until it is closed. */
  constructor(private readonly filter: LogFilter) {
    this.stop = listen((event) => {
      if (belongs(event, this.filter)) this.events = insert(this.events, event);
    });
    void this.more();
  }

  close(): void {
    this.stop();
  }

  /** Reads one more page back; a large one for who goes far. */
  async more(isFar = false): Promise<void> {
    if (this.isBusy || this.isComplete) return;
    this.isBusy = true;
    try {
      const page = await get('/events', { query: { ...this.filter, limit: isFar ? PAGE : FIRST, cursor: this.cursor } });
      this.events = join(this.events, page.items);
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

/** The log that was looked at last stays as far as it was read, so that who comes back finds the place again. */
let kept: { log: Log; asked: string } | null = null;

export const keptLog = {
  /** Where it is, with its filters. */
  address: '/events',
  of: (filter: LogFilter): Log => {
    const asked = JSON.stringify(filter);
    if (kept?.asked === asked) return kept.log;
    keptLog.forget();
    kept = { log: new Log(filter), asked };
    return kept.log;
  },
  forget: (): void => {
    kept?.log.close();
    kept = null;
  },
};
