/** Lighthouse on the pages that are looked at most, and what they weigh. */

import { createServer } from 'node:net';
import { chromium, expect, test } from '@playwright/test';
import lighthouse from 'lighthouse';
import usual from '../playwright.config';
import { Server } from '../tests/server';
import { logIn } from '../tests/steps';

const CATEGORIES = ['performance', 'accessibility', 'best-practices'] as const;

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

for (const formFactor of ['desktop', 'mobile'] as const) {
  test(formFactor, async () => {
    const server = await Server.demo();
    const port = await freePort();
    const { executablePath, args = [] } = usual.use?.launchOptions ?? {};
    const context = await chromium.launchPersistentContext('', {
      ...(executablePath ? { executablePath } : {}),
      args: [...args, `--remote-debugging-port=${port}`],
    });
    const page = await context.newPage();
    await logIn(page, server);
    for (const path of ['/', '/events', '/report']) {
      const isDesktop = formFactor === 'desktop';
      const screen = { mobile: !isDesktop, width: isDesktop ? 1350 : 412, height: 940, deviceScaleFactor: 1, disabled: false };
      const found = await lighthouse(server.url + path, {
        port,
        disableStorageReset: true,
        formFactor,
        screenEmulation: screen,
        onlyCategories: [...CATEGORIES],
        // Lighthouse's own figures for a desktop; its usual ones are a slow phone.
        ...(isDesktop && { throttling: { rttMs: 40, throughputKbps: 10_240, cpuSlowdownMultiplier: 1, requestLatencyMs: 0, downloadThroughputKbps: 0, uploadThroughputKbps: 0 } }),
      });
      const result = found?.lhr;
      const scores = CATEGORIES.map((category) => Math.round((result?.categories[category]?.score ?? 0) * 100));
      const number = (audit: string) => result?.audits[audit]?.numericValue ?? 0;
      const weight = Math.round(number('total-byte-weight') / 1024);
      const shift = number('cumulative-layout-shift').toFixed(3);
      console.log(`| ${formFactor} | ${path} | ${scores.join(' | ')} | ${weight} KB | ${shift} |`);
      expect.soft(Math.min(...scores), `${formFactor} ${path}`).toBeGreaterThanOrEqual(95);
    }
    await page.bringToFront();
    await page.goto(server.url);
    await page.getByRole('heading', { name: 'Dashboard' }).waitFor();
    await page.waitForFunction(() => performance.getEntriesByName('first-contentful-paint').length > 0);
    const paint = await page.evaluate(() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? NaN);
    console.log(`| ${formFactor} | first paint of the dashboard | ${Math.round(paint)} ms |`);
    await context.close();
    await server.remove();
  });
}
