/** Large accounts: how soon each page can be used, and whether the totals are on the first screen. */

import { expect, test, type Page } from '@playwright/test';
import { Server } from '../tests/server';
import { account } from './account';

test.describe.configure({ timeout: 900_000 });

/** What each page is opened for. */
const pages: [string, string][] = [
  ['/', 'main dl dd'],
  ['/webhooks', 'main tbody tr'],
  ['/events', 'a.event'],
  ['/trades', 'main tbody tr'],
  ['/orders', 'main tbody tr'],
  ['/positions', 'main h1'],
  ['/report', 'main dl dd'],
  ['/import', '.drop'],
  ['/forwards', 'main h1'],
  ['/channels', 'main h1'],
  ['/account', 'main h2'],
];

/** Milliseconds from the request until the page shows this, and a frame can be drawn again. */
async function usable(page: Page, url: string, shown: string): Promise<number> {
  await page.goto(url, { waitUntil: 'commit' });
  await page.locator(shown).first().waitFor();
  return page.evaluate(
    () => new Promise<number>((resolve) => requestAnimationFrame(() => setTimeout(() => resolve(performance.now())))),
  );
}

async function figures(page: Page, server: Server, address: string[]): Promise<void> {
  for (const [path, shown] of pages.concat(address.map((one) => [one, 'main h1']))) {
    const times: number[] = [];
    for (let turn = 0; turn < 3; turn += 1) times.push(await usable(page, server.url + path, shown));
    const middle = times.toSorted((one, other) => one - other)[1] ?? NaN;
    console.log(`| ${path.replace(/wh_\w+/, '{id}')} | ${Math.round(middle)} ms |`);
  }
}

test('30 webhooks and 20,000 alerts', async ({ page }) => {
  const server = await Server.empty();
  await account(page, server, 30, 20_000);
  const { items } = (await (await page.request.get(`${server.url}/api/v1/webhooks`)).json()) as { items: { id: string }[] };
  const one = items[0]?.id ?? '';
  await figures(page, server, [`/webhooks/${one}`, `/report?webhook=${one}`, `/trades?webhook=${one}`]);
  await server.remove();
});

test('200 webhooks', async ({ page }) => {
  const server = await Server.empty();
  await account(page, server, 200, 4_000);
  for (const [width, height] of [
    [1440, 900],
    [820, 1180],
    [390, 844],
  ] as const) {
    await page.setViewportSize({ width, height });
    const time = await usable(page, `${server.url}/`, 'main dl dd');
    const totals = page.getByRole('region', { name: 'Totals in USD' });
    await expect(totals).toBeInViewport({ ratio: 1 });
    const box = await totals.boundingBox();
    console.log(`| dashboard of 200 webhooks, ${width} px | totals end at ${Math.round((box?.y ?? 0) + (box?.height ?? 0))} px | ${Math.round(time)} ms |`);
    await page.screenshot({ path: `../target/pictures/many-${width}-light.png` });
  }
  await page.setViewportSize({ width: 1440, height: 900 });
  await page.getByLabel('Group webhooks').selectOption('ticker');
  await page.getByRole('heading', { name: 'Strategies' }).scrollIntoViewIfNeeded();
  await page.screenshot({ path: '../target/pictures/many-groups-1440-light.png' });
  await server.remove();
});
