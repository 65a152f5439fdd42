/** Every page: without findings of axe, in light and dark, on a phone and a wide screen. */

import AxeBuilder from '@axe-core/playwright';
import { expect, test } from '@playwright/test';
import { Server } from './server';

let server: Server;
test.beforeAll(async () => {
  server = await Server.demo();
});
test.afterAll(async () => {
  await server.remove();
});

const pages = ['/', '/webhooks', '/events', '/events/evt_1', '/trades', '/orders', '/positions', '/report', '/report?source=backtest', '/import', '/forwards', '/channels', '/account'];

/** Texts that are wider than their place, though they are not meant to be cut, and numbers that overlap others. */
const cutTexts = (): string[] =>
  [...document.querySelectorAll<HTMLElement>('main *, header *')].flatMap((element) => {
    const own = [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.textContent?.trim());
    const style = getComputedStyle(element);
    const isCutByDesign = style.textOverflow === 'ellipsis' || ['SELECT', 'OPTION', 'INPUT', 'TEXTAREA'].includes(element.tagName);
    if (!own || isCutByDesign || element.closest('.hidden, thead, .scroll, nav, svg, .tv-lightweight-charts')) return [];
    const box = element.getBoundingClientRect();
    if (box.width < 2 || style.display === 'inline') return [];
    return element.scrollWidth > element.clientWidth + 1 ? [`${element.tagName} ${element.className}: ${element.textContent?.trim().slice(0, 60)}`] : [];
  });

for (const colorScheme of ['light', 'dark'] as const) {
  for (const width of [390, 820, 1440]) {
    test(`${colorScheme}, ${width} px`, async ({ browser }) => {
      // axe takes its time over a table of a hundred rows.
      test.setTimeout(300_000);
      const context = await browser.newContext({ colorScheme, viewport: { width, height: 900 } });
      const page = await context.newPage();
      const found: unknown[] = [];
      const faults: string[] = [];
      page.on('console', (message) => message.type() === 'error' && faults.push(message.text()));
      page.on('pageerror', (error) => faults.push(error.message));
      await page.goto(server.url);
      await page.getByLabel('Password').fill(server.password);
      expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
      await page.getByRole('button', { name: 'Log in' }).click();
      const failed = await firstOf('failed');
      const webhook = await page.locator('th a').first().getAttribute('href');
      const trades = (await (await page.request.get(`${server.url}/api/v1/trades?limit=1`)).json()) as { items: { id: string }[] };
      const trade = `/trades/${trades.items[0]?.id}`;
      for (const path of [...pages, webhook ?? '', failed, trade]) {
        await page.goto(server.url + path);
        await expect(page.getByText('Live', { exact: true })).toBeVisible();
        await expect(page.locator('h1').first()).toBeVisible();
        if (path === '/report' || path === '/') {
          await page.locator('.chart').first().scrollIntoViewIfNeeded();
          await expect(page.locator('.chart canvas').first()).toBeVisible();
        }
        await page.locator('details').evaluateAll((all) => all.forEach((one) => one.setAttribute('open', '')));
        const { violations } = await new AxeBuilder({ page }).analyze();
        found.push(...violations.map(({ id, nodes }) => [path, id, nodes.map((node) => node.html)]));
        const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        if (overflow > 0) found.push([path, 'wider than the screen', overflow]);
        const cut = await page.evaluate(cutTexts);
        if (cut.length) found.push([path, 'cut', cut]);
        const name = path.replace(/\W+/g, '-').replace(/wh_\w+|evt_\w+/, 'one');
        await page.screenshot({ path: `../target/browser/pages/${colorScheme}-${width}${name}.png`, fullPage: true });
      }
      expect(found).toEqual([]);
      expect(faults.filter((fault) => !fault.includes('401'))).toEqual([]);
      await context.close();

      async function firstOf(status: string): Promise<string> {
        await page.locator('th a').first().waitFor();
        await page.goto(`${server.url}/events?status=${status}`);
        const link = await page.locator('a.event').first().getAttribute('href');
        await page.goto(`${server.url}/webhooks`);
        await page.locator('th a').first().waitFor();
        return link ?? '';
      }
    });
  }
}
