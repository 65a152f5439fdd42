/** What the numbers of a list of trades mean, in words. */

import type { Settings, Term } from './api';
import { NEXT } from './format';

/** A commission in words. */
export function commissionText({ kind, value }: Settings['commission']): string {
  if (Number(value) === 0) return 'none';
  return { percent: `${value}${NEXT}%`, perOrder: `${value} per order`, perContract: `${value} per contract` }[kind];
}

/** Who says a number. */
export function sourceText(source: Term['source']): string {
  return { owner: 'as you say', properties: 'from the sheet Properties', rows: 'from its rows', settings: 'from the webhook’s settings' }[source];
}
