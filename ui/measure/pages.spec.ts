/** Pictures of every page (of those in `PAGES`, where it is set) at three widths, in light and dark, to be looked at: `target/pictures`. */

import { readFile } from 'node:fs/promises';
import { expect, test, type Page } from '@playwright/test';
import { account } from './account';
import { Server } from '../tests/server';
import { begin, logIn } from '../tests/steps';

const ONLY = process.env['PAGES']?.split(',') ?? [];
const WIDTHS = [390, 820, 1440];

async function first(page: Page, list: string, query = ''): Promise<string> {
  const answer = (await (await page.request.get(`/api/v1/${list}?limit=1${query}`)).json()) as { items: { id: string }[] };
  return `/${list}/${answer.items[0]?.id}`;
}

async function pictures(page: Page, name: string, fullPage = true): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    for (const width of WIDTHS) {
      await page.setViewportSize({ width, height: 900 });
      await page.waitForTimeout(300);
      await page.screenshot({ path: `../target/pictures/${name}-${width}-${colorScheme}.png`, fullPage });
    }
  }
}

test('the demo', async ({ browser }) => {
  test.setTimeout(900_000);
  const server = await Server.demo();
  const page = await (await browser.newContext({ baseURL: server.url })).newPage();
  await page.goto('/');
  await page.getByLabel('Password').waitFor();
  await pictures(page, 'login');
  await logIn(page, server);
  const { items } = (await (await page.request.get('/api/v1/webhooks')).json()) as { items: { id: string; name: string }[] };
  const webhook = `/webhooks/${items.find(({ name }) => name.includes('BTC'))?.id}`;
  const paths = {
    ...{ dashboard: '/', webhooks: '/webhooks', webhook, compare: `${webhook}/compare`, events: '/events', failed: '/events?status=failed' },
    ...{ event: await first(page, 'events'), broken: await first(page, 'events', '&status=failed'), trades: '/trades', trade: await first(page, 'trades') },
    ...{ orders: '/orders', positions: '/positions', report: '/report', backtest: `/report?source=backtest&webhook=${webhook.split('/').at(-1)}` },
    ...{ import: '/import', forwards: '/forwards', channels: '/channels', account: '/account' },
  };
  for (const [name, path] of Object.entries(paths)) {
    if (ONLY.length && !ONLY.includes(name)) continue;
    await page.setViewportSize({ width: 1440, height: 900 });
    await page.goto(path);
    await expect(page.locator('main h1').first()).toBeVisible();
    await page.waitForTimeout(1_500);
    for (const wait of ['Loading…', 'Drawing 10,000 runs…']) await expect(page.getByText(wait)).toHaveCount(0, { timeout: 60_000 });
    if (name === 'webhook') await page.locator('summary', { hasText: /Settings|Set-up/ }).evaluateAll((all) => all.forEach((one) => one.parentElement?.setAttribute('open', '')));
    for (const chart of await page.locator('.chart').all()) {
      await chart.scrollIntoViewIfNeeded();
      await chart.locator('canvas').first().waitFor();
    }
    await page.evaluate(() => scrollTo(0, 0));
    await pictures(page, name);
  }
  await server.remove();
});

test('nothing there yet', async ({ browser }) => {
  test.setTimeout(300_000);
  const server = await Server.empty();
  const page = await (await browser.newContext({ baseURL: server.url })).newPage();
  await page.goto(server.setupLink);
  await pictures(page, 'empty-setup');
  await begin(page, server, 'BTC Strategy');
  await pictures(page, 'empty-webhook');
  for (const name of ['', 'webhooks', 'events', 'trades', 'orders', 'positions', 'report', 'forwards', 'channels', 'import']) {
    await page.goto(`/${name}`);
    await expect(page.locator('main h1').first()).toBeVisible();
    await pictures(page, `empty-${name || 'dashboard'}`);
  }
  await server.remove();
});

test('what opens over a page', async ({ browser }) => {
  test.setTimeout(300_000);
  const server = await Server.demo();
  const page = await (await browser.newContext({ baseURL: server.url })).newPage();
  await logIn(page, server);
  await page.keyboard.press('Control+k');
  await page.keyboard.type('btc');
  await pictures(page, 'over-palette');
  // The first clears the field.
  for (const key of ['Escape', 'Escape']) await page.keyboard.press(key);
  await page.keyboard.press('?');
  await pictures(page, 'over-keys');
  await page.keyboard.press('Escape');
  await page.goto('/trades');
  await page.getByRole('button', { name: /^Notes on/ }).first().click();
  await pictures(page, 'over-notes');
  await page.goto('/channels');
  await page.getByRole('button', { name: 'New channel' }).click();
  await pictures(page, 'over-channel');
  await page.goto('/forwards');
  await page.getByRole('button', { name: 'New forward' }).click();
  await pictures(page, 'over-forward');
  await page.goto('/nothing-here');
  await pictures(page, 'no-page');
  await page.goto('/events');
  await page.setViewportSize({ width: 1440, height: 900 });
  await page.locator('a.event').nth(1).click();
  await pictures(page, 'event-aside');
  await page.goto('/events?status=failed');
  await page.getByRole('button', { name: 'Select', exact: true }).click();
  await page.getByRole('checkbox').first().click();
  await pictures(page, 'events-selected');
  await server.stop();
  await expect(page.getByText('algohook does not answer.')).toBeVisible();
  await pictures(page, 'away');
  await server.remove();
});

test('imports', async ({ browser }) => {
  test.setTimeout(600_000);
  const fixtures = '../tests/fixtures';
  const server = await Server.empty();
  const page = await (await browser.newContext({ baseURL: server.url })).newPage();
  await begin(page, server, 'BTC Trend');
  const chooser = page.locator('input[type=file]');
  const look = async (name: string, file: Parameters<typeof chooser.setInputFiles>[0]) => {
    await page.goto('/import');
    await chooser.setInputFiles(file);
    await page.locator('main').getByRole('region').or(page.getByRole('alert')).first().waitFor();
    await pictures(page, `import-${name}`);
  };
  const log = await readFile(`${fixtures}/imports/alerts-log.csv`, 'utf8');
  await look('alerts', { name: 'alerts-log.csv', mimeType: 'text/csv', buffer: Buffer.from(log.replaceAll('YOUR_AUTH_KEY', 'somebodyElse'.padEnd(32, 'x'))) });
  await page.getByRole('button', { name: /^Take the \d+ of / }).first().click();
  await page.getByRole('button', { name: /^Import \d+ alerts?$/ }).waitFor();
  await pictures(page, 'import-alerts-taken');
  await look('backtest', `${fixtures}/imports/report.xlsx`);
  await page.getByRole('button', { name: 'Import backtest' }).click();
  await page.getByRole('link', { name: 'See the report' }).waitFor();
  await pictures(page, 'import-done');
  await look('zone', `${fixtures}/tradingview/mtf-htf-weekly-sma-cross-01.csv`);
  await look('fills', `${fixtures}/fills/plain.csv`);
  await look('columns', { name: 'list.csv', mimeType: 'text/csv', buffer: Buffer.from('a;b;c;d;e;f\n1;Entry long;100;1;0;2026-01-05 10:00\n') });
  await look('broken', { name: 'history.jsonl', mimeType: 'application/json', buffer: Buffer.from('{"time": "yesterday", "payload": {}}\n') });
  await server.remove();
});

test('many webhooks, long names and long numbers', async ({ browser }) => {
  test.setTimeout(600_000);
  const server = await Server.empty();
  const page = await (await browser.newContext({ baseURL: server.url })).newPage();
  await account(page, server, 200, 4_000);
  const name = 'AStrategyWhoseNameHasNowhereToBreak_'.repeat(3).slice(0, 100);
  const made = (await (await page.request.post('/api/v1/webhooks', { data: { name }, headers: { origin: server.url } })).json()) as { id: string; url: string; authKey: string };
  const ticker = 'BINANCE:AVERYLONGTICKER1000SHIBUSDT.PERPETUAL_XYZ_ABCDEFGH';
  const send = (fields: object) => page.request.post(made.url, { data: { auth_key: made.authKey, ticker, ...fields } });
  await send({ action: 'buy', qty: '1234567.123456789', marketPrice: '0.00001234', metadata: { signal: 'a-signal-with-a-long-name-'.repeat(6) } });
  await send({ action: 'sell', qty: '1000000.5', marketPrice: '12345678.12345678' });
  await send({ action: 'buy', qty: 'a lot', marketPrice: 1 });
  const paths = { dashboard: '/', webhooks: '/webhooks', webhook: `/webhooks/${made.id}`, events: '/events', trades: '/trades', orders: '/orders', positions: '/positions', report: `/report?webhook=${made.id}` };
  for (const [name, path] of Object.entries(paths)) {
    if (ONLY.length && !ONLY.includes(`many-${name}`)) continue;
    await page.setViewportSize({ width: 1440, height: 900 });
    await page.goto(path);
    await expect(page.locator('main h1').first()).toBeVisible();
    await page.waitForTimeout(1_500);
    await pictures(page, `many-${name}`, false);
  }
  await server.remove();
});
