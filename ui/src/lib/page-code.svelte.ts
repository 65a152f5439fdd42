/** The code of each page: fetched when the page is opened, or before that while the browser is idle. */

import type { Component } from 'svelte';
import { fetched } from './fetched-code';
import type { Name } from './routes';

/** A page as a whole, or one that is begun anew for another id. */
interface Code {
  Whole?: Component;
  OfOne?: Component<{ id: string }>;
}

const whole = (file: () => Promise<{ default: Component }>) => async (): Promise<Code> => ({ Whole: (await file()).default });
const ofOne = (file: () => Promise<{ default: Component<{ id: string }> }>) => async (): Promise<Code> => ({ OfOne: (await file()).default });

/** Every page but the two before a login, which are in the first file. */
const files: Partial<Record<Name, () => Promise<Code>>> = {
  dashboard: whole(() => import('../pages/Dashboard.svelte')),
  webhooks: whole(() => import('../pages/Webhooks.svelte')),
  webhook: ofOne(() => import('../pages/WebhookPage.svelte')),
  comparison: ofOne(() => import('../pages/Comparison.svelte')),
  events: whole(() => import('../pages/Events.svelte')),
  event: ofOne(() => import('../pages/EventPage.svelte')),
  trades: whole(() => import('../pages/Trades.svelte')),
  trade: ofOne(() => import('../pages/TradePage.svelte')),
  orders: whole(() => import('../pages/Orders.svelte')),
  positions: whole(() => import('../pages/Positions.svelte')),
  report: whole(() => import('../pages/Report.svelte')),
  import: whole(() => import('../pages/Import.svelte')),
  forwards: whole(() => import('../pages/Forwards.svelte')),
  channels: whole(() => import('../pages/Channels.svelte')),
  account: whole(() => import('../pages/Account.svelte')),
};

let codes = $state.raw<Partial<Record<Name, Code>>>({});
let lost = $state.raw<Name[]>([]);

/** A page's code; undefined while it is fetched. */
export const codeOf = (name: Name): Code | undefined => codes[name];

/** Whether a page's code is not to be had, although the page was reloaded. */
export const isLost = (name: Name): boolean => lost.includes(name);

/** Fetches the code of a page that is opened, or may be soon. */
export async function open(name: Name, isWanted: () => boolean): Promise<void> {
  const file = files[name];
  if (!file || codes[name]) return;
  const code = await fetched(file, isWanted);
  if (code) codes = { ...codes, [name]: code };
  else if (code === null) lost = [...lost, name];
}

/** Safari has no such callback. */
const idle = (run: () => void): unknown => globalThis.requestIdleCallback?.(run, { timeout: 10_000 }) ?? setTimeout(run, 1_000);

/** What shows that somebody is at the page, and may soon open another one. */
const signs = ['pointermove', 'pointerdown', 'keydown', 'wheel', 'touchstart'];
/** Who only looks goes on after so long, in milliseconds. */
const SOON = 10_000;

/** Fetches the other pages, one after the other, while the browser has nothing else to do: not before the first is done with. */
export function openRest(): void {
  const begin = (): void => {
    clearTimeout(waiting);
    for (const sign of signs) removeEventListener(sign, begin);
    openAll();
  };
  const waiting = setTimeout(begin, SOON);
  for (const sign of signs) addEventListener(sign, begin, { passive: true });
}

function openAll(): void {
  const rest = Object.entries(files);
  const next = (): void => {
    const file = rest.shift()?.[1];
    // One that is not to be had is fetched again once it is opened.
    if (file) idle(() => void file().catch(() => {}).then(next));
  };
  next();
}
