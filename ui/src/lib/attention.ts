/** What waits for the owner, in words, and where to see to it. */

import { ago, localTime } from './format';
import type { Certificate, Connection, Misdirected, WebhookOverview } from './api';

export interface Matter {
  /** Whether money is at stake now. */
  isGrave: boolean;
  text: string;
  /** What to do about it. */
  step: string;
  href: string;
}

const several = (count: number, one: string, many: string): string => (count === 1 ? `1 ${one}` : `${count} ${many}`);

/** Every matter of a webhook, the gravest first. */
export function matters(webhook: WebhookOverview, now: number): Matter[] {
  const page = `/webhooks/${webhook.id}`;
  const log = (status: string) => `/events?webhook=${webhook.id}&status=${status}`;
  return webhook.attention.map((item) => {
    switch (item.kind) {
      case 'outOfSync':
        return {
          isGrave: true,
          text: `Out of sync: TradingView reports a different position in ${item.ticker}.`,
          step: 'See what to do',
          href: page,
        };
      case 'pointValue':
        return {
          isGrave: true,
          text: `${item.ticker} is traded with point value ${item.used}, but its contract has ${item.pointValue}.`,
          step: 'Set the point value',
          href: page,
        };
      case 'departed':
        return {
          isGrave: item.side === 'worse',
          text: `Live trades in ${item.ticker} have been ${item.side} than the backtest allows since trade ${item.trade}.`,
          step: 'Compare',
          href: `${page}/compare?ticker=${encodeURIComponent(item.ticker)}`,
        };
      case 'failed':
        return {
          isGrave: true,
          text: `${several(item.count, 'alert', 'alerts')} of the last 7 days could not be read and made no order.`,
          step: 'Fix and retry',
          href: log('failed'),
        };
      case 'limited':
        return {
          isGrave: true,
          text: `${several(item.count, 'alert', 'alerts')} of the last 7 days went over the limit and made no order.${
            webhook.alertsNotKept ? ` ${webhook.alertsNotKept} of them were counted but not kept: import them from TradingView’s alert log.` : ''
          }`,
          step: 'Review and retry',
          href: log('limited'),
        };
      case 'rejected':
        return {
          isGrave: false,
          text: `${several(item.count, 'request', 'requests')} of the last 7 days ${item.count === 1 ? 'was' : 'were'} rejected.`,
          step: 'See why',
          href: page,
        };
      case 'clockSetBack':
        return {
          isGrave: false,
          text: `This server’s clock was set back: ${several(item.count, 'alert', 'alerts')} of the last 7 days ${item.count === 1 ? 'was' : 'were'} dated by order of arrival.`,
          step: 'See the newest',
          href: `/events/${item.newest}`,
        };
      case 'silent':
        return {
          isGrave: false,
          text: `Silent for longer than you allow: the last alert came ${ago(item.since, now)}.`,
          step: 'Check the alert in TradingView',
          href: page,
        };
      default:
        return unnamed(item, page);
    }
  });
}

/** A matter of a kind that is newer than this page. */
function unnamed(item: { kind: string; ticker?: string; currency?: string | null }, page: string): Matter {
  if (item.kind === 'otherCurrency') {
    return {
      isGrave: true,
      text: `The profit of ${item.ticker} is in ${item.currency ?? 'another currency'} and is added to this webhook’s as if it were the same.`,
      step: 'Give it a webhook of its own',
      href: page,
    };
  }
  return { isGrave: false, text: 'Something needs your attention.', step: 'See what', href: page };
}

/** What keeps alerts from reaching this server, as the server’s own checks found it. */
export function unreachable({ checks }: Connection): Matter[] {
  return checks.filter(({ verdict }) => verdict === 'bad').map(({ found, next }) => ({
    isGrave: true,
    text: `TradingView cannot reach this server: ${found}.${next ? ` To fix it: ${next}.` : ''}`,
    step: 'How to connect',
    href: '/webhooks',
  }));
}

/** What the dashboard says where nothing waits: never that all is well while nothing can arrive. */
export function allClear({ checks }: Connection, hasAlerts: boolean): string {
  const isReached = checks.length > 0 && checks.every(({ verdict }) => verdict !== 'bad');
  if (!hasAlerts) return 'Nothing yet. The first alert is still to come.';
  const reached = isReached ? ', and the checks found no fault between TradingView and this server' : '';
  return `All clear: every alert of the last 7 days was read, every position agrees with TradingView${reached}.`;
}

/** Requests to addresses that are no webhook’s, or not quite. Without a webhook they may be anybody’s. */
export function misdirections(items: Misdirected[]): (Matter & { webhook: string })[] {
  const found = items.filter((item) => item.webhook).map((item) => ({
    webhook: item.webhookName ?? '',
    isGrave: item.kind !== 'corrected',
    text: `${several(item.count, 'request', 'requests')} of the last 7 days ${FAULTS[item.kind]?.(item.address) ?? item.address}`,
    step: 'Copy the webhook URL again',
    href: `/webhooks/${item.webhook}`,
  }));
  const others = items.filter((item) => !item.webhook);
  const newest = others.find((item) => item.address) ?? others[0];
  if (!newest) return found;
  const count = others.reduce((sum, item) => sum + item.count, 0);
  const example = newest.address ? `, lately to ${newest.address}` : '';
  return found.concat({
    webhook: 'No webhook',
    isGrave: false,
    text: `${several(count, 'request', 'requests')} of the last 7 days went to an unknown webhook address${example}, from ${newest.sourceAddress}.`,
    step: 'Compare the webhook URLs',
    href: '/webhooks',
  });
}

const FAULTS: Record<string, (address: string) => string> = {
  unknown: (address) => `went to ${address}, an address that only begins like this webhook’s. They are lost.`,
  corrected: (address) => `went to ${address}, not exactly this webhook’s address, and were accepted.`,
  unencrypted: (address) => `came over plain HTTP to ${address} and were refused. Use https:// and create a new key.`,
};

/** Days before the end by which a certificate should have been renewed. */
const SOON = 14;

/** What is wrong with the certificate, if anything. */
export function certificateFault(certificate: Certificate | null | undefined, now: number): string | null {
  if (!certificate) return null;
  const { notAfter, error, nextTry } = certificate;
  const reason = error ? ` The authority’s answer: ${error}` : '';
  const again = nextTry ? ` It is asked again at ${localTime(nextTry)}.` : '';
  if (!notAfter) return `There is no certificate yet: alerts cannot arrive over HTTPS.${reason}${again}`;
  const days = (Date.parse(notAfter) - now) / 86_400_000;
  if (days < 0) return `The certificate ended: alerts cannot arrive over HTTPS.${reason}${again}`;
  if (days < SOON) return `The certificate ends on ${localTime(notAfter)} and was not renewed.${reason}${again}`;
  return error ? `The certificate could not be renewed; the one there is good until ${localTime(notAfter)}.${reason}${again}` : null;
}
