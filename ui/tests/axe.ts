/** axe in the page itself: put there once, so that every further look costs its rules alone. */

import type { Page } from '@playwright/test';
import axe, { type AxeResults, type RunOptions } from 'axe-core';

/** The rules that look at colours. */
export const COLOUR = ['color-contrast', 'link-in-text-block'];

/** What axe finds, as rules with the elements that break them; by all rules where none are named. */
export async function violations(page: Page, rules?: string[]): Promise<[string, string[]][]> {
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(axe.source);
  // Off by itself, though the guidelines have it: a finger finds what it is to touch.
  const usual = { 'target-size': { enabled: true } };
  const options: RunOptions = { resultTypes: ['violations'], rules: usual, ...(rules && { runOnly: { type: 'rule', values: rules } }) };
  const found = await page.evaluate(
    (options) => (window as unknown as { axe: { run: (node: Document, options: RunOptions) => Promise<AxeResults> } }).axe.run(document, options),
    options,
  );
  return found.violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)]);
}
