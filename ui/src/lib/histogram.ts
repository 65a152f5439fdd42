/** A distribution in few columns: its middle in equal steps, its tails in one column each. */

interface Bin {
  from: string;
  to: string;
  count: number;
}

export interface Column {
  /** The least value; null where it is open. */
  from: string | null;
  /** The value that is too much; null where it is open. */
  to: string | null;
  count: number;
  isLoss: boolean;
}

/** Columns between the tails, at most. */
const MOST = 24;

/** The share of the trades in each tail. */
const TAIL = 0.02;

/** The tails, and the group that 0 divides. */
const BESIDES = 3;

/** Bins of one width, 0 at the beginning of one, as columns: every trade is in exactly one, and there are no more than have `room`. */
export function columnsOf(bins: Bin[], room = MOST + BESIDES): Column[] {
  const most = Math.max(2, Math.min(MOST, room - BESIDES));
  const all = bins.reduce((sum, bin) => sum + bin.count, 0);
  let [first, last] = [0, bins.length - 1];
  const isTail = (count: number) => bins.length > most && count <= all * TAIL;
  let below = 0;
  while (first < last && isTail(below + (bins[first]?.count ?? 0))) below += bins[first++]?.count ?? 0;
  let above = 0;
  while (last > first && isTail(above + (bins[last]?.count ?? 0))) above += bins[last--]?.count ?? 0;
  const middle = bins.slice(first, last + 1);
  const width = Math.ceil(middle.length / most);
  // Losses and gains are never in one column, so groups are counted from 0 in both directions.
  const zero = bins.findIndex((bin) => Number(bin.from) >= 0);
  const groupOf = (index: number) => Math.floor((index - (zero < 0 ? bins.length : zero)) / width);
  const columns: Column[] = [];
  let group = NaN;
  middle.forEach((bin, index) => {
    const next = groupOf(first + index);
    const at = columns.at(-1);
    if (next === group && at) {
      at.to = bin.to;
      at.count += bin.count;
    } else columns.push({ from: bin.from, to: bin.to, count: bin.count, isLoss: Number(bin.from) < 0 });
    group = next;
  });
  const from = bins[first]?.from ?? null;
  const to = bins[last]?.to ?? null;
  if (below) columns.unshift({ from: null, to: from, count: below, isLoss: Number(from) <= 0 });
  if (above) columns.push({ from: to, to: null, count: above, isLoss: Number(to) < 0 });
  return columns;
}
