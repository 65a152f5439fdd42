/**
 * What to paste into TradingView in place of a message that could not be read.
 *
 * What arrived has the values of one alert in it. Pasted as it is, every later
 * alert would repeat that order: its price, its quantity, its time.
 */

/** A placeholder for a text. */
const quoted = (placeholder: string): string => JSON.stringify(placeholder);

/** What TradingView fills in for the orders of a strategy. */
const OF_STRATEGY: Record<string, string> = {
  action: quoted('{{strategy.order.action}}'),
  qty: '{{strategy.order.contracts}}',
  marketPrice: '{{strategy.order.price}}',
  marketPosition: quoted('{{strategy.market_position}}'),
  marketPositionSize: '{{strategy.market_position_size}}',
  prevMarketPosition: quoted('{{strategy.prev_market_position}}'),
  prevMarketPositionSize: '{{strategy.prev_market_position_size}}',
  positionSize: '{{strategy.position_size}}',
};
const OF_STRATEGY_SAID: Record<string, string> = {
  signal: quoted('{{strategy.order.id}}'),
  comment: quoted('{{strategy.order.comment}}'),
};
/** What it fills in for any other alert. */
const OF_ALERT: Record<string, string> = { marketPrice: '{{close}}' };
const SAID: Record<string, string> = { timestamp: quoted('{{timenow}}'), interval: quoted('{{interval}}') };

/** What the owner writes by hand. */
const FIXED = ['positionDirection', 'orderType', 'timeInForce', 'extendedHours'];
const FIXED_SAID = ['strategy', 'signal', 'comment', 'signalPlatform', 'brokerPlatform'];

type Fields = Record<string, unknown>;

const isObject = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * The message with TradingView's placeholders back in it and with the webhook's
 * key; null where it cannot be told what a field held before it was filled in.
 */
export function pasted(message: string, key: string): string | null {
  const fields: unknown = JSON.parse(message);
  if (!isObject(fields)) return null;
  const isStrategy = 'action' in fields;
  const one = (name: string, value: unknown): string | null => {
    if (name === 'auth_key') return JSON.stringify(key);
    if (name === 'ticker') return quoted(String(value).includes(':') ? '{{exchange}}:{{ticker}}' : '{{ticker}}');
    if (name === 'metadata') return said(value, isStrategy);
    const placeholder = (isStrategy ? OF_STRATEGY : OF_ALERT)[name];
    return placeholder ?? (FIXED.includes(name) ? JSON.stringify(value) : null);
  };
  const lines = refilled(fields, one);
  return lines && `{\n${lines.map((line) => `  ${line}`).join(',\n')}\n}`;
}

/** The same for what an alert says of itself. */
function said(metadata: unknown, isStrategy: boolean): string | null {
  if (!isObject(metadata)) return null;
  const placeholders = isStrategy ? { ...SAID, ...OF_STRATEGY_SAID } : SAID;
  const parts = refilled(metadata, (name, value) =>
    placeholders[name] ?? (FIXED_SAID.includes(name) ? JSON.stringify(value) : null),
  );
  return parts && `{ ${parts.join(', ')} }`;
}

/** Each field with what stands for its value; null where one has nothing. */
function refilled(fields: Fields, one: (name: string, value: unknown) => string | null): string[] | null {
  const lines: string[] = [];
  for (const [name, value] of Object.entries(fields)) {
    const text = one(name, value);
    if (text === null) return null;
    lines.push(`${JSON.stringify(name)}: ${text}`);
  }
  return lines;
}
