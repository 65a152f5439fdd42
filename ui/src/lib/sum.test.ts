import { expect, test } from 'vitest';
import { sum } from './sum';

test('decimals are added up exactly', () => {
  expect(sum([])).toBe('0');
  expect(sum(['0.1', '0.2'])).toBe('0.3');
  expect(sum(['-0.05', '0.1', '10'])).toBe('10.05');
  expect(sum(['-1', '0.25'])).toBe('-0.75');
  expect(sum(['9007199254740993.1', '0.00000001'])).toBe('9007199254740993.10000001');
});

test('an amount that is not known makes no sum', () => {
  expect(sum(['1', null])).toBeNull();
  expect(sum(['1', undefined])).toBeNull();
});
