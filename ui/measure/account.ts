/** A large account, made through the API as its owner would have it. */

import { expect, type Page } from '@playwright/test';
import { PASSWORD } from '../tests/steps';
import type { Server } from '../tests/server';

const TICKERS = ['BINANCE:BTCUSDT', 'NASDAQ:AAPL', 'COMEX:MGC1!', 'CME_MINI:MES1!', 'BINANCE:ETHUSDT', 'NYSE:KO'];

/** Alerts in JSON lines, each trade an entry and an exit, the last ones of today. */
function history(auth_key: string, alerts: number, ticker: string, seed: number): string {
  const hour = 3_600_000;
  const begin = Date.now() - (alerts + 1) * hour;
  const line = (_: unknown, at: number) => {
    const marketPrice = 100 + ((at * 37 + seed * 11) % 41) / 4 + at / alerts;
    const payload = { auth_key, ticker, action: at % 2 ? 'sell' : 'buy', qty: 2, marketPrice, metadata: { signal: at % 3 ? 'breakout' : 'pullback' } };
    return JSON.stringify({ time: new Date(begin + at * hour).toISOString(), payload });
  };
  return Array.from({ length: alerts }, line).join('\n');
}

/** Sends the owner's bodies to the API. */
export function asOwner(page: Page, server: Server): (path: string, body: object | string) => Promise<unknown> {
  return async (path, body) => {
    const answer = await page.request.post(`${server.url}/api/v1/${path}`, {
      ...{ data: body, timeout: 300_000 },
      headers: { origin: server.url, ...(typeof body === 'string' && { 'content-type': 'application/octet-stream' }) },
    });
    expect(answer.ok(), await answer.text()).toBe(true);
    return answer.json();
  };
}

/** Sets the password and makes so many webhooks with so many alerts in all. */
export async function account(page: Page, server: Server, webhooks: number, alerts: number): Promise<void> {
  await page.goto(server.setupLink);
  await page.getByLabel('Password').fill(PASSWORD);
  await page.getByRole('button', { name: 'Set the password' }).click();
  await expect(page.getByPlaceholder('Name of a strategy')).toBeVisible();
  const ask = asOwner(page, server);
  for (let at = 0; at < webhooks; at += 1) {
    const ticker = TICKERS[at % TICKERS.length] ?? '';
    const made = (await ask('webhooks', { name: `${ticker.split(':')[1]} strategy ${at + 1}` })) as { id: string; authKey: string };
    const own = Math.floor(alerts / webhooks);
    if (own) await ask(`imports?webhook=${made.id}&fileName=history.jsonl`, history(made.authKey, own, ticker, at));
  }
}
