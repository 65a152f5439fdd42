/** An account with 200 webhooks: totals first, then webhooks to be grouped, folded and found. */

import { expect, test } from '@playwright/test';
import { Server } from './server';
import { begin } from './steps';

let server: Server;
test.beforeEach(async ({ page }) => {
  server = await Server.empty();
  await begin(page, server, 'Strategy 1');
  for (let number = 2; number <= 200; number += 1) {
    const settings = { currency: number % 4 ? 'USD' : 'EUR' };
    const made = await page.request.post(`${server.url}/api/v1/webhooks`, { data: { name: `Strategy ${number}` }, headers: { origin: server.url } });
    expect(made.ok(), await made.text()).toBe(true);
    const { id } = (await made.json()) as { id: string };
    if (settings.currency === 'EUR') await page.request.patch(`${server.url}/api/v1/webhooks/${id}`, { data: { settings }, headers: { origin: server.url } });
  }
});
test.afterEach(() => server.remove());

test('totals are on the first screen, and webhooks under headings with their sums', async ({ page }) => {
  for (const [width, height] of [
    [1440, 900],
    [820, 1180],
    [390, 844],
  ] as const) {
    await page.setViewportSize({ width, height });
    await page.goto(server.url);
    for (const currency of ['EUR', 'USD']) await expect(page.getByRole('region', { name: `Totals in ${currency}` })).toBeInViewport({ ratio: 1 });
  }
  await page.setViewportSize({ width: 1440, height: 900 });
  const strategies = page.getByRole('region', { name: 'Strategies' });
  await expect(strategies.getByRole('rowheader')).toHaveCount(200);
  await strategies.getByLabel('Group webhooks').selectOption('currency');
  const groups = strategies.locator('tr.group');
  await expect(groups).toHaveText([/EUR\s+50 webhooks/, /USD\s+150 webhooks/]);
  await groups.first().getByRole('button').click();
  await expect(strategies.locator('tbody tr')).toHaveCount(2 + 150);
  await strategies.getByPlaceholder('Find a webhook').fill('strategy 200');
  await expect(groups).toHaveText([/EUR\s+1 webhook/]);
  // It is grouped that way the next time, too.
  await page.goto(`${server.url}/webhooks`);
  await expect(strategies.getByLabel('Group webhooks')).toHaveValue('currency');
  await expect(groups).toHaveCount(2);
});
