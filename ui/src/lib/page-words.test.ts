import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { onPage } from './page-words';

const SOURCES = '../src';
/** Rooms whose messages reach the page. */
const ROOMS = ['api', 'compare', 'desk', 'domain', 'imports', 'journal', 'payload', 'reports'];
/** For programs, and for who has proxies and configuration files. */
const NOT_OF_THE_PAGE = /--public-url|token create|mustBe|contains/;

/** Every text in the sources that names an option, with something in its places. */
function messages(): string[] {
  const found: string[] = [];
  for (const room of ROOMS) {
    for (const file of readdirSync(join(SOURCES, room), { recursive: true, encoding: 'utf8' })) {
      if (!file.endsWith('.rs') || /tests?\.rs$/.test(file)) continue;
      const code = readFileSync(join(SOURCES, room, file), 'utf8').split('#[cfg(test)]')[0] ?? '';
      const said = code.split('\n').filter((line) => !line.trim().startsWith('//')).join('\n');
      for (const [, text = ''] of said.matchAll(/"((?:[^"\\]|\\[^])*)"/g)) {
        if (/\S.* --[a-z]|\(--[a-z]|algohook (?:import|outbox)\b/.test(text)) found.push(text.replace(/\\\n\s*/g, '').replace(/\\"/g, '"'));
      }
    }
  }
  return found.filter((text) => !NOT_OF_THE_PAGE.test(text));
}

/** As it is sent: something stands in every place. */
const filled = (text: string): string => text.replace(/\{\{+\w*\}*\}\}/g, '{{x}}').replace(/\{option\}\{price\}/g, '3600s --price 25').replace(/\{[^{}]*\}/g, '7');

test('no message of the server tells the page’s reader of an option', () => {
  const all = messages();
  expect(all.length).toBeGreaterThan(12);
  const left = all.map((text) => onPage(filled(text))).filter((text) => /--[a-z]|algohook (?:import|outbox)\b/.test(text));
  expect(left).toEqual([]);
});

test('a message names the control that does the same', () => {
  expect(onPage('the webhook has no backtest; import TradingView’s list of trades first: algohook import trades FILE --webhook wh_1')).toBe(
    'the webhook has no backtest; import TradingView’s list of trades first on the page Import',
  );
  expect(onPage('Its chart was in another zone. With the shift, 98.0 % match: compare again with --shift 3600s, or import the list again with its zone (--time-zone).')).toBe(
    'Its chart was in another zone. With the shift, 98.0 % match: apply it with the button below, or import the list again with its time zone.',
  );
  expect(onPage('With both, 98.0 % match: compare again with --shift 3600s,7200s,Europe/Berlin --price 25.')).toBe('With both, 98.0 % match: apply it with the button below.');
  expect(onPage('The chart may be adjusted. With --price 25, 98.0 % match: compare again with it, or list the trades.')).toBe(
    'The chart may be adjusted. With prices up to 25 % apart, 98.0 % match: allow that with the button below, or list the trades.',
  );
  expect(onPage('name the instrument of the backtest (--ticker, `ticker` in the API): the webhook has A and B')).toBe('name the instrument of the backtest above: the webhook has A and B');
  expect(onPage('settings: discord needs url: add --set url=VALUE')).toBe('settings: discord needs url: fill in “url”');
  expect(onPage('name its ticker (--ticker, or "Ticker" on the page), or export')).toBe('name its ticker (under “Ticker”), or export');
});
