/** A phone that is far away: answers come late and one after the other, and nothing that is read moves. */

import { expect, test, type Page } from '@playwright/test';
import { answerLate, untilAllIsRead } from './far-away';
import { Server } from './server';
import { logIn } from './steps';

/** What Lighthouse calls good is 0.1; a page is to stay well below. */
const MOST = 0.05;

interface Shift extends PerformanceEntry {
  value: number;
  hadRecentInput: boolean;
  sources: { node: Element | null }[];
}

let server: Server;
let page: Page;
test.beforeAll(async ({ browser }) => {
  server = await Server.demo();
  page = await (await browser.newContext({ baseURL: server.url, viewport: { width: 390, height: 844 } })).newPage();
  await logIn(page, server);
  await answerLate(page, 50, 100);
  await page.addInitScript(() => {
    const moved: string[] = [];
    Object.assign(window, { moved });
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries() as Shift[]) {
        if (entry.hadRecentInput) continue;
        moved.push(`${entry.value} ${entry.sources.map(({ node }) => `${node?.nodeName}.${node?.className} ${node?.textContent?.trim().slice(0, 40)}`).join(' | ')}`);
      }
    }).observe({ type: 'layout-shift', buffered: true });
  });
});
test.afterAll(async () => {
  await page.unrouteAll({ behavior: 'ignoreErrors' });
  await server.remove();
});

/** The address of the first of a list. */
async function first(list: string): Promise<string> {
  const answer = (await (await page.request.get(`/api/v1/${list}?limit=1`)).json()) as { items: { id: string }[] };
  return `/${list}/${answer.items[0]?.id}`;
}

const addresses: Record<string, () => string | Promise<string>> = {
  dashboard: () => '/',
  webhooks: () => '/webhooks',
  webhook: () => first('webhooks'),
  compare: async () => `${await first('webhooks')}/compare`,
  events: () => '/events',
  'failed events': () => '/events?status=failed',
  event: () => first('events'),
  trades: () => '/trades',
  trade: () => first('trades'),
  orders: () => '/orders',
  positions: () => '/positions',
  report: () => '/report',
  backtest: async () => `/report?source=backtest&webhook=${(await first('webhooks')).split('/').at(-1)}`,
  import: () => '/import',
  forwards: () => '/forwards',
  channels: () => '/channels',
  account: () => '/account',
};

for (const [name, address] of Object.entries(addresses)) {
  test(`${name} stays where it is while it is read`, async () => {
    await page.goto(await address());
    await expect(page.locator('main h1').first()).toBeVisible();
    await expect(page.getByText('Live', { exact: true })).toBeVisible();
    await expect(page.getByText('Loading…')).toHaveCount(0);
    await untilAllIsRead(page, 30);
    const moved = await page.evaluate(() => (window as unknown as { moved: string[] }).moved);
    const sum = moved.reduce((all, one) => all + Number.parseFloat(one), 0);
    expect(sum, moved.join('\n')).toBeLessThan(MOST);
  });
}
