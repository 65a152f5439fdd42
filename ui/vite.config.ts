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

/** Names the code of each page in a file of its own, so that the server can say what to fetch with the page. */
function pages(): Plugin {
  return {
    name: 'pages',
    apply: 'build',
    generateBundle(_, bundle) {
      const chunks = Object.values(bundle).flatMap((part) => (part.type === 'chunk' ? [part] : []));
      const importsOf = (file: string): string[] => chunks.find(({ fileName }) => fileName === file)?.imports ?? [];
      const withAll = (file: string, found = new Set<string>()): Set<string> => {
        if (found.has(file)) return found;
        found.add(file);
        for (const one of importsOf(file)) withAll(one, found);
        return found;
      };
      // What every page begins with is in the page itself.
      const begun = new Set(chunks.filter(({ isEntry }) => isEntry).flatMap(({ fileName }) => [...withAll(fileName)]));
      const named = chunks.flatMap(({ facadeModuleId, fileName }): [string, string[]][] => {
        const page = facadeModuleId?.match(/\/pages\/(\w+)\.svelte$/)?.[1];
        return page ? [[page, [...withAll(fileName)].filter((file) => !begun.has(file))]] : [];
      });
      this.emitFile({ type: 'asset', fileName: 'pages.json', source: `${JSON.stringify(Object.fromEntries(named.toSorted()), null, 1)}\n` });
    },
  };
}

/** What two pages have in common and that is large enough for a file of its own. */
const LARGE = /\/components\/(Strategies|EventView)\.svelte$/;

/** Whether the frame around every page needs a module: it is painted first. */
function isOfFrame(id: string, modules: { getModuleInfo: (id: string) => { isEntry: boolean; importers: string[] } | null }, seen = new Set<string>()): boolean {
  const module = modules.getModuleInfo(id);
  if (!module || seen.has(id)) return false;
  seen.add(id);
  return module.isEntry || module.importers.some((one) => isOfFrame(one, modules, seen));
}

export default defineConfig({
  plugins: [svelte(), compressed(), pages()],
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
        codeSplitting: {
          includeDependenciesRecursively: false,
          groups: [
            { debugName: 'frame', name: (id, modules) => (isOfFrame(id, modules) ? 'frame' : null), priority: 1 },
            { name: 'common', minShareCount: 2, test: (id) => !LARGE.test(id) },
          ],
        },
      },
    },
  },
  server: {
    proxy: { '/api': 'http://127.0.0.1:8080', '/hooks': 'http://127.0.0.1:8080' },
  },
  test: { include: ['src/**/*.test.ts'] },
} as Parameters<typeof defineConfig>[0]);
