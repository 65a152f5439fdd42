/** What a trader with a running account does: search, archive, retry, look at one trade, on a desk and on a phone. */

import { expect, test } from '@playwright/test';
import { Server } from './server';
import { begin, logIn } from './steps';

let server: Server;
test.beforeAll(async () => {
  server = await Server.demo();
});
test.afterAll(() => server.remove());

test('the printed link of the demo logs in', async ({ page }) => {
  await page.goto(`${server.url}/#${server.password}`);
  await expect(page.getByRole('heading', { name: 'Dashboard' })).toBeVisible();
  expect(page.url()).not.toContain('demo-');
});

test('the palette finds pages, webhooks, tickers and actions', async ({ page }) => {
  await logIn(page, server);
  await page.keyboard.press('Control+k');
  const palette = page.getByRole('dialog', { name: 'Search' });
  await page.keyboard.type('report btc');
  await expect(palette.getByRole('option').first()).toContainText('Report of Demo: BTC trend');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { name: 'Report' })).toBeVisible();
  await page.keyboard.press('Control+k');
  await page.keyboard.type('MGC1');
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/\/trades\?ticker=COMEX%3AMGC1!/);
  await page.keyboard.press('n');
  await expect(page.getByPlaceholder('Name of a strategy')).toBeFocused();
  await page.keyboard.press('Escape');
});

test('j and k go through a list, and Enter opens', async ({ page }) => {
  await logIn(page, server);
  await page.goto(`${server.url}/trades`);
  await expect(page.locator('tbody tr').first()).toBeVisible();
  for (const key of ['j', 'j', 'k']) await page.keyboard.press(key);
  await expect(page.locator('tbody tr').first()).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/\/trades\/trd_/);
  await expect(page.getByRole('region', { name: 'Entry' })).toContainText('"auth_key": "***"');
  await expect(page.getByRole('link', { name: 'Chart on TradingView' })).toHaveAttribute('href', /tradingview\.com\/chart/);
});

test('typing searches, an event opens beside the list, and all of one cause are retried at once', async ({ page }) => {
  await page.setViewportSize({ width: 1440, height: 900 });
  await logIn(page, server);
  await page.goto(`${server.url}/events`);
  await page.getByLabel('Search the messages').pressSequentially('crossed');
  await expect(page.locator('a.event')).toHaveCount(1);
  await page.locator('a.event').click();
  await expect(page.getByRole('complementary', { name: 'Selected event' })).toContainText('crossed');
  await page.goto(`${server.url}/events?status=limited`);
  const causes = page.getByRole('region', { name: 'Causes' });
  await causes.getByRole('button', { name: 'Retry all 4' }).click();
  await expect(causes.getByRole('status')).toHaveText('4 orders created.');
  await page.goto(`${server.url}/events?status=failed`);
  await expect(causes.getByRole('button', { name: /^Fix and retry/ }).first()).toBeVisible();
});

test('events are selected one by one, and retried together', async ({ page }) => {
  await logIn(page, server);
  await page.goto(`${server.url}/events?status=failed`);
  await page.getByRole('button', { name: 'Select', exact: true }).click();
  const bar = page.getByRole('region', { name: 'Selected events' });
  const rows = page.getByRole('checkbox');
  const count = await rows.count();
  for (let at = 0; at < count - 1; at += 1) await rows.nth(at).click();
  await rows.nth(count - 2).press('j');
  await rows.nth(count - 1).press('x');
  await expect(bar).toContainText(`${count} events selected.`);
  await expect(page).toHaveURL(/\/events\?status=failed$/);
  await bar.getByRole('button', { name: /^Fix and retry \d+$/ }).click();
  await expect(bar.getByRole('status')).toHaveText(/^\d+ orders? created/);
  await bar.getByRole('button', { name: 'Done' }).click();
  await expect(rows).toHaveCount(0);
});

test('an archived webhook is out of totals and out of sight, and comes back', async ({ page }) => {
  await logIn(page, server);
  const equity = page.getByRole('region', { name: 'Totals in USD' });
  const before = await equity.innerText();
  await page.getByRole('link', { name: 'Demo: Gold pyramid' }).first().click();
  await page.getByRole('button', { name: 'Archive' }).click();
  await expect(page.getByText('Archived: its history is kept')).toBeVisible();
  await page.goto(server.url);
  await expect(page.getByRole('row', { name: /Gold pyramid/ })).toHaveCount(0);
  await expect(equity).not.toHaveText(before, { useInnerText: true });
  await page.getByRole('link', { name: '1 archived' }).click();
  await page.getByRole('link', { name: 'Demo: Gold pyramid', exact: true }).click();
  await page.getByRole('button', { name: 'Resume' }).click();
  await expect(page.getByRole('button', { name: 'Archive' })).toBeVisible();
});

test('on a phone the pages are at the thumb, filters are folded, and a trade is a card', async ({ page }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await logIn(page, server);
  const bar = page.getByRole('navigation', { name: 'Pages' });
  const place = await bar.boundingBox();
  expect((place?.y ?? 0) + (place?.height ?? 0)).toBe(844);
  await page.goto(`${server.url}/trades`);
  const card = page.locator('tbody tr').first();
  await expect(card).toBeInViewport();
  const [wide, profit] = [await card.boundingBox(), card.locator('[data-name="Net profit"]')];
  expect(wide?.width).toBeLessThanOrEqual(390);
  await expect(profit).toBeInViewport({ ratio: 1 });
  // Cards have no titles to click: a choice sorts them.
  const profits = page.locator('tbody [data-name="Net profit"]');
  const amount = (text: string) => Number(text.replaceAll(',', '').replace('−', '-'));
  await page.getByLabel('Sort by').selectOption('Net profit');
  await expect.poll(async () => amount(await profits.first().innerText())).toBeGreaterThan(0);
  const best = amount(await profits.first().innerText());
  expect(amount(await profits.nth(1).innerText())).toBeLessThanOrEqual(best);
  await page.getByRole('button', { name: 'Largest or newest first' }).click();
  await expect.poll(async () => amount(await profits.first().innerText())).toBeLessThan(0);
  await expect(page.getByPlaceholder('All')).toBeHidden();
  await page.getByText('Filter', { exact: true }).click();
  await expect(page.getByPlaceholder('All')).toBeVisible();
});

test('a backtest has excursions, a dot a trade', async ({ page }) => {
  await logIn(page, server);
  const webhooks = (await (await page.request.get(`${server.url}/api/v1/webhooks`)).json()) as { items: { id: string; name: string }[] };
  const tested = webhooks.items.find(({ name }) => name.includes('BTC'));
  await page.goto(`${server.url}/report?webhook=${tested?.id}&source=backtest`);
  const dots = page.getByRole('group', { name: /^Adverse excursion of \d+ trades/ }).locator('a');
  await expect(dots.first()).toBeVisible();
  await page.goto(server.url + (await dots.first().getAttribute('href')));
  await expect(page.getByText('from TradingView’s backtest')).toBeVisible();
});

test('nothing looks fine while nothing can arrive', async ({ page }) => {
  const local = await Server.empty();
  const misled = await Server.empty('--public-url', 'https://hooks.algohook.invalid', '--trusted-proxy', '127.0.0.1/32');
  try {
    for (const [server, said] of [
      [local, 'which TradingView cannot reach'],
      [misled, 'hooks.algohook.invalid'],
    ] as const) {
      await begin(page, server, 'First');
      const steps = page.getByRole('list', { name: 'Steps to the first alert' });
      await expect(steps.getByRole('listitem').first()).toContainText('failed');
      await expect(steps).toContainText(said);
      await page.getByRole('button', { name: 'Send a test alert' }).click();
      await expect(steps.getByRole('listitem').nth(2)).toContainText('done');
      await expect(page.getByText('Local only.')).toHaveCount(server === local ? 1 : 0);
      await page.goto(server.url);
      await expect(page.getByText('TradingView cannot reach this server')).toBeVisible();
      await expect(page.getByText('All clear')).toHaveCount(0);
      await page.context().clearCookies();
    }
  } finally {
    await local.remove();
    await misled.remove();
  }
});
