import { expect, test } from 'vitest';
import { csv, matching, sorted, type Column } from './table';

interface Row {
  ticker: string;
  profit: string | null;
}

const ticker: Column<Row> = { name: 'Ticker', text: (row) => row.ticker };
const profit: Column<Row> = { name: 'Net profit', text: (row) => row.profit ?? '–', value: (row) => row.profit, isNumber: true };
const rows: Row[] = [
  { ticker: 'ES', profit: '-12.5' },
  { ticker: 'BTC', profit: null },
  { ticker: 'AAPL', profit: '9' },
  { ticker: 'ES2', profit: '100' },
];
const tickers = (found: Row[]) => found.map((row) => row.ticker);

test('numbers are sorted as numbers, and what is not known comes last either way', () => {
  expect(tickers(sorted(rows, profit, false))).toEqual(['ES', 'AAPL', 'ES2', 'BTC']);
  expect(tickers(sorted(rows, profit, true))).toEqual(['ES2', 'AAPL', 'ES', 'BTC']);
  expect(tickers(sorted(rows, ticker, false))).toEqual(['AAPL', 'BTC', 'ES', 'ES2']);
  expect(sorted(rows, undefined, true)).toBe(rows);
});

test('every word has to be in some cell', () => {
  expect(tickers(matching(rows, [ticker, profit], 'es'))).toEqual(['ES', 'ES2']);
  expect(tickers(matching(rows, [ticker, profit], ' es 100'))).toEqual(['ES2']);
  expect(matching(rows, [ticker], '')).toBe(rows);
});

test('CSV keeps quotes, and no cell of it is a formula', () => {
  const wild: Row[] = [{ ticker: '=HYPERLINK("x"),1', profit: '-3' }];
  expect(csv(wild, [ticker, profit])).toBe('Ticker,Net profit\r\n"\'=HYPERLINK(""x""),1",-3\r\n');
});
