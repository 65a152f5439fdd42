/** New events as they come, without gaps or doubles, through drops of the connection. */

import { believed, checkLogin, get, onReach, type Event } from './api';

type Listener = (event: Event) => void;

let state = $state<'connecting' | 'live' | 'interrupted'>('connecting');
/** Counts up soon after an event: what is derived from events is read again. */
let version = $state(0);
let isDue = false;
/** Counts up when the connection is back: what could not be read meanwhile is read again. */
let returns = $state(0);
/** Counts up when the viewer comes back to this window: what was changed in another one is read again. */
let visits = $state(0);

/** Whether the server answered when something was last read. */
let isReached = $state(true);

onReach.call = (reached) => (isReached = reached);

const listeners = new Set<Listener>();
let source: EventSource | null = null;
let newest: string | null = null;
let isWanted = false;

/** Events that come within this many milliseconds are one reason to read again. */
const TOGETHER = 500;

/** The number before every event's. */
const BEFORE_ALL = 'evt_0';

export const live = {
  get state() {
    return state;
  },
  get version() {
    return version;
  },
  get returns() {
    return returns;
  },
  get visits() {
    return visits;
  },
  get isReached() {
    return isReached;
  },
};

/** Notes that the viewer is here, or is here again. */
export function visit(): void {
  if (document.visibilityState === 'visible') visits += 1;
}

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
    newest ??= (await get('/events', { query: { limit: 1 } })).items[0]?.id ?? BEFORE_ALL;
  } catch {
    retry();
    return;
  }
  if (!isWanted) return;
  // A browser that reconnects by itself says what it had last; a new stream has to.
  source = new EventSource(`/api/v1/stream?after=${newest}`);
  source.onopen = () => {
    if (state === 'interrupted') returns += 1;
    state = 'live';
    isReached = true;
  };
  source.onerror = () => {
    state = 'interrupted';
    // A session that was ended closes the stream, too, and the browser does not say why.
    checkLogin();
    if (source?.readyState === EventSource.CLOSED) retry();
  };
  source.addEventListener('event', (message) => {
    const event = believed<Event>(message.data);
    newest = event.id;
    readAgain();
    for (const listener of listeners) listener(event);
  });
}

function readAgain(): void {
  if (isDue) return;
  isDue = true;
  setTimeout(() => {
    isDue = false;
    version += 1;
  }, TOGETHER);
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
