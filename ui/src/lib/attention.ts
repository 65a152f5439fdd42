/** What waits for the owner, in words, and where to see to it. */

import { ago, localTime } from './format';
import type { Certificate, Misdirected, WebhookOverview } from './api';

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
          text: `TradingView states another position in ${item.ticker} than there is here.`,
          step: 'See what to do',
          href: page,
        };
      case 'pointValue':
        return {
          isGrave: true,
          text: `${item.ticker} is traded with point value ${item.used}; its contract gains ${item.pointValue} a point.`,
          step: 'Set the point value',
          href: page,
        };
      case 'failed':
        return {
          isGrave: true,
          text: `${several(item.count, 'alert', 'alerts')} of the last 7 days could not be read and made no order.`,
          step: 'Mend and process again',
          href: log('failed'),
        };
      case 'limited':
        return {
          isGrave: true,
          text: `${several(item.count, 'alert', 'alerts')} of the last 7 days went over the limit and made no order.${
            webhook.alertsNotKept ? ` ${webhook.alertsNotKept} of them were only counted: TradingView’s alert log has them.` : ''
          }`,
          step: 'Look and process',
          href: log('limited'),
        };
      case 'rejected':
        return {
          isGrave: false,
          text: `${several(item.count, 'request', 'requests')} of the last 7 days had to be turned away.`,
          step: 'See why',
          href: page,
        };
      case 'clockSetBack':
        return {
          isGrave: false,
          text: `The clock of algohook’s machine was set back: ${several(item.count, 'alert', 'alerts')} of the last 7 days ${item.count === 1 ? 'was' : 'were'} dated by the order of arrival.`,
          step: 'See the newest',
          href: `/events/${item.newest}`,
        };
      case 'silent':
        return {
          isGrave: false,
          text: `Nothing has come for longer than you allowed; the last was ${ago(item.since, now)}.`,
          step: 'Look at the alert',
          href: page,
        };
    }
  });
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
    text: `${several(count, 'request', 'requests')} of the last 7 days went to an address that is no webhook’s${example}, from ${newest.sourceAddress}.`,
    step: 'Compare the webhook URLs',
    href: '/webhooks',
  });
}

const FAULTS: Record<string, (address: string) => string> = {
  unknown: (address) => `went to ${address}, which is no webhook’s address but begins like this one’s. They are lost.`,
  corrected: (address) => `went to ${address}, which is not quite this webhook’s address, and were taken.`,
  unencrypted: (address) => `came over plain HTTP to ${address} and were refused: write https:// and make a new key.`,
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
