import { expect, test } from 'vitest';
import { merged } from './event-bars';

const bars = Array.from({ length: 7 }, (_, hour) => ({ from: `${hour}`, to: `${hour + 1}`, events: hour, faulty: hour % 2 }));

test('bars that have room stay as they are', () => {
  expect(merged(bars, 7)).toEqual(bars);
  expect(merged(bars, 100)).toEqual(bars);
  expect(merged([], 3)).toEqual([]);
});

test('neighbours are together where there are too many, and none is lost', () => {
  const few = merged(bars, 3);
  expect(few).toEqual([
    { from: '0', to: '3', events: 3, faulty: 1 },
    { from: '3', to: '6', events: 12, faulty: 2 },
    { from: '6', to: '7', events: 6, faulty: 0 },
  ]);
  for (const most of [0, 1, 2, 3, 4, 5, 6]) {
    const found = merged(bars, most);
    expect(found.length).toBeLessThanOrEqual(Math.max(most, 1));
    expect(found.reduce((sum, { events }) => sum + events, 0)).toBe(21);
    for (let at = 1; at < found.length; at += 1) expect(found[at]?.from).toBe(found[at - 1]?.to);
  }
});
