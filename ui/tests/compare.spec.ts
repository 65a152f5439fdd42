/** A trader who asks why the live curve is below the backtest's. */

import { expect, test } from '@playwright/test';
import { violations } from './axe';
import { Server } from './server';
import { logIn } from './steps';

let server: Server;

test.beforeAll(async () => {
  server = await Server.demo();
});

test.afterAll(async () => {
  await server.remove();
});

test('the page says within a minute why, and what to do next', async ({ page }) => {
  await logIn(page, server);
  // The demo has a webhook with a backtest; its page leads here.
  const token = await page.evaluate(async () => {
    const answer = await fetch('/api/v1/webhooks');
    const { items } = (await answer.json()) as { items: { id: string; name: string }[] };
    for (const { id } of items) {
      const found = await fetch(`/api/v1/backtests?webhook=${id}`);
      const { items: backtests } = (await found.json()) as { items: object[] };
      if (backtests.length) return id;
    }
    return '';
  });
  await page.goto(`${server.url}/webhooks/${token}`);
  await page.getByRole('navigation', { name: 'This webhook' }).getByRole('link', { name: 'Compare' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Backtest against alerts');

  // One sentence first: a number, its interval, the money, the next step.
  const verdict = page.getByRole('region', { name: 'Verdict' });
  await expect(verdict).toContainText(/\d+ of \d+ backtest fills had an alert: [\d.]+\s%, and between [\d.]+ and [\d.]+\s% with 95\s% confidence/);
  await expect(verdict).toContainText('Next:');

  // The bridge begins with the backtest's profit and ends with the alerts'.
  const bridge = page.getByRole('region', { name: 'Where the money went' });
  await expect(bridge.getByRole('rowheader').first()).toHaveText('Backtest');
  await expect(bridge.getByRole('rowheader').last()).toHaveText('Alerts');

  // The curve is in its cone, with its place in words.
  const outlook = page.getByRole('region', { name: 'Is it still the same strategy?' });
  // The runs take an unoptimised server a while.
  await expect(outlook).toContainText(/Trade \d+: of 10,000 runs of \d+ trades drawn from your backtest/, { timeout: 60_000 });
  await expect(outlook.getByRole('img', { name: /inside the cone/ })).toBeVisible();

  // Problems first; all on request; the keyboard goes through them.
  const fills = page.getByRole('region', { name: 'Fills side by side' });
  await expect(fills.getByRole('button', { name: /Problems/ })).toHaveAttribute('aria-pressed', 'true');
  await fills.getByRole('button', { name: /^All/ }).click();
  await expect(page).toHaveURL(/only=all/);
  await expect(fills.getByRole('img', { name: /lines joining/ })).toBeVisible();
  await page.locator('body').press('j');
  await expect(fills.locator('tr[data-row]').first()).toBeFocused();
  await page.keyboard.press('j');
  await expect(fills.locator('tr[data-row]').nth(1)).toBeFocused();
  await expect(fills.locator('g.looked')).toHaveCount(1);
  await fills.getByPlaceholder('Find in these fills').fill('no such thing');
  await expect(fills).toContainText('Nothing matches.');
  await fills.getByPlaceholder('Find in these fills').fill('');

  await expect(page.getByRole('img', { name: /Match rate over time/ })).toBeVisible();
  for (const theme of ['light', 'dark']) {
    await page.evaluate((theme) => (document.documentElement.dataset['theme'] = theme), theme);
    expect(await violations(page)).toEqual([]);
  }
});

test('a webhook without a backtest says what to do', async ({ page }) => {
  await logIn(page, server);
  const without = await page.evaluate(async () => {
    const answer = await fetch('/api/v1/webhooks');
    const { items } = (await answer.json()) as { items: { id: string }[] };
    for (const { id } of items) {
      const found = await fetch(`/api/v1/backtests?webhook=${id}`);
      const { items: backtests } = (await found.json()) as { items: object[] };
      if (!backtests.length) return id;
    }
    return '';
  });
  await page.goto(`${server.url}/webhooks/${without}/compare`);
  await expect(page.getByText('Nothing to compare yet.')).toBeVisible();
  await page.getByRole('link', { name: 'Import a list of trades' }).click();
  await expect(page).toHaveURL(new RegExp(`/import\\?webhook=${without}`));
});

test('the backtest’s clock is shifted by hand, with other hours in summer, and put back', async ({ page }) => {
  await logIn(page, server);
  const { items } = (await (await page.request.get(`${server.url}/api/v1/webhooks/names`)).json()) as { items: { id: string; name: string }[] };
  await page.goto(`${server.url}/webhooks/${items.find(({ name }) => name.includes('ETH'))?.id}/compare`);
  const verdict = page.getByRole('region', { name: 'Verdict' });
  await verdict.getByText('Shift the backtest’s times…').click();
  await verdict.getByLabel('Hours to add').fill('1');
  await verdict.getByRole('button', { name: 'Compare again' }).click();
  await expect(verdict).toContainText('The backtest’s times are shifted by +1 h.');
  await verdict.getByText('Shift the backtest’s times…').click();
  await verdict.getByLabel('Daylight saving').selectOption('America/New_York');
  await verdict.getByLabel('Hours to add in winter').fill('5');
  await verdict.getByLabel('Hours to add in summer').fill('4');
  await verdict.getByRole('button', { name: 'Compare again' }).click();
  await expect(verdict).toContainText('The backtest’s times are shifted by +5 h in winter and +4 h in summer, as in New York.');
  expect(Object.fromEntries(new URL(page.url()).searchParams)).toEqual({ shift: '18000', summer: '14400', like: 'America/New_York' });
  await verdict.getByRole('button', { name: 'Remove the shift' }).click();
  await expect(verdict).not.toContainText('The backtest’s times are');
  await expect(page).toHaveURL(/compare$/);
});

test('what came before a day is left out of the comparison, and taken in again', async ({ page }) => {
  await logIn(page, server);
  const { items } = (await (await page.request.get(`${server.url}/api/v1/webhooks/names`)).json()) as { items: { id: string; name: string }[] };
  const id = items.find(({ name }) => name.includes('ETH'))?.id ?? '';
  const whole = (await (await page.request.get(`${server.url}/api/v1/comparison?webhook=${id}`)).json()) as { from: string; to: string };
  const middle = new Date((Date.parse(whole.from) + Date.parse(whole.to)) / 2).toISOString();
  await page.goto(`${server.url}/webhooks/${id}/compare?from=${middle}`);
  const verdict = page.getByRole('region', { name: 'Verdict' });
  await expect(verdict).toContainText('Only since ');
  const said = await verdict.locator('.verdict').innerText();
  await verdict.getByRole('button', { name: 'Compare from the start' }).click();
  await expect(page).toHaveURL(/compare$/);
  await expect(verdict).not.toContainText('Only since ');
  await expect(verdict.locator('.verdict')).not.toHaveText(said);
});
