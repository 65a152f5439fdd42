/** An alert's message: read easily, and put right where the fault is mechanical. */

/** A message as JSON over several lines; as it came where it is none. */
export function pretty(payload: string): string {
  try {
    JSON.parse(payload);
  } catch {
    return payload;
  }
  return reindented(payload);
}

/** Sets a JSON text over lines without touching its numbers: 1.10 stays 1.10. */
function reindented(json: string): string {
  let depth = 0;
  let out = '';
  let inText = false;
  const line = () => `\n${'  '.repeat(depth)}`;
  for (let at = 0; at < json.length; at += 1) {
    const letter = json.charAt(at);
    if (inText) {
      out += letter;
      if (letter === '\\') out += json[(at += 1)] ?? '';
      else if (letter === '"') inText = false;
    } else if (letter === '"') {
      inText = true;
      out += letter;
    } else if (letter === '{' || letter === '[') {
      const end = json.slice(at + 1).match(/^\s*[}\]]/);
      if (end) {
        out += letter + end[0].trim();
        at += end[0].length;
      } else {
        depth += 1;
        out += letter + line();
      }
    } else if (letter === '}' || letter === ']') {
      depth -= 1;
      out += line() + letter;
    } else if (letter === ',') {
      out += letter + line();
    } else if (letter === ':') {
      out += ': ';
    } else if (!/\s/.test(letter)) {
      out += letter;
    }
  }
  return out;
}

/** Letters of a key, less those of the stars that are kept in its place. */
const HIDDEN = 32 - 3;

/** The parts of a message before, at and after the place that an error names: that of the message as it arrived. */
export function split(payload: string, line: number, column: number): [string, string, string] {
  let start = 0;
  for (let passed = 1; passed < line; passed += 1) {
    const end = payload.indexOf('\n', start);
    if (end < 0) break;
    start = end + 1;
  }
  // Columns are counted in characters, which JavaScript may keep as two units each.
  const letters = [...(payload.slice(start).split('\n', 1)[0] ?? '')];
  const cut = (length: number) => letters.slice(0, Math.max(0, length)).join('');
  const shortened = /"auth_key"\s*:\s*"\*\*\*"/.test(cut(column - 1 - HIDDEN)) ? HIDDEN : 0;
  const at = start + cut(column - 1 - shortened).length;
  const faulty = [...payload.slice(at)][0] ?? '';
  return [payload.slice(0, at), faulty, payload.slice(at + faulty.length)];
}

/** A message whose fault is mechanical, and what was done about it. */
export interface Corrected {
  message: string;
  changes: string[];
}

const TEXT = /"(?:[^"\\]|\\.)*"/;
const NO_NUMBER = /-?(?:NaN|na|Infinity)/;

/**
 * Without its value, each of these would make another order: a quantity of 1, another type,
 * no stop. In letters, as the server compares names: small, with nothing between the words.
 */
const NEEDED = new Set([
  ...['qty', 'quantity', 'size', 'contracts', 'amount', 'shares', 'units', 'coins', 'lots', 'notional'],
  ...['orderqty', 'orderquantity', 'ordersize', 'ordercontracts', 'orderamount', 'strategyordercontracts'],
  ...['tradesize', 'tradeqty', 'basequantity', 'baseamount', 'notionalvalue', 'dollaramount', 'cashamount'],
  ...['baseqty', 'lot', 'lotsize', 'orderlots', 'ordershares', 'totalquantity', 'totalqty'],
  ...['numcontracts', 'numberofcontracts', 'numshares', 'numberofshares'],
  ...['quoteamount', 'quoteqty', 'quotequantity', 'quoteorderqty', 'quotesize', 'dollarvalue', 'amountindollars'],
  ...['amountusd', 'usdamount', 'sizeusd', 'usdsize', 'qtyusd', 'quantityusd', 'usdvalue'],
  ...['amountusdt', 'usdtamount', 'sizeusdt', 'qtyusdt'],
  ...['marketprice', 'price', 'close', 'orderprice', 'strategyorderprice', 'lastprice'],
  ...['limit', 'limitprice', 'lmtprice', 'stop', 'stopprice', 'stpprice', 'trailprice', 'trailpercent'],
  ...['profittarget', 'takeprofit', 'takeprofitprice', 'tp', 'tpprice', 'targetprice'],
  ...['stoplosstarget', 'stoploss', 'stoplossprice', 'sl', 'slprice'],
]);
const WITHOUT_NUMBER = new RegExp(`"([^"\\\\]*)"\\s*:\\s*${NO_NUMBER.source}\\b`, 'gi');
const inLetters = (name: string): string => name.replace(/[\s_.-]/g, '').toLowerCase();
const lacksNeeded = (message: string): boolean =>
  [...message.matchAll(WITHOUT_NUMBER)].some(([, name = '']) => NEEDED.has(inLetters(name)));

/** Replaces what is found outside of texts. */
const outside = (message: string, pattern: RegExp, to: string): string =>
  message.replace(new RegExp(`${TEXT.source}|${pattern.source}`, 'gi'), (found) =>
    found.startsWith('"') ? found : found.replace(new RegExp(pattern.source, 'i'), to),
  );

const TOKEN = new RegExp(`${TEXT.source}|[{}[\\],:]|[^\\s{}[\\],:"]+`, 'g');

/** Puts a comma where a value is followed by the next key or value. */
function withCommas(message: string): string {
  let out = '';
  let at = 0;
  let before = '';
  for (const found of message.matchAll(TOKEN)) {
    const token = found[0];
    const isAfterValue = before !== '' && !'{[,:'.includes(before);
    const begins = !'}],:'.includes(token);
    if (isAfterValue && begins) {
      // Behind the value, not before the next line's indentation.
      out = `${out.trimEnd()},${message.slice(at, found.index)}${token}`;
    } else out += message.slice(at, found.index) + token;
    at = found.index + token.length;
    before = token;
  }
  return out + message.slice(at);
}

/** Closes what was left open at the end. */
function closed(message: string): string {
  const open: string[] = [];
  for (const [token] of message.matchAll(TOKEN)) {
    if (token === '{') open.push('}');
    else if (token === '[') open.push(']');
    else if (token === '}' || token === ']') open.pop();
  }
  return open.length ? `${message.trimEnd()}${open.toReversed().join('')}` : message;
}

const isJson = (text: string): boolean => {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};

/** Puts right what an editor or a script did to a message; null where that does not help. */
export function corrected(payload: string): Corrected | null {
  const changes: string[] = [];
  let message = payload;
  const change = (next: string, name: string): void => {
    if (next !== message) changes.push(name);
    message = next;
  };
  change(message.replace(/[\u201C\u201D\u201E\u201F\u2033\u00AB\u00BB]/g, '"'), 'curly quotes are now straight');
  if (lacksNeeded(message)) return null;
  change(message.replace(/[\u00A0\u2007\u202F\u200B\uFEFF]/g, ' '), 'invisible characters are now spaces');
  if (!isJson(message)) change(outside(message, /'([^'"\\]*)'/, '"$1"'), 'single quotes are now double quotes');
  change(outside(message, /,(\s*[}\]])/, '$1'), 'the comma before the closing bracket is gone');
  change(outside(message, new RegExp(`(:\\s*)${NO_NUMBER.source}(\\s*[,}\\]])`), '$1null$2'), 'NaN, which is not valid JSON, is now null');
  // Each further guess is made only where the message is still none.
  const guesses: [(text: string) => string, string][] = [
    [(text) => outside(text, /(:\s*)(\d{1,3}(?:,\d{3})+(?:\.\d+)?)(\s*[,}])/, '$1#$2#$3').replace(/#([\d,.]+)#/g, (_, number: string) => number.replaceAll(',', '')), 'thousands separators are gone'],
    [(text) => outside(text, /(:\s*)(?!true\b|false\b|null\b)([A-Za-z][\w:!.]*)(\s*[,}\n])/, '$1"$2"$3'), 'a text without quotes has them'],
    [withCommas, 'the missing comma is there'],
    [closed, 'the missing closing bracket is there'],
  ];
  for (const [guess, name] of guesses) if (!isJson(message)) change(guess(message), name);
  return changes.length > 0 && isJson(message) ? { message, changes } : null;
}
