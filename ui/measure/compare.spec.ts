/** How soon the comparison of 2,000 trades can be used. */

import { expect, test } from '@playwright/test';
import { Server } from '../tests/server';
import { account, asOwner } from './account';

const TRADES = 2_000;
const BAR = 15 * 60_000;
const BEGIN = Date.UTC(2025, 0, 6);

/** A list of trades on bars of 15 minutes, and its alerts: one in 16 is missing, each anywhere in its bar. */
function books(auth_key: string): { list: string; alerts: string } {
  const price = (bar: number) => 100 + ((bar * 37) % 41) / 8 + bar / TRADES;
  const list = ['Trade #,Type,Date and time,Signal,Price USD,Size (qty),Net P&L USD'];
  const alerts: string[] = [];
  for (let trade = 0; trade < TRADES; trade += 1) {
    const [entry, exit] = [2 * trade, 2 * trade + 1];
    const profit = (price(exit) - price(entry)).toFixed(3);
    for (const [kind, bar] of [['Exit long', exit], ['Entry long', entry]] as const) {
      const opened = new Date(BEGIN + bar * BAR).toISOString().slice(0, 16).replace('T', ' ');
      list.push(`${trade + 1},${kind},${opened},${kind},${price(bar)},1,${profit}`);
    }
    for (const bar of [entry, exit]) {
      if (bar % 16 === 5) continue;
      const payload = { auth_key, ticker: 'BTCUSDT', positionDirection: bar % 2 ? 'exitLong' : 'entryLong', qty: 1, marketPrice: price(bar) };
      alerts.push(JSON.stringify({ time: new Date(BEGIN + bar * BAR + ((bar * 613) % 900) * 1000).toISOString(), payload }));
    }
  }
  return { list: list.join('\n'), alerts: alerts.join('\n') };
}

test('the comparison of 2,000 trades', async ({ page }) => {
  const server = await Server.empty();
  await account(page, server, 1, 0);
  const { items } = (await (await page.request.get(`${server.url}/api/v1/webhooks`)).json()) as { items: { id: string; authKey: string }[] };
  const [webhook] = items;
  if (!webhook) throw new Error('there is no webhook');
  const ask = asOwner(page, server);
  const { authKey } = (await (await page.request.get(`${server.url}/api/v1/webhooks/${webhook.id}`)).json()) as { authKey: string };
  const { list, alerts } = books(authKey);
  await ask(`imports?webhook=${webhook.id}&ticker=BTCUSDT&fileName=list.csv`, list);
  await ask(`imports?webhook=${webhook.id}&fileName=alerts.jsonl`, alerts);
  // Of another day than the one remembered: nothing is kept of it.
  for (const turn of ['first', 'again', 'again']) {
    await page.goto(`${server.url}/webhooks/${webhook.id}/compare?price=1.5`, { waitUntil: 'commit' });
    const seen = async () => page.evaluate(() => new Promise<number>((resolve) => requestAnimationFrame(() => setTimeout(() => resolve(performance.now())))));
    await expect(page.getByRole('region', { name: 'Verdict' })).toContainText('Next:');
    const verdict = await seen();
    await page.getByRole('region', { name: 'Fills side by side' }).locator('tr[data-row]').first().waitFor();
    const rows = await seen();
    await page.getByRole('region', { name: 'Fills side by side' }).getByRole('button', { name: /^All/ }).click();
    await expect(page).toHaveURL(/only=all/);
    const used = await seen();
    await expect(page.getByRole('region', { name: 'Is it still the same strategy?' })).toContainText(/Trade \d+:/);
    const outlook = await seen();
    const all = [verdict, rows, used, outlook].map((time) => `${Math.round(time)} ms`).join(' | ');
    console.log(`| comparison of 2,000 trades, ${turn} | ${all} |`);
  }
  await server.remove();
});
