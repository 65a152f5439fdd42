import { expect, test } from 'vitest';
import { byKey, inNavigation, pageAt } from './routes';

test('every address of the table is found, with what stands for its id', () => {
  expect(pageAt('/')?.name).toBe('dashboard');
  expect(pageAt('/events')?.name).toBe('events');
  expect(pageAt('/events/evt_7')).toMatchObject({ name: 'event', id: 'evt_7' });
  expect(pageAt('/trades/trd_1_2')).toMatchObject({ name: 'trade', id: 'trd_1_2' });
  expect([pageAt('/zzz'), pageAt('/events/evt_7/more'), pageAt('/orders/ord_1')]).toEqual([null, null, null]);
});

test('keys are different, and the navigation leads to whole pages', () => {
  expect(new Set(byKey.map(({ key }) => key)).size).toBe(byKey.length);
  expect(inNavigation.every(({ path }) => !path.includes('{'))).toBe(true);
});
