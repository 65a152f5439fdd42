/** The message that is pasted into TradingView: put together, looked at, and tried. */

import { expect, test, type Page } from '@playwright/test';
import { Server } from './server';
import { begin } from './steps';

let server: Server;
test.beforeEach(async ({ page }) => {
  server = await Server.empty();
  await begin(page, server, 'BTC Strategy');
});
test.afterEach(() => server.remove());

const message = (page: Page) => page.getByLabel('Alert message', { exact: true });
const change = (page: Page) => page.getByText('Change the message', { exact: true }).click();

test('the messages that are offered are the server’s own', async ({ page }) => {
  const id = page.url().split('/').at(-1);
  const answer = await page.request.get(`${server.url}/api/v1/webhooks/${id}`);
  const { messages } = (await answer.json()) as { messages: Record<string, string> };
  await change(page);
  // The key is not read over a shoulder.
  await expect(message(page)).toContainText('"auth_key": "••••••••••••••••"');
  await page.getByRole('button', { name: 'Show', exact: true }).click();
  for (const kind of ['strategy', 'standard', 'indicator']) {
    await page.getByLabel('Alert type').selectOption(kind);
    expect(await message(page).textContent()).toBe(messages[kind]?.trimEnd());
  }
});

test('what was typed wrong is said where it was typed, and is not copied nor sent', async ({ page }) => {
  await change(page);
  await page.getByLabel('Alert type').selectOption('indicator');
  const quantity = page.getByLabel('Quantity', { exact: true });
  await quantity.fill('1,5');
  await expect(quantity).toHaveAccessibleDescription('Write 1234.5, not 1,234.5 or 1234,5.');
  await expect(quantity).toHaveAttribute('aria-invalid', 'true');
  await expect(page.getByRole('button', { name: 'Copy the alert message' })).toBeDisabled();
  await expect(page.getByRole('button', { name: 'Send a test alert' })).toBeDisabled();
  await quantity.fill('1.5');
  await expect(quantity).not.toHaveAttribute('aria-invalid');
  await expect(page.getByRole('button', { name: 'Copy the alert message' })).toBeEnabled();
});

test('the test alert is the message that was put together', async ({ page }) => {
  await change(page);
  await page.getByLabel('Alert type').selectOption('indicator');
  await page.getByLabel('Order type').selectOption('limit');
  await page.getByLabel('Stop loss').fill('{{plot_0}}');
  await page.getByLabel('Interval').fill('{{interval}}');
  await page.getByLabel('Your own fields').fill('desk = futures');
  await page.getByRole('button', { name: 'Send a test alert' }).click();
  await expect(page.getByText('Test alert accepted.')).toBeVisible();
  await page.goto(`${server.url}/events/evt_1`);
  const sent = page.locator('pre').first();
  await expect(sent).toContainText('"orderType": "limit"');
  await expect(sent).toContainText('"interval": "15"');
  await expect(sent).toContainText('"desk": "futures"');
  await expect(page.getByText('was not replaced')).toHaveCount(0);
});
