/** A chart that stays while its points change, so that who has zoomed in stays there. */

import * as charts from 'lightweight-charts';
import type { Mark, Point } from './series';

/** One line of a chart. */
export interface Line {
  name: string;
  /** The token of its colour, `--accent` for instance. */
  colour: string;
  points: Point[];
  /** The part of the chart that it is in, from the top. */
  pane?: number;
  /** Filled up to the top of its part. */
  isBelow?: boolean;
  marks?: Mark[];
}

type Series = charts.ISeriesApi<'Line' | 'Area'>;
type Marks = charts.ISeriesMarkersPluginApi<charts.Time>;

const LOWER_PART_HEIGHT = 90;

const colour = (token: string) => getComputedStyle(document.documentElement).getPropertyValue(token).trim();

/** What makes lines the same ones with other points. */
const kind = (lines: Line[]) => JSON.stringify(lines.map((line) => [line.name, line.colour, line.pane, line.isBelow]));

export class Drawing {
  #chart: charts.IChartApi;
  #kind = '';
  #drawn: { series: Series; marks: Marks }[] = [];

  constructor(place: HTMLElement) {
    this.#chart = charts.createChart(place, {
      autoSize: true,
      layout: { background: { color: 'transparent' }, textColor: colour('--muted'), attributionLogo: false },
      grid: { vertLines: { visible: false }, horzLines: { color: colour('--line') } },
      rightPriceScale: { borderVisible: false },
      timeScale: { borderVisible: false, timeVisible: true },
    });
  }

  /** Draws the lines; those that are drawn already get their new points where the viewer has them. */
  show(lines: Line[]): void {
    const times = this.#chart.timeScale();
    const looked = kind(lines) === this.#kind && !this.#isWhole() ? times.getVisibleRange() : null;
    if (kind(lines) !== this.#kind) this.#begin(lines);
    this.#drawn.forEach(({ series, marks }, index) => {
      series.setData(lines[index]?.points ?? []);
      marks.setMarkers((lines[index]?.marks ?? []).map(dot));
    });
    if (looked) times.setVisibleRange(looked);
    else times.fitContent();
  }

  picture(): HTMLCanvasElement {
    return this.#chart.takeScreenshot();
  }

  remove(): void {
    this.#chart.remove();
  }

  /** Replaces every line that was drawn. */
  #begin(lines: Line[]): void {
    for (const { series } of this.#drawn) this.#chart.removeSeries(series);
    this.#drawn = lines.map((line) => {
      const series = this.#add(line, lines.length > 2);
      return { series, marks: charts.createSeriesMarkers(series, []) };
    });
    this.#chart.panes()[1]?.setHeight(LOWER_PART_HEIGHT);
    this.#kind = kind(lines);
  }

  #add(line: Line, isNamed: boolean): Series {
    const common = { priceLineVisible: false, title: isNamed ? line.name : '' };
    if (!line.isBelow) {
      return this.#chart.addSeries(charts.LineSeries, { ...common, lineWidth: 2, color: colour(line.colour) }, line.pane);
    }
    const filled = { lineColor: colour(line.colour), topColor: colour(`${line.colour}-soft`), bottomColor: 'transparent' };
    return this.#chart.addSeries(charts.AreaSeries, { ...common, ...filled, lineWidth: 1, invertFilledArea: true }, line.pane);
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
  position: mark.isGain ? 'aboveBar' : 'belowBar',
  shape: 'circle',
  size: 0.5,
  color: colour(mark.isGain ? '--gain' : '--loss'),
});
