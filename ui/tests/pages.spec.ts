/**
 * Every page: without findings of axe, in light and dark, on a phone, a tablet and a wide screen.
 *
 * A page is opened once and made narrower, and axe looks at all rules in light. In dark it looks
 * at the rules of colour, since nothing else depends on the theme.
 */

import { expect, test, type Page } from '@playwright/test';
import { COLOUR, violations } from './axe';
import { Server } from './server';
import { atDemoNow, logIn } from './steps';

let server: Server;
let page: Page;
const faults: string[] = [];
test.beforeAll(async ({ browser }) => {
  server = await Server.demo();
  page = await (await browser.newContext()).newPage();
  page.on('console', (message) => message.type() === 'error' && faults.push(message.text()));
  page.on('pageerror', (error) => faults.push(error.message));
  await logIn(page, server);
});
test.afterAll(async () => {
  await page.context().close();
  await server.remove();
});

/** Tables of a few rows: each more is like the one before. */
const FEW = 'range=days&since=2026-03-09&until=2026-03-10';

/** Where a page is that is of one thing, by its API's list. */
const first = async (list: string, query = ''): Promise<string> => {
  const answer = (await (await page.request.get(`${server.url}/api/v1/${list}?limit=1${query}`)).json()) as { items: { id: string }[] };
  return `/${list}/${answer.items[0]?.id}`;
};

/** The webhook that has a backtest. */
const webhook = async (): Promise<string> => {
  const { items } = (await (await page.request.get(`${server.url}/api/v1/webhooks`)).json()) as { items: { id: string; name: string }[] };
  return `/webhooks/${items.find(({ name }) => name.includes('BTC'))?.id}`;
};

const addresses: Record<string, () => string | Promise<string>> = {
  'dashboard': () => '/',
  'webhooks': () => '/webhooks',
  'webhook': webhook,
  'comparison': async () => `${await webhook()}/compare`,
  'events': () => '/events',
  'event': () => '/events/evt_1',
  'failed event': () => first('events', '&status=failed'),
  'failed events': () => '/events?status=failed',
  'trades': () => `/trades?${FEW}`,
  'trade': () => first('trades'),
  'orders': () => `/orders?${FEW}`,
  'positions': () => '/positions',
  'report': () => '/report',
  'backtest': () => '/report?source=backtest',
  'import': () => '/import',
  'forwards': () => '/forwards',
  'channels': () => '/channels',
  'account': () => '/account',
  'no page': () => '/nothing-here',
};

const WIDTHS = [1440, 820, 390];

/** Texts that are wider than their place, though they are not meant to be cut, and numbers that overlap others. */
const cutTexts = (): string[] =>
  [...document.querySelectorAll<HTMLElement>('main *, header *')].flatMap((element) => {
    const own = [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.textContent?.trim());
    const style = getComputedStyle(element);
    const isNumber = /^[+−]?[\d,.]+[kMB]?$/.test(element.textContent?.trim() ?? '');
    const isCutByDesign = (style.textOverflow === 'ellipsis' && !isNumber) || ['SELECT', 'OPTION', 'INPUT', 'TEXTAREA'].includes(element.tagName);
    if (!own || isCutByDesign || element.closest('.hidden, thead, .scroll, nav, svg, .tv-lightweight-charts')) return [];
    const box = element.getBoundingClientRect();
    if (box.width < 2 || style.display === 'inline') return [];
    return element.scrollWidth > element.clientWidth + 1 ? [`${element.tagName} ${element.className}: ${element.textContent?.trim().slice(0, 60)}`] : [];
  });

/** Numbers that are not on one line. */
const brokenNumbers = (): string[] => {
  const found: string[] = [];
  const texts = document.createTreeWalker(document.querySelector('main') ?? document.body, NodeFilter.SHOW_TEXT);
  for (let text = texts.nextNode(); text; text = texts.nextNode()) {
    const said = text.textContent?.trim() ?? '';
    if (!/^[+−]?\d[\d,]*(\.\d+)?(\s%)?$/.test(said)) continue;
    const range = document.createRange();
    range.selectNodeContents(text);
    const lines = new Set([...range.getClientRects()].filter(({ width }) => width > 1).map(({ top }) => Math.round(top)));
    if (lines.size > 1) found.push(said);
  }
  return found;
};

/** What is wrong with the page as it is shown now. */
async function findings(page: Page, isWhole: boolean): Promise<unknown[]> {
  const found: unknown[] = await violations(page, isWhole ? undefined : COLOUR);
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  if (overflow > 0) found.push(['wider than the screen', overflow]);
  const cut = await page.evaluate(cutTexts);
  if (cut.length) found.push(['cut', cut]);
  const broken = await page.evaluate(brokenNumbers);
  if (broken.length) found.push(['in two lines', broken]);
  return found;
}

async function look(page: Page): Promise<void> {
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: 900 });
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      await expect(page.locator('html')).toHaveAttribute('data-theme', colorScheme);
      expect.soft(await findings(page, colorScheme === 'light'), `${colorScheme}, ${width} px`).toEqual([]);
    }
  }
}

test('before a login', async ({ page: fresh }) => {
  for (const path of ['/', '/setup#a-token']) {
    await fresh.goto(server.url + path);
    await expect(fresh.getByRole('button').first()).toBeVisible();
    await look(fresh);
  }
});

for (const [name, address] of Object.entries(addresses)) {
  test(name, async () => {
    faults.length = 0;
    await atDemoNow(page);
    await page.setViewportSize({ width: WIDTHS[0] ?? 1440, height: 900 });
    await page.goto(server.url + (await address()));
    await expect(page.getByText('Live', { exact: true })).toBeVisible();
    await expect(page.locator('h1').first()).toBeVisible();
    if (name === 'report' || name === 'dashboard') {
      await page.locator('.chart').first().scrollIntoViewIfNeeded();
      await expect(page.locator('.chart canvas').first()).toBeVisible();
    }
    await page.locator('details').evaluateAll((all) => all.forEach((one) => one.setAttribute('open', '')));
    await look(page);
    // What the server has not got is said on the page.
    expect(faults.filter((fault) => !/status of (404|422)/.test(fault))).toEqual([]);
  });
}
