import { expect, test } from 'vitest';
import { filter } from './filter';

const now = new Date(2026, 0, 31, 15);
const asked = (query: string) => filter(new URLSearchParams(query), now);

test('an empty address asks for everything', () => {
  expect(asked('')).toEqual({ webhook: '', ticker: '', source: '', tag: '', from: null, to: null });
});

test('days of choice are whole days of the viewer, the last one too', () => {
  const { from, to } = asked('range=days&since=2026-01-31&until=2026-02-28');
  expect(from).toBe(new Date(2026, 0, 31).toISOString());
  expect(to).toBe(new Date(2026, 2, 1).toISOString());
  expect(asked('range=days&since=&until=nonsense')).toMatchObject({ from: null, to: null });
});

test('a named range begins at midnight and has no end', () => {
  expect(asked('range=7&since=2020-01-01')).toMatchObject({ from: new Date(2026, 0, 24).toISOString(), to: null });
});
