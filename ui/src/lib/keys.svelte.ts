/** What the keyboard does everywhere. */

import { go } from './router.svelte';
import { byKey } from './routes';

/** A second key has to come this soon. */
const TOGETHER = 1_000;

let isHelpOpen = $state(false);
let isPaletteOpen = $state(false);
let startedAt = 0;

/** The next or the previous row of the list of this page gets the focus. */
function step(by: 1 | -1): void {
  const rows = [...document.querySelectorAll<HTMLElement>('main [data-row]')].filter((row) => row.offsetParent !== null);
  const at = rows.findIndex((row) => row === document.activeElement || row.contains(document.activeElement));
  const next = rows[at < 0 ? 0 : at + by];
  next?.focus();
  next?.scrollIntoView({ block: 'nearest' });
}

function search(): boolean {
  const field = document.querySelector<HTMLInputElement>('main input[type="search"]');
  field?.focus();
  return Boolean(field);
}

const actions: Record<string, () => void> = {
  '?': () => (isHelpOpen = !isHelpOpen),
  n: () => go('/webhooks?new=1'),
  j: () => step(1),
  k: () => step(-1),
};

export const keys = {
  get isHelpOpen() {
    return isHelpOpen;
  },
  get isPaletteOpen() {
    return isPaletteOpen;
  },
  openHelp: () => (isHelpOpen = true),
  closeHelp: () => (isHelpOpen = false),
  openPalette: () => (isPaletteOpen = true),
  closePalette: () => (isPaletteOpen = false),
  press: (event: KeyboardEvent): void => {
    if ((event.metaKey || event.ctrlKey) && event.key.toLowerCase() === 'k') {
      event.preventDefault();
      isPaletteOpen = !isPaletteOpen;
      return;
    }
    if (event.metaKey || event.ctrlKey || event.altKey) return;
    const target = event.target instanceof Element ? event.target : document.body;
    if (event.key === 'Escape' && target instanceof HTMLInputElement && target.type === 'search') target.blur();
    if ((target instanceof HTMLElement && target.isContentEditable) || ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName)) return;
    if (target.closest('dialog')) return;
    if (startedAt && event.timeStamp - startedAt < TOGETHER) {
      startedAt = 0;
      const page = byKey.find(({ key }) => key === event.key);
      if (page) go(page.path);
    } else if (event.key === 'g') {
      startedAt = event.timeStamp;
    } else if (event.key === '/') {
      if (search()) event.preventDefault();
    } else {
      const act = actions[event.key];
      if (!act) return;
      event.preventDefault();
      act();
    }
  },
};
