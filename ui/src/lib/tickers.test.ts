import { expect, test } from 'vitest';
import { mayBe, tickerMeant, tickersWith } from './tickers';

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

test('case and an exchange that one leaves out make no other instrument', () => {
  expect(mayBe('NASDAQ:AAPL', 'aapl')).toBe(true);
  expect(mayBe('CME_MINI_DL:ES1!', 'CME_MINI:ES1!')).toBe(true);
  expect(mayBe('NYMEX:CL1!-NYMEX:CL2!', 'CL1!-CL2!')).toBe(true);
});

test('two exchanges, other symbols and a part of a spread do', () => {
  expect(mayBe('XETR:SAP', 'NYSE:SAP')).toBe(false);
  expect(mayBe('ES1!', 'ES2!')).toBe(false);
  expect(mayBe('NYMEX:CL1!-NYMEX:CL2!', 'CL2!')).toBe(false);
});
