import { expect, test } from 'vitest';
import type { Trade } from './api';
import { chartOf, cumulative, slippage } from './trades';

const trade = (id: string, netProfit: string, currency = 'USD') => ({ id, netProfit, currency }) as unknown as Trade;

test('profits add up from the oldest trade on, each currency by itself', () => {
  const found = cumulative([trade('c', '-5'), trade('b', '1', 'EUR'), trade('a', '10.10')]);
  expect([...found]).toEqual([['a', '10.10'], ['b', '1'], ['c', '5.10']]);
});

test('slippage is what was paid more, or got less', () => {
  expect(slippage('buy', '100', '100.5')).toBe('0.5');
  expect(slippage('sell', '100', '99.5')).toBe('0.5');
  expect(slippage('sell', '-1', '1')).toBe('-2');
  expect(slippage('buy', null, '1')).toBeNull();
});

test('a chart is found by its symbol', () => {
  expect(chartOf('NASDAQ:AAPL')).toBe('https://www.tradingview.com/chart/?symbol=NASDAQ%3AAAPL');
});
