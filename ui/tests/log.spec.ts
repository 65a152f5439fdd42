/** The event log: long, filtered, and found again as it was left. */

import { expect, test } from '@playwright/test';
import { Server } from './server';
import { logIn } from './steps';

let server: Server;
test.beforeAll(async () => {
  server = await Server.demo();
});
test.afterAll(async () => {
  await server.remove();
});
test.beforeEach(({ page }) => logIn(page, server));

test('who looks at the newest events reads no more of them than that', async ({ page }) => {
  const asked: (string | null)[] = [];
  page.on('request', (request) => {
    const { pathname, searchParams } = new URL(request.url());
    // The stream asks for one, to know where the log ends.
    if (pathname.endsWith('/events') && pathname.startsWith('/api/') && searchParams.get('limit') !== '1') asked.push(searchParams.get('limit'));
  });
  await page.goto(`${server.url}/events`);
  await expect(page.locator('a.event').first()).toBeVisible();
  expect(asked).toEqual(['50']);
  await page.locator('.list').evaluate((list) => (list.scrollTop = 2_000));
  await expect.poll(() => asked.length).toBeGreaterThan(1);
});

test('a part of a ticker is made whole, or the whole ones are offered', async ({ page }) => {
  await page.goto(`${server.url}/events`);
  const ticker = page.getByLabel('Ticker');
  const seen = page.locator('a.event .ticker');
  await expect(page.locator('datalist option').first()).toBeAttached();
  await ticker.fill('btc');
  await ticker.press('Tab');
  await expect(ticker).toHaveValue('BINANCE:BTCUSDT');
  await expect(seen.first()).toHaveText('BINANCE:BTCUSDT');
  await ticker.fill('AP');
  await ticker.press('Tab');
  await page.getByRole('button', { name: 'NASDAQ:AAPL' }).click();
  await expect(ticker).toHaveValue('NASDAQ:AAPL');
  await expect(seen.first()).toHaveText('NASDAQ:AAPL');
});

test('who comes back from an event finds the place and the filters of the log', async ({ page }) => {
  await page.goto(`${server.url}/events`);
  await page.getByRole('button', { name: /^processed/i }).click();
  const list = page.locator('.list');
  await expect(page.locator('a.event').first()).toBeVisible();
  // Far beyond the first page that is read.
  await expect
    .poll(async () => {
      await list.evaluate((element) => (element.scrollTop = 24_000));
      return list.evaluate((element) => element.scrollTop);
    })
    .toBe(24_000);
  const somewhere = page.locator('a.event[data-row="636"]');
  await expect(somewhere).toBeInViewport();
  // Newer events may move it by a row or two.
  const row = page.locator(`a.event[href="${await somewhere.getAttribute('href')}"]`);
  for (const isFresh of [false, true]) {
    await row.click();
    await expect(page.getByRole('heading', { name: 'Message' })).toBeVisible();
    // After a reload nothing is left but the history.
    if (isFresh) await page.reload();
    await page.goBack();
    await expect(page.getByRole('button', { name: /^processed/i })).toHaveAttribute('aria-pressed', 'true');
    await expect(row).toBeInViewport();
  }
  await row.click();
  await page.getByRole('main').getByRole('link', { name: 'Events', exact: true }).click();
  await expect(page.getByRole('button', { name: /^processed/i })).toHaveAttribute('aria-pressed', 'true');
});
