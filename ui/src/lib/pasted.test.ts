import { expect, test } from 'vitest';
import { pasted } from './pasted';

const KEY = 'k'.repeat(32);

test('nothing that one alert had filled in is left', () => {
  const arrived = {
    auth_key: '***',
    ticker: 'BTCUSD',
    action: 'buy',
    orderType: 'market',
    qty: 0.5,
    marketPrice: '64490.4',
    marketPosition: 'long',
    marketPositionSize: 0.5,
    prevMarketPosition: 'flat',
    prevMarketPositionSize: 0,
    positionSize: 0.5,
    metadata: { timestamp: '2026-01-05T14:30:00Z', strategy: 'Mine', signal: 'Long', comment: 'x', interval: '15' },
  };
  const text = pasted(JSON.stringify(arrived), KEY) ?? '';
  for (const value of ['BTCUSD', '"buy"', '0.5', '64490.4', '"long"', '"flat"', '2026', '"Long"', '"x"', '15', '***']) {
    expect(text).not.toContain(value);
  }
  for (const kept of [KEY, '"orderType": "market"', '"qty": {{strategy.order.contracts}}', '"strategy": "Mine"']) {
    expect(text).toContain(kept);
  }
  // Once TradingView has filled it in, it is JSON.
  expect(() => JSON.parse(text.replace(/\{\{[^{}]+\}\}/g, '1'))).not.toThrow();
});

test('an alert of an indicator keeps its direction', () => {
  const text = pasted('{"auth_key": "***", "ticker": "NASDAQ:AAPL", "positionDirection": "entryLong", "marketPrice": 190.5}', KEY);
  expect(text).toBe(
    `{\n  "auth_key": "${KEY}",\n  "ticker": "{{exchange}}:{{ticker}}",\n  "positionDirection": "entryLong",\n  "marketPrice": {{close}}\n}`,
  );
});

test.each([
  '"AAPL crossed 212"',
  '{"ticker": "AAPL", "positionDirection": "entryLong", "qty": 2, "marketPrice": 1}',
  '{"ticker": "AAPL", "direction": "long", "marketPrice": 1}',
  '{"ticker": "AAPL", "action": "buy", "limitPrice": 1}',
  '{"ticker": "AAPL", "action": "buy", "marketPrice": 1, "id": "a-1"}',
  '{"ticker": "AAPL", "action": "buy", "marketPrice": 1, "metadata": {"bar": 7}}',
  '{"ticker": "AAPL", "action": "buy", "marketPrice": 1, "metadata": "x"}',
  '{"ticker": "AAPL", "action": "buy", "marketPrice": 1, "close": 1}',
])('nothing is offered where a value may be a fixed one or a filled-in one: %s', (message) => {
  expect(pasted(message, KEY)).toBeNull();
});
