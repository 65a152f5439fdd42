import { sentence } from './format';
import { describe, expect, test } from 'vitest';
import vectors from '../../../tests/fixtures/money.json';
import { ago, decimal, duration, figure, money, percent, rounded, signedMoney, tone } from './format';

describe('money', () => {
  test.each(vectors as [string, string, string][])('%s %s', (currency, text, shown) => {
    const plain = money(text, currency).replaceAll(',', '').replace('−', '-');
    expect(plain).toBe(shown);
  });

  test('has its thousands apart and a true minus', () => {
    expect(money('1234567.895', 'USD')).toBe('1,234,567.90');
    expect(money('-1234.5', 'JPY')).toBe('−1,235');
  });

  test('has a sign where it is a gain or a loss', () => {
    expect(['5', '-5', '0'].map((text) => signedMoney(text, 'USD'))).toEqual(['+5.00', '−5.00', '0.00']);
    expect([tone('5'), tone('-5'), tone('0')]).toEqual(['gain', 'loss', '']);
  });

  test('rounds digits that no float holds', () => {
    expect(rounded('12345678901234567890.125', 2)).toBe('12345678901234567890.13');
  });
});

test('a price keeps its digits', () => {
  expect(decimal('64490.40')).toBe('64,490.4');
  expect(decimal('100')).toBe('100');
  expect(decimal('0.00000001')).toBe('0.00000001');
});

test('what is not defined is a dash', () => {
  expect([figure(null), figure(Number.NaN), percent(undefined), money(null, 'USD')]).toEqual(['–', '–', '–', '–']);
});

test('a length of time has its two largest units', () => {
  expect([0.25, 1, 61, 3_600, 90_061].map(duration)).toEqual(['250\u00a0ms', '1\u00a0s', '1\u00a0min 1\u00a0s', '1\u00a0h', '1\u00a0d 1\u00a0h']);
});

test('an age is told roughly', () => {
  const now = Date.parse('2026-01-02T00:00:00Z');
  expect(ago('2026-01-01T23:59:58Z', now)).toBe('just now');
  expect(ago('2026-01-01T23:58:30Z', now)).toBe('1\u00a0min ago');
  expect(ago('2025-12-31T23:00:00Z', now)).toBe('yesterday');
  expect(ago(null, now)).toBe('never');
});

test('a sentence begins with a capital, a name or a command as it is', () => {
  const said = ['the message is plain text', 'only http://127.0.0.1 listens', 'hooks.example.com has no address', 'algohook serve --domain a.example', '2 alerts'];
  expect(said.map(sentence)).toEqual(['The message is plain text', 'Only http://127.0.0.1 listens', ...said.slice(2)]);
});

test('a number and its unit stay on one line, in the server’s sentences too', () => {
  expect(sentence('of 50 % within 3 s, or 2 min; 4 days')).toBe('Of 50\u00a0% within 3\u00a0s, or 2\u00a0min; 4 days');
  expect(percent(12.345)).toBe('12.35\u00a0%');
});
