/** The title of the window: what is looked at, the page that it is on, algohook. */

import { spaced } from './format';

let shown = $state<string | null>(null);

export const title = {
  /** What is looked at, where a page is of one thing. */
  get of(): string | null {
    return shown;
  },
};

/** Names what a page is of while it is there. */
export function entitle(name: () => string | undefined): void {
  $effect(() => {
    shown = spaced(name() ?? '') || null;
    return () => (shown = null);
  });
}
