import { expect, test } from 'vitest';
import type { Connection } from './api';
import { steps } from './steps';

const connection = (verdicts: ('good' | 'notice' | 'bad')[]): Connection => ({
  url: 'https://hooks.example.com',
  isLocalOnly: false,
  isDemo: false,
  checks: verdicts.map((verdict) => ({ check: 'domain', verdict, found: 'hooks.example.com has no address', next: 'add an A record' })),
});
const done = (of: Parameters<typeof steps>[0]) => steps(of).map((step) => step.isDone);
const begun = { isCopied: false, isTested: false, hasAlert: false };

test('steps turn green one by one, and an alert that came needs no other proof but the way', () => {
  expect(done({ ...begun, connection: connection([]) })).toEqual([false, false, false, false]);
  expect(done({ ...begun, connection: connection(['good', 'notice']), isCopied: true })).toEqual([true, true, false, false]);
  expect(done({ ...begun, connection: connection(['good', 'bad']), hasAlert: true })).toEqual([false, true, true, true]);
});

test('a failed check says what to do', () => {
  const [first] = steps({ ...begun, connection: connection(['bad']) });
  expect(first).toMatchObject({ isBad: true, text: 'hooks.example.com has no address. Next: add an A record.' });
});
