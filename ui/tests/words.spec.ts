/** What the page says: where one is, what things are called, and what the keys do. */

import { expect, test } from '@playwright/test';
import { Server } from './server';
import { logIn } from './steps';

let server: Server;
test.beforeAll(async () => {
  server = await Server.demo();
});
test.afterAll(() => server.remove());

test('every page has a title of its own', async ({ page }) => {
  await page.goto(server.url);
  await expect(page).toHaveTitle('Log in · algohook');
  await logIn(page, server);
  const titles = ['Dashboard', 'Webhooks', 'Events', 'Trades', 'Report', 'Import', 'Forwards', 'Channels', 'Account'];
  for (const title of titles) {
    await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: title }).click();
    await expect(page).toHaveTitle(`${title} · algohook`);
  }
  await page.goto(`${server.url}/events/evt_1`);
  await expect(page).toHaveTitle('evt_1 · Events · algohook');
  const webhook = page.getByRole('main').getByRole('link', { name: /^Demo: / });
  const name = await webhook.innerText();
  await webhook.click();
  await expect(page).toHaveTitle(`${name} · Webhooks · algohook`);
  await page.getByRole('link', { name: 'Webhooks' }).click();
  await expect(page).toHaveTitle('Webhooks · algohook');
});

test('an address that is none says so and leads back', async ({ page }) => {
  await logIn(page, server);
  const answer = await page.goto(`${server.url}/zzz`);
  expect(answer?.status()).toBe(404);
  await expect(page.getByRole('heading', { name: 'Page not found' })).toBeVisible();
  await expect(page.getByText('/zzz')).toBeVisible();
  await expect(page).toHaveTitle('Page not found · algohook');
  await page.getByRole('link', { name: 'Go to the dashboard' }).click();
  await expect(page.getByRole('heading', { name: 'Dashboard' })).toBeVisible();
});

test('Escape leaves a trade’s notes as they were', async ({ page }) => {
  await logIn(page, server);
  await page.goto(`${server.url}/trades`);
  const notes = page.getByRole('textbox', { name: 'Notes' });
  const open = () => page.getByRole('button', { name: /^Notes on/ }).first().click();
  await open();
  await notes.fill('half a thought');
  await notes.press('Escape');
  await expect(page.getByRole('dialog')).toHaveCount(0);
  await open();
  await expect(notes).toHaveValue('');
  await page.getByRole('textbox', { name: /^Tags/ }).press('Escape');
  await expect(page.getByRole('dialog')).toHaveCount(0);
});

test('the keys are listed with what they do, and do it', async ({ page }) => {
  await logIn(page, server);
  await page.keyboard.press('?');
  const help = page.getByRole('dialog', { name: 'Keyboard shortcuts' });
  await expect(help.getByText('Positions')).toBeVisible();
  await expect(help.getByText('Search pages, webhooks, tickers and actions')).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(help).toBeHidden();
  await page.keyboard.press('g');
  await page.keyboard.press('p');
  await expect(page.getByRole('heading', { name: 'Positions' })).toBeVisible();
});

test('an order buys and sells on every page', async ({ page }) => {
  await logIn(page, server);
  for (const path of ['/events', '/orders']) {
    await page.goto(server.url + path);
    await expect(page.getByText(/^(buy|sell|enter long|exit long)/).first()).toBeVisible();
    await expect(page.getByText(/entryLong|exitLong|^(long|short) at/)).toHaveCount(0);
  }
});
