import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { action, browserName, difference, meaning, nameIn, reason, side, source, told } from './words';

const api = JSON.parse(readFileSync('src/api/openapi.json', 'utf8')) as { components: { schemas: Record<string, { enum?: string[] }> } };
const names = (schema: string): string[] => api.components.schemas[schema]?.enum ?? [];

test('what is not among the named keeps its id', () => {
  const all = [{ id: 'wh_1', name: 'One' }];
  expect([nameIn(all, 'wh_1'), nameIn(all, 'wh_2'), nameIn(undefined, 'wh_1')]).toEqual(['One', 'wh_2', 'wh_1']);
});

test('an order buys or sells, or does what the strategy calls it', () => {
  expect(side({ direction: 'long' })).toBe('buy');
  expect(side({ direction: 'short' })).toBe('sell');
  expect(side({ positionDirection: 'exitShort', direction: 'long' })).toBe('exit short');
  expect(side({})).toBe('');
});

test('an event says what it does, how much of it, and at which price', () => {
  const event = (of: object) => told(JSON.parse(JSON.stringify({ direction: 'long', qty: '0.50', marketPrice: '82495.4', ...of })));
  expect(event({})).toBe('buy 0.5 at 82,495.4');
  // One that closes whatever is open, or makes no order, has no quantity.
  expect(event({ qty: null })).toBe('buy at 82,495.4');
  expect(event({ marketPrice: null })).toBe('buy 0.5');
  expect(event({ error: { message: 'qty is not a number' } })).toBe('qty is not a number');
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
  const rooms = ['../src/api', '../src/desk', '../src/store'];
  const files = rooms.flatMap((room) => readdirSync(room).filter((file) => file.endsWith('.rs')).map((file) => `${room}/${file}`));
  const actions = files.flatMap((file) => stated(file, /"((?:webhook|token|login|session|password|second-factor|senders|issuer)\.[a-z-]+)"/g));
  expect(actions.length).toBeGreaterThan(12);
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

test.each([
  ['Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0', 'Firefox on Linux'],
  ['Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36 Edg/141.0.0.0', 'Edge on Windows'],
  ['Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15', 'Safari on macOS'],
  ['Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1', 'Safari on iOS'],
  ['curl/8.5.0', 'curl/8.5.0'],
])('the browser %s is %s', (userAgent, name) => {
  expect(browserName(userAgent)).toBe(name);
});

test('nothing is said of positions that agree', () => {
  expect(difference({})).toBeNull();
});
