/** The exact sum of decimal texts; null where one is not known. */
export function sum(texts: (string | null | undefined)[]): string | null {
  const digits = (text: string) => text.split('.')[1]?.length ?? 0;
  const known = texts.filter((text) => text !== null && text !== undefined);
  if (known.length < texts.length) return null;
  const places = Math.max(0, ...known.map(digits));
  const units = (text: string) => BigInt(text.replace('.', '') + '0'.repeat(places - digits(text)));
  const total = known.reduce((before, text) => before + units(text), 0n);
  const plain = (total < 0n ? -total : total).toString().padStart(places + 1, '0');
  const cut = plain.length - places;
  const fraction = plain.slice(cut);
  return `${total < 0n ? '-' : ''}${plain.slice(0, cut)}${fraction && `.${fraction}`}`;
}
