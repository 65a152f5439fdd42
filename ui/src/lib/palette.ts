/** What the palette finds: pages, webhooks, tickers and actions. */

export interface Choice {
  name: string;
  /** What it is: a page, a webhook, a ticker, an action. */
  kind: string;
  run: () => void;
}

/** As many as can be seen without scrolling. */
const MOST = 10;

/** The choices with every word that was typed; those that begin with it first. */
export function found(choices: Choice[], typed: string): Choice[] {
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
  const text = (choice: Choice) => `${choice.name} ${choice.kind}`.toLowerCase();
  const fits = choices.filter((choice) => words.every((word) => text(choice).includes(word)));
  const begins = (choice: Choice) => Number(words[0] !== undefined && choice.name.toLowerCase().startsWith(words[0]));
  return fits.toSorted((one, other) => begins(other) - begins(one)).slice(0, MOST);
}
