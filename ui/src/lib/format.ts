/** Numbers and times as they are shown. */

import currencies from '../../../assets/currencies.json';
import { wallClock, zone } from './zone.svelte';

/** Between a number and its unit, which stay on one line. */
export const NEXT = '\u00a0';

/** Digits of a decimal text after the point, rounded half away from zero without floats. */
export function rounded(text: string, places: number): string {
  const negative = text.startsWith('-');
  const [whole = '0', fraction = ''] = text.replace(/^[-+]/, '').split('.');
  const digits = BigInt(whole + fraction.slice(0, places).padEnd(places, '0'));
  const up = (fraction[places] ?? '0') >= '5' ? 1n : 0n;
  const value = (digits + up).toString().padStart(places + 1, '0');
  const cut = value.length - places;
  const plain = places === 0 ? value : `${value.slice(0, cut)}.${value.slice(cut)}`;
  return negative && digits + up !== 0n ? `-${plain}` : plain;
}

/** Thousands apart, with a true minus. */
export function grouped(plain: string): string {
  const [whole = '', fraction] = plain.replace('-', '').split('.');
  const apart = whole.replace(/\B(?=(\d{3})+$)/g, ',');
  return (plain.startsWith('-') ? '−' : '') + apart + (fraction === undefined ? '' : `.${fraction}`);
}

const decimals: Record<string, number> = currencies.decimals;

/** Digits after the point that amounts of a currency have: the command line reads the same table. */
export const decimalsOf = (currency: string): number => decimals[currency.toUpperCase()] ?? currencies.usual;

/** Digits of an amount that is too small for its currency's decimals. */
const DIGITS_OF_SMALL = 2;

/** An amount of money with the decimals of its currency, or two digits where those would leave nothing of it. */
export function money(text: string | null | undefined, currency: string): string {
  if (text === null || text === undefined) return '–';
  const places = decimalsOf(currency);
  const isNothing = (digits: number) => /^-?[0.]*$/.test(rounded(text, digits));
  if (!isNothing(places) || /^-?[0.]*$/.test(text)) return grouped(rounded(text, places));
  let leading = places;
  while (leading < 27 && isNothing(leading + 1)) leading += 1;
  return decimal(rounded(text, Math.min(leading + DIGITS_OF_SMALL, 28)));
}

/** A gain or a loss, with its sign. */
export function signedMoney(text: string | null | undefined, currency: string): string {
  const shown = money(text, currency);
  return sign(text) > 0 ? `+${shown}` : shown;
}

/** A price or quantity: every digit, without zeros that say nothing. */
export function decimal(text: string | null | undefined): string {
  if (text === null || text === undefined) return '–';
  return grouped(text.includes('.') ? text.replace(/\.?0+$/, '') : text);
}

/** A number with some digits after the point; a dash where it is not defined. */
export function figure(value: number | null | undefined, places = 2): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return '–';
  const plain = value.toFixed(places);
  return grouped(Number(plain) === 0 ? plain.replace('-', '') : plain);
}

export const percent = (value: number | null | undefined, places = 2): string => {
  const shown = figure(value, places);
  return shown === '–' ? shown : `${shown}${NEXT}%`;
};

/** 1, 0 or -1. */
export function sign(value: string | number | null | undefined): number {
  const number = Number(value ?? 0);
  return Number.isNaN(number) ? 0 : Math.sign(number);
}

/** The class that colours a gain or a loss. */
export const tone = (value: string | number | null | undefined): string =>
  ['loss', '', 'gain'][sign(value) + 1] ?? '';

/** A length of time in its two largest units. */
export function duration(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined) return '–';
  if (seconds === 0) return `0${NEXT}s`;
  if (seconds < 1) return `${figure(seconds * 1000, 0)}${NEXT}ms`;
  const units: [number, string][] = [
    [86_400, 'd'],
    [3_600, 'h'],
    [60, 'min'],
    [1, 's'],
  ];
  const first = units.findIndex(([size]) => seconds >= size);
  const parts: string[] = [];
  let rest = Math.round(seconds);
  for (const [size, name] of units.slice(first, first + 2)) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0) parts.push(`${count}${NEXT}${name}`);
  }
  return parts.join(' ');
}

/** A text with its numbers beside their units. */
export const unbroken = (text: string): string => text.replace(/(?<=\d) (?=%|(?:ms|s|min|h|d)\b)/g, NEXT);

/** A sentence of the server's as it stands by itself; names and commands keep their small letters. */
export const sentence = (text: string): string =>
  unbroken(/^(?!algohook\b)[a-z]+[ ,']/.test(text) ? text.charAt(0).toUpperCase() + text.slice(1) : text);

/** The same, with its full stop. */
export const fullSentence = (text: string): string => (/[.?!:)]$/.test(text.trim()) ? sentence(text) : `${sentence(text)}.`);

/** `1 trade`, `2 trades`. */
export const counted = (count: number, one: string): string => `${grouped(String(count))} ${one}${count === 1 ? '' : 's'}`;

/** A name for where spaces in a row are drawn as one, such as the options of a list. */
export const spaced = (name: string): string => name.replaceAll('  ', ' \u00a0');

/** Whether somebody typed a name, however many spaces are between its words. */
export const isTyped = (typed: string, name: string): boolean => {
  const words = (text: string) => text.trim().split(/\s+/).join(' ');
  return words(typed) === words(name);
};

/** A moment in the page's zone, to the minute; seconds are for who hovers over it. */
export const localTime = (text: string | null | undefined): string => (text ? wallClock(new Date(text)).slice(0, 16) : '–');

/** The same to the second, with the zone, and in UTC. */
export const fullTime = (text: string): string => `${wallClock(new Date(text))} ${zone.name}, ${utcTime(text)}`;

/** The same moment in UTC, for who hovers over it. */
export const utcTime = (text: string): string => `${text.replace('T', ' ').replace('Z', '')} UTC`;

/** How long ago a moment was. */
export function ago(text: string | null | undefined, now: number): string {
  if (!text) return 'never';
  const seconds = Math.max(0, (now - Date.parse(text)) / 1000);
  if (seconds < 5) return 'just now';
  if (seconds < 60) return `${Math.floor(seconds)}${NEXT}s ago`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)}${NEXT}min ago`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3_600)}${NEXT}h ago`;
  const days = Math.floor(seconds / 86_400);
  return days === 1 ? 'yesterday' : `${days} days ago`;
}
