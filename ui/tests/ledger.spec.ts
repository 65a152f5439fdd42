/** What alerts came to: trades, orders and positions as tables, and the owner's notes. */

import { readFile } from 'node:fs/promises';
import { expect, test, type Page } from '@playwright/test';
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

const rows = (page: Page) => page.locator('tbody tr');
const column = async (page: Page, name: string) => {
  const names = await page.locator('thead th').allInnerTexts();
  const at = names.findIndex((text) => text.startsWith(name));
  return page.locator(`tbody tr > :nth-child(${at + 1})`).allInnerTexts();
};

test('trades are sorted by their profit and found by words', async ({ page }) => {
  await page.goto(`${server.url}/trades`);
  await page.getByRole('button', { name: 'Net profit' }).click();
  const profits = (await column(page, 'Net profit')).map((text) => Number(text.replace('−', '-').replaceAll(',', '')));
  expect(profits.length).toBe(100);
  expect(profits).toEqual(profits.toSorted((one, other) => other - one));
  await page.getByRole('searchbox').fill('btc short');
  const directions = await column(page, 'Direction');
  expect(new Set(directions)).toEqual(new Set(['short']));
  await page.getByRole('searchbox').fill('no such thing');
  await expect(rows(page)).toHaveCount(0);
});

test('a list of which only a part was read has no sum and no file yet', async ({ page }) => {
  let letThrough = (): void => undefined;
  const rest = new Promise<void>((resolve) => (letThrough = resolve));
  await page.route('**/api/v1/trades?*cursor=*', async (route) => {
    await rest;
    await route.continue();
  });
  await page.goto(`${server.url}/trades`);
  const total = page.getByRole('status', { name: 'Total' });
  await expect(total).toHaveText('500 trades so far');
  await expect(page.getByRole('button', { name: 'CSV' })).toBeDisabled();
  expect(new Set(await column(page, 'Cumulative'))).toEqual(new Set(['–']));
  letThrough();
  await expect(total).toContainText(', net profit');
  await expect(page.getByRole('button', { name: 'CSV' })).toBeEnabled();
  const [newest] = await column(page, 'Cumulative');
  await expect(total).toContainText(`net profit ${newest} USD`);
});

test('columns are chosen, stay chosen, and make the CSV', async ({ page }) => {
  await page.goto(`${server.url}/orders`);
  await page.getByText('Columns', { exact: true }).click();
  await page.getByLabel('Comment').check();
  await page.getByLabel('Fill price').uncheck();
  await page.reload();
  await expect(page.getByRole('columnheader', { name: 'Comment' })).toBeVisible();
  await expect(page.getByRole('columnheader', { name: 'Fill price' })).toHaveCount(0);
  const waiting = page.waitForEvent('download');
  await page.getByRole('button', { name: 'CSV' }).click();
  const file = await (await waiting).path();
  const [header] = (await readFile(file, 'utf8')).trimEnd().split('\r\n');
  expect(header).toContain('Comment');
  expect(header).not.toContain('Fill price');
  await expect(page.getByRole('status').filter({ hasText: 'orders' })).toHaveText(/^[\d,]+ orders$/);
});

test('a tag on a trade makes a report', async ({ page }) => {
  await page.goto(`${server.url}/trades`);
  await page.getByText('Columns', { exact: true }).click();
  await page.getByLabel('Tags').check();
  await page.getByText('Columns', { exact: true }).click();
  const profit = (await column(page, 'Net profit'))[2] ?? '';
  await rows(page).nth(2).getByRole('button', { name: /Notes/ }).click();
  await page.getByRole('textbox', { name: /^Tags/ }).fill('news, late entry');
  await page.getByRole('textbox', { name: 'Notes' }).fill('Entered after the spike.');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(rows(page).nth(2)).toContainText('late entry, news');
  await page.goto(`${server.url}/report`);
  const byTag = page.getByRole('region', { name: 'By tag' }).getByRole('row', { name: /^news/ });
  await expect(byTag).toContainText(`${profit} (1)`);
  await byTag.getByRole('link', { name: 'news' }).first().click();
  await expect(page.getByRole('status', { name: 'Total' })).toContainText(`1 trade, net profit ${profit}`);
  await page.goto(`${server.url}/report`);
  await page.getByRole('combobox', { name: /^Tag/ }).selectOption('news');
  await expect(page.locator('main dl').first()).toContainText(profit);
  await expect(page.locator('main dl').first()).toContainText('of 1');
});

test('positions say where an alert is missing', async ({ page }) => {
  await page.goto(`${server.url}/positions`);
  await expect(page.getByRole('link', { name: /^says/ })).toHaveCount(1);
});
