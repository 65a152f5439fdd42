/** What the keyboard does everywhere. */

import { go } from './router.svelte';

/** A second key has to come this soon. */
const TOGETHER = 1_000;

export const places: Record<string, [string, string]> = {
  d: ['/', 'Dashboard'],
  w: ['/webhooks', 'Webhooks'],
  e: ['/events', 'Events'],
  t: ['/trades', 'Trades'],
  o: ['/orders', 'Orders'],
  p: ['/positions', 'Positions'],
  r: ['/report', 'Report'],
  i: ['/import', 'Import'],
  a: ['/account', 'Account'],
};

let isHelpOpen = $state(false);
let startedAt = 0;

export const keys = {
  get isHelpOpen() {
    return isHelpOpen;
  },
  closeHelp: () => (isHelpOpen = false),
  press: (event: KeyboardEvent): void => {
    if (event.metaKey || event.ctrlKey || event.altKey) return;
    const target = event.target as HTMLElement;
    if (target.isContentEditable || ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName)) return;
    if (startedAt && event.timeStamp - startedAt < TOGETHER) {
      startedAt = 0;
      const place = places[event.key];
      if (place) go(place[0]);
    } else if (event.key === 'g') {
      startedAt = event.timeStamp;
    } else if (event.key === '?') {
      isHelpOpen = !isHelpOpen;
    } else if (event.key === '/') {
      const search = document.querySelector<HTMLInputElement>('input[type="search"]');
      if (search) {
        event.preventDefault();
        search.focus();
      }
    }
  },
};
