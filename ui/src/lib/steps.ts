/** The way to the first alert, as steps that turn green by themselves. */

import type { Connection } from './api';
import { sentence } from './format';

export interface Step {
  name: string;
  isDone: boolean;
  /** What to do, or what is wrong. */
  text: string;
  /** Whether it keeps every alert from arriving. */
  isBad: boolean;
}

/** What is known of one webhook, or of all. */
export interface Progress {
  connection: Connection;
  isCopied: boolean;
  isTested: boolean;
  hasAlert: boolean;
}

/** Every step, in the order in which they are taken. */
export function steps({ connection, isCopied, isTested, hasAlert }: Progress): Step[] {
  const faults = connection.checks.filter(({ verdict }) => verdict === 'bad');
  const isChecked = connection.checks.length > 0;
  const fault = faults.map(({ found, next }) => `${sentence(found)}.${next ? ` Next: ${next}.` : ''}`).join(' ');
  return [
    {
      name: 'Server reachable from the internet',
      isDone: isChecked && faults.length === 0,
      isBad: faults.length > 0,
      text: faults.length > 0 ? fault : isChecked ? connection.url : 'Checking…',
    },
    { name: 'Webhook URL and message copied', isDone: isCopied || hasAlert, isBad: false, text: 'Paste both into TradingView’s alert dialog.' },
    { name: 'Test alert answered', isDone: isTested || hasAlert, isBad: false, text: 'Send one from the webhook’s page. No order is created.' },
    { name: 'First alert from TradingView', isDone: hasAlert, isBad: false, text: 'Create the alert in TradingView and wait until it fires.' },
  ];
}

/** Whether only this machine or its own network reaches an address. */
export const isLocal = (connection: Connection | null | undefined): boolean => connection?.isLocalOnly ?? false;
