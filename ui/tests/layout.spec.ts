/** Narrow screens and long names: nothing is wider than its place, and every page can be reached. */

import { expect, test, type Page } from '@playwright/test';
import { answerLate, untilAllIsRead } from './far-away';
import { Server } from './server';
import { begin } from './steps';

const LONG = 'AStrategyWhoseNameHasNowhereToBreak_'.repeat(3).slice(0, 100);
const TICKER = 'BINANCE:AVERYLONGTICKER1000SHIBUSDT.PERPETUAL_XYZ_ABCDEFGH';

let server: Server;
let webhook: string;
test.beforeEach(async ({ page }) => {
  server = await Server.empty();
  await begin(page, server, LONG);
  webhook = new URL(page.url()).pathname;
  const shown = await page.request.get(`${server.url}/api/v1${webhook}`);
  const { url, authKey } = (await shown.json()) as { url: string; authKey: string };
  const send = (fields: object) => page.request.post(url, { data: { auth_key: authKey, ticker: TICKER, ...fields } });
  const metadata = { signal: 'a-signal-with-a-long-name-'.repeat(6), comment: 'c'.repeat(200) };
  await send({ action: 'buy', qty: '1.123456789', marketPrice: '0.00001234', metadata });
  await send({ action: 'sell', qty: '0.5', marketPrice: '12345678.12345678', marketPosition: 'long', marketPositionSize: 77 });
  await send({ action: 'buy', qty: 'a lot', marketPrice: 1 });
  await page.request.post(url, { data: { auth_key: 'a wrong one' } });
});
test.afterEach(() => server.remove());

const paths = () => [
  ...['/', '/webhooks', webhook, '/events', '/events/evt_1', '/events/evt_3', '/trades', '/orders', '/positions'],
  ...['/report', '/import', '/account'],
];

async function open(page: Page, path: string): Promise<void> {
  await page.goto(server.url + path);
  await expect(page.getByText('Live', { exact: true })).toBeVisible();
  await expect(page.locator('main h1')).toBeVisible();
}

for (const width of [360, 768, 1024, 1440]) {
  test(`no page is wider than ${width} px, and each leads to every other`, async ({ page }) => {
    await page.setViewportSize({ width, height: 800 });
    for (const path of paths()) {
      await open(page, path);
      await page.locator('details').evaluateAll((all) => all.forEach((one) => one.setAttribute('open', '')));
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      expect(overflow, path).toBeLessThanOrEqual(0);
      for (const link of await page.getByRole('navigation', { name: 'Pages' }).getByRole('link').all()) {
        await expect(link, path).toBeInViewport({ ratio: 1 });
      }
      const marked = page.getByRole('navigation', { name: 'Pages' }).locator('[aria-current=page]');
      await expect(marked, path).toHaveCount(1);
    }
  });

  test(`what a row of the event log says stays in it at ${width} px`, async ({ page }) => {
    await page.setViewportSize({ width, height: 800 });
    await open(page, '/events');
    const rows = page.locator('a.event');
    await expect(rows).toHaveCount(3);
    const outside = await rows.evaluateAll((all) =>
      all.flatMap((row) => {
        const place = row.getBoundingClientRect();
        const parts = [...row.children].map((part) => part.getBoundingClientRect()).filter((part) => part.width > 0);
        const isIn = (part: DOMRect) =>
          part.left >= place.left && part.right <= place.right + 0.5 && part.top >= place.top && part.bottom <= place.bottom + 0.5;
        const overlap = (one: DOMRect, other: DOMRect) =>
          one.left < other.right - 0.5 && other.left < one.right - 0.5 && one.top < other.bottom - 0.5 && other.top < one.bottom - 0.5;
        const overlapping = parts.filter((part, index) => parts.slice(index + 1).some((other) => overlap(part, other)));
        return [...parts.filter((part) => !isIn(part)), ...overlapping].map(({ x, y, width, height }) => [x, y, width, height]);
      }),
    );
    expect(outside).toEqual([]);
    await expect(rows.first()).toContainText('qty is not a number');
    await expect(rows.last().getByText(TICKER)).toBeVisible();
  });
}

test('a webhook is read at a glance on a phone, without scrolling sideways', async ({ page }) => {
  await page.setViewportSize({ width: 360, height: 800 });
  for (const path of ['/', '/webhooks']) {
    await open(page, path);
    const row = page.locator('tbody tr').first();
    await row.scrollIntoViewIfNeeded();
    await expect(row.getByText(/^long 0\.623456789/)).toBeInViewport({ ratio: 1 });
  }
});

for (const width of [360, 768, 1440]) {
  test(`nothing moves while a page is read at ${width} px`, async ({ page }) => {
    await page.setViewportSize({ width, height: 800 });
    await answerLate(page, 0, 60);
    await page.addInitScript(() => {
      const moved: string[] = [];
      Object.assign(window, { moved });
      new PerformanceObserver((list) => {
        for (const entry of list.getEntries() as (PerformanceEntry & { value: number; sources: { node: Element | null }[] })[]) {
          moved.push(`${entry.value.toFixed(4)}: ${entry.sources.map(({ node }) => node?.nodeName + ' ' + node?.textContent?.slice(0, 40)).join(', ')}`);
        }
      }).observe({ type: 'layout-shift', buffered: true });
    });
    for (const path of paths()) {
      await page.goto(server.url + path);
      await expect(page.getByText('Live', { exact: true })).toBeVisible();
      await page.waitForLoadState('load');
      // All that was asked for is there, and painted.
      await expect(page.getByText('Loading…')).toHaveCount(0);
      await untilAllIsRead(page, 20);
      expect(await page.evaluate(() => (window as unknown as { moved: string[] }).moved), path).toEqual([]);
    }
    await page.unrouteAll({ behavior: 'ignoreErrors' });
  });
}

test('the words of the drop zone are in its middle', async ({ page }) => {
  await page.setViewportSize({ width: 768, height: 800 });
  await open(page, '/import');
  const middle = (selector: string) =>
    page.locator(selector).evaluate((element) => {
      const { top, height } = element.getBoundingClientRect();
      return Math.round(top + height / 2);
    });
  expect(Math.abs((await middle('.drop')) - (await middle('.drop > span')))).toBeLessThanOrEqual(2);
});
