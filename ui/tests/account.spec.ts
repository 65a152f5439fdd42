/** Who gets in: the second factor, tokens, who may send, and what was done. */

import { createHmac } from 'node:crypto';
import { expect, test } from '@playwright/test';
import { Server } from './server';
import { PASSWORD, begin } from './steps';

let server: Server;
test.beforeEach(async ({ page }) => {
  server = await Server.empty();
  await begin(page, server, 'BTC Strategy');
  await page.goto(`${server.url}/account`);
});
test.afterEach(async () => {
  await server.remove();
});

/** The code that an authenticator app shows (RFC 6238), for a secret in base32. */
function code(secret: string, at: number): string {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  const bits = [...secret].map((letter) => letters.indexOf(letter).toString(2).padStart(5, '0')).join('');
  const key = Buffer.from(bits.match(/.{8}/g)?.map((byte) => parseInt(byte, 2)) ?? []);
  const step = Buffer.alloc(8);
  step.writeBigUInt64BE(BigInt(Math.floor(at / 30_000)));
  const digest = createHmac('sha1', key).update(step).digest();
  const number = digest.readUInt32BE((digest.at(-1) ?? 0) & 15) & 0x7fff_ffff;
  return String(number % 1_000_000).padStart(6, '0');
}

test('a second factor is set up, asked for, and turned off', async ({ page }) => {
  const part = page.getByRole('region', { name: 'Second factor' });
  await part.getByLabel('Password').fill('a wrong one');
  await part.getByRole('button', { name: 'Set up', exact: true }).click();
  await expect(part.getByRole('alert')).toContainText('Wrong password.');
  await part.getByLabel('Password').fill(PASSWORD);
  await part.getByRole('button', { name: 'Set up', exact: true }).click();
  await expect(part.getByRole('img', { name: 'QR code' })).toBeVisible();
  const secret = await part.locator('code').innerText();
  await part.getByLabel('Code').fill(code(secret, Date.now()));
  await part.getByRole('button', { name: 'Turn on' }).click();
  await expect(part.getByRole('listitem')).toHaveCount(10);
  const recovery = await part.getByRole('listitem').first().innerText();

  await page.getByRole('button', { name: 'Log out' }).click();
  await expect(page.getByRole('button', { name: 'Log in' })).toBeVisible();
  await expect(page.getByLabel('Code')).toHaveCount(0);
  await page.getByLabel('Password').fill('a wrong one');
  await page.getByRole('button', { name: 'Log in' }).click();
  await expect(page.getByRole('alert')).toContainText('Wrong password.');
  await page.getByLabel('Password').fill(PASSWORD);
  await page.getByRole('button', { name: 'Log in' }).click();
  await expect(page.getByRole('alert')).toContainText('code');
  await page.getByLabel('Code').fill(recovery);
  await page.getByRole('button', { name: 'Log in' }).click();
  await expect(part).toContainText('Recovery codes left: 9');
  await part.getByLabel('Password').fill('a wrong one');
  await part.getByRole('button', { name: 'Turn off' }).click();
  await expect(part.getByRole('alert')).toContainText('Wrong password.');
  await part.getByLabel('Password').fill(PASSWORD);
  await part.getByRole('button', { name: 'Turn off' }).click();
  await expect(part.getByRole('button', { name: 'Set up', exact: true })).toBeVisible();
  const audit = page.getByRole('region', { name: 'Audit log' });
  await page.reload();
  await expect(audit).toContainText('second factor turned on');
});

test('a session that was ended goes to the login', async ({ page, browser }) => {
  const other = await browser.newPage();
  await other.goto(server.url);
  await other.getByLabel('Password').fill(PASSWORD);
  await other.getByRole('button', { name: 'Log in' }).click();
  await expect(other.getByText('Live', { exact: true })).toBeVisible();
  await page.reload();
  const part = page.getByRole('region', { name: 'Sessions' });
  await part.getByRole('button', { name: 'End' }).click();
  // The stream says nothing until the next event or sign of life, and no page asks before.
  const webhook = (await (await page.request.get(`${server.url}/api/v1/webhooks`)).json()) as { items: { id: string }[] };
  const sent = await page.request.post(`${server.url}/api/v1/webhooks/${webhook.items[0]?.id}/test`, { headers: { origin: server.url } });
  expect(sent.ok()).toBe(true);
  await expect(other.getByRole('button', { name: 'Log in' })).toBeVisible();
  await other.close();
});

test('a token of a scope is made, works and is revoked', async ({ page }) => {
  const part = page.getByRole('region', { name: 'API tokens' });
  await part.getByPlaceholder('Name of the script').fill('reader');
  await part.getByRole('combobox').selectOption('read');
  await part.getByRole('button', { name: 'Create token' }).click();
  const token = await part.locator('.notice code').innerText();
  const ask = (method: string) =>
    fetch(`${server.url}/api/v1/webhooks`, { method, headers: { authorization: `Bearer ${token}` } }).then((answer) => answer.status);
  expect(await ask('GET')).toBe(200);
  expect(await ask('POST')).toBe(403);
  await part.getByRole('button', { name: 'Revoke' }).click();
  await expect(part.getByText('No tokens yet.')).toBeVisible();
  expect(await ask('GET')).toBe(401);
});

test('who may send is chosen, and a certificate only once one is pinned', async ({ page }) => {
  const part = page.getByRole('region', { name: 'Who may send alerts' });
  const policy = part.getByRole('combobox');
  await policy.selectOption('certificate');
  await expect(part.getByRole('alert')).toBeVisible();
  await expect(policy).toHaveValue('any');
  const kept = page.waitForResponse((response) => response.request().method() === 'PATCH');
  await policy.selectOption('address');
  expect((await kept).ok()).toBe(true);
  await page.reload();
  await expect(policy).toHaveValue('address');
  await part.getByRole('textbox').fill('52.89.214.238\nnonsense');
  await part.getByRole('button', { name: 'Save the list' }).click();
  await expect(part.getByRole('alert')).toContainText('nonsense');
});

test('settings of a webhook are kept as they were written', async ({ page }) => {
  await page.goto(`${server.url}/webhooks`);
  await page.getByRole('link', { name: 'BTC Strategy', exact: true }).click();
  const open = () => page.locator('summary', { hasText: 'Settings' }).click();
  await open();
  await page.getByLabel('Point values by ticker').fill('CME_MINI:ES1! = 50');
  await page.getByLabel('Warn if silent').selectOption('tradingHours');
  await page.getByLabel('Hours of silence').fill('1.5');
  await page.getByLabel('Assumed slippage').selectOption('percent');
  await page.getByLabel('Slippage amount').fill('0.05');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText('Saved;')).toBeVisible();
  await page.reload();
  await open();
  await expect(page.getByLabel('Point values by ticker')).toHaveValue('CME_MINI:ES1! = 50');
  await expect(page.getByLabel('Warn if silent')).toHaveValue('tradingHours');
  await expect(page.getByLabel('Hours of silence')).toHaveValue('1.5');
  await expect(page.getByLabel('Slippage amount')).toHaveValue('0.05');
});

test('a login from a new place is told on the dashboard until the owner says that it was theirs', async ({ page }) => {
  const proxied = await Server.empty('--trusted-proxy', '127.0.0.1/32');
  try {
    await page.setExtraHTTPHeaders({ 'x-forwarded-for': '198.51.100.7' });
    await begin(page, proxied, 'ETH Strategy');
    const elsewhere = await fetch(`${proxied.url}/api/v1/session`, {
      method: 'POST',
      headers: { 'x-forwarded-for': '203.0.113.9', 'user-agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0' },
      body: JSON.stringify({ password: PASSWORD }),
    });
    expect(elsewhere.status).toBe(204);
    await page.goto(proxied.url);
    const told = page.getByText('Login from a new place: 203.0.113.9, Firefox on Linux');
    await expect(told).toBeVisible();
    await page.getByRole('button', { name: 'This was me' }).click();
    await expect(told).toHaveCount(0);
    await page.reload();
    await expect(page.getByRole('heading', { name: 'Needs attention' })).toBeVisible();
    await expect(told).toHaveCount(0);
  } finally {
    await proxied.remove();
  }
});
