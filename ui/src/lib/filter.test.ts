import { expect, test } from 'vitest';
import { filter, received } from './filter';
import { zone } from './zone.svelte';

const now = new Date(2026, 0, 31, 15);
const asked = (query: string) => filter(new URLSearchParams(query), now);

test('an empty address asks for everything', () => {
  expect(asked('')).toEqual({ webhook: [], ticker: '', source: '', tag: '', from: null, to: null, timeZone: zone.name });
});

test('days of choice are whole days of the report, the last one too', () => {
  expect(asked('range=days&since=2026-01-31&until=2026-02-28')).toMatchObject({ from: '2026-01-31', to: '2026-03-01' });
  expect(asked('range=days&since=&until=nonsense')).toMatchObject({ from: null, to: null });
});

test('what was received is of whole days of the viewer', () => {
  const { from, to } = received(new URLSearchParams('range=days&since=2026-01-31&until=2026-02-28'), now);
  expect(from).toBe(new Date(2026, 0, 31).toISOString());
  expect(to).toBe(new Date(2026, 2, 1).toISOString());
  expect(received(new URLSearchParams(), now)).toMatchObject({ from: null, to: null });
});

test('a named range begins with a day and has no end', () => {
  expect(asked('range=7&since=2020-01-01')).toMatchObject({ from: '2026-01-24', to: null });
});

test('days are those of the zone that the page is in', () => {
  zone.choose('Pacific/Auckland');
  // It is the morning of 1 February there.
  expect(filter(new URLSearchParams('range=7'), new Date('2026-01-31T20:00:00Z')).from).toBe('2026-01-25');
  expect(received(new URLSearchParams('range=days&since=2026-01-31'), now).from).toBe('2026-01-30T11:00:00.000Z');
  zone.choose(zone.own);
});
