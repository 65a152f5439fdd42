/** Why alerts do not arrive, from what the server saw of them. */

import type { Event, Misdirected, Rejection, Webhook } from './api';
import { misdirections } from './attention';
import { counted } from './format';

export interface Finding {
  kind: 'good' | 'bad' | 'hint';
  text: string;
}

/** TradingView reaches public addresses over IPv4 only, on these ports. */
const PORTS = ['', '80', '443'];
const PRIVATE = /^(localhost|127\.|10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|169\.254\.|\[)/;

/** What is known beside events and rejections. */
export interface Traces {
  /** Alerts over the limit that were only counted. */
  notKept: number;
  misdirected: Misdirected[];
}

/** What is known, the likeliest reason first. */
export function reach(webhook: Webhook, events: Event[], rejected: Rejection[], traces?: Traces): Finding[] {
  const findings: Finding[] = [];
  const add = (kind: Finding['kind'], text: string) => findings.push({ kind, text });
  // Tests and imports say nothing of the way from TradingView.
  const latest = events.filter((event) => event.source === 'webhook');
  const url = new URL(webhook.url);
  if (PRIVATE.test(url.host)) {
    add('bad', `${url.host} is not reachable from the internet: give algohook a domain (serve --domain), or a proxy in front (serve --public-url).`);
  }
  if (!PORTS.includes(url.port)) {
    add('bad', `TradingView posts only to ports 80 and 443, and this URL has port ${url.port}.`);
  }
  for (const [reason, text] of Object.entries(REASONS)) {
    const count = rejected.filter((rejection) => rejection.reason === reason).length;
    if (count > 0) add('bad', `${count} of the last requests ${text}`);
  }
  const failed = latest.filter((event) => event.status === 'failed').length;
  if (failed > 0) add('bad', `${failed} of the last ${latest.length} alerts had an unreadable message: see their events.`);
  const limited = latest.filter((event) => event.status === 'limited').length;
  if (limited > 0) add('bad', `${limited} of the last ${latest.length} alerts were over the limit: retry them from the event log.`);
  if (traces?.notKept) {
    add('bad', `${counted(traces.notKept, 'alert')} of the last 7 days over the limit were not kept: import them from TradingView’s alert log.`);
  }
  for (const matter of misdirections(traces?.misdirected ?? [])) add(matter.isGrave ? 'bad' : 'hint', `${matter.text} ${matter.step}.`);
  if (webhook.state === 'paused') add('bad', 'The webhook is paused: alerts are kept, but become no orders.');
  const isTraced = Boolean(traces?.notKept || traces?.misdirected.some((item) => item.webhook));
  if (latest.length === 0 && rejected.length === 0 && !isTraced) {
    add('bad', 'The server has never seen a request for this webhook.');
    add('hint', 'TradingView sends webhooks only from accounts with two-factor login, and never over IPv6.');
    add('hint', 'Is the Webhook URL box ticked under Notifications, and does it hold the URL above?');
    add('hint', 'Has the alert fired since? TradingView’s alert log shows each time, and the webhook’s status beside it.');
    add('hint', '“algohook doctor” on the server says whether an alert can reach this machine.');
  } else if (latest.length > 0 && findings.every((finding) => finding.kind === 'hint')) {
    add('good', 'Alerts arrive and are processed.');
  }
  return findings;
}

const REASONS: Record<string, string> = {
  wrong_key: 'had a wrong auth_key: paste the message above again, the key may have been changed.',
  missing_key: 'had no auth_key: use the JSON message above.',
  too_large: 'were larger than 25 KB.',
  wrong_sender: 'did not come from TradingView, the only sender this webhook accepts.',
};
