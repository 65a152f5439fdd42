import { describe, expect, it } from 'vitest';
import type { Expectation } from './api';
import { amountOf, cone, drawn, readout } from './cone';

const band = (trade: number) => ({
  trade,
  p5: String(-2 * trade),
  p25: String(-trade),
  p50: '0',
  p75: String(trade),
  p95: String(2 * trade),
  alarmLow: trade < 5 ? null : String(-4 * trade),
  alarmHigh: trade < 5 ? null : String(4 * trade),
});

const expectation = (live: number): Expectation =>
  ({
    standing: live ? { trades: live } : null,
    bands: Array.from({ length: 120 }, (_, index) => band(index + 1)),
    curve: Array.from({ length: live }, (_, index) => ({ trade: index + 1, total: String(index - 3), time: '2026-01-01T00:00:00Z' })),
    fills: [],
    alarm: live > 20 ? { trade: 20 } : null,
  }) as unknown as Expectation;

describe('the cone', () => {
  it('is drawn a little beyond the live trades', () => {
    expect(drawn(expectation(0)).length).toBe(40);
    expect(drawn(expectation(60)).length).toBe(81);
    expect(drawn(expectation(119)).length).toBe(120);
  });

  it('begins at nothing and ends within the drawing', () => {
    const found = cone(expectation(60), 800, 300);
    expect(found.live.startsWith('0,150 ')).toBe(true);
    expect(found.alarms[0].split(' ').length).toBe(77);
    expect(found.end).toEqual({ x: 592.6, y: expect.any(Number) as number });
    expect(found.alarm?.x).toBeCloseTo(197.5, 1);
    expect(found.ticks.every(({ y }) => y >= 0 && y <= 300)).toBe(true);
    expect(found.fills).toBe('');
    const fills = [{ trade: 1, total: '-400', time: '2026-01-01T00:00:00Z' }];
    const executed = cone({ ...expectation(60), fills }, 800, 300);
    expect(executed.fills.split(' ').at(-1)).toMatch(/,300$/);
    expect(cone(expectation(0), 800, 300).end).toBeNull();
  });

  it('ends at the last band, or at the last live trade beyond it', () => {
    expect([0, 60, 130].map((live) => cone(expectation(live), 800, 300).last)).toEqual([40, 81, 130]);
  });

  it('has its amounts in its unit', () => {
    expect([amountOf({ unit: 'percent', currency: 'USD' }, '1.5'), amountOf({ unit: 'money', currency: 'USD' }, '1.5')]).toEqual(['1.50\u00a0%', '1.50']);
    expect([amountOf({ unit: 'percent', currency: 'USD' }, null), amountOf({ unit: 'money', currency: 'USD' }, undefined)]).toEqual(['–', '–']);
  });

  it('reads the nearest trade out', () => {
    const found = readout(expectation(60), 0.5);
    expect([found?.trade, found?.total]).toEqual([40, '36']);
    expect(readout(expectation(0), 1)?.total).toBeNull();
  });
});
