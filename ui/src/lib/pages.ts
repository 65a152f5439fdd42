/** Lists that are read whole, as far as a browser can hold them. */

import type { Page } from './api';

/** As many as the server gives at once. */
const AT_ONCE = 500;

export interface Whole<T> {
  items: T[];
  /** Whether there are more than could be read. */
  isCut: boolean;
}

/** What a page of a list is asked for with. */
export interface Part {
  limit: number;
  cursor: string | null;
}

/** Reads page after page until there is none, or `most` items; `onPart` is told what is there already. */
export async function whole<T>(read: (part: Part) => Promise<Page<T>>, most: number, onPart?: (items: T[]) => void): Promise<Whole<T>> {
  const items: T[] = [];
  let cursor: string | null = null;
  do {
    const page: Page<T> = await read({ limit: AT_ONCE, cursor });
    items.push(...page.items);
    cursor = page.nextCursor ?? null;
    if (cursor) onPart?.([...items]);
  } while (cursor && items.length < most);
  return { items, isCut: Boolean(cursor) };
}
