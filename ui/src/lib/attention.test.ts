import { expect, test } from 'vitest';
import type { Certificate, Connection, Misdirected, WebhookOverview } from './api';
import { allClear, certificateFault, matters, misdirections, unreachable } from './attention';

const now = Date.parse('2026-01-10T12:00:00Z');

test('every matter says what is wrong and leads to where it is mended', () => {
  const attention: WebhookOverview['attention'] = [
    { kind: 'outOfSync', ticker: 'BTCUSD' },
    { kind: 'pointValue', ticker: 'ES1!', used: '1', pointValue: '50' },
    { kind: 'failed', count: 1 },
    { kind: 'limited', count: 3 },
    { kind: 'rejected', count: 2 },
    { kind: 'clockSetBack', count: 1, newest: 'evt_7' },
    { kind: 'silent', since: '2026-01-10T10:00:00Z' },
  ];
  const found = matters({ id: 'wh_1', attention } as WebhookOverview, now);
  expect(found.map((matter) => matter.isGrave)).toEqual([true, true, true, true, false, false, false]);
  expect(found.map((matter) => matter.href)).toEqual([
    '/webhooks/wh_1',
    '/webhooks/wh_1',
    '/events?webhook=wh_1&status=failed',
    '/events?webhook=wh_1&status=limited',
    '/webhooks/wh_1',
    '/events/evt_7',
    '/webhooks/wh_1',
  ]);
  expect(found[2]?.text).toMatch(/^1 alert of/);
  expect(found[3]?.text).toMatch(/^3 alerts of/);
  expect(found[1]?.text).toBe('ES1! is traded with point value 1, but its contract has 50.');
  expect(found[5]?.text).toContain('1 alert of the last 7 days was dated');
  expect(found[6]?.text).toContain('2\u00a0h ago');
});

test('alerts over the limit that are only counted are said to be', () => {
  const attention: WebhookOverview['attention'] = [{ kind: 'limited', count: 70 }];
  const found = matters({ id: 'wh_1', attention, alertsNotKept: 40 } as WebhookOverview, now);
  expect(found[0]?.text).toMatch(/^70 alerts of .* 40 of them were counted but not kept/);
});

test('requests to wrong addresses lead to the webhook that was meant, and the others are added up', () => {
  const to = (kind: Misdirected['kind'], webhook: string | null, count: number): Misdirected => ({
    kind,
    webhook,
    webhookName: webhook && 'My Strategy',
    address: '/hooks/wh_AbCd…',
    count,
    lastAt: '2026-01-10T11:00:00Z',
    sourceAddress: '203.0.113.9',
  });
  const found = misdirections([to('corrected', 'wh_1', 2), to('unknown', null, 3), to('unknown', 'wh_1', 1), to('unknown', null, 4)]);
  expect(found.map((matter) => matter.href)).toEqual(['/webhooks/wh_1', '/webhooks/wh_1', '/webhooks']);
  expect(found.map((matter) => matter.isGrave)).toEqual([false, true, false]);
  expect(found[2]?.text).toMatch(/^7 requests of .* from 203/);
  expect(misdirections([])).toEqual([]);
});

test('a certificate is a matter once it is missing, late or refused', () => {
  const certificate = (changes: Partial<Certificate>): Certificate => ({
    names: ['hooks.example.com'],
    notAfter: '2026-03-10T12:00:00Z',
    error: null,
    nextTry: null,
    ...changes,
  });
  const fault = (changes: Partial<Certificate>) => certificateFault(certificate(changes), now);
  expect(certificateFault(null, now)).toBeNull();
  expect(fault({})).toBeNull();
  expect(fault({ notAfter: null, error: 'no such name' })).toMatch(/no certificate yet.*no such name/);
  expect(fault({ notAfter: '2026-01-10T11:59:59Z' })).toMatch(/ended/);
  expect(fault({ notAfter: '2026-01-20T12:00:00Z' })).toMatch(/was not renewed/);
  expect(fault({ error: 'down', nextTry: '2026-01-10T13:00:00Z' })).toMatch(/could not be renewed.*down.*asked again/);
});

test('nothing is said to be well while nothing can arrive', () => {
  const connection = (verdict: 'good' | 'bad'): Connection => ({
    url: 'http://127.0.0.1:8080',
    isLocalOnly: true,
    isDemo: false,
    checks: [{ check: 'way in', verdict, found: 'only 127.0.0.1 listens', next: 'add --domain' }],
  });
  expect(unreachable(connection('good'))).toEqual([]);
  expect(unreachable(connection('bad'))[0]).toMatchObject({
    isGrave: true,
    text: 'TradingView cannot reach this server: only 127.0.0.1 listens. To fix it: add --domain.',
  });
  expect(allClear(connection('good'), true)).toContain('no fault between TradingView and this server');
  expect(allClear({ ...connection('good'), checks: [] }, true)).not.toContain('no fault');
  expect(allClear(connection('good'), false)).toContain('still to come');
});
