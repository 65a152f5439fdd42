/** Which webhooks had their URL and message copied in this browser. */

const place = (webhook: string) => `copied:${webhook}`;

let changes = $state(0);

type What = 'url' | 'message';

export function noteCopied(webhook: string, what: What): void {
  const kept = localStorage.getItem(place(webhook)) ?? '';
  if (!kept.includes(what)) localStorage.setItem(place(webhook), `${kept} ${what}`);
  changes += 1;
}

export function isCopied(webhook: string): boolean {
  void changes;
  const kept = localStorage.getItem(place(webhook)) ?? '';
  return kept.includes('url') && kept.includes('message');
}
