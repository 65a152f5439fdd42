import { expect, test } from 'vitest';
import { asQuery, shiftOf, shiftSaid } from './clock-shift';

const of = (query: string) => shiftOf(new URLSearchParams(query));

test('an address says a shift of the whole year, of both seasons, or a zone', () => {
  expect(of('')).toEqual({});
  expect(of('shift=3600')).toEqual({ shift: 3600 });
  expect(of('shift=18000&summer=14400&like=America/New_York')).toEqual({ shift: 18000, summer: 14400, like: 'America/New_York' });
  expect(of('summer=0&like=Europe/Berlin')).toEqual({ shift: 0, summer: 0, like: 'Europe/Berlin' });
  expect(of('like=Europe/Berlin')).toEqual({ like: 'Europe/Berlin' });
});

test('what the server would refuse is not asked for', () => {
  for (const query of ['shift=x', 'shift=0', 'shift=86401', 'shift=1.5', 'summer=3600']) expect(of(query)).toEqual({});
  expect(of('shift=3600&like=Europe/Berlin')).toEqual({ like: 'Europe/Berlin' });
});

test('a shift is the same after a turn through the address', () => {
  for (const shift of [{}, { shift: -1800 }, { shift: 0, summer: 3600, like: 'Europe/Berlin' }, { like: 'Asia/Tokyo' }]) {
    const query = new URLSearchParams();
    for (const [name, value] of Object.entries(asQuery(shift))) if (value !== null) query.set(name, value);
    expect(shiftOf(query)).toEqual(shift);
  }
});

test('a shift is said in words', () => {
  expect(shiftSaid({})).toBe('');
  expect(shiftSaid({ shift: -1800 })).toBe('shifted by −0.50\u00a0h');
  expect(shiftSaid({ shift: 18000, summer: 14400, like: 'America/New_York' })).toBe('shifted by +5\u00a0h in winter and +4\u00a0h in summer, as in New York');
  expect(shiftSaid({ like: 'Asia/Tokyo' })).toBe('read as Tokyo’s');
});
