/** The whole way of somebody new, in a real browser against the real binary. */

import { expect, test, type Page } from '@playwright/test';
import { Server } from './server';
import { begin } from './steps';

let server: Server;
test.beforeEach(async () => {
  server = await Server.empty();
});
test.afterEach(async () => {
  await server.remove();
});

/** What a copy button puts on the clipboard. */
async function copied(page: Page, what: string): Promise<string> {
  await page.getByRole('button', { name: `Copy ${what}` }).click();
  return page.evaluate(() => navigator.clipboard.readText());
}

/** Fills in the placeholders of the copied message as TradingView would. */
const filled = (message: string, action: string, price: number, before: [string, number], after: [string, number]): string => {
  const values: Record<string, string> = {
    ticker: 'BTCUSDT',
    'strategy.order.action': action,
    'strategy.order.contracts': '2',
    'strategy.order.price': String(price),
    'strategy.market_position': after[0],
    'strategy.market_position_size': String(after[1]),
    'strategy.prev_market_position': before[0],
    'strategy.prev_market_position_size': String(before[1]),
    'strategy.order.id': action,
    timenow: new Date().toISOString().replace(/\.\d+/, ''),
  };
  return message.replace(/\{\{([^{}]+)\}\}/g, (_, name: string) => values[name] ?? name);
};

const post = (url: string, body: string) => fetch(url, { method: 'POST', body });

test('from the set-up link to a report', async ({ page, context }) => {
  await begin(page, server, 'BTC Strategy');
  const url = await copied(page, 'the webhook URL');
  const message = await copied(page, 'the alert message');
  expect(message).toContain(await copied(page, 'the key'));

  const events = await context.newPage();
  await events.goto(`${server.url}/events`);
  await expect(events.getByText('No alert has arrived yet')).toBeVisible();
  await expect(events.getByText('Live', { exact: true })).toBeVisible();

  expect((await post(url, filled(message, 'buy', 100, ['flat', 0], ['long', 2]))).status).toBe(200);
  await expect(events.locator('a.event')).toHaveCount(1);
  expect((await post(url, filled(message, 'sell', 110, ['long', 2], ['flat', 0]))).status).toBe(200);
  await expect(events.locator('a.event')).toHaveCount(2);

  await events.locator('a.event').first().click();
  await expect(events.getByText('ord_2')).toBeVisible();
  await expect(events.getByText('+20.00')).toBeVisible();
  await expect(events.getByText('"auth_key": "***"')).toBeVisible();

  await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'Report' }).click();
  await expect(page.locator('main dl').first()).toContainText('+20.00');
  await expect(page.locator('.chart canvas').first()).toBeVisible();

  await page.keyboard.press('g');
  await page.keyboard.press('d');
  await expect(page.getByRole('heading', { name: 'Dashboard' })).toBeVisible();
  // Alerts came from this machine only: nothing may look fine while TradingView cannot reach it.
  await expect(page.getByText('TradingView cannot reach this server')).toBeVisible();
  await expect(page.getByText('All clear')).toHaveCount(0);
  await expect(page.getByRole('row', { name: /flat/ })).toContainText('+20.00');
});

test('a chart stays the one that is looked at while trades come in', async ({ page }) => {
  await begin(page, server, 'BTC Strategy');
  const url = await copied(page, 'the webhook URL');
  const message = await copied(page, 'the alert message');
  const trade = async (price: number): Promise<void> => {
    await post(url, filled(message, 'buy', 100, ['flat', 0], ['long', 2]));
    await post(url, filled(message, 'sell', price, ['long', 2], ['flat', 0]));
  };
  await trade(110);
  await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'Report' }).click();
  const canvas = page.locator('.chart canvas').first();
  await canvas.evaluate((element) => element.setAttribute('data-looked-at', ''));
  await trade(120);
  await expect(page.locator('main dl').first()).toContainText('+60.00');
  await expect(canvas).toHaveAttribute('data-looked-at');
});

test('a test alert shows the real answer', async ({ page }) => {
  await begin(page, server, 'BTC Strategy');
  await page.getByRole('button', { name: 'Send a test alert' }).click();
  await expect(page.getByText('Test alert accepted.')).toBeVisible();
});

test('a broken message is explained, corrected and processed', async ({ page }) => {
  await begin(page, server, 'BTC Strategy');
  const url = await copied(page, 'the webhook URL');
  const key = await copied(page, 'the key');
  const broken = `{"auth_key": "${key}", "ticker": "AAPL", "action": "buy", "marketPrice": 190.5,}`;
  expect((await post(url, broken)).status).toBe(400);
  await page.goto(`${server.url}/events?status=failed`);
  await page.locator('a.event').click();
  await expect(page.getByRole('heading', { name: 'The corrected message' })).toBeVisible();
  await expect(page.locator('mark')).toHaveText(',');
  // To paste: nothing of this one alert, and the real key. To process: what came.
  const offered = await copied(page, 'the corrected message');
  expect(offered).toContain(key);
  expect(offered).toContain('"marketPrice": {{strategy.order.price}}');
  expect(offered).not.toMatch(/AAPL|190|"buy"/);
  await page.getByRole('button', { name: 'Edit and retry' }).click();
  await page.getByRole('button', { name: 'Retry with this message' }).click();
  await expect(page.getByText('retried', { exact: true })).toBeVisible();
  await expect(page.getByRole('status').filter({ hasText: 'evt_1 was retried: it made ord_2.' })).toBeVisible();
  await page.getByText('Full answer').click();
  await expect(page.getByText('"source": "reprocessed"')).toBeVisible();
  await expect(page.getByRole('definition').getByText('ord_2')).toBeVisible();

  await page.goto(`${server.url}/events/evt_1`);
  await expect(page.getByText('Already retried')).toBeVisible();
  await expect(page.getByRole('button', { name: /retry/i })).toHaveCount(0);
  await page.getByRole('link', { name: 'evt_2' }).click();
  await expect(page.getByText('Made from')).toBeVisible();
});

test('a message whose values cannot be told is marked, and nothing is offered to paste', async ({ page }) => {
  await begin(page, server, 'BTC Strategy');
  const url = await copied(page, 'the webhook URL');
  const key = await copied(page, 'the key');
  const broken = `{"metadata": {"comment": "日本… 🚀"}, "auth_key": "${key}", "ticker": "AAPL", "action": "buy", "qty": NaN, "marketPrice": 190.5}`;
  expect((await post(url, broken)).status).toBe(400);
  await page.goto(`${server.url}/events/evt_1`);
  await expect(page.locator('mark')).toHaveText('N');
  await expect(page.getByRole('heading', { name: 'The corrected message' })).toHaveCount(0);
  await page.getByRole('button', { name: 'Edit and retry' }).click();
  await expect(page.getByLabel('Message to retry with')).toHaveValue(broken.replace(key, '***'));
  await page.getByRole('link', { name: 'Copy a working message' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('BTC Strategy');
});

test('a duplicate is processed only by who is told that it is a second order, a test never', async ({ page }) => {
  await begin(page, server, 'BTC Strategy');
  const url = await copied(page, 'the webhook URL');
  const key = await copied(page, 'the key');
  const alert = `{"auth_key": "${key}", "ticker": "AAPL", "action": "buy", "marketPrice": 190.5, "id": "a-1"}`;
  expect((await post(url, alert)).status).toBe(200);
  expect((await post(url, alert)).status).toBe(200);
  await page.goto(`${server.url}/events/evt_2`);
  await expect(page.getByText('Duplicate of')).toBeVisible();
  await expect(page.getByText('makes a second order')).toBeVisible();
  await page.getByRole('button', { name: 'Retry anyway' }).click();
  await expect(page.getByRole('definition').getByText('ord_3')).toBeVisible();
  await page.goBack();
  await expect(page.getByText('Already retried')).toBeVisible();

  await page.goto(`${server.url}/webhooks`);
  await page.getByRole('link', { name: 'BTC Strategy', exact: true }).click();
  await page.getByText('Set-up', { exact: true }).click();
  await page.getByRole('button', { name: 'Send a test alert' }).click();
  await expect(page.getByText('Test alert accepted.')).toBeVisible();
  await page.goto(`${server.url}/events/evt_4`);
  await expect(page.getByText('Test alerts make no order.')).toBeVisible();
  await expect(page.getByRole('button', { name: /retry/i })).toHaveCount(0);
});

test('a new key is shown, in every window, and the old one is refused and counted', async ({ page, context }) => {
  await begin(page, server, 'BTC Strategy');
  const url = await copied(page, 'the webhook URL');
  const old = await copied(page, 'the key');
  const other = await context.newPage();
  await other.goto(page.url());
  // Hidden until asked for.
  await expect(other.locator('.line code').nth(1)).toHaveText('••••••••••••••••');
  await other.getByRole('button', { name: 'Show', exact: true }).click();
  await expect(other.locator('.line code').nth(1)).toHaveText(old);
  await page.bringToFront();
  await page.getByRole('button', { name: 'Show', exact: true }).click();

  await page.getByRole('button', { name: /new key/i }).click();
  const question = page.getByRole('dialog');
  await expect(question).toContainText('Every running alert of this webhook is refused');
  await question.getByRole('button', { name: 'Cancel' }).click();
  await expect(page.locator('.line code').nth(1)).toHaveText(old);
  await page.getByRole('button', { name: /new key/i }).click();
  await question.getByRole('button', { name: /new key/i }).click();
  await expect(page.locator('.line code').nth(1)).not.toHaveText(old);
  await other.bringToFront();
  await other.evaluate(() => dispatchEvent(new Event('focus')));
  await expect(other.locator('.line code').nth(1)).not.toHaveText(old);
  await other.close();
  expect((await post(url, `{"auth_key": "${old}"}`)).status).toBe(401);
  await page.getByText('Why does nothing arrive?').click();
  await page.getByRole('button', { name: 'Check again' }).click();
  await expect(page.getByText('1 of the last requests had a wrong auth_key')).toBeVisible();
});

test('events that came while the connection was down are there afterwards, once', async ({ page }) => {
  await begin(page, server, 'BTC Strategy');
  const url = await copied(page, 'the webhook URL');
  const message = await copied(page, 'the alert message');
  await page.goto(`${server.url}/events`);
  await expect(page.getByText('Live', { exact: true })).toBeVisible();
  await post(url, filled(message, 'buy', 100, ['flat', 0], ['long', 2]));
  await expect(page.locator('a.event')).toHaveCount(1);

  await server.stop();
  await expect(page.getByText('Reconnecting', { exact: true })).toBeVisible();
  await server.start();
  await post(url, filled(message, 'sell', 110, ['long', 2], ['flat', 0]));
  await expect(page.locator('a.event')).toHaveCount(2, { timeout: 20_000 });
});

test('a name that is taken is refused with one that is free', async ({ page }) => {
  await begin(page, server, 'ETH Trend');
  await page.goto(`${server.url}/webhooks`);
  await page.getByPlaceholder('Name of a strategy').fill('eth trend');
  await page.getByRole('button', { name: 'New webhook' }).click();
  await expect(page.getByRole('alert')).toContainText('"eth trend 2" is free');
  await page.getByPlaceholder('Name of a strategy').fill('eth trend 2');
  await page.getByRole('button', { name: 'New webhook' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('eth trend 2');
});

test('what an alert says is shown as text', async ({ page }) => {
  await begin(page, server, 'BTC Strategy');
  const url = await copied(page, 'the webhook URL');
  const key = await copied(page, 'the key');
  const said: string[] = [];
  page.on('dialog', (dialog) => said.push(dialog.message()));
  const evil = '<img src=x onerror=alert(1)><script>alert(2)</script>';
  const alert = { auth_key: key, ticker: evil, action: 'buy', marketPrice: 1, metadata: { signal: evil, comment: evil } };
  expect((await post(url, JSON.stringify(alert))).status).toBe(200);
  expect((await post(url, JSON.stringify({ ...alert, action: 'sell', qty: 0.5 }))).status).toBe(200);
  for (const path of ['/events', '/events/evt_1', '/webhooks', '/report']) {
    await page.goto(server.url + path);
    await expect(page.getByText('<img src=x').first()).toBeVisible();
  }
  expect(said).toEqual([]);
});
