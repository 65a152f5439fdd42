import { expect, test } from 'vitest';
import type { Position, WebhookOverview } from './api';
import { groupingOf, groupsOf } from './webhook-groups';

const webhook = (id: string, currency: string, netProfit: string, openProfit: string | null = '0'): WebhookOverview => ({
  ...{ id, name: id, state: 'active', currency, netProfit, openProfit, profitToday: '1.5' },
  ...{ curve: [], alertsNotKept: 0, attention: [] },
});

const position = (webhook: string, ticker: string, direction: Position['direction'] = null): Position => ({
  ...{ webhook, ticker, direction, qty: '1', lots: 1, currency: 'USD', isDerived: true },
});

const webhooks = [webhook('a', 'USD', '0.1'), webhook('b', 'EUR', '5'), webhook('c', 'USD', '0.2', null)];
const positions = [position('a', 'ES1!', 'long'), position('b', 'ES1!'), position('c', 'ES1!'), position('c', 'NQ1!', 'short')];

test('every webhook is under one heading, and amounts of two currencies are never added up', () => {
  const groups = groupsOf(webhooks, 'ticker', positions);
  expect(groups.map(({ name, webhooks }) => [name, webhooks.map(({ id }) => id)])).toEqual([
    ['ES1!', ['a', 'b']],
    ['Several tickers', ['c']],
  ]);
  expect(groups[0]?.sums).toEqual([
    { currency: 'EUR', openProfit: '0', profitToday: '1.5', netProfit: '5' },
    { currency: 'USD', openProfit: '0', profitToday: '1.5', netProfit: '0.1' },
  ]);
});

test('a sum is exact, and unknown where a part of it is', () => {
  const [, usd] = groupsOf(webhooks, 'currency', positions);
  expect(usd?.sums).toEqual([{ currency: 'USD', openProfit: null, profitToday: '3.0', netProfit: '0.3' }]);
});

test('positions are flat, long, short or both', () => {
  const names = (positions: Position[]) => groupsOf(webhooks, 'position', positions).map(({ name }) => name);
  expect(names(positions)).toEqual(['Flat', 'Long', 'Short']);
  expect(names([...positions, position('a', 'NQ1!', 'short')])).toEqual(['Flat', 'Long and short', 'Short']);
});

test('a grouping that is not known any more is none', () => {
  expect(groupingOf('currency')).toBe('currency');
  expect(groupingOf('broker')).toBe('');
  expect(groupingOf(null)).toBe('');
});
