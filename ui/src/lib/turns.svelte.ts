/** A long page drawn a part at a time: what is on the screen comes first, and a touch in between is answered. */

export interface Turns {
  /** How many parts are drawn. */
  readonly reached: number;
}

/** Counts up to `last`, a task of the browser each, from when there is something to draw. */
export function turns(last: number, isReady: () => boolean): Turns {
  let reached = $state(0);
  $effect(() => {
    if (!isReady() || reached >= last) return;
    const waiting = setTimeout(() => (reached += 1));
    return () => clearTimeout(waiting);
  });
  return {
    get reached() {
      return reached;
    },
  };
}
