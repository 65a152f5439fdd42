import { expect, test } from 'vitest';
import { fault, message, usual, type Direction, type OrderType, type Size } from './message';

const directions: Direction[] = ['strategy', 'entryLong', 'exitLong', 'entryShort', 'exitShort'];
const types: OrderType[] = ['market', 'limit', 'stop', 'stop_limit', 'trailing_stop'];
const sizes: Size[] = ['contracts', 'fixed', 'notional'];

test('every choice makes JSON once TradingView has filled it in', () => {
  for (const direction of directions) {
    for (const orderType of types) {
      for (const size of sizes) {
        const text = message('key"\\', { ...usual, direction, orderType, size, profitTarget: '1', stopLoss: 'x"' });
        expect(fault(text), text).toBeNull();
      }
    }
  }
});

test('the usual message states the position, and one for a direction does not', () => {
  expect(message('key', usual)).toContain('"prevMarketPositionSize": {{strategy.prev_market_position_size}}');
  const entry = message('key', { ...usual, direction: 'entryLong' });
  expect(entry).not.toContain('marketPositionSize');
  expect(entry).toContain('"positionDirection": "entryLong"');
});

test('a fault is named', () => {
  expect(fault('{"a": }')).not.toBeNull();
});
