import { expect, test } from 'vitest';
import type { Event, Misdirected, Rejection, Webhook } from './api';
import { reach } from './checklist';

const webhook = (url: string, state = 'active') => ({ url, state }) as Webhook;
const good = webhook('https://hooks.example.com/hooks/wh_1');
const event = (source: string, status = 'processed') => ({ source, status }) as Event;
const rejection = (reason: string) => ({ reason }) as Rejection;
const said = (...asked: Parameters<typeof reach>) => reach(...asked).map((finding) => finding.text).join('\n');

test('alerts that arrive are no cause for alarm', () => {
  expect(reach(good, [event('webhook')], [])).toEqual([{ kind: 'good', text: 'Alerts arrive and are processed.' }]);
});

test('a test or an import is no alert that arrived', () => {
  expect(said(good, [event('test'), event('imported')], [])).toContain('never seen a request');
  expect(reach(good, [event('webhook'), event('test', 'failed')], [])).toHaveLength(1);
});

test('an address that TradingView cannot reach is named', () => {
  const url = said(webhook('http://192.168.1.5:8080/hooks/wh_1'), [event('webhook')], []);
  expect(url).toContain('not reachable from the internet');
  expect(url).toContain('port 8080');
});

test('what was turned away says why', () => {
  const text = said(good, [], [rejection('wrong_key'), rejection('wrong_key'), rejection('too_large')]);
  expect(text).toContain('2 of the last requests had a wrong auth_key');
  expect(text).toContain('1 of the last requests were larger');
  expect(text).not.toContain('never seen');
});

test('alerts that left nothing but a trace are named', () => {
  const misdirected = [{ kind: 'unknown', webhook: 'wh_1', webhookName: 'W', address: '/hooks/wh_AbCd…', count: 2 }] as Misdirected[];
  const text = said(good, [], [], { notKept: 40, misdirected });
  expect(text).toContain('40 alerts');
  expect(text).toContain('2 requests of the last 7 days went to /hooks/wh_AbCd…');
  expect(text).not.toContain('never seen');
});

test('a paused webhook and broken or limited alerts are named', () => {
  const text = said(webhook(good.url, 'paused'), [event('webhook', 'failed'), event('webhook', 'limited')], []);
  expect(text).toContain('paused');
  expect(text).toContain('1 of the last 2 alerts had an unreadable message');
  expect(text).toContain('1 of the last 2 alerts were over the limit');
});
