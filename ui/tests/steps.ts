/** What every test begins with. */

import { expect, type Page } from '@playwright/test';
import { DEMO_NOW, type Server } from './server';

export const PASSWORD = 'correct horse battery';

/** Chooses a password by the set-up link and makes a webhook. */
export async function begin(page: Page, server: Server, name: string): Promise<void> {
  await page.goto(server.setupLink);
  await page.getByLabel('Password').fill(PASSWORD);
  await page.getByRole('button', { name: 'Set the password' }).click();
  await page.getByPlaceholder('Name of a strategy').fill(name);
  await page.getByRole('button', { name: 'New webhook' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(name);
}

/** Has the page take the demo's now for its own, so that ages and "the last 7 days" are the same on every day. */
export const atDemoNow = (page: Page): Promise<void> => page.clock.setFixedTime(DEMO_NOW);

/** Logs in to the demo. */
export async function logIn(page: Page, server: Server): Promise<void> {
  await atDemoNow(page);
  await page.goto(server.url);
  await page.getByLabel('Password').fill(server.password);
  await page.getByRole('button', { name: 'Log in' }).click();
  await expect(page.getByRole('heading', { name: 'Dashboard' })).toBeVisible();
}
