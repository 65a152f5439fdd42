/** The alert message to paste into TradingView, from a few choices. */

export type Direction = 'strategy' | 'entryLong' | 'exitLong' | 'entryShort' | 'exitShort';
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
  withPosition: boolean;
  signal: string;
}

export const usual: Choices = {
  direction: 'strategy',
  orderType: 'market',
  size: 'contracts',
  amount: '1',
  limitPrice: '',
  stopPrice: '',
  trailPercent: '1',
  profitTarget: '',
  stopLoss: '',
  withPosition: true,
  signal: '{{strategy.order.id}}',
};

const isNumber = (text: string): boolean => /^\d+(\.\d+)?$/.test(text.trim());
const isPlaceholder = (text: string): boolean => /^\{\{[^{}]+\}\}$/.test(text.trim());

/** A number or a placeholder for one stands without quotes; else it is a text, which the server names. */
const value = (text: string): string =>
  isNumber(text) || isPlaceholder(text) ? text.trim() : JSON.stringify(text.trim());

/** The lines of the message, in the order that is read easily. */
export function message(key: string, choices: Choices): string {
  const isStrategy = choices.direction === 'strategy';
  const lines: [string, string][] = [
    ['auth_key', JSON.stringify(key)],
    ['ticker', '"{{ticker}}"'],
    isStrategy ? ['action', '"{{strategy.order.action}}"'] : ['positionDirection', JSON.stringify(choices.direction)],
  ];
  if (choices.orderType !== 'market') lines.push(['orderType', JSON.stringify(choices.orderType)]);
  if (choices.size === 'contracts') lines.push(['qty', '{{strategy.order.contracts}}']);
  if (choices.size === 'fixed') lines.push(['qty', value(choices.amount)]);
  if (choices.size === 'notional') lines.push(['notional', value(choices.amount)]);
  lines.push(['marketPrice', isStrategy ? '{{strategy.order.price}}' : '{{close}}']);
  if (['limit', 'stop_limit'].includes(choices.orderType)) lines.push(['limitPrice', value(choices.limitPrice || '{{close}}')]);
  if (['stop', 'stop_limit'].includes(choices.orderType)) lines.push(['stopPrice', value(choices.stopPrice || '{{close}}')]);
  if (choices.orderType === 'trailing_stop') lines.push(['trailPercent', value(choices.trailPercent || '1')]);
  if (choices.profitTarget) lines.push(['profitTarget', value(choices.profitTarget)]);
  if (choices.stopLoss) lines.push(['stopLossTarget', value(choices.stopLoss)]);
  if (isStrategy && choices.withPosition) {
    lines.push(
      ['marketPosition', '"{{strategy.market_position}}"'],
      ['marketPositionSize', '{{strategy.market_position_size}}'],
      ['prevMarketPosition', '"{{strategy.prev_market_position}}"'],
      ['prevMarketPositionSize', '{{strategy.prev_market_position_size}}'],
    );
  }
  const metadata = ['"timestamp": "{{timenow}}"'];
  if (choices.signal.trim()) metadata.push(`"signal": ${JSON.stringify(choices.signal.trim())}`);
  lines.push(['metadata', `{ ${metadata.join(', ')} }`]);
  return `{\n${lines.map(([name, text]) => `  "${name}": ${text}`).join(',\n')}\n}`;
}

/** What is not right with a message once TradingView has filled it in; null where it is JSON. */
export function fault(text: string): string | null {
  // Placeholders without quotes become numbers, those in quotes become texts.
  const filled = text.replace(/\{\{[^{}]+\}\}/g, '1');
  try {
    JSON.parse(filled);
    return null;
  } catch (error) {
    return (error as Error).message;
  }
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
