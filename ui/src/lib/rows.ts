/** Which rows of a long list are drawn: those in view and some around, between two empty spaces. */

export interface Rows {
  first: number;
  /** The one after the last. */
  last: number;
  /** The spaces above and below, in pixels. */
  above: number;
  below: number;
}

/** Browsers draw nothing beyond some 33 million pixels; a longer list scrolls by more than it is scrolled. */
export const TALLEST = 30_000_000;

/** Rows drawn beyond the window. */
const AROUND = 16;
/** Rows that are drawn together, so that not every pixel draws anew. */
const STEP = 8;

/** The rows of a list of `count`, each `row` pixels high, in a window of `height` scrolled by `scrolled`. */
export function rowsAt(scrolled: number, height: number, row: number, count: number): Rows {
  const whole = count * row;
  const shown = Math.min(whole, TALLEST);
  const scale = shown > height ? (whole - height) / (shown - height) : 1;
  const place = scrolled * scale;
  const first = Math.min(count, Math.max(0, Math.floor(place / row / STEP) * STEP - AROUND));
  const last = Math.min(count, (Math.ceil((place + height) / row / STEP) + 1) * STEP + AROUND);
  const above = Math.max(0, first * row - (place - scrolled));
  return { first, last, above, below: Math.max(0, shown - above - (last - first) * row) };
}
