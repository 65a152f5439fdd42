/**
 * Lighthouse on the pages that are looked at most, and what they weigh.
 *
 * It gets a browser that nobody else drives: beside Playwright its page never answers.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BrowserContext, expect, test } from '@playwright/test';
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

/** A browser with a profile of its own that listens for Lighthouse. */
class Browser {
  private constructor(
    readonly port: number,
    private readonly profile: string,
    private readonly process: ChildProcess,
  ) {}

  static async start(): Promise<Browser> {
    const port = await freePort();
    const profile = await mkdtemp(join(tmpdir(), 'algohook-lighthouse-'));
    const { executablePath = 'chromium', args = [] } = usual.use?.launchOptions ?? {};
    const own = ['--headless', `--remote-debugging-port=${port}`, `--user-data-dir=${profile}`, 'about:blank'];
    const browser = new Browser(port, profile, spawn(executablePath, [...args, ...own], { stdio: 'ignore' }));
    await expect.poll(() => browser.isReady()).toBe(true);
    return browser;
  }

  private async isReady(): Promise<boolean> {
    const answer = await fetch(`http://127.0.0.1:${this.port}/json/version`).catch(() => undefined);
    return answer?.ok ?? false;
  }

  async stop(): Promise<void> {
    const stopped = new Promise((resolve) => this.process.once('exit', resolve));
    this.process.kill();
    await stopped;
    await rm(this.profile, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** The session of a page that is logged in, as a header. */
async function cookieOf(context: BrowserContext): Promise<string> {
  const cookies = await context.cookies();
  return cookies.map(({ name, value }) => `${name}=${value}`).join('; ');
}

for (const formFactor of ['desktop', 'mobile'] as const) {
  test(formFactor, async ({ page, context }) => {
    const server = await Server.demo();
    await logIn(page, server);
    const cookie = await cookieOf(context);
    const browser = await Browser.start();
    for (const path of ['/', '/events', '/report']) {
      const isDesktop = formFactor === 'desktop';
      const screen = { mobile: !isDesktop, width: isDesktop ? 1350 : 412, height: 940, deviceScaleFactor: 1, disabled: false };
      const found = await lighthouse(server.url + path, {
        port: browser.port,
        disableStorageReset: true,
        extraHeaders: { Cookie: cookie },
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
    await browser.stop();
    // Logging in stopped the clock of the page; paint needs one that runs.
    const running = await context.browser()?.newContext({ storageState: await context.storageState() });
    const dashboard = await running?.newPage();
    await dashboard?.goto(server.url);
    const firstPaint = () =>
      dashboard?.evaluate(() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime);
    await expect.poll(firstPaint).toBeGreaterThan(0);
    const paint = (await firstPaint()) ?? NaN;
    console.log(`| ${formFactor} | first paint of the dashboard | ${Math.round(paint)} ms |`);
    await running?.close();
    await server.remove();
  });
}
