/** Files brought in by hand: what would come of them is shown before anything is written. */

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test, type Page } from '@playwright/test';
import { Server } from './server';
import { begin } from './steps';

const fixtures = join(import.meta.dirname, '../../tests/fixtures');
let server: Server;
test.beforeEach(async () => {
  server = await Server.empty();
});
test.afterEach(async () => {
  await server.remove();
});

async function key(page: Page, webhook: string): Promise<string> {
  const found = await page.request.get(`${server.url}/api/v1/webhooks/${webhook}`);
  return ((await found.json()) as { authKey: string }).authKey;
}

test('an alert log is previewed, brought in, and known afterwards', async ({ page }) => {
  await begin(page, server, 'BTC Trend');
  const webhook = page.url().split('/').at(-1) ?? '';
  const log = await readFile(join(fixtures, 'imports/alerts-log.csv'), 'utf8');
  const file = {
    name: 'alerts-log.csv',
    mimeType: 'text/csv',
    buffer: Buffer.from(log.replaceAll('YOUR_AUTH_KEY', await key(page, webhook))),
  };
  await page.goto(`${server.url}/import`);
  await page.locator('input[type=file]').setInputFiles(file);
  await expect(page.getByRole('button', { name: 'Import 24 alerts' })).toBeVisible();
  const events = await page.request.get(`${server.url}/api/v1/events`);
  expect(((await events.json()) as { items: unknown[] }).items).toEqual([]);

  await page.getByRole('button', { name: 'Import 24 alerts' }).click();
  await expect(page.getByText('24 alerts imported.')).toBeVisible();
  await page.locator('input[type=file]').setInputFiles(file);
  await expect(page.getByText('Nothing new to import.')).toBeVisible();
});

test('a list of trades is dropped, and becomes a backtest with a report', async ({ page }) => {
  await begin(page, server, 'BTC Trend');
  await page.goto(`${server.url}/import`);
  const text = await readFile(join(fixtures, 'tradingview/mtf-htf-weekly-sma-cross-01.csv'), 'utf8');
  const dropped = await page.evaluateHandle((content) => {
    const transfer = new DataTransfer();
    transfer.items.add(new File([content], 'list.csv', { type: 'text/csv' }));
    return transfer;
  }, text);
  await page.getByText('Options').click();
  await page.getByLabel('Ticker of a list of trades').fill('NASDAQ:AAPL');
  await page.keyboard.press('Tab');
  await page.locator('.drop').dispatchEvent('drop', { dataTransfer: dropped });
  await expect(page.getByRole('region', { name: 'Preview' })).toContainText('NASDAQ:AAPL');
  await page.getByRole('button', { name: 'Import backtest' }).click();
  await page.getByRole('link', { name: 'See the report' }).click();
  await expect(page.getByRole('heading', { name: 'Report' })).toBeVisible();
  await expect(page.locator('main dl').first()).toContainText('Net profit');
});

test('a file that cannot be read is named by row and column', async ({ page }) => {
  await begin(page, server, 'BTC Trend');
  await page.goto(`${server.url}/import`);
  const buffer = Buffer.from('{"time": "2026-01-05T14:30:00Z", "payload": {}}\n{"time": "yesterday", "payload": {}}\n');
  await page.locator('input[type=file]').setInputFiles({ name: 'history.jsonl', mimeType: 'application/json', buffer });
  await expect(page.getByRole('alert')).toContainText('Row 2');
});

test('what the numbers of a list mean is shown, and its owner can say otherwise', async ({ page }) => {
  await begin(page, server, 'NQ');
  await page.goto(`${server.url}/import`);
  await page.locator('input[type=file]').setInputFiles(join(fixtures, 'imports/report.xlsx'));
  const terms = page.getByRole('region', { name: 'Taken from the file' });
  await expect(terms).toContainText('From the sheet Properties: 500,000');
  await expect(terms).toContainText('2 per contract');
  await terms.getByLabel('Initial capital').fill('250000');
  await page.keyboard.press('Tab');
  await expect(terms).toContainText('As you say: 250,000');
  await page.getByRole('button', { name: 'Import backtest' }).click();
  await page.getByRole('link', { name: 'See the report' }).click();
  await expect(page.getByText('it starts with 250000')).toBeVisible();
  await expect(page.getByRole('region', { name: 'The list of CME_MINI:NQ1!' })).toContainText('TradingView says');
});

test('columns that are not understood are named by their owner', async ({ page }) => {
  await begin(page, server, 'Unknown');
  await page.goto(`${server.url}/import`);
  const rows = ['1;Entry long;100;1;0;2026-01-05 10:00', '1;Exit long;100;1;0;2026-01-05 11:00'];
  const buffer = Buffer.from(['a;b;c;d;e;f', ...rows, ''].join('\n'));
  await page.locator('input[type=file]').setInputFiles({ name: 'list.csv', mimeType: 'text/csv', buffer });
  const columns = page.getByRole('region', { name: 'Columns' });
  for (const [field, title] of [
    ['Trade number', 'a'],
    ['Type (entry or exit)', 'b'],
    ['Date and time', 'f'],
    ['Price', 'c'],
    ['Quantity', 'd'],
    ['Net profit', 'e'],
  ] as const) {
    await columns.getByRole('combobox', { name: field, exact: true }).selectOption(title);
  }
  await columns.getByRole('button', { name: 'Preview with these columns' }).click();
  await expect(page.getByRole('region', { name: 'Preview' })).toContainText('Closed trades');
});

test('a list that does not say its zone asks for it, and reads its times again', async ({ page }) => {
  await begin(page, server, 'BTC Trend');
  await page.goto(`${server.url}/import`);
  await page.locator('input[type=file]').setInputFiles(join(fixtures, 'tradingview/mtf-htf-weekly-sma-cross-01.csv'));
  const preview = page.getByRole('region', { name: 'Preview' });
  await expect(preview).toContainText('UTC assumed');
  await preview.getByLabel('Which time zone did the chart have?').selectOption('Asia/Singapore');
  await expect(preview.locator('dl').first()).toContainText('Asia/Singapore');
  await expect(preview.locator('dl').first()).not.toContainText('assumed');
});

test('rows without this webhook’s key are taken by a button', async ({ page }) => {
  await begin(page, server, 'BTC Trend');
  const log = await readFile(join(fixtures, 'imports/alerts-log.csv'), 'utf8');
  await page.goto(`${server.url}/import`);
  const buffer = Buffer.from(log.replaceAll('YOUR_AUTH_KEY', 'somebodyElse'.padEnd(32, 'x')));
  await page.locator('input[type=file]').setInputFiles({ name: 'alerts-log.csv', mimeType: 'text/csv', buffer });
  const preview = page.getByRole('region', { name: 'Preview' });
  await expect(preview).toContainText('Nothing new to import.');
  await preview.getByRole('button', { name: /^Take the \d+ of / }).first().click();
  await expect(preview.getByRole('button', { name: /^Import \d+ alerts?$/ })).toBeVisible();
});

test('a broker’s fills are previewed, taken by the ticker that their owner names, and undone', async ({ page }) => {
  await begin(page, server, 'AAPL Trend');
  await page.goto(`${server.url}/import`);
  const alert = { time: '2026-01-05T14:30:00Z', payload: { ticker: 'NASDAQ:AAPL', action: 'buy', qty: 1, marketPrice: 212.4 } };
  const history = { name: 'history.jsonl', mimeType: 'application/json', buffer: Buffer.from(JSON.stringify(alert)) };
  const chooser = page.locator('input[type=file]');
  await chooser.setInputFiles(history);
  await page.getByRole('button', { name: 'Import 1 alert' }).click();
  await expect(page.getByText('1 alert imported.')).toBeVisible();

  const fills = await readFile(join(fixtures, 'fills/plain.csv'), 'utf8');
  const other = fills.split('\n')[1]?.replace('AAPL', 'XAAPL').replace('F-1', 'F-9') ?? '';
  const buffer = Buffer.from(`${fills.trim()}\n${other}\n`);
  await chooser.setInputFiles({ name: 'fills.csv', mimeType: 'text/csv', buffer });
  const preview = page.getByRole('region', { name: 'Preview' });
  await expect(preview.getByRole('button', { name: 'Import 3 fills' })).toBeVisible();
  await expect(preview.locator('dl').first()).toContainText('plain columns');
  const taken = preview.getByRole('region', { name: 'Taken from the file' });
  await expect(taken.getByLabel('Ticker of AAPL', { exact: true })).toHaveAttribute('placeholder', 'NASDAQ:AAPL');
  await expect(taken.getByLabel('Ticker of XAAPL')).toHaveAttribute('placeholder', /Left out/);
  await taken.getByLabel('Ticker of XAAPL').fill('NASDAQ:AAPL');
  await page.keyboard.press('Tab');
  await preview.getByRole('button', { name: 'Import 4 fills' }).click();
  await expect(page.getByText('4 fills imported.')).toBeVisible();

  const kept = page.getByRole('region', { name: 'Fills of this webhook' });
  await expect(kept).toContainText('fills.csv');
  await chooser.setInputFiles({ name: 'fills.csv', mimeType: 'text/csv', buffer });
  await expect(preview).toContainText('Nothing new to import.');
  await kept.getByRole('button', { name: 'Undo the import of fills.csv' }).click();
  await page.getByRole('button', { name: 'Undo it' }).click();
  await expect(kept).toBeHidden();
});
