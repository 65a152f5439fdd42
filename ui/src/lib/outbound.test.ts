import { expect, test } from 'vitest';
import { isOnItsWay } from './follow';
import { ageTyped, countsOf, latency, mayBeDropped, mayBeSent, secretsTyped, tellsOf, typed } from './outbound';

test('only what is not sent by itself any more is sent by its owner', () => {
  expect(['waiting', 'sending', 'done', 'unknown', 'dead'].filter(mayBeSent)).toEqual(['unknown', 'dead']);
  expect(['waiting', 'sending', 'done', 'unknown', 'dead'].filter(mayBeDropped)).toEqual(['waiting', 'unknown', 'dead']);
});

test('only states that messages are in are counted, in their order', () => {
  const channel = { id: 'ch_1', dead: 1, done: 0, waiting: 1200 };
  expect(Object.entries(countsOf(channel))).toEqual([['waiting', 1200], ['dead', 1]]);
  expect(Object.keys(countsOf({ dead: 1, unknown: 2, done: 3, waiting: 4 }))).toEqual(['waiting', 'done', 'unknown', 'dead']);
});

test('what is sent or due about now is looked at again', () => {
  const now = Date.parse('2026-03-11T15:00:00Z');
  const waiting = (dueAt: string | null) => isOnItsWay({ state: 'waiting', dueAt }, now);
  expect(isOnItsWay({ state: 'sending' }, now)).toBe(true);
  expect(waiting('2026-03-11T15:00:05Z')).toBe(true);
  expect([waiting('2026-03-11T15:05:00Z'), waiting('2026-03-11T14:00:00Z'), waiting(null)]).toEqual([false, false, false]);
  expect(isOnItsWay({ state: 'done', dueAt: '2026-03-11T15:00:00Z' }, now)).toBe(false);
});

test('ages are shown as they are typed', () => {
  expect([60, 90, 300, 7_200, 86_400, 604_800, null].map(ageTyped)).toEqual(['60s', '90s', '5m', '2h', '24h', '7d', 'off']);
});

test('milliseconds stay so until they are many', () => {
  expect([2.44, 181.6, 12_345].map(latency)).toEqual(['2.4\u00a0ms', '182\u00a0ms', '12.3\u00a0s']);
});

test('only settings with a value are sent, without spaces around it', () => {
  const settings = [
    { name: 'topic', label: 'Topic' },
    { name: 'token', label: 'Token' },
  ];
  expect(typed(settings, { topic: ' alerts ', token: '', other: 'x' })).toEqual({ topic: 'alerts' });
});

test('a setting that is emptied is taken away, a secret only when its owner says so', () => {
  const settings = [
    { name: 'url', label: 'Your own server' },
    { name: 'token', label: 'Token', isSecret: true },
  ];
  expect(typed(settings, { url: ' ' }, ['url'])).toEqual({ url: null });
  expect(typed(settings, { url: 'https://a' }, ['url'], ['token'])).toEqual({ url: 'https://a', token: null });
  expect(typed(settings, { token: 'new' }, [], ['token'])).toEqual({ token: 'new' });
});

test('the secrets of a template are named as the server names them', () => {
  expect(secretsTyped('key = a=b\n\nsecret.other = c\nold =')).toEqual({ 'secret.key': 'a=b', 'secret.other': 'c', 'secret.old': null });
});

test('what a channel tells is said in words', () => {
  expect(tellsOf('all')).toBe('everything');
  expect(tellsOf(['failed', 'order'])).toBe('Orders, Failed alerts');
  expect(tellsOf([])).toBe('nothing');
});
