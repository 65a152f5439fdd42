/**
 * The alert message to paste into TradingView: the server's own message of a
 * kind, with what the owner chose differently.
 */

import type { Webhook } from './api';

export type Kind = keyof Webhook['messages'];
const DIRECTIONS = ['entryLong', 'exitLong', 'entryShort', 'exitShort'] as const;
export type Direction = (typeof DIRECTIONS)[number];
export type OrderType = 'market' | 'limit' | 'stop' | 'stop_limit' | 'trailing_stop';
export type Size = 'contracts' | 'fixed' | 'notional';

export interface Choices {
  direction: Direction;
  orderType: OrderType;
  size: Size;
  /** A quantity or an amount of money. */
  amount: string;
  limitPrice: string;
  stopPrice: string;
  trailPercent: string;
  profitTarget: string;
  stopLoss: string;
  /** Whether TradingView's position is stated; only a strategy's one message can. */
  withPosition: boolean;
  /** What the alert says of itself; what is empty is left out. */
  strategy: string;
  signal: string;
  interval: string;
  comment: string;
  /** Metadata of the owner's own, as `name = value`, one a line. */
  own: string;
}

/** What is not right, by the choice that it is in. */
export type Faults = Partial<Record<keyof Choices, string>>;

/** A field's name, and its value as it stands in the message. */
type Field = [string, string];

const POSITION = ['marketPosition', 'marketPositionSize', 'prevMarketPosition', 'prevMarketPositionSize'];
/** Metadata that is chosen by name. */
const SAID = ['strategy', 'signal', 'interval', 'comment'] as const;

/** The fields of a server's message, which has one a line. */
function fieldsOf(text: string): Field[] {
  return [...text.matchAll(/^ {2}"(\w+)": (.*?),?$/gm)].map(([, name = '', value = '']) => [name, value]);
}

/** The fields of its metadata, which has them all in one line. */
function saidIn(fields: Field[]): Field[] {
  const metadata = fields.find(([name]) => name === 'metadata')?.[1] ?? '';
  return [...metadata.matchAll(/"(\w+)": ("(?:[^"\\]|\\.)*")/g)].map(([, name = '', value = '']) => [name, value]);
}

/** What a server's message has chosen already. */
export function usual(text: string): Choices {
  const fields = fieldsOf(text);
  const value = new Map(fields);
  const said = new Map(saidIn(fields));
  const textOf = (quoted: string | undefined): string => (quoted ? String(JSON.parse(quoted)) : '');
  const direction = textOf(value.get('positionDirection'));
  const isFixed = isNumber(value.get('qty') ?? '');
  return {
    direction: DIRECTIONS.find((one) => one === direction) ?? 'entryLong',
    orderType: 'market',
    size: isFixed ? 'fixed' : 'contracts',
    amount: isFixed ? (value.get('qty') ?? '1') : '1',
    limitPrice: '',
    stopPrice: '',
    trailPercent: '1',
    profitTarget: '',
    stopLoss: '',
    withPosition: value.has('marketPosition'),
    strategy: textOf(said.get('strategy')),
    signal: textOf(said.get('signal')),
    interval: textOf(said.get('interval')),
    comment: textOf(said.get('comment')),
    own: '',
  };
}

/** A number as JSON has it. */
const isNumber = (text: string): boolean => /^-?(0|[1-9]\d*)(\.\d+)?(e[+-]?\d+)?$/i.test(text);
const placeholders = (text: string): string[] => [...text.matchAll(/\{\{([^{}]*)\}\}/g)].map(([, name = '']) => name.trim());
const isPlaceholder = (text: string): boolean => /^\{\{[^{}]+\}\}$/.test(text);

/** A number or a placeholder for one stands without quotes; else it is a text, which the server names. */
const value = (text: string): string =>
  isNumber(text.trim()) || isPlaceholder(text.trim()) ? text.trim() : JSON.stringify(text.trim());

const needsLimit = (type: OrderType): boolean => type === 'limit' || type === 'stop_limit';
const needsStop = (type: OrderType): boolean => type === 'stop' || type === 'stop_limit';

/** A server's message with what was chosen; as it is where nothing else was. */
export function message(text: string, choices: Choices): string {
  const before = fieldsOf(text);
  const isOneForAll = before.some(([name]) => name === 'action');
  const size: Record<Size, Field> = {
    contracts: ['qty', '{{strategy.order.contracts}}'],
    fixed: ['qty', value(choices.amount)],
    notional: ['notional', value(choices.amount)],
  };
  const type: Field = ['orderType', JSON.stringify(choices.orderType)];
  const has = (name: string) => before.some(([other]) => other === name);
  const after = before.flatMap(([name, shown]): Field[] => {
    if (name === 'positionDirection') return [[name, JSON.stringify(choices.direction)]];
    if (name === 'orderType') return [type];
    if (name === 'qty') return [...(has('orderType') || choices.orderType === 'market' ? [] : [type]), size[choices.size]];
    if (name === 'marketPrice') return [[name, shown], ...prices(choices)];
    if (POSITION.includes(name) && !(isOneForAll && choices.withPosition)) return [];
    if (name === 'metadata') return [[name, `{ ${metadata(saidIn(before), choices)} }`]];
    return [[name, shown]];
  });
  return `{\n${after.map(([name, shown]) => `  "${name}": ${shown}`).join(',\n')}\n}`;
}

function prices({ orderType, limitPrice, stopPrice, trailPercent, profitTarget, stopLoss }: Choices): Field[] {
  const all: [string, boolean, string][] = [
    ['limitPrice', needsLimit(orderType), limitPrice.trim() || '{{close}}'],
    ['stopPrice', needsStop(orderType), stopPrice.trim() || '{{close}}'],
    ['trailPercent', orderType === 'trailing_stop', trailPercent],
    ['profitTarget', profitTarget.trim() !== '', profitTarget],
    ['stopLossTarget', stopLoss.trim() !== '', stopLoss],
  ];
  return all.flatMap(([name, isThere, text]): Field[] => (isThere ? [[name, value(text)]] : []));
}

/** Metadata in the order of the server's message, what is new at its end. */
function metadata(before: Field[], choices: Choices): string {
  const said = new Map(before);
  for (const name of SAID) {
    const text = choices[name].trim();
    if (text) said.set(name, JSON.stringify(text));
    else said.delete(name);
  }
  for (const { name, text } of ownLines(choices.own)) said.set(name, isNumber(text) ? text : JSON.stringify(text));
  return [...said].map(([name, shown]) => `${JSON.stringify(name)}: ${shown}`).join(', ');
}

interface OwnLine {
  line: string;
  name: string;
  text: string;
}

const ownLines = (own: string): OwnLine[] =>
  own.split('\n').flatMap((line) => {
    const at = line.indexOf('=');
    const name = at < 0 ? '' : line.slice(0, at).trim();
    return line.trim() ? [{ line: line.trim(), name, text: line.slice(at + 1).trim() }] : [];
  });

/** Placeholders that become numbers, and those that become texts, in every alert and in a strategy's. */
const NUMBERS = ['open', 'high', 'low', 'close', 'volume'];
const TEXTS = ['ticker', 'exchange', 'interval', 'time', 'timenow', 'syminfo.currency', 'syminfo.basecurrency'];
const NUMBERS_OF_STRATEGIES = [
  ...['strategy.order.price', 'strategy.order.contracts', 'strategy.position_size'],
  ...['strategy.market_position_size', 'strategy.prev_market_position_size'],
];
const TEXTS_OF_STRATEGIES = [
  ...['strategy.order.action', 'strategy.order.id', 'strategy.order.comment', 'strategy.order.alert_message'],
  ...['strategy.market_position', 'strategy.prev_market_position'],
];
const isPlot = (name: string): boolean => /^plot(_\d{1,2}|\("[^"]+"\))$/.test(name);

function placeholderFault(name: string, isNumber: boolean, kind: Kind): string | null {
  const isOfStrategies = NUMBERS_OF_STRATEGIES.includes(name) || TEXTS_OF_STRATEGIES.includes(name);
  const isAText = TEXTS.includes(name) || TEXTS_OF_STRATEGIES.includes(name);
  if (!isOfStrategies && !isAText && !NUMBERS.includes(name) && !isPlot(name)) {
    return `TradingView has no placeholder {{${name}}}: check its spelling.`;
  }
  if (isOfStrategies && kind === 'indicator') return `TradingView fills in {{${name}}} only in the alert of a strategy.`;
  if (isNumber && isAText) return `{{${name}}} becomes a text, and a number is needed here.`;
  return null;
}

/** Which numbers a choice can be: a size, a price at which the order trades, or one that zero is left out of. */
type Range = 'size' | 'price' | 'bracket';

const DIGITS = 28;
const LARGEST = 1e18;

/** The digits of a number that say something. */
const significant = (number: string): number => {
  const mantissa = number.replace(/e.*$/i, '').replace('-', '');
  const digits = mantissa.includes('.') ? mantissa.replace(/0+$/, '') : mantissa;
  return digits.replace('.', '').replace(/^0+/, '').length;
};

/** Why a text is no number of this range, nor a placeholder for one. */
function numberFault(typed: string, kind: Kind, range: Range): string | null {
  const text = typed.trim();
  if (!text) return 'A number is needed here.';
  if (isPlaceholder(text)) return placeholderFault(text.slice(2, -2).trim(), true, kind);
  if (text.includes('{{') || text.includes('}}')) return 'A placeholder stands alone, such as {{close}}: TradingView does no sums.';
  if (/^[\d.,]*\d,[\d.,]*$/.test(text)) return 'Write 1234.5, not 1,234.5 or 1234,5.';
  if (!isNumber(text)) return 'Write a number such as 0.5 or 1234.5, or a placeholder such as {{close}}.';
  if (significant(text) > DIGITS) return `It has more than ${DIGITS} digits, and nothing is rounded.`;
  if (Math.abs(Number(text)) > LARGEST) return 'It is larger than 10^18.';
  if (range === 'size') return Number(text) > 0 ? null : 'It has to be above zero.';
  return range === 'bracket' && Number(text) === 0 ? 'Zero means none: leave it empty.' : null;
}

function textFault(text: string, kind: Kind): string | null {
  const found = placeholders(text).map((name) => placeholderFault(name, false, kind));
  return found.find((fault) => fault !== null) ?? null;
}

function ownFault(own: string, kind: Kind): string | null {
  const names = new Set<string>(['timestamp', ...SAID]);
  for (const { line, name, text } of ownLines(own)) {
    if (!name || !text) return `“${line}” is not in the form name = value.`;
    if (names.has(name)) return `“${name}” is there already.`;
    names.add(name);
    const fault = textFault(text, kind);
    if (fault) return fault;
  }
  return null;
}

/** What is not right with the choices that count for a message of this kind. */
export function faults(kind: Kind, choices: Choices): Faults {
  const { orderType, size } = choices;
  const found: Faults = {};
  const look = (name: keyof Choices, fault: string | null) => {
    if (fault) found[name] = fault;
  };
  const number = (name: 'amount' | 'limitPrice' | 'stopPrice' | 'trailPercent' | 'profitTarget' | 'stopLoss', range: Range) =>
    look(name, numberFault(choices[name], kind, range));
  if (size !== 'contracts') number('amount', 'size');
  if (needsLimit(orderType) && choices.limitPrice.trim()) number('limitPrice', 'price');
  if (needsStop(orderType) && choices.stopPrice.trim()) number('stopPrice', 'price');
  if (orderType === 'trailing_stop') number('trailPercent', 'size');
  if (choices.profitTarget.trim()) number('profitTarget', 'bracket');
  if (choices.stopLoss.trim()) number('stopLoss', 'bracket');
  for (const name of SAID) look(name, textFault(choices[name], kind));
  look('own', ownFault(choices.own, kind));
  if (!found.profitTarget && !found.stopLoss) look('stopLoss', bracketFault(kind, choices));
  return found;
}

/** A stop loss on the side of the profit; only for the one message of all orders is the side not known. */
function bracketFault(kind: Kind, { direction, profitTarget, stopLoss }: Choices): string | null {
  const [target, stop] = [profitTarget.trim(), stopLoss.trim()];
  if (kind === 'strategy' || !isNumber(target) || !isNumber(stop)) return null;
  if (direction === 'entryLong' && Number(stop) >= Number(target)) return 'The stop loss of a long position is below its profit target.';
  if (direction === 'entryShort' && Number(stop) <= Number(target)) return 'The stop loss of a short position is above its profit target.';
  return null;
}

/** A script whose orders send the message; without the message, whose key is not for publishing. */
export const PINE = `//@version=6
strategy("My strategy", overlay = true, initial_capital = 100000)

fast = ta.sma(close, 10)
slow = ta.sma(close, 30)

if ta.crossover(fast, slow)
    strategy.entry("Long", strategy.long)
if ta.crossunder(fast, slow)
    strategy.close("Long")

// Create an alert on this strategy, choose "Order fills only", and paste the
// message of your webhook into it. Keep its key out of the script.
`;
