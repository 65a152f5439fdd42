import { expect, test } from 'vitest';
import { byTicker, written } from './by-ticker';

test('point values are read as they are written', () => {
  const values = { 'CME_MINI:ES1!': '50', 'A=B': '0.1' };
  expect(byTicker(written(values))).toEqual(values);
  expect(byTicker('\n ES=50 \n\n')).toEqual({ ES: '50' });
});

test('a line without a value is not lost', () => {
  expect(byTicker('ES')).toEqual({ ES: '' });
});
