/** A chart that stays while its points change, so that who has zoomed in stays there. */

import * as charts from 'lightweight-charts';
import { figure } from './format';
import type { Mark, Point } from './series';

/** One line of a chart. */
export interface Line {
  name: string;
  /** The token of its colour, `--accent` for instance. */
  colour: string;
  points: Point[];
  /** The part of the chart that it is in, from the top. */
  pane?: number;
  /** Filled up to zero, which it never exceeds. */
  isBelow?: boolean;
  marks?: Mark[];
  /** Beside another line, for comparison. */
  isThin?: boolean;
}

type Series = charts.ISeriesApi<'Line' | 'Baseline'>;
type Marks = charts.ISeriesMarkersPluginApi<charts.Time>;

const LOWER_PART_HEIGHT = 90;

/** Room before the first point, in pixels: half of a date. */
const EDGE = 20;

/** Height of the heading of a picture, in pixels of the screen. */
const HEADING = 36;

/** As in the tables, without digits that say nothing. */
const shown = (value: number, places: number): string => figure(value, places).replace(/\.0+$/, '');

const colour = (token: string) => getComputedStyle(document.documentElement).getPropertyValue(token).trim();

/** What makes lines the same ones with other points. */
const kind = (lines: Line[]) => JSON.stringify(lines.map((line) => [line.name, line.colour, line.pane, line.isBelow]));

export class Drawing {
  #chart: charts.IChartApi;
  #kind = '';
  #drawn: { series: Series; marks: Marks }[] = [];
  /** Moments that have a point. */
  #count = 0;
  /** Whether somebody may have moved the lines since they were last fitted to their place. */
  #isMoved = false;

  /** `places` are the digits after the point. */
  constructor(place: HTMLElement, places: number) {
    this.#chart = charts.createChart(place, {
      autoSize: true,
      layout: { background: { color: 'transparent' }, textColor: colour('--muted'), attributionLogo: false },
      grid: { vertLines: { visible: false }, horzLines: { color: colour('--line') } },
      rightPriceScale: { borderVisible: false, entireTextOnly: true },
      localization: { priceFormatter: (value: number) => shown(value, places) },
      // However many points there are, a phone shows all of them.
      timeScale: { borderVisible: false, timeVisible: true, minBarSpacing: 0.01 },
    });
    for (const name of ['wheel', 'pointerdown']) place.addEventListener(name, () => (this.#isMoved = true), { passive: true });
    this.#chart.timeScale().subscribeSizeChange(() => {
      if (!this.#isMoved) this.#fit();
    });
  }

  #fit(): void {
    this.#isMoved = false;
    const times = this.#chart.timeScale();
    const width = times.width() - EDGE;
    if (this.#count < 2 || width <= 0) {
      times.fitContent();
      return;
    }
    // The first date is written around its point: it would be cut in two at the very edge.
    times.setVisibleLogicalRange({ from: (-EDGE * this.#count) / width, to: this.#count - 0.5 });
  }

  /** Tells where the pointer rests, and what it clicks on: the second of the nearest point. */
  listen(rests: (second: number | null, left: number) => void, clicks: (second: number) => void): void {
    const second = (time: charts.Time | undefined) => (typeof time === 'number' ? time : null);
    this.#chart.subscribeCrosshairMove(({ time, point }) => rests(second(time), point?.x ?? 0));
    this.#chart.subscribeClick(({ time }) => {
      const found = second(time);
      if (found !== null) clicks(found);
    });
  }

  /** Draws the lines; those that are drawn already get their new points where the viewer has them. */
  show(lines: Line[]): void {
    const times = this.#chart.timeScale();
    this.#count = new Set(lines.flatMap((line) => line.points.map(({ time }) => time))).size;
    const looked = kind(lines) === this.#kind && !this.#isWhole() ? times.getVisibleRange() : null;
    if (kind(lines) !== this.#kind) this.#begin(lines);
    this.#drawn.forEach(({ series, marks }, index) => {
      series.setData(lines[index]?.points ?? []);
      marks.setMarkers((lines[index]?.marks ?? []).map(dot));
    });
    if (looked) times.setVisibleRange(looked);
    else this.#fit();
  }

  /** What is seen, on the colour of the page, under a heading and the names of several lines. */
  picture(heading: string, lines: Line[]): HTMLCanvasElement {
    const seen = this.#chart.takeScreenshot();
    const picture = document.createElement('canvas');
    const context = picture.getContext('2d');
    const scale = devicePixelRatio;
    const names = lines.length > 1 ? HEADING / 2 : 0;
    [picture.width, picture.height] = [seen.width, seen.height + (HEADING + names) * scale];
    if (!context) return seen;
    context.fillStyle = colour('--panel');
    context.fillRect(0, 0, picture.width, picture.height);
    context.fillStyle = colour('--text');
    context.font = `600 ${15 * scale}px sans-serif`;
    context.textBaseline = 'middle';
    context.fillText(heading, 12 * scale, (HEADING / 2) * scale, picture.width - 24 * scale);
    context.font = `${13 * scale}px sans-serif`;
    let left = 12 * scale;
    for (const { name, colour: token } of names ? lines : []) {
      context.fillStyle = colour(token);
      context.fillText(name, left, HEADING * scale);
      left += context.measureText(name).width + 16 * scale;
    }
    context.drawImage(seen, 0, (HEADING + names) * scale);
    return picture;
  }

  remove(): void {
    this.#chart.remove();
  }

  /** Replaces every line that was drawn. */
  #begin(lines: Line[]): void {
    for (const { series } of this.#drawn) this.#chart.removeSeries(series);
    this.#drawn = lines.map((line) => {
      const series = this.#add(line);
      return { series, marks: charts.createSeriesMarkers(series, []) };
    });
    this.#chart.panes()[1]?.setHeight(LOWER_PART_HEIGHT);
    this.#kind = kind(lines);
  }

  #add(line: Line): Series {
    const common = { priceLineVisible: false };
    if (!line.isBelow) {
      return this.#chart.addSeries(charts.LineSeries, { ...common, lineWidth: line.isThin ? 1 : 2, color: colour(line.colour) }, line.pane);
    }
    const soft = colour(`${line.colour}-soft`);
    const filled = { bottomLineColor: colour(line.colour), bottomFillColor1: soft, bottomFillColor2: soft };
    const above = { topLineColor: colour(line.colour), topFillColor1: soft, topFillColor2: soft };
    return this.#chart.addSeries(charts.BaselineSeries, { ...common, ...filled, ...above, lineWidth: 1, baseValue: { type: 'price', price: 0 } }, line.pane);
  }

  /** Whether nothing is out of sight to the left or to the right. */
  #isWhole(): boolean {
    const range = this.#chart.timeScale().getVisibleLogicalRange();
    if (!range) return true;
    return this.#drawn.every(({ series }) => {
      const bars = series.barsInLogicalRange(range);
      return !bars || (bars.barsBefore <= 0 && bars.barsAfter <= 0);
    });
  }
}

const dot = (mark: Mark): charts.SeriesMarker<charts.Time> => ({
  time: mark.time,
  position: ({ '1': 'aboveBar', '-1': 'belowBar' } as const)[mark.outcome] ?? 'inBar',
  shape: 'circle',
  size: 0.5,
  color: colour(({ '1': '--gain', '-1': '--loss' } as const)[mark.outcome] ?? '--muted'),
});
