import { expect, test } from 'vitest';
import type { Webhook } from './api';
import { draftOf, faultNamed, faultsOf, patchOf, rebased, withLine } from './draft';

const webhook = (changes: object = {}, settings: object = {}): Webhook =>
  ({
    name: 'BTC',
    notes: '',
    ...changes,
    settings: {
      ...{ initialCapital: '10000', currency: 'USD', pointValue: '1', commission: { kind: 'percent', value: '0' } },
      ...{ slippage: { kind: 'ticks', value: '0', tickSize: '0.01' }, pointValues: {}, silence: null, senders: null },
      ...settings,
    },
  }) as unknown as Webhook;

test('nothing typed asks for nothing', () => {
  expect(patchOf(draftOf(webhook()), draftOf(webhook()))).toBeNull();
});

test('only what was typed is asked for', () => {
  const typed = draftOf(webhook());
  typed.settings.currency = 'EUR';
  typed.pointValues = 'ES1! = 50';
  typed.silence = 'always';
  typed.hours = 1.5;
  expect(patchOf(draftOf(webhook()), typed)).toEqual({
    settings: { currency: 'EUR', pointValues: { 'ES1!': '50' }, silence: { seconds: 5_400, counted: 'always' } },
  });
});

test('what changes elsewhere is taken, and what was typed stays', () => {
  const before = draftOf(webhook());
  const typed = draftOf(webhook());
  typed.notes = 'half a sentence';
  typed.settings.commission.value = '0.1';
  const now = draftOf(webhook({ name: 'BTC 2' }, { currency: 'EUR', commission: { kind: 'perOrder', value: '2' } }));
  const both = rebased(before, typed, now);
  expect([both.name, both.notes, both.settings.currency]).toEqual(['BTC 2', 'half a sentence', 'EUR']);
  expect(both.settings.commission).toEqual({ kind: 'percent', value: '0.1' });
  expect(patchOf(now, both)).toEqual({ notes: 'half a sentence', settings: { commission: { kind: 'percent', value: '0.1' } } });
});

test('numbers that are none are named by their field', () => {
  const typed = draftOf(webhook({}, { initialCapital: '1,000', pointValues: { ES: 'x' } }));
  expect(Object.keys(faultsOf(typed))).toEqual(['initialCapital', 'pointValues']);
  expect(faultsOf(draftOf(webhook()))).toEqual({});
});

test('what is said of single tickers is checked line by line', () => {
  const typed = draftOf(webhook({}, { contracts: { BTCUSD: 'inverse' }, tickSizes: { 'ES1!': '0.25' } }));
  expect(faultsOf(typed)).toEqual({});
  typed.contracts = 'BTCUSD = coin';
  typed.tickSizes = 'ES1!';
  expect(Object.keys(faultsOf(typed))).toEqual(['contracts', 'tickSizes']);
});

test('a proposal is one line more', () => {
  expect(withLine('NQ1! = 20\n', 'ES1!', '50')).toBe('NQ1! = 20\nES1! = 50');
  expect(withLine('', 'ES1!', '50')).toBe('ES1! = 50');
});

test('the server’s words go to the field they are about', () => {
  expect(faultNamed('settings.timeZone', 'settings.timeZone must be an IANA time zone')).toEqual({ timeZone: 'It must be an IANA time zone.' });
  expect(faultNamed('settings.silence.seconds', 'settings.silence.seconds must be above 0')).toEqual({ silence: 'It must be above 0.' });
  expect(faultNamed('settings.slippage.tickSize', 'settings.slippage.tickSize must be above 0')).toEqual({ tickSize: 'It must be above 0.' });
  expect(faultNamed('', 'a webhook’s name must not be empty')).toEqual({});
});
