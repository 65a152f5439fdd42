import { expect, test } from 'vitest';
import { found } from './palette';

const choices = ['Events', 'Report', 'Report of BTC trend', 'BTC trend'].map((name) => ({ name, kind: 'page', run: () => {} }));
const names = (typed: string) => found(choices, typed).map(({ name }) => name);

test('every word has to be in it, and what begins with the first one leads', () => {
  expect(names('')).toHaveLength(4);
  expect(names('btc')).toEqual(['BTC trend', 'Report of BTC trend']);
  expect(names('trend rep')).toEqual(['Report of BTC trend']);
  expect(names('nothing')).toEqual([]);
});
