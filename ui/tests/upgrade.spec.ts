/** A window that was open while the server was upgraded: the files of its page are gone. */

import { expect, test, type Page } from '@playwright/test';
import { Server } from './server';
import { logIn } from './steps';

let server: Server;
test.beforeAll(async () => {
  server = await Server.demo();
});
test.afterAll(() => server.remove());

/** Has the server lose the code of the report; counts how often the page is loaded from now on. */
async function withoutReport(page: Page, answer: { status: number } | 'none', isLost: (loads: number) => boolean): Promise<() => number> {
  let loads = 0;
  page.on('request', (request) => (loads += Number(request.isNavigationRequest())));
  await page.route(/\/assets\/Report-[^/]*\.js$/, (route) => {
    if (!isLost(loads)) return route.continue();
    return answer === 'none' ? route.abort() : route.fulfill(answer);
  });
  return () => loads;
}

const toReport = (page: Page) => page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'Report' }).click();

test('a page whose code is gone reloads once and opens', async ({ page }) => {
  const loads = await withoutReport(page, { status: 404 }, (loads) => loads < 2);
  await logIn(page, server);
  await toReport(page);
  await expect(page.getByRole('heading', { name: 'Report' })).toBeVisible();
  await expect(page.locator('main dl').first()).toContainText('Net profit');
  expect(loads()).toBe(2);
});

test('a page whose code stays gone says so, and reloads no more than once', async ({ page }) => {
  const loads = await withoutReport(page, { status: 404 }, () => true);
  await logIn(page, server);
  await toReport(page);
  await expect(page.getByText('This page could not be loaded.')).toBeVisible();
  expect(loads()).toBe(2);
  await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'Trades' }).click();
  await expect(page.getByRole('heading', { name: 'Trades' })).toBeVisible();
});

test('a page that is opened while nobody answers opens once somebody does', async ({ page }) => {
  let isAway = true;
  await withoutReport(page, 'none', () => isAway);
  await logIn(page, server);
  await page.context().setOffline(true);
  await toReport(page);
  await expect(page.getByText('algohook does not answer.')).toBeVisible();
  isAway = false;
  await page.context().setOffline(false);
  await expect(page.locator('main dl').first()).toContainText('Net profit');
});
