import { expect, test } from 'vitest';
import { tickerMeant, tickersWith } from './tickers';

const known = ['BINANCE:BTCUSDT', 'BINANCE:ETHUSDT', 'NASDAQ:AAPL', 'AAPL', 'COMEX:GC1!'];

test.each([
  ['BINANCE:BTCUSDT', 'BINANCE:BTCUSDT'],
  ['btc', 'BINANCE:BTCUSDT'],
  [' gc1 ', 'COMEX:GC1!'],
  ['AAPL', 'AAPL'],
  ['aapl', 'AAPL'],
  ['USDT', 'USDT'],
  ['DOGE', 'DOGE'],
  ['', ''],
])('%j means %j', (typed, ticker) => {
  expect(tickerMeant(typed, known)).toBe(ticker);
});

test('a part of several offers each of them', () => {
  expect(tickersWith('usdt', known)).toEqual(['BINANCE:BTCUSDT', 'BINANCE:ETHUSDT']);
  expect(tickersWith('', known)).toEqual([]);
});
