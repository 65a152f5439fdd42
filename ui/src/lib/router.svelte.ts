/** The address of the page: a path and a query, kept in the browser's history. */

let path = $state(location.pathname);
let search = $state(location.search);

addEventListener('popstate', take);

function take(): void {
  path = location.pathname;
  search = location.search;
}

export const route = {
  get path(): string {
    return path;
  },
  get query(): URLSearchParams {
    return new URLSearchParams(search);
  },
};

/** Goes to another page, which may be told something that is not in its address. */
export function go(to: string, told: object | null = null): void {
  history.pushState(told, '', to);
  take();
  scrollTo(0, 0);
}

/** One thing that a page was told by who went to it, or that it noted in the history. */
export function toldOf(name: string): unknown {
  const told: unknown = history.state;
  return typeof told === 'object' && told !== null ? new Map<string, unknown>(Object.entries(told)).get(name) : undefined;
}

/** Changes the query of this page, without a step back to where it was. */
export function setQuery(values: Record<string, string | null>): void {
  const query = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(values)) {
    if (value) query.set(name, value);
    else query.delete(name);
  }
  const text = query.toString();
  history.replaceState(null, '', location.pathname + (text && `?${text}`));
  take();
}

/** Has links of our own pages change the page in place. */
export function followLinks(event: MouseEvent): void {
  if (event.defaultPrevented || event.button !== 0) return;
  if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const link = event.target instanceof Element ? event.target.closest('a') : null;
  if (!link || link.origin !== location.origin || link.target || link.hasAttribute('download')) return;
  if (link.pathname.startsWith('/api/') || link.hash) return;
  event.preventDefault();
  go(link.pathname + link.search);
}
