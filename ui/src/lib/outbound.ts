/** What goes out: forwards, channels and the outbox, as the page has them. */

import type { Channel, Forward } from './api';
import { entriesOf } from './entries';
import { NEXT, figure } from './format';

/** The states of a message for the outside. */
export const states = ['waiting', 'sending', 'done', 'unknown', 'dead'] as const;
export type State = (typeof states)[number];
export type Counts = Partial<Record<State, number>>;

/** The numbers of a receiver's messages, without the states that none is in. */
export const countsOf = (receiver: Counts): Counts =>
  Object.fromEntries(states.flatMap((state) => (receiver[state] ? [[state, receiver[state]]] : [])));

/** Whether a message is sent again only when its owner says so. */
export const mayBeSent = (state: string): boolean => state === 'dead' || state === 'unknown';

/** Whether dropping a message changes anything. */
export const mayBeDropped = (state: string): boolean => state === 'waiting' || mayBeSent(state);

/** Milliseconds, or seconds where there are many. */
export const latency = (milliseconds: number): string => (milliseconds < 10_000 ? `${figure(milliseconds, milliseconds < 10 ? 1 : 0)}${NEXT}ms` : `${figure(milliseconds / 1000, 1)}${NEXT}s`);

/** A setting of a channel's kind or of a forward's format. */
export interface Setting {
  name: string;
  label: string;
  hint?: string;
  isSecret?: boolean;
  isNeeded?: boolean;
  /** The only values that it can have. */
  choices?: readonly string[];
}

const setting = (name: string, label: string, more: Partial<Setting> = {}): Setting => ({ name, label, ...more });
const needed = (name: string, label: string, hint?: string): Setting => setting(name, label, { isNeeded: true, ...(hint && { hint }) });
const secret = (name: string, label: string, hint?: string): Setting => setting(name, label, { isNeeded: true, isSecret: true, ...(hint && { hint }) });

interface Kind {
  name: string;
  settings: Setting[];
}

/** The kinds of channels. */
export const kinds: Record<Channel['kind'], Kind> = {
  telegram: {
    name: 'Telegram',
    settings: [secret('token', 'Token of your bot', 'From @BotFather.'), needed('chat', 'Chat', 'Its number; a group’s begins with -.'), setting('url', 'Another server')],
  },
  discord: { name: 'Discord', settings: [secret('url', 'URL of the channel’s webhook', 'In Discord: Edit channel, Integrations, Webhooks.')] },
  slack: { name: 'Slack', settings: [secret('url', 'URL of the incoming webhook')] },
  ntfy: {
    name: 'ntfy',
    settings: [
      needed('topic', 'Topic', 'Anyone who knows it can read it. Choose one that is hard to guess.'),
      setting('token', 'Access token', { isSecret: true }),
      setting('url', 'Your own server', { hint: 'Empty means https://ntfy.sh.' }),
    ],
  },
  gotify: { name: 'Gotify', settings: [needed('url', 'URL of your server'), secret('token', 'Token of the application')] },
  pushover: { name: 'Pushover', settings: [secret('token', 'Token of the application'), secret('user', 'User key'), setting('url', 'Another server')] },
  email: {
    name: 'E-mail',
    settings: [
      needed('host', 'Mail server'),
      setting('port', 'Port', { hint: 'Empty means 587 with STARTTLS, or 465 with TLS.' }),
      setting('tls', 'Encryption', { choices: ['starttls', 'tls', 'none'] }),
      needed('from', 'From'),
      needed('to', 'To'),
      setting('username', 'User'),
      setting('password', 'Password', { isSecret: true }),
    ],
  },
  webhook: { name: 'Webhook', settings: [secret('url', 'URL'), setting('secret', 'Signing secret', { isSecret: true, hint: 'whsec_…, to sign by Standard Webhooks.' })] },
};

/** Something that a channel can tell. */
export type Topic = Exclude<Channel['tells'], 'all'>[number];

/** Their names. A record, so that none is forgotten. */
const TOPICS: Record<Topic, string> = {
  order: 'Orders',
  failed: 'Failed alerts',
  'out-of-sync': 'Out of sync',
  silence: 'Silence',
  limited: 'Over the limit',
  rejected: 'Rejected requests',
  drift: 'Drift from the backtest',
  forward: 'Forwards that were not taken',
  server: 'The server itself',
  login: 'Logins from a new place',
  daily: 'Daily digest',
  weekly: 'Weekly digest',
};

/** What a channel can tell, in the order of the form. */
export const topics = entriesOf(TOPICS);

/** What a channel tells, in words. */
export function tellsOf(tells: Channel['tells']): string {
  if (tells === 'all') return 'everything';
  const names = topics.filter(([topic]) => tells.includes(topic)).map(([, name]) => name);
  return names.length ? names.join(', ') : 'nothing';
}

/** The forms in which alerts are passed on, with the settings of each. */
export const forms: Record<Forward['format'], Kind> = {
  'as-received': { name: 'As received: your own message', settings: [] },
  'algohook': { name: 'Another algohook', settings: [setting('authKey', 'Key of its webhook', { isSecret: true })] },
  'traderspost': { name: 'TradersPost', settings: [] },
  '3commas': {
    name: '3Commas',
    settings: [needed('botUuid', 'UUID of the bot'), secret('secret', 'Secret'), setting('exchange', 'Exchange'), setting('maxLag', 'Largest lag, seconds')],
  },
  'pickmytrade': {
    name: 'PickMyTrade',
    settings: [
      secret('token', 'Token'),
      needed('platform', 'Platform'),
      setting('instType', 'Kind of instrument'),
      setting('accountId', 'Account'),
      setting('connectionName', 'Connection'),
      setting('strategyName', 'Strategy'),
    ],
  },
  'alertatron': { name: 'Alertatron', settings: [needed('keys', 'Name of your API keys there')] },
  'template': { name: 'Template: a text of your own', settings: [] },
};

/** Settings by name; null takes one away. */
export type Changes = Record<string, string | null>;

/** The settings that were typed. What is left empty is taken away where it `was` there; a secret only stays empty unless it is `removed`. */
export const typed = (settings: Setting[], values: Record<string, string | undefined>, was: readonly string[] = [], removed: readonly string[] = []): Changes =>
  Object.fromEntries(
    settings.flatMap(({ name }): [string, string | null][] => {
      const value = values[name]?.trim();
      if (value) return [[name, value]];
      return was.includes(name) || removed.includes(name) ? [[name, null]] : [];
    }),
  );

/** The settings of something new, of which none can be taken away. */
export const given = (settings: Changes): Record<string, string> => Object.fromEntries(Object.entries(settings).map(([name, value]) => [name, value ?? '']));

/** Secrets of a template, one a line as `NAME = VALUE`, by the names that the server has for them; without a value one is taken away. */
export function secretsTyped(text: string): Changes {
  const lines = text.split('\n').filter((line) => line.trim());
  return Object.fromEntries(
    lines.map((line) => {
      const at = line.indexOf('=');
      const name = (at < 0 ? line : line.slice(0, at)).trim().replace(/^secret\./, '');
      return [`secret.${name}`, (at < 0 ? '' : line.slice(at + 1).trim()) || null];
    }),
  );
}

/** An age as it is typed, in the largest unit of which it has more than one. */
export function ageTyped(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined) return 'off';
  const unit = ([[86_400, 'd'], [3_600, 'h'], [60, 'm']] as const).find(([of]) => seconds > of && seconds % of === 0);
  return unit ? `${seconds / unit[0]}${unit[1]}` : `${seconds}s`;
}
