/** Nothing of the page is taken for what it may not be: no `as` but `as const`, and the chart library's name for seconds. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'svelte/compiler';
import ts from 'typescript';
import { expect, test } from 'vitest';

const HARMLESS = / as (const|UTCTimestamp)$/;
const SOURCES = import.meta.dirname;

function inScript(text: string): string[] {
  const found: string[] = [];
  const source = ts.createSourceFile('page.ts', text, ts.ScriptTarget.Latest, true);
  const visit = (node: ts.Node): void => {
    if (ts.isAsExpression(node) && !HARMLESS.test(node.getText(source))) found.push(node.getText(source));
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

function inComponent(text: string): string[] {
  const found: string[] = [];
  JSON.stringify(parse(text, { modern: true }), (_, node) => {
    if (node?.type === 'TSAsExpression') found.push(text.slice(node.start, node.end));
    return node;
  });
  return found.filter((cast) => !HARMLESS.test(cast));
}

test('no value of the page is cast', () => {
  const files = readdirSync(SOURCES, { recursive: true, encoding: 'utf8' }).filter((name) => !/\.test\.ts$|\.d\.ts$/.test(name));
  const casts = files.flatMap((name) => {
    if (!/\.(ts|svelte)$/.test(name)) return [];
    const text = readFileSync(join(SOURCES, name), 'utf8');
    const found = name.endsWith('.svelte') ? inComponent(text) : inScript(text);
    return found.map((cast) => `${name}: ${cast}`);
  });
  expect(files.length).toBeGreaterThan(100);
  expect(casts).toEqual([]);
}, 60_000);

test('a cast is found, wherever it stands', () => {
  expect(inScript('const one = two as unknown as Three; const four = [5] as const;')).toEqual(['two as unknown as Three', 'two as unknown']);
  expect(inComponent('<script lang="ts">const one = two as Three; const four = [5] as const;</script><p>{six as Seven}</p>')).toEqual([
    'six as Seven',
    'two as Three',
  ]);
});
