import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { faults, message, usual, type Choices, type Direction, type Kind, type OrderType, type Size } from './message';

const kinds: Kind[] = ['strategy', 'standard', 'indicator'];
const directions: Direction[] = ['entryLong', 'exitLong', 'entryShort', 'exitShort'];
const types: OrderType[] = ['market', 'limit', 'stop', 'stop_limit', 'trailing_stop'];
const sizes: Size[] = ['contracts', 'fixed', 'notional'];

/** The server's own message of a kind. */
const template = (kind: Kind): string => readFileSync(`../assets/templates/${kind}.json`, 'utf8').trimEnd();

const chosen = (kind: Kind, choices: Partial<Choices>): Choices => ({ ...usual(template(kind)), ...choices });

/** A message as it is once TradingView has filled it in. */
const filled = (text: string): Record<string, unknown> => JSON.parse(text.replace(/\{\{[^{}]+\}\}/g, '1')) as Record<string, unknown>;

test.each(kinds)('nothing chosen leaves the server’s message %s as it is', (kind) => {
  expect(message(template(kind), usual(template(kind)))).toBe(template(kind));
  expect(faults(kind, usual(template(kind)))).toEqual({});
});

test.each(kinds)('every choice makes JSON of the message %s', (kind) => {
  for (const direction of directions) {
    for (const orderType of types) {
      for (const size of sizes) {
        const choices = chosen(kind, { direction, orderType, size, profitTarget: '1', comment: 'x" \\ {{ticker}}', own: 'a b = "c"' });
        const made = filled(message(template(kind), choices));
        expect(made['orderType'] ?? 'market').toBe(orderType);
        expect(made['metadata']).toMatchObject({ comment: 'x" \\ 1', 'a b': '"c"' });
        expect(made['positionDirection']).toBe(kind === 'strategy' ? undefined : direction);
        expect('limitPrice' in made).toBe(orderType.includes('limit'));
      }
    }
  }
});

test('what is chosen is in the message, what is empty is not', () => {
  const choices = chosen('strategy', { size: 'notional', amount: '250.5', stopLoss: '{{plot_0}}', signal: '', interval: '', withPosition: false });
  const text = message(template('strategy'), choices);
  expect(text).toContain('"notional": 250.5');
  expect(text).toContain('"stopLossTarget": {{plot_0}}');
  expect(text).toContain('"metadata": { "timestamp": "{{timenow}}" }');
  expect(text).not.toMatch(/arketPosition|qty/);
});

test.each([
  ['', 'A number is needed'],
  ['ten', 'Write a number such as'],
  ['.5', 'Write a number such as'],
  ['1,234.5', 'not 1,234.5'],
  ['0', 'above zero'],
  ['-2', 'above zero'],
  ['1e19', 'larger than 10^18'],
  ['0.12345678901234567890123456789', 'more than 28 digits'],
  ['{{clsoe}}', 'no placeholder {{clsoe}}'],
  ['{{ticker}}', 'becomes a text'],
  ['{{close}} + 1', 'does no sums'],
  ['{{strategy.order.contracts}}', 'only in the alert of a strategy'],
])('%j is said to be no quantity of an indicator’s alert', (amount, fault) => {
  expect(faults('indicator', chosen('indicator', { amount })).amount).toContain(fault);
});

test.each(['1', ' 0.5 ', '1e-5', '{{close}}', '{{plot("Size")}}'])('%j is a quantity', (amount) => {
  expect(faults('indicator', chosen('indicator', { amount }))).toEqual({});
});

test.each(['-37.63', '0', '1800.8000000000002', '0.1000000000000000000000000000000'])('%j is a limit price', (limitPrice) => {
  expect(faults('standard', chosen('standard', { orderType: 'limit', limitPrice }))).toEqual({});
});

test('zero is no target, and a target can be below zero', () => {
  expect(faults('standard', chosen('standard', { profitTarget: '0' })).profitTarget).toContain('leave it empty');
  expect(faults('standard', chosen('standard', { profitTarget: '-30', stopLoss: '-40' }))).toEqual({});
});

test('a fault is where it was typed, and only what counts is looked at', () => {
  const wrong = { amount: 'x', limitPrice: 'x', stopPrice: 'x', trailPercent: 'x' };
  expect(faults('standard', chosen('standard', wrong))).toEqual({});
  expect(Object.keys(faults('standard', chosen('standard', { ...wrong, orderType: 'stop_limit', size: 'fixed' })))).toEqual([
    'amount',
    'limitPrice',
    'stopPrice',
  ]);
  expect(faults('standard', chosen('standard', { signal: '{{strategy.order.idd}}' })).signal).toContain('spelling');
});

test('a stop loss on the side of the profit is noticed where the side is known', () => {
  const bracket = (kind: Kind, direction: Direction) =>
    faults(kind, chosen(kind, { direction, profitTarget: '90', stopLoss: '110' })).stopLoss;
  expect(bracket('standard', 'entryLong')).toContain('below');
  expect(bracket('standard', 'entryShort')).toBeUndefined();
  expect(bracket('strategy', 'entryLong')).toBeUndefined();
});

test.each([
  ['desk', 'name = value'],
  ['desk =', 'name = value'],
  ['signal = x', 'there already'],
  ['a = 1\na = 2', 'there already'],
  ['a = {{tickr}}', 'no placeholder'],
])('metadata %j is refused', (own, fault) => {
  expect(faults('strategy', chosen('strategy', { own })).own).toContain(fault);
});
