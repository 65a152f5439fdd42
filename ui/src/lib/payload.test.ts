import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { corrected, pretty, split } from './payload';

describe('pretty', () => {
  test('keeps every digit and every text as it came', () => {
    const text = '{"a":1.10,"b":{"c":[1,2],"d":{}},"e":"x, {y}: \\" z"}';
    const shown = pretty(text);
    expect(shown).toContain('"a": 1.10,');
    expect(shown).toContain('"e": "x, {y}: \\" z"');
    expect(JSON.parse(shown)).toEqual(JSON.parse(text));
  });

  test('leaves what is no JSON alone', () => {
    expect(pretty('AAPL crossed 212')).toBe('AAPL crossed 212');
  });
});

describe('split', () => {
  test.each(['é', '…', '日本', '🚀🚀'])('finds line and column, counted in characters: %s', (word) => {
    const before = `{\n  "${word}": `;
    expect(split(`${before}x\n}`, 2, [...`  "${word}": `].length + 1)).toEqual([before, 'x', '\n}']);
  });

  test('knows that the key was longer when the message arrived', () => {
    const arrived = `{"auth_key": "${'k'.repeat(32)}", "qty": 1,}`;
    const kept = arrived.replace('k'.repeat(32), '***');
    expect(split(kept, 1, arrived.length)).toEqual([kept.slice(0, -1), '}', '']);
  });

  test('never leaves the message', () => {
    expect(split('ab', 9, 99)).toEqual(['ab', '', '']);
  });
});

describe('corrected', () => {
  test.each([
    ['{“a”: 1}', '{"a": 1}'],
    ['{"a": 1,}', '{"a": 1}'],
    ['{"a": "x, }", "b": [1, ], }', '{"a": "x, }", "b": [1 ] }'],
    ['{"metadata": {"confidence": NaN}}', '{"metadata": {"confidence": null}}'],
    ['{"a": ": NaN}", "b": NaN}', '{"a": ": NaN}", "b": null}'],
  ])('%s', (broken, better) => {
    expect(corrected(broken)?.message).toBe(better);
  });

  test.each(['qty', 'Quantity', 'order_size', 'notional', 'marketPrice', 'limit_price', 'stopPrice', 'trailPercent', 'stopLossTarget'])(
    'a missing %s is never taken out of the message',
    (field) => {
      for (const nothing of ['NaN', 'nan', 'na', '-NaN', 'Infinity']) {
        expect(corrected(`{"ticker": "AAPL", "${field}": ${nothing}, "a": 1,}`)).toBeNull();
        expect(corrected(`{“ticker”: “AAPL”, “${field}” : ${nothing}}`)).toBeNull();
      }
      expect(corrected(`{"takeProfit": {"${field}": NaN}}`)).toBeNull();
    },
  );

  test('every name that the server reads as a number of the order is needed', () => {
    const table = readFileSync('../src/payload/fields/names.rs', 'utf8');
    const fields = ['qty', 'notional', 'marketPrice', 'limitPrice', 'stopPrice', 'profitTarget', 'stopLossTarget'];
    const rows = [...table.matchAll(/others\(\s*"(\w+)",\s*Standing::(\w+),\s*&\[([^\]]*)\]/g)];
    const read = rows.filter(([, field = '', standing]) => fields.includes(field) && standing !== 'Asked');
    const names = read.flatMap(([, , , list = '']) => [...list.matchAll(/"(\w+)"/g)].map(([, name = '']) => name));
    expect(names.length).toBeGreaterThan(30);
    for (const name of names) expect([name, corrected(`{"${name}": NaN, "a": 1,}`)]).toEqual([name, null]);
  });

  test('says nothing where it would not help', () => {
    expect(corrected('{"a": 1}')).toBeNull();
    expect(corrected('AAPL crossed 212')).toBeNull();
    expect(corrected('{“a”: }')).toBeNull();
    // With quotes it would be read, and still be no quantity.
    expect(corrected('{"qty": {{strategy.order.contracts}}}')).toBeNull();
  });
});

test.each([
  ['a missing comma', '{"a": "b"\n  "c": 1}', '{"a": "b",\n  "c": 1}'],
  ['a comma between an object and a key', '{"m": {"x": 1} "c": 1}', '{"m": {"x": 1}, "c": 1}'],
  ['a missing bracket at the end', '{"a": "b", "m": {"c": 1}', '{"a": "b", "m": {"c": 1}}'],
  ['single quotes', "{'a': 'b'}", '{"a": "b"}'],
  ['a text without quotes', '{"a": BTCUSDT.P, "b": true}', '{"a": "BTCUSDT.P", "b": true}'],
  ['a thousands separator', '{"price": 1,234.5, "qty": 2}', '{"price": 1234.5, "qty": 2}'],
])('%s is put right', (_, broken, right) => {
  expect(corrected(broken)?.message).toBe(right);
});

test.each(['AAPL crossed 212', '{"a" "b"}', '{"a": "b', '{"a": 1 2}', '{"it\'s": "fine"}'])('%s is left as it is', (message) => {
  expect(corrected(message)).toBeNull();
});
