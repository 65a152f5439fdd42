import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { zone } from './zone.svelte';
import type { Bridge, LegRow, LegSide } from './api';
import { chained, isProblem, lag, meanInterval, medianInterval, note, periods, placed, steps, wilson, type Chain } from './comparison';

const side = (time: string, price = '100', order: string | null = null): LegSide =>
  ({ order, side: 'long', action: 'entry', time, price, quantity: '1', signal: null }) as LegSide;

const row = (changes: Partial<LegRow>): LegRow =>
  ({ outcome: 'matched', backtest: null, alert: null, flags: [], ...changes }) as LegRow;

const bridge: Bridge = {
  expected: '100.1',
  missed: '-30',
  falseTrades: '0',
  exits: '5.5',
  price: '-0.2',
  quantity: '0',
  commission: '0',
  rounding: '0',
  observed: '75.4',
  trades: { matched: 9, missed: 2, falseTrades: 0, exits: 1 },
};

describe('the bridge', () => {
  it('goes from the one profit to the other in steps that meet', () => {
    const found = steps(bridge, ['Backtest', 'Alerts']);
    expect(found.map(({ name }) => name)).toEqual(['Backtest', 'Missed trades (2)', 'Other exits (1)', 'Prices', 'Alerts']);
    for (const [index, step] of found.entries()) {
      if (index > 0 && !step.isTotal) expect(step.from).toBe(found[index - 1]?.to);
    }
    expect(found.at(-1)?.to).toBe(found.at(-2)?.to);
    expect(found[1]?.only).toBe('missed');
  });

  it('has nothing at zero and all of it between the ends', () => {
    const place = placed(steps({ ...bridge, observed: '-20', missed: '-125.4' }, ['Backtest', 'Alerts']));
    expect(place(100.1)).toBe(100);
    expect(place(0)).toBeGreaterThan(0);
    expect(placed([])(0)).toBe(0);
  });
});

describe('rows', () => {
  it('take the fill of the same order', () => {
    const rows = [row({ alert: side('2026-01-01T00:00:03Z', '100', 'ord_1') }), row({ outcome: 'missed', backtest: side('2026-01-01T01:00:00Z') })];
    const executed: Chain[] = [{ ...row({ alert: side('2026-01-01T00:00:03Z', '100', 'ord_1'), priceCost: '1' }), fill: side('2026-01-01T00:00:05Z', '101') }];
    const found = chained(rows, executed);
    expect(found.map(({ fill }) => fill?.price ?? null)).toEqual(['101', null]);
    // What the fill costs is beside what the alert does.
    expect(found.map(({ slippage }) => slippage)).toEqual(['1', null]);
    expect(chained(rows, [])).toBe(rows);
  });

  it('say what is wrong with them', () => {
    expect(note(row({ outcome: 'missed', causeInWords: 'the webhook was paused' }))).toBe('the webhook was paused');
    expect(note(row({ flags: ['late', 'quantity'] }))).toBe('late, another quantity');
    expect(note(row({ outcome: 'false' }))).toBe('no evidence of a cause');
    expect(note(row({}))).toBe('');
    expect([row({}), row({ flags: ['late'] }), row({ outcome: 'outside' }), row({ flags: ['imported'] })].map(isProblem)).toEqual([false, true, false, false]);
    expect(lag(row({ backtest: side('2026-01-01T00:00:00Z'), alert: side('2026-01-01T00:15:02Z') }))).toBe(902);
    expect(lag(row({ backtest: side('2026-01-01T00:00:00Z') }))).toBeNull();
  });
});

describe('drift', () => {
  beforeAll(() => zone.choose('UTC'));
  afterAll(() => zone.choose(zone.own));

  it('is by day, and by week over a longer time', () => {
    const at = (index: number) => `2026-01-${String(index + 1).padStart(2, '0')}T12:00:00Z`;
    const matched = (time: string) => row({ backtest: side(time), alert: side(time), priceCost: '0.5' });
    const few = [matched(at(0)), matched(at(0)), row({ outcome: 'missed', backtest: side(at(0)) }), matched(at(2))];
    const found = periods([...few, row({ outcome: 'outside', alert: side(at(9)) })]);
    expect(found.map(({ day, matched, legs }) => [day, matched, legs])).toEqual([
      ['2026-01-01', 2, 3],
      ['2026-01-03', 1, 1],
    ]);
    expect(found[0]?.cost).toBe(0.5);
    expect(found[0]?.percent).toBeCloseTo(66.67, 2);
    const long = periods(Array.from({ length: 60 }, (_, index) => matched(new Date(Date.UTC(2026, 0, 1 + index, 12)).toISOString())));
    expect(long.length).toBe(9);
    expect(long[0]?.legs).toBe(7);
    expect(periods([])).toEqual([]);
  });

  it('has an interval of a mean and of a median', () => {
    const values = Array.from({ length: 25 }, (_, index) => (index * 7) % 25);
    // scipy 1.17.1: norm.interval(0.95, mean(x), sem(x)) of 0 to 24.
    const [low, high] = meanInterval(values) ?? [0, 0];
    expect(low).toBeCloseTo(9.115, 3);
    expect(high).toBeCloseTo(14.885, 3);
    // The 8th and the 18th of 25, which hold the median with 95.7 %.
    expect(medianInterval(values)).toEqual([7, 17]);
    expect([meanInterval([1]), medianInterval([1, 2, 3])]).toEqual([null, null]);
  });

  it("has Wilson's interval", () => {
    // statsmodels 0.15.0: proportion_confint(60, 63, method="wilson").
    const [low, high] = wilson(60, 63);
    expect(low).toBeCloseTo(86.9090321620939, 9);
    expect(high).toBeCloseTo(98.36738311320045, 9);
  });
});
