import { expect, test } from 'vitest';
import { columnsOf } from './histogram';

const bins = (counts: number[], zero: number) =>
  counts.map((count, index) => ({ from: String((index - zero) * 10), to: String((index - zero + 1) * 10), count }));

test('few bins stay as they are', () => {
  expect(columnsOf(bins([1, 2, 3], 1))).toEqual([
    { from: '-10', to: '0', count: 1, isLoss: true },
    { from: '0', to: '10', count: 2, isLoss: false },
    { from: '10', to: '20', count: 3, isLoss: false },
  ]);
  expect(columnsOf([])).toEqual([]);
});

test('many bins are few columns that hold every trade once, losses apart from gains', () => {
  const counts = Array.from({ length: 40 }, (_, index) => (index % 7) + (index === 12 ? 300 : 0));
  for (const [zero, room] of [0, 7, 13, 40].flatMap((zero) => [27, 14, 8].map((room) => [zero, room] as const))) {
    const columns = columnsOf(bins(counts, zero), room);
    expect(columns.length).toBeLessThanOrEqual(room);
    expect(columns.reduce((sum, column) => sum + column.count, 0)).toBe(counts.reduce((sum, count) => sum + count, 0));
    for (const [index, column] of columns.entries()) {
      if (column.from !== null && column.to !== null) expect(Number(column.from) < 0 && Number(column.to) > 0).toBe(false);
      const next = columns[index + 1];
      if (next) expect(column.to).toBe(next.from);
    }
  }
});
