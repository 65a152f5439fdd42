/** How the event log scrolls: times of frames, over a log of a hundred thousand events. */

import { expect, test, type Page } from '@playwright/test';
import { Server } from '../tests/server';
import { begin } from '../tests/steps';

const EVENTS = 100_000;
/** The height of a row, in pixels. */
const ROW = 38;
const TICKERS = ['BINANCE:BTCUSDT', 'NASDAQ:AAPL', 'COMEX:GC1!'];

/** A history in JSON lines, each ticker bought and sold in turn. */
function history(auth_key: string): string {
  const begin = Date.parse('2021-01-04T00:00:00Z');
  const line = (_: unknown, at: number) => {
    const payload = { auth_key, ticker: TICKERS[(at >> 1) % TICKERS.length], action: at % 2 ? 'sell' : 'buy', qty: 1, marketPrice: 100 + (at % 50) };
    return JSON.stringify({ time: new Date(begin + at * 300_000).toISOString(), payload });
  };
  return Array.from({ length: EVENTS }, line).join('\n');
}

/** Scrolls by the wheel and prints how long the frames took. */
async function scrolled(page: Page, what: string, speed: number): Promise<void> {
  const place = await page.locator('.list').boundingBox();
  if (!place) throw new Error('there is no log');
  await page.evaluate(() => {
    const frames: number[] = [];
    let last = performance.now();
    const frame = (at: number) => {
      frames.push(at - last);
      last = at;
      requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
    Object.assign(window, { frames });
  });
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('Input.synthesizeScrollGesture', {
    ...{ x: place.x + 300, y: place.y + 200, yDistance: -5 * speed, speed },
    gestureSourceType: 'mouse',
  });
  const frames = (await page.evaluate(() => (window as unknown as { frames: number[] }).frames)).toSorted((one, other) => one - other);
  const part = (share: number) => frames[Math.floor((frames.length - 1) * share)]?.toFixed(1);
  console.log(`| ${what}, ${speed} px/s | ${frames.length} frames | p50 ${part(0.5)} | p95 ${part(0.95)} | p99 ${part(0.99)} | max ${part(1)} ms |`);
}

test('the event log', async ({ page }) => {
  test.setTimeout(600_000);
  const server = await Server.empty();
  await begin(page, server, 'History');
  const webhook = page.url().split('/').at(-1) ?? '';
  const shown = await page.request.get(`${server.url}/api/v1/webhooks/${webhook}`);
  const { authKey } = (await shown.json()) as { authKey: string };
  const imported = await page.request.post(`${server.url}/api/v1/imports?webhook=${webhook}&fileName=history.jsonl`, {
    ...{ data: history(authKey), timeout: 300_000, headers: { origin: server.url, 'content-type': 'application/octet-stream' } },
  });
  expect(imported.ok(), await imported.text()).toBe(true);
  await page.goto(`${server.url}/events`);
  await page.locator('a.event').first().waitFor();
  await scrolled(page, 'while it is read', 3_000);
  await scrolled(page, 'while it is read', 20_000);
  const began = Date.now();
  await expect
    .poll(() => page.locator('.list').evaluate((list) => ((list.scrollTop = list.scrollHeight), list.scrollHeight)), { intervals: [20], timeout: 120_000 })
    .toBeGreaterThanOrEqual(EVENTS * ROW);
  console.log(`| to the last of ${EVENTS} | ${Date.now() - began} ms |`);
  await page.locator('.list').evaluate((list) => (list.scrollTop = 500_000));
  for (const speed of [3_000, 20_000, 80_000]) await scrolled(page, 'all of it read', speed);
  await server.remove();
});
