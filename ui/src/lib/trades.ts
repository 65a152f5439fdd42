/** What follows from trades beside each other. */

import type { Trade } from './api';
import { sum } from './sum';

/** From entry to exit. */
export const seconds = (trade: Trade): number => (Date.parse(trade.exitTime) - Date.parse(trade.entryTime)) / 1000;

/** The net profit of each trade and of those closed before it, by its id; a currency by itself. */
export function cumulative(newestFirst: Trade[]): Map<string, string> {
  const before = new Map<string, string>();
  const found = new Map<string, string>();
  for (const trade of newestFirst.toReversed()) {
    const total = sum([before.get(trade.currency) ?? '0', trade.netProfit]) ?? '0';
    before.set(trade.currency, total);
    found.set(trade.id, total);
  }
  return found;
}

/** TradingView's chart of a ticker; its exchange is a part of the symbol there. */
export const chartOf = (ticker: string): string => `https://www.tradingview.com/chart/?symbol=${encodeURIComponent(ticker)}`;

/** A price move that cost money: what the fill was worse than what was meant, in the price's unit. */
export function slippage(side: 'buy' | 'sell', intended: string | null | undefined, filled: string | null | undefined): string | null {
  if (!intended || !filled) return null;
  return side === 'buy' ? sum([filled, negative(intended)]) : sum([intended, negative(filled)]);
}

const negative = (text: string): string => (text.startsWith('-') ? text.slice(1) : `-${text}`);
