/** What a page weighs as it goes over the wire, until it can be read and afterwards. */

import { expect, test } from '@playwright/test';
import { Server } from '../tests/server';
import { logIn } from '../tests/steps';

const KB = 1024;

test('weight', async ({ browser }) => {
  const server = await Server.demo();
  const context = await browser.newContext({ baseURL: server.url });
  const page = await context.newPage();
  await logIn(page, server);
  const { cookies } = await context.storageState();
  for (const path of ['/', '/webhooks', '/events', '/trades', '/report', '/import', '/account']) {
    // Nothing is kept from the page before, and nothing is fetched for the next one.
    const fresh = await browser.newContext({ baseURL: server.url });
    await fresh.addCookies(cookies);
    const opened = await fresh.newPage();
    await opened.addInitScript(() => (window.requestIdleCallback = () => 0));
    await opened.goto(path);
    await expect(opened.locator('main h1').first()).toBeVisible();
    await opened.waitForTimeout(3_000);
    const found = await opened.evaluate(() => {
      const paint = performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? Infinity;
      const files = performance.getEntriesByType('resource').filter((entry): entry is PerformanceResourceTiming => entry instanceof PerformanceResourceTiming);
      const document = performance.getEntriesByType('navigation').filter((entry): entry is PerformanceResourceTiming => entry instanceof PerformanceResourceTiming);
      const weight = (all: PerformanceResourceTiming[]) => all.reduce((sum, file) => sum + file.encodedBodySize, 0);
      const code = [...document, ...files.filter(({ name }) => name.includes('/assets/'))];
      const isChart = (file: PerformanceResourceTiming) => file.name.includes('/drawing-');
      return {
        paint,
        before: weight(code.filter((file) => file.responseEnd <= paint)),
        page: weight(code.filter((file) => !isChart(file))),
        chart: weight(code.filter(isChart)),
        files: code.length,
        data: weight(files.filter(({ name }) => name.includes('/api/'))),
      };
    });
    const kb = (bytes: number) => `${(bytes / KB).toFixed(1)} KB`;
    console.log(`| ${path} | ${kb(found.before)} before the first paint at ${Math.round(found.paint)} ms | page ${kb(found.page)} in ${found.files} files | chart ${kb(found.chart)} | data ${kb(found.data)} |`);
    await fresh.close();
  }
  await context.close();
  await server.remove();
});
