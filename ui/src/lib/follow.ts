/** Messages for the outside, read again while one is on its way. */

const EVERY = 2_000;
/** A message that is due within this time of now is about to be sent. */
const NEAR = 10_000;

interface Message {
  state: string;
  dueAt?: string | null;
}

/** Whether what becomes of a message may be known in a moment. */
export const isOnItsWay = ({ state, dueAt }: Message, now: number): boolean =>
  state === 'sending' || (state === 'waiting' && Boolean(dueAt) && Math.abs(Date.parse(dueAt ?? '') - now) < NEAR);

/** Reads again soon where a message is on its way; the function returned ends that. */
export function follow(messages: Message[], again: () => void): (() => void) | undefined {
  const now = Date.now();
  if (!messages.some((message) => isOnItsWay(message, now))) return undefined;
  const timer = setTimeout(again, EVERY);
  return () => clearTimeout(timer);
}
