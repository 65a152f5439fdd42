/** The report: its parts, and that each is of what was asked for. */

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
test.beforeEach(async ({ page }) => {
  await logIn(page, server);
  await page.goto(`${server.url}/report`);
  await expect(page.locator('.chart canvas').first()).toBeVisible();
});

test('days of choice narrow every number', async ({ page }) => {
  const trades = page.locator('main dl').first();
  // The ratio is of the range that is asked for, whatever lies in it.
  const withoutRatio = async () => (await trades.innerText()).replace(/Sharpe[^]*?(?=Open profit)/, '');
  const all = await withoutRatio();
  await page.getByLabel('Closed in').selectOption('days');
  await page.getByLabel('From', { exact: true }).fill('2000-01-01');
  await page.getByLabel('To', { exact: true }).fill('2000-12-31');
  await page.keyboard.press('Tab');
  await expect(page.getByText('No closed trades yet')).toBeVisible();
  await page.getByLabel('To', { exact: true }).fill('2100-12-31');
  await page.keyboard.press('Tab');
  await expect.poll(withoutRatio).toBe(all);
});

test('the calendar goes from month to month', async ({ page }) => {
  const calendar = page.getByRole('region', { name: 'Calendar' });
  const month = await calendar.locator('b').first().innerText();
  await calendar.getByRole('button', { name: 'Earlier' }).click();
  await expect(calendar.locator('b').first()).not.toHaveText(month);
  await calendar.getByRole('button', { name: 'Later' }).click();
  await expect(calendar.locator('b').first()).toHaveText(month);
  await expect(calendar.getByRole('button', { name: 'Later' })).toBeDisabled();
});

test('a Monte Carlo is drawn when asked for, the same for the same seed', async ({ page }) => {
  // The days before the demo's own.
  await page.goto(`${server.url}/report?range=days&since=2025-01-01&until=2026-03-10`);
  const part = page.getByRole('region', { name: 'Monte Carlo' });
  await part.getByLabel('Draws').fill('200');
  await part.getByRole('button', { name: 'Draw' }).click();
  await expect(part.getByRole('img')).toBeVisible();
  const first = await part.locator('dl').innerText();
  await part.getByLabel('Seed').fill('2');
  await part.getByRole('button', { name: 'Draw' }).click();
  await expect(part.locator('dl')).not.toHaveText(first, { useInnerText: true });
  await part.getByLabel('Seed').fill('1');
  await part.getByRole('button', { name: 'Draw' }).click();
  await expect.poll(() => part.locator('dl').innerText()).toBe(first);
  // It is of the same trades still, whatever else is chosen on the page.
  await page.getByRole('region', { name: 'Compare' }).getByLabel('Demo: BTC trend').check();
  await expect(page.getByRole('region', { name: 'Compare' }).getByRole('listitem')).toHaveCount(1);
  expect(await part.locator('dl').innerText()).toBe(first);
});

test('webhooks are compared on one chart', async ({ page }) => {
  const part = page.getByRole('region', { name: 'Compare' });
  await part.getByLabel('Demo: BTC trend').check();
  await part.getByLabel('Demo: Apple swing').check();
  await expect(part.locator('canvas').first()).toBeVisible();
  await expect(part.getByRole('listitem')).toHaveText(['Demo: BTC trend', 'Demo: Apple swing']);
  await page.reload();
  await expect(part.getByRole('listitem')).toHaveCount(2);
});

test('the chart is given as a picture, the numbers as CSV', async ({ page }) => {
  const waiting = page.waitForEvent('download');
  await page.getByRole('button', { name: 'PNG' }).first().click();
  expect((await waiting).suggestedFilename()).toBe('all-equity.png');
  const numbers = page.waitForEvent('download');
  await page.getByRole('region', { name: 'All numbers' }).getByRole('button', { name: 'CSV' }).click();
  expect((await numbers).suggestedFilename()).toBe('report-USD.csv');
});

test('numbers say what they are', async ({ page }) => {
  const row = page.getByRole('row', { name: /^Profit factor / });
  await expect(row).toHaveAttribute('title', 'Gross profit / gross loss; not defined without a loss. Unit: a ratio.');
  await expect(page.getByRole('region', { name: 'By weekday' })).toHaveAttribute('title', /Unit: USD\.$/);
});

test('a range is of the equity when it begins, and of the initial capital when asked', async ({ page }) => {
  await expect(page.getByText('Percentages are of the initial capital')).toBeVisible();
  await expect(page.getByLabel('Percentages of')).toBeHidden();
  await page.getByLabel('Closed in').selectOption('30');
  const base = page.getByLabel('Percentages of');
  await expect(page.getByText('Percentages are of the equity when the range begins')).toBeVisible();
  const percent = page.locator('main dl').first().locator('small').first();
  const carried = await percent.innerText();
  await base.selectOption('initialCapital');
  await expect(page.getByText('as if the account had started with the range')).toBeVisible();
  await expect(percent).not.toHaveText(carried);
  // The list of trades knows no such choice.
  await page.getByRole('link', { name: 'The trades' }).click();
  await expect(page.getByRole('heading', { name: 'Trades' })).toBeVisible();
  await expect(page.locator('main table tbody tr').first()).toBeVisible();
});

test('every drawdown and run-up is said to be of closed trades, and headline numbers carry an interval', async ({ page }) => {
  const rows = page.getByRole('region', { name: 'All numbers' }).getByRole('row');
  const names = await rows.getByRole('rowheader').allInnerTexts();
  for (const name of names.filter((name) => /drawdown|run-up/i.test(name))) expect(name).toContain('closed-trade');
  await expect(rows.filter({ hasText: /^Percent profitable/ })).toContainText(/ to .* of [\d,]+ trades/);
  await expect(rows.filter({ hasText: /^Sharpe, (daily|monthly) returns/ })).toContainText(/of \d+ (days|months)/);
  await expect(page.locator('main dl .interval').first()).toContainText('of');
});
