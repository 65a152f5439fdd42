/** A server that is far away: its answers come late, and not in the order of the questions. */

import type { Page } from '@playwright/test';

/** Has each answer wait: for `least`, and up to four times `step` more, in milliseconds. */
export async function answerLate(page: Page, least: number, step: number): Promise<void> {
  let asked = 0;
  await page.route('**/api/v1/**', async (route) => {
    if (route.request().url().includes('/stream')) return route.continue();
    const turn = [4, 1, 3, 0, 2][asked % 5] ?? 0;
    asked += 1;
    const answer = await route.fetch();
    await new Promise((resolve) => setTimeout(resolve, least + turn * step));
    return route.fulfill({ response: answer });
  });
}

/** Waits until nothing more was read for as many looks, one in 25 ms. */
export const untilAllIsRead = (page: Page, looks: number): Promise<void> =>
  page.evaluate(async (looks) => {
    for (let quiet = 0, seen = -1; quiet < looks; quiet += 1) {
      const read = performance.getEntriesByType('resource').length;
      if (read !== seen) [quiet, seen] = [0, read];
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  }, looks);
