import { expect, test } from 'vitest';
import { commissionText, sourceText } from './terms';

test('a commission is said with its unit', () => {
  expect(commissionText({ kind: 'percent', value: '0.1' })).toBe('0.1\u00a0%');
  expect(commissionText({ kind: 'perContract', value: '2' })).toBe('2 per contract');
  expect(commissionText({ kind: 'perOrder', value: '0' })).toBe('none');
});

test('who says a number is said', () => {
  expect(sourceText('rows')).toBe('from its rows');
});
