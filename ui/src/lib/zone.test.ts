import { expect, test } from 'vitest';
import { dayOf, later, midnight, offset, stamped, wallClock, zone } from './zone.svelte';

test('a trade at 12:35 in New York is at 12:35 there, and at 17:35 in UTC', () => {
  const at = '2026-01-14T17:35:00Z';
  zone.choose('America/New_York');
  expect([wallClock(new Date(at)), stamped(at), offset(new Date(at))]).toEqual(['2026-01-14 12:35:00', '2026-01-14T12:35:00-05:00', -18_000]);
  zone.choose('UTC');
  expect([wallClock(new Date(at)), stamped(at), offset(new Date(at))]).toEqual(['2026-01-14 17:35:00', '2026-01-14T17:35:00Z', 0]);
  zone.choose('Mars/Olympus');
  expect(zone.name).toBe('UTC');
  zone.choose(zone.own);
});

test('a day begins where its zone says, also when clocks change', () => {
  zone.choose('America/New_York');
  expect(midnight('2026-03-08').toISOString()).toBe('2026-03-08T05:00:00.000Z');
  expect(midnight('2026-03-09').toISOString()).toBe('2026-03-09T04:00:00.000Z');
  expect(dayOf(new Date('2026-03-09T03:59:59Z'))).toBe('2026-03-08');
  zone.choose('Asia/Kolkata');
  expect(midnight('2026-03-08').toISOString()).toBe('2026-03-07T18:30:00.000Z');
  expect(later('2026-02-28', 1)).toBe('2026-03-01');
  zone.choose(zone.own);
});
