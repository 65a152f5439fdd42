/** Events over time, in as many bars as have room. */

import type { EventBar } from './api';

/** Neighbours together, where there are more bars than `most`. */
export function merged(bars: EventBar[], most: number): EventBar[] {
  const together = Math.ceil(bars.length / Math.max(most, 1));
  if (together < 2) return bars;
  return bars.flatMap((first, index) => {
    if (index % together !== 0) return [];
    const all = bars.slice(index, index + together);
    const sum = (of: 'events' | 'faulty') => all.reduce((total, bar) => total + bar[of], 0);
    return [{ from: first.from, to: all.at(-1)?.to ?? first.to, events: sum('events'), faulty: sum('faulty') }];
  });
}
