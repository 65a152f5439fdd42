/** Pictures of every page (of those in `PAGES`, where it is set) at three widths, in light and dark, to be looked at: `target/pictures`. */

import { expect, test, type Page } from '@playwright/test';
import { Server } from '../tests/server';
import { begin, logIn } from '../tests/steps';

const ONLY = process.env['PAGES']?.split(',') ?? [];
const WIDTHS = [390, 820, 1440];

async function first(page: Page, list: string, query = ''): Promise<string> {
  const answer = (await (await page.request.get(`/api/v1/${list}?limit=1${query}`)).json()) as { items: { id: string }[] };
  return `/${list}/${answer.items[0]?.id}`;
}

async function pictures(page: Page, name: string): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    for (const width of WIDTHS) {
      await page.setViewportSize({ width, height: 900 });
      await page.waitForTimeout(300);
      await page.screenshot({ path: `../target/pictures/${name}-${width}-${colorScheme}.png`, fullPage: true });
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
    await expect(page.getByText('Loading…')).toHaveCount(0);
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
