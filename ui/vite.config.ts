import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig, type Plugin } from 'vite';

/** Smaller files are sent as they are. */
const WORTH_COMPRESSING = 1024;

/** Puts a brotli and a gzip file beside each text, so that nothing is compressed at run time. */
function compressed(): Plugin {
  let folder = '';
  return {
    name: 'compressed',
    apply: 'build',
    configResolved: (config) => {
      folder = config.build.outDir;
    },
    closeBundle: async () => {
      for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
        const path = join(entry.parentPath, entry.name);
        if (!entry.isFile() || !/\.(js|css|html|svg|webmanifest|txt)$/.test(path)) continue;
        const text = await readFile(path);
        if (text.length < WORTH_COMPRESSING) continue;
        const quality = { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY };
        await writeFile(`${path}.br`, brotliCompressSync(text, { params: quality }));
        await writeFile(`${path}.gz`, gzipSync(text, { level: 9 }));
      }
    },
  };
}

export default defineConfig({
  plugins: [svelte(), compressed()],
  build: {
    outDir: '../assets/ui',
    emptyOutDir: true,
    target: 'es2022',
    // What a page needs is loaded with it; a preload list would be an inline script.
    modulePreload: { polyfill: false },
    // Inline data would need a weaker policy.
    assetsInlineLimit: 0,
    // One small style for all pages: none of them waits for its own.
    cssCodeSplit: false,
    rolldownOptions: {
      output: {
        // What several pages have in common is one file; a request each would cost more than its bytes.
        codeSplitting: { groups: [{ name: 'common', minShareCount: 3 }] },
      },
    },
  },
  server: {
    proxy: { '/api': 'http://127.0.0.1:8080', '/hooks': 'http://127.0.0.1:8080' },
  },
  test: { include: ['src/**/*.test.ts'] },
} as Parameters<typeof defineConfig>[0]);
