/** One trade at 12:35 in New York: at that time everywhere on a page set to New York, at 17:35 on one set to UTC. */

import { readFile } from 'node:fs/promises';
import { expect, test, type Page } from '@playwright/test';
import { Server } from './server';
import { begin } from './steps';

let server: Server;
let page: Page;
let webhook: string;

/** Winter in New York, five hours behind UTC; the second trade closes on another day there. */
const TIMES = ['2026-01-14T17:05:00Z', '2026-01-14T17:35:00Z', '2026-01-16T02:45:00Z', '2026-01-16T03:30:00Z'];

const ZONES = [
  { zone: 'America/New_York', offset: '-05:00', first: ['2026-01-14', '12:35', 'Wednesday'], second: ['2026-01-15', '22:30', 'Thursday'] },
  { zone: 'UTC', offset: 'Z', first: ['2026-01-14', '17:35', 'Wednesday'], second: ['2026-01-16', '03:30', 'Friday'] },
] as const;

test.beforeAll(async ({ browser }) => {
  server = await Server.empty();
  page = await browser.newPage();
  await begin(page, server, 'Times');
  webhook = new URL(page.url()).pathname.split('/').at(-1) ?? '';
  const shown = await page.request.get(`${server.url}/api/v1/webhooks/${webhook}`);
  const { authKey } = (await shown.json()) as { authKey: string };
  const lines = TIMES.map((time, at) => {
    const payload = { auth_key: authKey, ticker: 'NASDAQ:AAPL', action: at % 2 ? 'sell' : 'buy', qty: 1, marketPrice: 100 + at };
    return JSON.stringify({ time, payload });
  });
  const imported = await page.request.post(`${server.url}/api/v1/imports?webhook=${webhook}&fileName=history.jsonl`, {
    ...{ data: lines.join('\n'), headers: { origin: server.url, 'content-type': 'application/octet-stream' } },
  });
  expect(imported.ok(), await imported.text()).toBe(true);
});
test.afterAll(async () => {
  await page.close();
  await server.remove();
});

/** The file that a button gives. */
async function file(): Promise<string[]> {
  const waiting = page.waitForEvent('download');
  await page.getByRole('button', { name: 'CSV' }).click();
  return (await readFile(await (await waiting).path(), 'utf8')).trimEnd().split('\r\n');
}

for (const { zone, offset, first, second } of ZONES) {
  test(`a trade of ${first[1]} in ${zone}`, async () => {
    await page.goto(`${server.url}/events`);
    await page.getByLabel('Times are shown in').selectOption(zone);
    const events = page.locator('a.event');
    await expect(events.nth(0)).toContainText(`${second[0]} ${second[1]}`);
    await expect(events.nth(2)).toContainText(`${first[0]} ${first[1]}`);
    await expect(page.getByRole('group', { name: 'Events over time' }).locator('a').first()).toHaveAttribute('title', new RegExp(`^${first[0]}`));
    await page.goto(`${server.url}/events/evt_2`);
    await expect(page.getByRole('region', { name: 'Result' })).toContainText(`${first[0]} ${first[1]}`);

    await page.goto(`${server.url}/orders`);
    await expect(page.locator('tbody tr').nth(2)).toContainText(`${first[0]} ${first[1]}`);
    expect((await file())[3]).toContain(`${first[0]}T${first[1]}:00${offset}`);

    await page.goto(`${server.url}/trades`);
    const rows = page.locator('tbody tr');
    await expect(rows.nth(0)).toContainText(`${second[0]} ${second[1]}`);
    await expect(rows.nth(1)).toContainText(`${first[0]} ${first[1]}`);
    const lines = await file();
    expect(lines[1]).toContain(`${second[0]}T${second[1]}:00${offset}`);
    expect(lines[2]).toContain(`${first[0]}T${first[1]}:00${offset}`);
    await rows.nth(1).getByRole('link').first().click();
    await expect(page.getByRole('region', { name: 'Exit' })).toContainText(`${first[0]} ${first[1]}`);

    // What a dot of the curve leads to, and its chip.
    await page.goto(`${server.url}/trades?closed=${TIMES[1]}`);
    await expect(rows).toHaveCount(1);
    await expect(page.getByRole('button', { name: `Remove: Closed ${first[0]} ${first[1]}:00` })).toBeVisible();

    await page.goto(`${server.url}/report`);
    const part = (name: string) => page.getByRole('region', { name, exact: true });
    for (const [day, time, weekday] of [first, second]) {
      await expect(part('By weekday').getByRole('link', { name: weekday }).first()).toBeVisible();
      await expect(part('By hour of the exit').getByRole('link', { name: `${time.slice(0, 2)}:00` }).first()).toBeVisible();
      const cell = part('Calendar').locator(`td:not(.week) a[href*="since=${day}"]`);
      await expect(cell).toHaveAttribute('title', new RegExp(`^${day}: `));
      await cell.click();
      await expect(rows).toHaveCount(1);
      await expect(rows.first()).toContainText(`${day} ${time}`);
      await page.goBack();
    }
    await page.goto(`${server.url}/webhooks/${webhook}`);
    const ages = page.getByRole('region', { name: 'Last events' }).locator('time');
    await expect(ages.nth(2)).toHaveAttribute('title', new RegExp(`^${first[0]} ${first[1]}:00 ${zone}, `));
  });
}
