/** The API's names in words, the same on every page. */

import type { Event, Forward, Position, Settings } from './api';
import { entriesOf } from './entries';
import { decimal } from './format';

const INTENTS: Record<string, string> = { entryLong: 'enter long', exitLong: 'exit long', entryShort: 'enter short', exitShort: 'exit short', exit: 'exit' };

/** What an order does: the strategy's words where it has them, else whether it buys or sells. */
export function side({ positionDirection, direction }: { positionDirection?: string | null; direction?: string | null }): string {
  if (positionDirection) return INTENTS[positionDirection] ?? positionDirection;
  return direction ? (direction === 'long' ? 'buy' : 'sell') : '';
}

/** An order's type. */
export const orderType = (type: string): string => type.replaceAll('_', ' ');

const CHANGES: Record<string, string> = { entry: 'opened', add: 'added', partialExit: 'partly closed', exit: 'closed', reversal: 'reversed' };

const FORMATS: Record<Settings['format'] | Forward['format'], string> = {
  'auto': 'as its content shows',
  'algohook': 'algohook',
  'traderspost': 'TradersPost',
  '3commas': '3Commas',
  'signalstack': 'SignalStack',
  'pickmytrade': 'PickMyTrade',
  'wundertrading': 'WunderTrading',
  'alertatron': 'Alertatron',
  'text': 'plain text',
  'as-received': 'as received',
  'template': 'a template',
};

/** The format of a message. */
export const format = (name: Settings['format'] | Forward['format']): string => FORMATS[name];

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** The formats that a webhook's messages can have, as a choice has them. */
export const formats = entriesOf(FORMATS).flatMap(([name, title]): [Settings['format'], string][] =>
  name === 'as-received' || name === 'template' ? [] : [[name, name === 'algohook' ? title : capital(title)]],
);

const VENUES: Record<string, string> = {
  alpaca: 'Alpaca',
  binance: 'Binance',
  bybit: 'Bybit',
  interactiveBrokers: 'Interactive Brokers',
  plain: 'plain columns',
};

/** Where fills are from. */
export const venueText = (venue: string): string => VENUES[venue] ?? venue;

/** What an order did to the position. */
export const change = (name: string | null | undefined): string => (name ? (CHANGES[name] ?? name) : 'none');

const REASONS: Record<string, string> = {
  missing_key: 'no auth_key in the message',
  wrong_key: 'a wrong auth_key',
  too_large: 'larger than 25 KB',
  wrong_sender: 'not sent by TradingView',
};

/** Why a request was rejected. */
export const reason = (name: string): string => REASONS[name] ?? name;

const SOURCES: Record<string, string> = {
  webhook: 'an alert',
  test: 'a test alert',
  imported: 'an import',
  reprocessed: 'retried',
  adjustment: 'TradingView’s position accepted',
};

/** Where an event is from. */
export const source = (name: string): string => SOURCES[name] ?? name;

const STATUSES: Record<string, string> = {
  processed: 'Read and recorded',
  failed: 'The message could not be read; no order',
  limited: 'Over the webhook’s limit; no order yet, can be retried',
  duplicate: 'The same alert came before; no second order',
  ignored: 'The webhook was paused; no order yet, can be retried',
  active: 'Alerts become orders',
  paused: 'Alerts are kept but make no orders',
  test: 'A test alert; it makes no order',
  archived: 'Keeps its history, makes no orders, is in no total',
  waiting: 'Will be sent',
  sending: 'Is being sent',
  done: 'The receiver took it',
  unknown: 'No answer came: nobody knows whether it was taken',
  dead: 'Was not taken, and is not sent again by itself',
  off: 'The receiver answered that it is gone',
};

/** What a status means. */
export const meaning = (status: string): string | undefined => STATUSES[status];

const ACTIONS: Record<string, string> = {
  'login': 'logged in',
  'login.failed': 'login failed',
  'login.new-place': 'logged in from a new place',
  'login.acknowledge': 'new place acknowledged',
  'logout': 'logged out',
  'session.end': 'session ended',
  'password.change': 'password changed',
  'second-factor.on': 'second factor turned on',
  'second-factor.off': 'second factor turned off',
  'token.create': 'token created',
  'token.revoke': 'token revoked',
  'senders.change': 'senders changed',
  'issuer.pin': 'certificate pinned',
  'issuer.forget': 'certificate forgotten',
  'webhook.create': 'webhook created',
  'webhook.change': 'webhook changed',
  'webhook.rotate-key': 'key rotated',
  'webhook.delete': 'webhook deleted',
  'forward.create': 'forward created',
  'forward.change': 'forward changed',
  'forward.remove': 'forward removed',
  'channel.create': 'channel created',
  'channel.change': 'channel changed',
  'channel.remove': 'channel removed',
  'chat.code': 'code for commands created',
  'chat.confirm': 'chat confirmed',
  'chat.command': 'command by chat',
  'chat.too-old': 'old command left alone',
  'chat.refused': 'stranger refused by chat',
  'chat.end': 'commands by chat ended',
  'outbox.send': 'message sent again',
  'outbox.drop': 'message dropped',
  'event.reprocess': 'event processed again',
  'position.accept': 'position taken over from TradingView',
  'trade.note': 'notes or tags written on a trade',
  'expectation.freeze': 'backtest frozen as what is expected',
  'import.alerts': 'alerts imported',
  'import.trades': 'backtest imported',
  'import.fills': 'fills imported',
  'import.undo': 'import of fills undone',
  'backtest.remove': 'backtest removed',
};

/** What was done, of the audit log. */
export const action = (name: string): string => ACTIONS[name] ?? name;

const BROWSERS = [
  [/Edg\//, 'Edge'],
  [/OPR\//, 'Opera'],
  [/Firefox\//, 'Firefox'],
  [/Chrome\//, 'Chrome'],
  [/Safari\//, 'Safari'],
] as const;

const SYSTEMS = [
  [/iPhone|iPad/, 'iOS'],
  [/Android/, 'Android'],
  [/Windows/, 'Windows'],
  [/Mac OS X/, 'macOS'],
  [/Linux/, 'Linux'],
] as const;

/** The name of a browser and its system, of what it calls itself; its own words where they are no known ones. */
export function browserName(userAgent: string): string {
  const of = (known: readonly (readonly [RegExp, string])[]) => known.find(([pattern]) => pattern.test(userAgent))?.[1];
  const [browser, system] = [of(BROWSERS), of(SYSTEMS)];
  if (!browser) return userAgent.slice(0, 60);
  return system ? `${browser} on ${system}` : browser;
}

export const scopes = [
  ['write', 'Everything'],
  ['read', 'Read, without keys'],
  ['test', 'Test alerts only'],
] as const;

/** The name of what is meant by an id; the id where it is not among these. */
export const nameIn = (all: { id: string; name: string }[] | undefined, id: string): string => all?.find((one) => one.id === id)?.name ?? id;

/** What a position that is not TradingView's says of the alerts. */
export interface Difference {
  headline: string;
  cause: string;
}

/** Whether too little or too much was counted; null where both agree. */
export function difference({ outOfSync }: Pick<Position, 'outOfSync'>): Difference | null {
  if (!outOfSync) return null;
  const [stated, own] = [Number(outOfSync.stated), Number(outOfSync.own)];
  const isLarger = Math.abs(own) > Math.abs(stated) && own * stated >= 0;
  return isLarger
    ? {
        headline: 'The position is larger than TradingView’s.',
        cause: 'An exit alert is missing, or an order was counted twice, such as one that was retried.',
      }
    : { headline: 'An alert is missing.', cause: 'TradingView filled an order whose alert never arrived.' };
}

/** An event in a line: what went wrong, or what it does at which price. */
export const told = (event: Event): string =>
  event.error?.message ?? [side(event), event.qty ? decimal(event.qty) : '', event.marketPrice ? `at ${decimal(event.marketPrice)}` : ''].filter(Boolean).join(' ');
