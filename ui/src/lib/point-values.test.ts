import { expect, test } from 'vitest';
import { pointValuesOf, written } from './point-values';

test('point values are read as they are written', () => {
  const values = { 'CME_MINI:ES1!': '50', 'A=B': '0.1' };
  expect(pointValuesOf(written(values))).toEqual(values);
  expect(pointValuesOf('\n ES=50 \n\n')).toEqual({ ES: '50' });
});

test('a line without a value is not lost', () => {
  expect(pointValuesOf('ES')).toEqual({ ES: '' });
});
