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
