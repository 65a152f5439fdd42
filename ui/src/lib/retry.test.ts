import { expect, test } from 'vitest';
import type { Event } from './api';
import { causes, retriedWith } from './retry';

const event = (id: number, payload: string, changes: Partial<Event> = {}): Event =>
  ({ id: `evt_${id}`, status: 'failed', source: 'webhook', payload, error: { code: 'invalid_json', message: 'broken', hint: 'A comma.' }, ...changes }) as Event;

test('what made no order is grouped by its cause, and one that no rule mends is left to its owner', () => {
  const all = [
    event(1, '{"a": 1,}'),
    event(2, '{"a": 2,}'),
    event(3, 'AAPL crossed 212', { error: { code: 'invalid_json', message: 'no JSON', hint: 'Text.' } as Event['error'] }),
    event(4, '{}', { status: 'limited', error: null }),
    event(5, '{}', { status: 'processed', order: 'ord_5', error: null }),
    event(6, '{"a": 1,}', { source: 'test' }),
  ];
  const found = causes(all);
  expect(found.map(({ name, events, isMechanical }) => [name, events.length, isMechanical])).toEqual([
    ['A comma.', 2, true],
    ['Text.', 1, false],
    ['Over the limit', 1, true],
  ]);
  expect(all.slice(0, 4).map(retriedWith)).toEqual(['{"a": 1}', '{"a": 2}', undefined, undefined]);
});
