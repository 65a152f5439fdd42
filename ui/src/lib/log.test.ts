import { expect, test } from 'vitest';
import type { Event } from './api';
import { belongs, insert, join, type LogFilter } from './log.svelte';

const event = (id: number, changes: Partial<Event> = {}): Event =>
  ({
    id: `evt_${id}`,
    webhook: 'wh_1',
    status: 'processed',
    ticker: 'AAPL',
    payload: '{"ticker": "AAPL"}',
    receivedAt: '2026-01-05T12:00:00.5Z',
    ...changes,
  }) as Event;
const all: LogFilter = { webhook: '', status: '', ticker: '', q: '', from: null, to: null };

test('an event belongs where every filter that is set lets it', () => {
  const asked = (changes: Partial<LogFilter>) => belongs(event(1), { ...all, ...changes });
  expect(asked({})).toBe(true);
  expect(asked({ webhook: 'wh_2' })).toBe(false);
  expect(asked({ status: 'failed' })).toBe(false);
  expect(asked({ ticker: 'AAPL', q: '"ticker"' })).toBe(true);
  expect(asked({ q: '"TICKER": "aapl"' })).toBe(true);
  expect(asked({ q: 'MSFT' })).toBe(false);
  expect(asked({ from: '2026-01-05T12:00:00.500Z' })).toBe(true);
  expect(asked({ from: '2026-01-05T12:00:01Z' })).toBe(false);
  expect(asked({ to: '2026-01-05T12:00:00.5Z' })).toBe(false);
});

test('an event has one place in the log, whatever the order of arrival', () => {
  const ids = (events: Event[]) => events.map((one) => one.id);
  const log = [event(9), event(5)];
  expect(ids(insert(log, event(12)))).toEqual(['evt_12', 'evt_9', 'evt_5']);
  expect(ids(insert(log, event(7)))).toEqual(['evt_9', 'evt_7', 'evt_5']);
  expect(ids(insert(log, event(1)))).toEqual(['evt_9', 'evt_5', 'evt_1']);
  expect(insert(log, event(5))).toBe(log);
});

test('a page goes to the end in one step, and between what came out of turn', () => {
  const ids = (events: Event[]) => events.map((one) => one.id);
  expect(ids(join([], [event(3), event(2)]))).toEqual(['evt_3', 'evt_2']);
  expect(ids(join([event(9), event(5)], [event(4), event(3)]))).toEqual(['evt_9', 'evt_5', 'evt_4', 'evt_3']);
  expect(ids(join([event(9), event(5)], [event(7), event(5), event(3)]))).toEqual(['evt_9', 'evt_7', 'evt_5', 'evt_3']);
  const log = [event(9)];
  expect(join(log, [])).toEqual(log);
});

test('what was imported stands at its own time, whatever its number', () => {
  const ids = (events: Event[]) => events.map((one) => one.id);
  const old = event(20, { receivedAt: '2025-11-20T12:00:00Z' });
  expect(ids(insert([event(9), event(5)], old))).toEqual(['evt_9', 'evt_5', 'evt_20']);
  expect(ids(join([event(9), old], [event(5), event(3, { receivedAt: '2025-01-01T00:00:00Z' })]))).toEqual(['evt_9', 'evt_5', 'evt_20', 'evt_3']);
});
