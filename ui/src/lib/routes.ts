/** Every page of the site, once: its address, its title, its key, and where it is linked. */

import { entriesOf } from './entries';

interface Route {
  /** `{id}` stands for one part of the address. */
  path: string;
  title: string;
  /** Goes there after `g`. */
  key?: string;
  /** In the navigation, drawn by this path in a square of 24. */
  icon?: string;
  /** Left out of the bar at the bottom of a phone, which has no room for all. */
  isMinor?: boolean;
  /** The page of the navigation that it belongs to. */
  under?: string;
}

const table = {
  dashboard: { path: '/', title: 'Dashboard', key: 'd', icon: 'M4 11l8-7 8 7M6 10v10h12V10' },
  webhooks: { path: '/webhooks', title: 'Webhooks', key: 'w', icon: 'M12 7a3 3 0 1 0-2 5l-3 5M12 7l3 5M7 17a3 3 0 1 0 3 3h6a3 3 0 1 0-1-6' },
  webhook: { path: '/webhooks/{id}', title: 'Webhooks', under: 'webhooks' },
  comparison: { path: '/webhooks/{id}/compare', title: 'Compare', under: 'webhooks' },
  events: { path: '/events', title: 'Events', key: 'e', icon: 'M4 6h16M4 12h16M4 18h10' },
  event: { path: '/events/{id}', title: 'Events', under: 'events' },
  trades: { path: '/trades', title: 'Trades', key: 't', icon: 'M7 4v16M4 7l3-3 3 3M17 20V4M14 17l3 3 3-3' },
  trade: { path: '/trades/{id}', title: 'Trades', under: 'trades' },
  orders: { path: '/orders', title: 'Orders', key: 'o', under: 'trades' },
  positions: { path: '/positions', title: 'Positions', key: 'p', under: 'trades' },
  report: { path: '/report', title: 'Report', key: 'r', icon: 'M4 20V4M4 20h16M8 16l4-5 3 3 5-7' },
  import: { path: '/import', title: 'Import', key: 'i', icon: 'M12 4v11M8 11l4 4 4-4M5 20h14' },
  forwards: { path: '/forwards', title: 'Forwards', key: 'f', icon: 'M4 12h14M13 7l5 5-5 5M4 5v14', isMinor: true },
  channels: { path: '/channels', title: 'Channels', key: 'c', icon: 'M6 16v-5a6 6 0 0 1 12 0v5l2 2H4zM10 21h4', isMinor: true },
  account: { path: '/account', title: 'Account', key: 'a', icon: 'M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4 20c1-4 4-5 8-5s7 1 8 5' },
  setup: { path: '/setup', title: 'Set-up' },
} satisfies Record<string, Route>;

export type Name = keyof typeof table;

export const routes: Record<Name, Route> = table;

const all = Object.entries(routes).map(([name, route]) => ({ ...route, name }));

/** The pages of the navigation, in its order. */
export const inNavigation = all.flatMap(({ icon, ...page }) => (icon ? [{ ...page, icon }] : []));

/** The pages that a key leads to. */
export const byKey = all.flatMap(({ key, ...page }) => (key ? [{ ...page, key }] : []));

const parts = (path: string): string[] => path.split('/').filter(Boolean);

export interface Found {
  name: Name;
  route: Route;
  /** What stands for `{id}`; empty where nothing does. */
  id: string;
}

/** The page at an address; null where there is none. */
export function pageAt(path: string): Found | null {
  const asked = parts(path);
  for (const [name, route] of entriesOf(routes)) {
    const wanted = parts(route.path);
    const isSame = wanted.length === asked.length && wanted.every((part, index) => part === '{id}' || part === asked[index]);
    if (isSame) return { name, route, id: decodeURIComponent(asked[wanted.indexOf('{id}')] ?? '') };
  }
  return null;
}
