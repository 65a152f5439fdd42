import { expect, test } from 'vitest';
import { rowsAt, TALLEST } from './rows';

const HEIGHT = 600;

test.each([
  ['none', 0, 38],
  ['three', 3, 38],
  ['a hundred thousand', 100_000, 38],
  ['a million', 1_000_000, 38],
  ['a million of two lines', 1_000_000, 60],
])('the rows in view are drawn wherever a list of %s is scrolled to', (_, count, row) => {
  const tall = Math.min(count * row, TALLEST);
  const end = Math.max(0, tall - HEIGHT);
  for (let part = 0; part <= 1_000; part += 1) {
    const scrolled = (end * part) / 1_000;
    const { first, last, above, below } = rowsAt(scrolled, HEIGHT, row, count);
    const drawn = (last - first) * row;
    expect(last - first).toBeLessThan(100);
    expect(above).toBeLessThanOrEqual(scrolled);
    expect(above + drawn).toBeGreaterThanOrEqual(Math.min(scrolled + HEIGHT, tall) - 1e-6);
    expect(above + drawn + below).toBeCloseTo(tall, 3);
  }
  expect(rowsAt(0, HEIGHT, row, count).first).toBe(0);
  expect(rowsAt(end, HEIGHT, row, count).last).toBe(count);
});

test('a list that a browser can draw stays where it is while rows change places', () => {
  expect(rowsAt(38_000, HEIGHT, 38, 100_000)).toMatchObject({ first: 984, above: 984 * 38 });
});
