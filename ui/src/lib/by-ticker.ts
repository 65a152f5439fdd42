/** Settings of single tickers as lines of text, `ES1! = 50`. */

export const written = (values: Record<string, string> | undefined): string =>
  Object.entries(values ?? {})
    .map(([ticker, value]) => `${ticker} = ${value}`)
    .join('\n');

/** What the lines say; a line without a value keeps an empty one, which the server names. */
export function byTicker(text: string): Record<string, string> {
  const lines = text.split('\n').filter((line) => line.trim());
  const pairs = lines.map((line): [string, string] => {
    const at = line.lastIndexOf('=');
    return at < 0 ? [line.trim(), ''] : [line.slice(0, at).trim(), line.slice(at + 1).trim()];
  });
  return Object.fromEntries(pairs);
}
