/** Lists that are read whole, as far as a browser can hold them. */

import { get, type Answer, type Page, type PathOf, type QueryOf } from './api';

const AT_ONCE = 500;

/** The addresses that answer with pages of a list. */
export type ListPath = {
  [P in PathOf<'get'>]: Answer<P, 'get'> extends Page<unknown> ? P : never;
}[PathOf<'get'>];

type Item<P extends ListPath> = Answer<P, 'get'> extends Page<infer One> ? One : never;

export interface Whole<T> {
  items: T[];
  /** Whether there are more than could be read. */
  isCut: boolean;
}

/** Reads page after page until there is none, or `most` items; `onPart` is told what is there already. */
export async function whole<P extends ListPath>(path: P, query: QueryOf<P>, most: number, signal: AbortSignal, onPart?: (items: Item<P>[]) => void): Promise<Whole<Item<P>>> {
  const items: Item<P>[] = [];
  let cursor: string | null | undefined = null;
  do {
    const asked = { query: { ...query, limit: AT_ONCE, cursor }, signal };
    const page = (await get(path, asked)) as unknown as Page<Item<P>>;
    items.push(...page.items);
    cursor = page.nextCursor;
    if (cursor) onPart?.([...items]);
  } while (cursor && items.length < most);
  return { items, isCut: Boolean(cursor) };
}
