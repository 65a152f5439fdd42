/** The README's pictures, of the demo. */

import { expect, test, type Page } from '@playwright/test';
import { Server } from '../tests/server';
import { logIn } from '../tests/steps';

const pictures = [
  ['dashboard', '/', 'light', 900],
  ['events', '/events', 'light', 640],
  ['event', '', 'light', 860],
  ['report', '/report', 'dark', 1_400],
  ['trades', '/trades', 'dark', 640],
  ['trade', 'trade', 'light', 900],
  ['webhook', 'webhook', 'light', 900],
  ['calendar', '/report#calendar', 'dark', 800],
] as const;

/** Pages of one thing are those of the first in the list. */
async function address(page: Page, path: string): Promise<string> {
  const first = async (list: string): Promise<string> => {
    const answer = (await (await page.request.get(`/api/v1/${list}`)).json()) as { items: { id: string }[] };
    return answer.items[0]?.id ?? '';
  };
  if (path === 'trade') return `/trades/${await first('trades')}`;
  if (path === 'webhook') return `/webhooks/${await first('webhooks')}`;
  return path || '/events?status=failed';
}

test('pictures', async ({ browser }) => {
  const server = await Server.demo();
  for (const [name, path, colorScheme, height] of pictures) {
    const context = await browser.newContext({ baseURL: server.url, colorScheme, viewport: { width: 1_280, height } });
    const page = await context.newPage();
    await logIn(page, server);
    await page.goto(server.url + (await address(page, path)));
    await expect(page.getByText('Live', { exact: true })).toBeVisible();
    if (!path) await page.locator('a.event').last().click();
    if (path === '/' || path === '/report') await page.locator('.chart canvas').first().waitFor();
    await page.waitForTimeout(500);
    await page.screenshot({ path: `../docs/screenshots/${name}.png` });
    await context.close();
  }
  await server.remove();
});
