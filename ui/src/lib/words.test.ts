import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { action, difference, meaning, reason, side, source } from './words';

const api = JSON.parse(readFileSync('src/api/openapi.json', 'utf8')) as { components: { schemas: Record<string, { enum?: string[] }> } };
const names = (schema: string): string[] => api.components.schemas[schema]?.enum ?? [];

test('an order buys or sells, or does what the strategy calls it', () => {
  expect(side({ direction: 'long' })).toBe('buy');
  expect(side({ direction: 'short' })).toBe('sell');
  expect(side({ positionDirection: 'exitShort', direction: 'long' })).toBe('exit short');
  expect(side({})).toBe('');
});

test('every status and source of the API has words', () => {
  expect(names('EventStatus').length).toBeGreaterThan(3);
  expect(names('EventStatus').filter((name) => !meaning(name))).toEqual([]);
  expect(names('EventSource').length).toBeGreaterThan(3);
  expect(names('EventSource').filter((name) => source(name) === name)).toEqual([]);
});

test('reasons and actions have words, in step with the server', () => {
  const stated = (path: string, pattern: RegExp) => [...readFileSync(path, 'utf8').matchAll(pattern)].map(([, name = '']) => name);
  const reasons = stated('../src/store/rejections.rs', /^ {8}\w+ = "(\w+)"/gm);
  expect(reasons.length).toBeGreaterThan(3);
  expect(reasons.filter((name) => reason(name) === name)).toEqual([]);
  const files = ['account', 'auth', 'second_factor', 'senders', 'tokens', 'webhooks'].map((file) => `../src/api/${file}.rs`);
  const actions = files.flatMap((file) => stated(file, /"((?:webhook|token|session|password|second-factor|senders|issuer)\.[a-z-]+)"/g));
  expect(actions.length).toBeGreaterThan(5);
  expect(actions.filter((name) => action(name) === name)).toEqual([]);
});

test.each([
  ['0', '3', 'larger'],
  ['2', '3', 'larger'],
  ['-1', '-2', 'larger'],
  ['3', '2', 'missing'],
  ['1', '-2', 'missing'],
  ['77', '0', 'missing'],
])('TradingView’s %s and our %s: %s', (stated, own, words) => {
  expect(difference({ outOfSync: { stated, own } } as Parameters<typeof difference>[0])?.headline).toContain(words);
});

test('nothing is said of positions that agree', () => {
  expect(difference({})).toBeNull();
});
