import { expect, test } from 'vitest';
import type { DayProfit } from './api';
import { countsOf, monthsOf, shortMoney, span, titleOf, weeks } from './calendar';

const day = (date: string, netProfit: string) => ({ date, netProfit, trades: 1 }) as DayProfit;

test('there is every month from the first trade to the last', () => {
  expect(monthsOf([])).toEqual([]);
  expect(monthsOf([day('2025-11-30', '1'), day('2026-02-01', '1')])).toEqual(['2025-11', '2025-12', '2026-01', '2026-02']);
  expect(monthsOf([day('2026-12-31', '1')])).toEqual(['2026-12']);
});

test('a month has its weeks from Monday to Sunday, with their totals', () => {
  // February of 2026 begins on a Sunday.
  const found = weeks('2026-02', [day('2026-02-01', '0.1'), day('2026-02-02', '0.2'), day('2026-02-08', '-1'), day('2026-03-01', '9')]);
  expect(found).toHaveLength(5);
  expect(found[0]?.days.map((one) => one?.day ?? null)).toEqual([null, null, null, null, null, null, 1]);
  expect(found.map((week) => week.total)).toEqual(['0.1', '-0.8', null, null, null]);
  expect(found.map(({ since, until, trades }) => [since, until, trades])).toEqual([
    ['2026-02-01', '2026-02-01', 1],
    ['2026-02-02', '2026-02-08', 2],
    ['2026-02-09', '2026-02-15', 0],
    ['2026-02-16', '2026-02-22', 0],
    ['2026-02-23', '2026-02-28', 0],
  ]);
  expect(found[4]?.days.map((one) => one?.day ?? null)).toEqual([23, 24, 25, 26, 27, 28, null]);
});

test('trades are counted by month and by year', () => {
  const counts = countsOf([day('2025-12-31', '1'), day('2026-02-01', '1'), day('2026-02-02', '1')]);
  expect([...counts]).toEqual([['2025', 1], ['2025-12', 1], ['2026', 2], ['2026-02', 2]]);
});

test('months and years have a first and a last day, and a name', () => {
  expect(span(2026, 2)).toEqual({ since: '2026-02-01', until: '2026-02-28' });
  expect(span(2024)).toEqual({ since: '2024-01-01', until: '2024-12-31' });
  expect([titleOf('2026-03'), titleOf('')]).toEqual(['March 2026', '']);
});

test('an amount for where there is no room', () => {
  const short = (currency: string, texts: string[]) => texts.map((text) => shortMoney(text, currency));
  expect(short('USD', ['0', '3.456', '-12.4', '123.4', '999.9', '1234', '-98765', '123456', '2500000'])).toEqual(['0', '+3.5', '−12', '+123', '+1.0k', '+1.2k', '−99k', '+123k', '+2.5M']);
  // A yen has no decimals, a bitcoin eight; what those would make nothing of keeps two digits.
  expect(short('JPY', ['3.456', '-0.6', '0.04', '1234'])).toEqual(['+3', '−1', '+0.040', '+1.2k']);
  expect(short('BTC', ['0.5', '0.0123456', '-0.00346', '0.00000002'])).toEqual(['+0.50', '+0.012', '−0.0035', '+2e−8']);
  expect(short('USD', ['0.5', '0.064', '0.0012'])).toEqual(['+0.50', '+0.06', '+0.0012']);
});
