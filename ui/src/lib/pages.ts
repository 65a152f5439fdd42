/** Lists that are read whole, as far as a browser can hold them. */

import { get, type Page, type Query } from './api';

const AT_ONCE = 500;

export interface Whole<T> {
  items: T[];
  /** Whether there are more than could be read. */
  isCut: boolean;
}

/** Reads page after page until there is none, or `most` items. */
export async function whole<T>(path: string, query: Query, most: number, signal: AbortSignal): Promise<Whole<T>> {
  const items: T[] = [];
  let cursor: string | null | undefined = null;
  do {
    const page: Page<T> = await get<Page<T>>(path, { ...query, limit: AT_ONCE, cursor }, signal);
    items.push(...page.items);
    cursor = page.nextCursor;
  } while (cursor && items.length < most);
  return { items, isCut: Boolean(cursor) };
}
