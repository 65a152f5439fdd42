/** The README's pictures, of the demo. */

import { expect, test } from '@playwright/test';
import { Server } from '../tests/server';
import { logIn } from '../tests/steps';

const pictures = [
  ['dashboard', '/', 'light', 900],
  ['events', '/events', 'light', 640],
  ['event', '', 'light', 860],
  ['report', '/report', 'dark', 1_400],
  ['trades', '/trades', 'dark', 640],
] as const;

test('pictures', async ({ browser }) => {
  const server = await Server.demo();
  for (const [name, path, colorScheme, height] of pictures) {
    const context = await browser.newContext({ colorScheme, viewport: { width: 1_280, height } });
    const page = await context.newPage();
    await logIn(page, server);
    await page.goto(server.url + (path || '/events?status=failed'));
    await expect(page.getByText('Live', { exact: true })).toBeVisible();
    if (!path) await page.locator('a.event').last().click();
    if (path === '/' || path === '/report') await page.locator('.chart canvas').first().waitFor();
    await page.waitForTimeout(500);
    await page.screenshot({ path: `../docs/screenshots/${name}.png` });
    await context.close();
  }
  await server.remove();
});
