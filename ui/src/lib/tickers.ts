/** The ticker that is filtered by is a whole one; what was typed may be a part of it. */

/** The known tickers that a text is in, capitals or not; those that begin or end with it first. */
export function tickersWith(part: string, known: string[]): string[] {
  const wanted = part.trim().toUpperCase();
  const rank = (ticker: string) => Number(!ticker.startsWith(wanted) && !ticker.endsWith(wanted));
  const found = known.filter((ticker) => ticker.toUpperCase().includes(wanted));
  return wanted ? found.toSorted((one, other) => rank(one.toUpperCase()) - rank(other.toUpperCase())) : [];
}

/** The whole ticker that was meant: itself, or the only one that the text is in. */
export function tickerMeant(typed: string, known: string[]): string {
  const text = typed.trim();
  if (known.includes(text)) return text;
  const found = tickersWith(text, known);
  const same = found.filter((ticker) => ticker.toUpperCase() === text.toUpperCase());
  const only = same.length === 1 ? same : found;
  return only.length === 1 ? (only[0] ?? text) : text;
}

const EXCHANGE = /([A-Z0-9_]+):(?=[^:])/g;

const exchangesOf = (ticker: string): string[] => [...ticker.matchAll(EXCHANGE)].map((found) => (found[1] ?? '').replace(/_DLY?$/, ''));

/**
 * Whether both can name one instrument, as the server says it: without case, and without an exchange that one of them
 * leaves out. The server knows more exchanges that are one.
 */
export function mayBe(one: string, other: string): boolean {
  const [left, right] = [one.trim().toUpperCase(), other.trim().toUpperCase()];
  if (left.replace(EXCHANGE, '') !== right.replace(EXCHANGE, '')) return false;
  const [ofLeft, ofRight] = [exchangesOf(left), exchangesOf(right)];
  return ofLeft.length !== ofRight.length || ofLeft.every((name, index) => name === ofRight[index]);
}
