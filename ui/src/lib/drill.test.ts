import { expect, test } from 'vitest';
import { chips, tradesAsked, tradesBehind } from './drill';

const now = new Date('2026-03-11T15:00:00Z');
const behind = (query: string, what: object) => tradesBehind(new URLSearchParams(query), what, now);

test('what is behind a bar is within what the report is of', () => {
  expect(behind('webhook=wh_1&base=equity&compare=wh_2', { weekday: '3' })).toBe('/trades?webhook=wh_1&weekday=3');
  expect(behind('', { since: '2026-03-01', until: '2026-03-31' })).toBe('/trades?range=days&since=2026-03-01&until=2026-03-31');
  expect(behind('range=days&since=2026-03-05&until=2026-03-08', { since: '2026-03-01', until: '2026-03-31' })).toBe(
    '/trades?range=days&since=2026-03-05&until=2026-03-08',
  );
});

test('an address says what its trades are asked for with, and in words', () => {
  const query = new URLSearchParams('hour=9&profitFrom=-50&profitTo=0&secondsTo=60&outcome=loss&direction=nonsense&closed=2026-03-11T12:00:00Z');
  expect(tradesAsked(query, now)).toMatchObject({
    hour: 9,
    profitFrom: '-50',
    profitTo: '0',
    secondsTo: 60,
    outcome: 'loss',
    direction: undefined,
    from: '2026-03-11T12:00:00.000Z',
    to: '2026-03-11T12:00:01.000Z',
  });
  expect(chips(new URLSearchParams('hour=9&profitFrom=-50&profitTo=0')).map(({ text }) => text)).toEqual([
    'Closed from 09:00 to 09:59',
    'Net profit from −50, below 0',
  ]);
});
