/** From every number of the report to the trades that it stands for, and one time zone for all. */

import { readFile } from 'node:fs/promises';
import { expect, test, type Locator, type Page } from '@playwright/test';
import { Server } from './server';
import { logIn } from './steps';

let server: Server;
test.beforeAll(async () => {
  server = await Server.demo();
});
test.afterAll(() => server.remove());

interface Profit {
  trades: number;
  netProfit: string;
}
interface Series {
  byDay: (Profit & { date: string })[];
  byWeekday: Profit[];
  byHour: Profit[];
  byDuration: Profit[];
  byTicker: { groups: Profit[] };
  bySignal: { groups: Profit[] };
  monthlyReturns: { netProfit: string }[];
  profitDistribution: { count: number }[];
  equity: unknown[];
}

/** The days before the demo's own. */
const PAST = 'range=days&since=2025-01-01&until=2026-03-10';

async function inZone(page: Page, zone: string): Promise<void> {
  await page.getByLabel('Times are shown in').selectOption(zone);
}

const report = async (page: Page, zone: string): Promise<{ all: { totalTrades: number }; series: Series }> => {
  const answer = await page.request.get(`${server.url}/api/v1/performance?timeZone=${zone}&from=2025-01-01&to=2026-03-11`);
  const { reports } = (await answer.json()) as { reports: [{ all: { totalTrades: number }; series: Series }] };
  return reports[0];
};

const number = (text: string): number => Number(text.replace('−', '-').replaceAll(',', ''));

/** Count and sum of the trades that a link leads to, gone to as a click does: without loading the page anew. */
async function behind(page: Page, href: string): Promise<{ trades: number; netProfit: number }> {
  await page.evaluate((to) => {
    history.pushState(null, '', to);
    dispatchEvent(new PopStateEvent('popstate'));
  }, href);
  const total = page.getByRole('status', { name: 'Total' });
  await expect(total).toHaveAttribute('aria-busy', 'false');
  const [, count, sum] = (await total.innerText()).match(/([\d,]+) trades?, net profit ([+−\d,.]+)/) ?? [];
  return { trades: number(count ?? ''), netProfit: number(sum ?? '') };
}

const links = (place: Locator): Promise<string[]> =>
  place.evaluateAll((all) => [...new Set(all.map((link) => link.getAttribute('href') ?? ''))]);

test.beforeEach(async ({ page }) => {
  test.setTimeout(300_000);
  await logIn(page, server);
});

for (const zone of ['America/New_York', 'UTC']) {
  test(`every bar, day and cell leads to exactly its trades, in ${zone}`, async ({ page }) => {
    await inZone(page, zone);
    const { series, all } = await report(page, zone);
    await page.goto(`${server.url}/report?${PAST}`);
    const part = (name: string) => page.getByRole('region', { name, exact: true });
    await expect(part('By weekday')).toBeVisible();
    const expected: [string, Profit[]][] = [
      ['By weekday', series.byWeekday.filter(({ trades }) => trades)],
      ['By hour of the exit', series.byHour.filter(({ trades }) => trades)],
      ['By duration', series.byDuration.filter(({ trades }) => trades)],
      ['By ticker', series.byTicker.groups],
      ['By signal', series.bySignal.groups],
      ['Calendar', series.byDay.filter(({ date }) => date.startsWith('2026-03'))],
    ];
    const found = new Map<string, string[]>();
    for (const [name] of expected) found.set(name, await links(part(name).locator('th a, td:not(.week) > a:not([tabindex]), li a')));
    const stretches = [...(await links(part('Monthly returns').locator('td a'))), ...(await links(part('Calendar').locator('td.week a')))];
    const counts = await part('All numbers')
      .locator('td a')
      .evaluateAll((all) => all.map((link) => [link.getAttribute('href') ?? '', link.textContent ?? '']));
    const outcomes = await links(part('Wins and losses').locator('th a'));
    const bins = await links(part('Distribution of profits').locator('li a'));
    for (const [name, profits] of expected) {
      const all = found.get(name) ?? [];
      expect(all.length, name).toBe(profits.length);
      for (const [index, href] of all.entries()) {
        const profit = profits[index];
        const { trades, netProfit } = await behind(page, href);
        expect([name, href, trades], name).toEqual([name, href, profit?.trades]);
        expect(netProfit, `${name} ${href}`).toBeCloseTo(Number(profit?.netProfit), 1);
      }
    }
    let binned = 0;
    for (const href of bins) binned += (await behind(page, href)).trades;
    expect(binned).toBe(all.totalTrades);
    // Months, years and weeks: the days in them.
    expect(stretches.length).toBeGreaterThan(8);
    for (const href of stretches) {
      const asked = new URL(href, server.url).searchParams;
      const days = series.byDay.filter(({ date }) => date >= (asked.get('since') ?? '') && date <= (asked.get('until') ?? ''));
      const { trades, netProfit } = await behind(page, href);
      expect([href, trades]).toEqual([href, days.reduce((count, day) => count + day.trades, 0)]);
      expect(netProfit, href).toBeCloseTo(days.reduce((sum, day) => sum + Number(day.netProfit), 0), 1);
    }
    // The counts of all, long and short trades, and of wins and losses.
    expect(counts.length).toBeGreaterThan(8);
    for (const [href = '', text = ''] of counts) expect([href, (await behind(page, href)).trades]).toEqual([href, number(text)]);
    let decided = 0;
    for (const href of outcomes) decided += (await behind(page, href)).trades;
    expect(decided).toBe(all.totalTrades);
  });
}

test('a dot of the curve leads to its trade', async ({ page }) => {
  const past = `${server.url}/api/v1/trades?to=2026-03-11&timeZone=UTC&limit=1`;
  const { items } = (await (await page.request.get(past)).json()) as { items: { exitTime: string; netProfit: string }[] };
  const closed = items[0]?.exitTime ?? '';
  const found = await behind(page, `/trades?closed=${closed}`);
  expect(found.trades).toBe(1);
  expect(found.netProfit).toBeCloseTo(Number(items[0]?.netProfit), 1);
  await page.goto(`${server.url}/report`);
  const canvas = page.locator('.chart canvas').first();
  await canvas.scrollIntoViewIfNeeded();
  const box = await canvas.boundingBox();
  if (!box) throw new Error('there is no chart');
  await page.mouse.move(box.x + box.width / 2, box.y + 100);
  await expect(page.locator('.tip')).toContainText(/^Trade \d+: (long|short) /);
  await page.mouse.click(box.x + box.width / 2, box.y + 100);
  await expect(page).toHaveURL(/\/trades\?closed=/);
  // All that closed in the second of the dot, and nothing else.
  const from = new URL(page.url()).searchParams.get('closed') ?? '';
  const to = new Date(Date.parse(from) + 1000).toISOString();
  const { items: together } = (await (await page.request.get(`${server.url}/api/v1/trades?source=live&from=${from}&to=${to}`)).json()) as { items: unknown[] };
  await expect(page.getByRole('status', { name: 'Total' })).toContainText(new RegExp(`^${together.length} trades?,`));
});

test('a trade is at one time everywhere: list, page, calendar, hour, CSV', async ({ page }) => {
  const past = `${server.url}/api/v1/trades?to=2026-03-11&timeZone=UTC&limit=1`;
  const { items } = (await (await page.request.get(past)).json()) as { items: { id: string; exitTime: string }[] };
  const trade = items[0];
  if (!trade) throw new Error('there is no trade');
  for (const [zone, offset] of [
    ['America/New_York', -4],
    ['UTC', 0],
  ] as const) {
    await page.goto(`${server.url}/trades?range=days&until=2026-03-10`);
    await inZone(page, zone);
    const local = new Date(Date.parse(trade.exitTime) + offset * 3_600_000).toISOString();
    const [day, time] = [local.slice(0, 10), local.slice(11, 16)];
    await expect(page.locator('tbody tr').first()).toContainText(`${day} ${time}`);
    const waiting = page.waitForEvent('download');
    await page.getByRole('button', { name: 'CSV' }).click();
    const file = await readFile(await (await waiting).path(), 'utf8');
    expect(file.split('\r\n')[1]).toContain(`${day}T${time}`);
    await page.goto(`${server.url}/trades/${trade.id}`);
    await expect(page.getByRole('region', { name: 'Exit' })).toContainText(`${day} ${time}`);
    await page.goto(`${server.url}/report?range=days&since=${day}&until=${day}`);
    await expect(page.getByRole('region', { name: 'By hour of the exit' }).getByRole('link', { name: `${time.slice(0, 2)}:00` })).toBeVisible();
    await expect(page.getByRole('region', { name: 'Calendar' }).locator(`a[title^="${day}: "]`)).toBeVisible();
  }
});
