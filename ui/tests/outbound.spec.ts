/** What goes out: forwards with their outbox, what became of them at the event, and channels. */

import { expect, test, type Page } from '@playwright/test';
import { createServer, type Server as Receiver } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { violations } from './axe';
import { Server } from './server';
import { begin } from './steps';

let server: Server;
let receiver: Receiver;
let address: string;
let id: string;
/** The updates that a bot is given. */
let updates: unknown[];

/** Takes everything, refuses what goes to /refuse, hangs up on what goes to /cut, and gives a bot its updates. */
async function receive(): Promise<void> {
  updates = [];
  receiver = createServer((request, response) => {
    request.resume();
    request.on('end', () => {
      if (request.url === '/cut') request.socket.destroy();
      else if (request.url === '/refuse') response.writeHead(400).end('{"error":"unknown ticker"}');
      else if (request.url?.endsWith('/getUpdates')) response.end(JSON.stringify({ ok: true, result: updates }));
      else response.end('{"success":true}');
    });
  });
  receiver.listen(0, '127.0.0.1');
  await once(receiver, 'listening');
  address = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}`;
}

test.beforeEach(async ({ page }) => {
  await receive();
  server = await Server.empty('--outbound-allow', '127.0.0.0/8');
  await begin(page, server, 'BTC Strategy');
  id = page.url().split('/').at(-1) ?? '';
});
test.afterEach(async () => {
  await server.remove();
  receiver.close();
});

async function alert(page: Page): Promise<string> {
  const webhook = (await (await page.request.get(`${server.url}/api/v1/webhooks/${id}`)).json()) as { authKey: string };
  const order = { auth_key: webhook.authKey, ticker: 'BTCUSDT', action: 'buy', qty: 1, marketPrice: 50000 };
  const answer = await page.request.post(`${server.url}/hooks/${id}`, { data: order });
  expect(answer.ok()).toBe(true);
  const events = (await (await page.request.get(`${server.url}/api/v1/events?limit=1`)).json()) as { items: { id: string }[] };
  return events.items[0]?.id ?? '';
}

async function forward(page: Page, path: string, choose: () => Promise<void> = async () => {}): Promise<void> {
  await page.getByRole('button', { name: 'New forward' }).click();
  await page.getByLabel('URL of the receiver').fill(address + path);
  await choose();
  await page.getByRole('button', { name: 'Add forward' }).click();
  await expect(page.getByRole('dialog')).toHaveCount(0);
}

async function looksRight(page: Page): Promise<void> {
  expect(await violations(page)).toEqual([]);
  expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
}

test('a forward is added, shown at its event, paused and removed', async ({ page }) => {
  expect((await page.goto(`${server.url}/forwards`))?.status()).toBe(200);
  await forward(page, '/hook', () => page.getByLabel('Sign messages').check());
  await expect(page.getByText(/^whsec_/)).toBeVisible();
  await forward(page, '/refuse');
  await expect(page.getByText(/^whsec_/)).toHaveCount(0);
  await forward(page, '/cut');
  const event = await alert(page);
  await page.goto(`${server.url}/events/${event}`);
  const forwards = page.getByRole('region', { name: 'Forwards' });
  await expect(forwards.getByText('{"success":true}')).toBeVisible();
  await expect(forwards.getByText('unknown ticker')).toBeVisible();
  await expect(forwards.getByText('unknown', { exact: true })).toBeVisible();
  await expect(forwards.getByText(/^Sent [\d.]+\sms after its arrival, answered after/)).not.toHaveCount(0);
  await expect(page.getByRole('region', { name: 'Where each field is from' }).getByRole('row', { name: /^qty/ })).toBeVisible();
  await looksRight(page);

  await page.goto(`${server.url}/forwards`);
  await page.getByRole('group', { name: 'State' }).getByRole('button', { name: /^unknown/ }).click();
  await page.getByRole('button', { name: 'Send again' }).click();
  await expect(page.getByRole('dialog')).toContainText('second order');
  await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();
  await page.getByRole('button', { name: /^Drop out_/ }).click();
  await expect(page.getByText('No messages found.')).toBeVisible();
  await page.getByRole('group', { name: 'State' }).getByRole('button', { name: /^all/ }).click();
  await page.getByRole('button', { name: 'Send all 1 dead' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Send all' }).click();
  await expect(page.getByRole('region', { name: 'Outbox' }).getByRole('row', { name: /^dead .* 2 400/ })).toBeVisible();
  await looksRight(page);

  await page.getByRole('button', { name: 'Change fwd_1' }).click();
  await page.getByLabel('Longest age').fill('5m');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByRole('cell', { name: '5m' })).toBeVisible();
  // What belongs to one format does not stand in the way of another.
  await page.getByRole('button', { name: 'Change fwd_1' }).click();
  await page.getByLabel('Leave the webhook’s key').check();
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('button', { name: 'Change fwd_1' }).click();
  await page.getByLabel(/^Format/).selectOption('traderspost');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByRole('cell', { name: 'TradersPost' })).toBeVisible();
  await page.getByRole('button', { name: 'Pause fwd_1' }).click();
  await page.getByRole('button', { name: 'Resume fwd_1' }).click();
  await page.getByRole('button', { name: 'Remove fwd_1' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click();
  await expect(page.getByRole('button', { name: 'Change fwd_1' })).toHaveCount(0);
});

test('a channel is added by its kind, tried, and changed', async ({ page }) => {
  expect((await page.goto(`${server.url}/channels`))?.status()).toBe(200);
  await page.getByRole('button', { name: 'New channel' }).click();
  await page.getByLabel('Kind').selectOption('ntfy');
  await page.getByLabel('Name', { exact: true }).fill('Phone');
  await page.getByLabel('Topic').fill('a-topic-nobody-guesses');
  await page.getByLabel('Your own server').fill(address);
  await page.getByLabel('Only some').check();
  await page.getByLabel('Silence').check();
  await page.getByRole('button', { name: 'Add channel' }).click();
  await expect(page.getByRole('cell', { name: 'Orders, Failed alerts, Out of sync, Silence' })).toBeVisible();
  await page.getByRole('button', { name: 'Test Phone' }).click();
  await expect(page.getByText('Phone took the test message.')).toBeVisible();
  await expect(page.getByText('{"success":true}')).toBeVisible();
  await looksRight(page);

  await page.getByRole('button', { name: 'Change Phone' }).click();
  await expect(page.getByLabel('Topic')).toHaveValue('a-topic-nobody-guesses');
  await page.getByLabel('Quiet hours').fill('22-7');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByRole('dialog').getByRole('alert')).toContainText('22:00-07:00');
  await page.getByLabel('Quiet hours').fill('22:00-07:00');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText('22:00-07:00')).toBeVisible();
  await page.getByRole('button', { name: 'Pause Phone' }).click();
  await page.getByRole('button', { name: 'Remove Phone' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click();
  await expect(page.getByText('Get notified')).toBeVisible();
});

test('a channel of Telegram takes the commands of whoever sends its code', async ({ page }) => {
  await page.goto(`${server.url}/channels`);
  await page.getByRole('button', { name: 'New channel' }).click();
  await page.getByLabel('Token of your bot').fill('42:secret');
  await page.getByLabel('Chat', { exact: true }).fill('1001');
  await page.getByLabel('Another server').fill(address);
  await page.getByRole('button', { name: 'Add channel' }).click();
  await page.getByRole('button', { name: 'Commands of Telegram' }).click();
  const dialog = page.getByRole('dialog', { name: 'Commands of Telegram' });
  await dialog.getByRole('button', { name: 'Take commands' }).click();
  const code = await dialog.getByText(/^\/start [A-Z0-9]{8}$/).textContent();
  await looksRight(page);
  const from = { id: 7, is_bot: false, first_name: 'Ann', username: 'ann' };
  updates = [{ update_id: 5, message: { date: Math.floor(Date.now() / 1000), chat: { id: 1001 }, from, text: code } }];
  await expect(dialog.getByRole('status')).toContainText('@ann');
  await expect(dialog.getByText(code ?? '')).toHaveCount(0);
  await dialog.getByRole('button', { name: 'Take none' }).click();
  await expect(dialog.getByText('Only one user in one chat is listened to')).toBeVisible();
  await dialog.getByRole('button', { name: 'Close' }).click();

  // A setting that is not needed is taken away again.
  await page.getByRole('button', { name: 'Change Telegram' }).click();
  await page.getByLabel('Another server').fill('');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('button', { name: 'Change Telegram' }).click();
  await expect(page.getByLabel('Another server')).toHaveValue('');
});
