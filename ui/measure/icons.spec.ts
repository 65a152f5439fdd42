/** The icons of an installed app, drawn from `public/icon.svg`: what phones take, which take no SVG. */

import { readFile } from 'node:fs/promises';
import { test } from '@playwright/test';

/** Whole ones fill their square: the phone cuts them to its own shape. */
const icons = [
  ['icon-192', 192, false],
  ['icon-512', 512, false],
  ['icon-whole-512', 512, true],
  ['icon-whole-180', 180, true],
] as const;

test('icons', async ({ page }) => {
  const drawing = await readFile('public/icon.svg', 'utf8');
  for (const [name, size, isWhole] of icons) {
    await page.setViewportSize({ width: size, height: size });
    const shape = isWhole ? drawing.replace(' rx="8"', '') : drawing;
    await page.setContent(`<style>body{margin:0}svg{display:block;width:${size}px}</style>${shape}`);
    await page.screenshot({ path: `public/${name}.png`, omitBackground: true });
  }
});
