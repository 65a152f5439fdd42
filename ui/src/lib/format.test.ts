import { describe, expect, test } from 'vitest';
import { ago, decimal, duration, figure, money, percent, rounded, signedMoney, tone } from './format';

describe('money', () => {
  test.each([
    ['0', '0.00'],
    ['-0.001', '0.00'],
    ['1234567.895', '1,234,567.90'],
    ['-1234.5', '−1,234.50'],
    ['0.005', '0.01'],
    ['999.995', '1,000.00'],
  ])('%s', (text, shown) => {
    expect(money(text)).toBe(shown);
  });

  test('has a sign where it is a gain or a loss', () => {
    expect([signedMoney('5'), signedMoney('-5'), signedMoney('0')]).toEqual(['+5.00', '−5.00', '0.00']);
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
  expect([figure(null), figure(Number.NaN), percent(undefined), money(null)]).toEqual(['–', '–', '–', '–']);
});

test('a length of time has its two largest units', () => {
  expect([0.25, 1, 61, 3_600, 90_061].map(duration)).toEqual(['250 ms', '1 s', '1 min 1 s', '1 h', '1 d 1 h']);
});

test('an age is told roughly', () => {
  const now = Date.parse('2026-01-02T00:00:00Z');
  expect(ago('2026-01-01T23:59:58Z', now)).toBe('just now');
  expect(ago('2026-01-01T23:58:30Z', now)).toBe('1 min ago');
  expect(ago('2025-12-31T23:00:00Z', now)).toBe('yesterday');
  expect(ago(null, now)).toBe('never');
});
