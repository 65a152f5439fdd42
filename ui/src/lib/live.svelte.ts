/** New events as they come, without gaps or doubles, through drops of the connection. */

import { get, type Event, type Page } from './api';

type Listener = (event: Event) => void;

let state = $state<'connecting' | 'live' | 'interrupted'>('connecting');
/** Counts up with every event: what is derived from events is read again. */
let version = $state(0);

const listeners = new Set<Listener>();
let source: EventSource | null = null;
let newest: string | null = null;
let isWanted = false;

/** The number before every event's. */
const BEFORE_ALL = 'evt_0';

export const live = {
  get state() {
    return state;
  },
  get version() {
    return version;
  },
};

/** Is told of every event that comes from now on; the function returned ends that. */
export function listen(listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Opens the stream where the event log ends now, or where it was left; a second call does nothing. */
export async function connect(): Promise<void> {
  if (isWanted) return;
  isWanted = true;
  await open();
}

async function open(): Promise<void> {
  try {
    newest ??= (await get<Page<Event>>('/events', { limit: 1 })).items[0]?.id ?? BEFORE_ALL;
  } catch {
    retry();
    return;
  }
  if (!isWanted) return;
  // A browser that reconnects by itself says what it had last; a new stream has to.
  source = new EventSource(`/api/v1/stream?after=${newest}`);
  source.onopen = () => (state = 'live');
  source.onerror = () => {
    state = 'interrupted';
    if (source?.readyState === EventSource.CLOSED) retry();
  };
  source.addEventListener('event', (message) => {
    const event = JSON.parse(message.data) as Event;
    newest = event.id;
    version += 1;
    for (const listener of listeners) listener(event);
  });
}

function retry(): void {
  if (!isWanted) return;
  state = 'interrupted';
  setTimeout(() => void (isWanted && open()), 2_000);
}

/** Closes the stream, at the end of a session. */
export function disconnect(): void {
  isWanted = false;
  source?.close();
  source = null;
  newest = null;
  state = 'connecting';
}
