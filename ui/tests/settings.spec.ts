/** A webhook's settings, and errors: said once, in words, by what caused them. */

import { expect, test, type Page } from '@playwright/test';
import { Server } from './server';
import { begin } from './steps';

let server: Server;
let id: string;
test.beforeEach(async ({ page }) => {
  server = await Server.empty();
  await begin(page, server, 'BTC  Strategy');
  id = page.url().split('/').at(-1) ?? '';
});
test.afterEach(() => server.remove());

const open = (page: Page) => page.locator('summary', { hasText: 'Settings' }).click();
const changeElsewhere = async (page: Page, body: object) => {
  const answer = await page.request.patch(`${server.url}/api/v1/webhooks/${id}`, { data: body, headers: { origin: server.url } });
  expect(answer.ok()).toBe(true);
};
/** As who comes back from another window. */
const comeBack = (page: Page) => page.evaluate(() => dispatchEvent(new Event('focus')));

test('what is typed stays while something changes elsewhere, and only that is saved', async ({ page }) => {
  await open(page);
  await page.getByLabel('Initial capital').fill('25000');
  await changeElsewhere(page, { name: 'Renamed', settings: { currency: 'EUR' } });
  await comeBack(page);
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Renamed');
  await expect(page.getByLabel('Initial capital')).toHaveValue('25000');
  await expect(page.getByLabel('Currency')).toHaveValue('EUR');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText('Saved;')).toBeVisible();
  const shown = (await (await page.request.get(`${server.url}/api/v1/webhooks/${id}`)).json()) as { name: string; settings: object };
  expect(shown.name).toBe('Renamed');
  expect(shown.settings).toMatchObject({ initialCapital: '25000', currency: 'EUR' });
});

test('what is not right is said at its field, once', async ({ page }) => {
  await open(page);
  const capital = page.getByLabel('Initial capital');
  await capital.fill('ten thousand');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(capital).toHaveAccessibleDescription('Write a number such as 0.5 or 1234.5.');
  await capital.fill('10000');
  const zone = page.getByLabel('Time zone');
  await zone.fill('Mars/Olympus');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(zone).toHaveAccessibleDescription(/^It must be an IANA time zone/);
  await expect(page.getByText('IANA')).toHaveCount(1);
  await zone.fill('Europe/Berlin');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText('Saved;')).toBeVisible();
});

test('a server that does not answer is said once, until it does', async ({ page }) => {
  await page.goto(`${server.url}/account`);
  await expect(page.getByText('Live', { exact: true })).toBeVisible();
  await server.stop();
  await comeBack(page);
  await expect(page.getByRole('alert')).toHaveCount(1);
  await page.getByRole('link', { name: 'Report' }).click();
  await expect(page.getByText('does not answer')).toHaveCount(1);
  await page.getByRole('link', { name: 'Webhooks' }).click();
  await expect(page.getByRole('alert')).toHaveCount(1);
  await page.getByPlaceholder('Name of a strategy').fill('Another');
  await server.start();
  await expect(page.getByRole('alert')).toHaveCount(0);
  // What was typed meanwhile is there still.
  await expect(page.getByPlaceholder('Name of a strategy')).toHaveValue('Another');
});

test('an error stands by the button that caused it', async ({ page }) => {
  await page.route('**/rotate-key', (route) =>
    route.fulfill({ status: 503, json: { status: 503, code: 'busy', detail: 'The disk is full.', hint: 'Make room.' } }),
  );
  await page.getByRole('button', { name: /new key/i }).click();
  await page.getByRole('dialog').getByRole('button', { name: /new key/i }).click();
  await expect(page.getByRole('alert')).toHaveCount(1);
  await expect(page.getByRole('region', { name: 'Key and deletion' }).getByRole('alert')).toContainText('Make room.');
});

test('a name with two spaces is shown with both, and confirmed by who types what it says', async ({ page }) => {
  const heading = page.getByRole('heading', { level: 1 });
  const two = await heading.evaluate((element) => element.getBoundingClientRect().width);
  await changeElsewhere(page, { name: 'BTC Strategy' });
  await comeBack(page);
  await expect.poll(() => heading.evaluate((element) => element.getBoundingClientRect().width)).toBeLessThan(two);
  await changeElsewhere(page, { name: 'BTC  Strategy' });
  await comeBack(page);
  const discard = page.getByRole('button', { name: 'Delete permanently' });
  await page.getByLabel('To delete the webhook').fill('BTC');
  await expect(discard).toBeDisabled();
  await page.getByLabel('To delete the webhook').fill('BTC Strategy');
  await discard.click();
  await expect(page.getByText('Create your first webhook')).toBeVisible();
  await page.goBack();
  await expect(page.getByText('Webhook not found')).toBeVisible();
});

test('the point value of a known future is proposed until one is set', async ({ page }) => {
  const webhook = (await (await page.request.get(`${server.url}/api/v1/webhooks/${id}`)).json()) as { authKey: string };
  const order = { auth_key: webhook.authKey, ticker: 'ES1!', action: 'buy', qty: 1, marketPrice: 5000 };
  const answer = await page.request.post(`${server.url}/hooks/${id}`, { data: order });
  expect(answer.ok()).toBe(true);
  const said = 'ES1! is traded with point value 1, but its contract has 50.';
  await page.goto(server.url);
  await expect(page.getByText(said)).toBeVisible();
  await page.getByRole('link', { name: 'Set the point value' }).click();
  const proposal = page.getByRole('group', { name: 'Point value of ES1!' });
  await expect(proposal).toContainText(said);
  await proposal.getByRole('button', { name: 'Use 50' }).click();
  await expect(page.getByLabel('Point values by ticker')).toHaveValue('ES1! = 50');
  await expect(proposal).toHaveCount(0);
  await page.getByRole('combobox', { name: /^Contract/ }).selectOption('inverse');
  await page.getByLabel('Contracts by ticker').fill('ES1! = linear');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText('Saved;')).toBeVisible();
  const shown = (await (await page.request.get(`${server.url}/api/v1/webhooks/${id}`)).json()) as { settings: object };
  expect(shown.settings).toMatchObject({ pointValues: { 'ES1!': '50' }, contract: 'inverse', contracts: { 'ES1!': 'linear' } });
  await page.goto(server.url);
  await expect(page.getByText(said)).toHaveCount(0);
});
