/** Percentiles after each trade as the shapes of a fan. */

import type { MonteCarlo } from './api';

type Band = MonteCarlo['bands'][number];

export interface Fan {
  width: number;
  height: number;
  median: string;
  /** Between the quarters. */
  inner: string;
  /** Between the twentieths. */
  outer: string;
  ticks: { y: number; value: number }[];
}

const [WIDTH, HEIGHT] = [960, 300];

/** About five round values within a range. */
export function roundValues(low: number, high: number): number[] {
  const rough = (high - low) / 5 || 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10) * power;
  const first = Math.ceil(low / step);
  return Array.from({ length: Math.floor(high / step) - first + 1 }, (_, index) => (first + index) * step);
}

export function fan(bands: Band[]): Fan {
  const [low, high] = [Math.min(...bands.map((band) => Number(band.p5))), Math.max(...bands.map((band) => Number(band.p95)))];
  const last = bands.at(-1)?.trade || 1;
  const y = (value: number) => Number((HEIGHT - ((value - low) / (high - low || 1)) * HEIGHT).toFixed(1));
  const curve = (key: 'p5' | 'p25' | 'p50' | 'p75' | 'p95') =>
    bands.map((band) => `${((band.trade / last) * WIDTH).toFixed(1)},${y(Number(band[key]))}`);
  const between = (under: string[], over: string[]) => [...under, ...over.toReversed()].join(' ');
  return {
    width: WIDTH,
    height: HEIGHT,
    median: curve('p50').join(' '),
    inner: between(curve('p25'), curve('p75')),
    outer: between(curve('p5'), curve('p95')),
    ticks: roundValues(low, high).map((value) => ({ y: y(value), value })),
  };
}
