/** What is made by hand with the page: pictures for the README, and Lighthouse's numbers. */

import { defineConfig } from '@playwright/test';
import usual from './playwright.config';

export default defineConfig(usual, { testDir: 'measure', timeout: 180_000 });
