/** The management API: typed by its own OpenAPI document. */

import type { components } from '../api/schema';

type Schemas = components['schemas'];
export type Webhook = Schemas['Webhook'];
export type Settings = Schemas['Settings'];
export type Event = Schemas['Event'];
export type EventDetail = Schemas['EventDetail'];
export type EventStatus = Schemas['EventStatus'];
export type Order = Schemas['Order'];
export type Trade = Schemas['Trade'];
export type Position = Schemas['Position'];
export type Report = Schemas['Report'];
export type Metrics = Schemas['Metrics'];
export type RollingPoint = Schemas['RollingPoint'];
export type DayProfit = Schemas['DayProfit'];
export type MonteCarlo = Schemas['MonteCarlo'];
export type Rejection = Schemas['Rejection'];
export type Session = Schemas['Session'];
export type Token = Schemas['Token'];
export type NewToken = Schemas['NewToken'];
export type SecondFactor = Schemas['SecondFactor'];
export type NewSecondFactor = Schemas['NewSecondFactor'];
export type RecoveryCodes = Schemas['RecoveryCodes'];
export type SenderSettings = Schemas['SenderSettings'];
export type Storage = Schemas['Storage'];
export type AuditEntry = Schemas['AuditEntry'];
export type Me = Schemas['Me'];
export type TestResult = Schemas['TestResult'];
export type Imported = Schemas['Imported'];
export type BacktestSize = Schemas['BacktestSize'];
export type KeptBacktest = Schemas['KeptBacktest'];
export type Compared = Schemas['Compared'];
export type Term = Schemas['Term'];
export type Tag = Schemas['Tag'];
export type Overview = Schemas['Overview'];
export type NewLogin = Schemas['NewLogin'];
export type WebhookOverview = Schemas['WebhookOverview'];
export type Certificate = Schemas['Certificate'];
export type Misdirected = Schemas['Misdirected'];

/** One page of a list. */
export interface Page<T> {
  items: T[];
  nextCursor?: string | null;
}

/** What went wrong, in words, and what to do about it. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly detail: string,
    readonly hint: string | null = null,
    readonly faults: Schemas['Fault'][] = [],
    /** The server's name for it. */
    readonly code: string = '',
    /** The titles of a table whose columns are not understood. */
    readonly columns: string[] = [],
  ) {
    super(detail);
  }
}

export type Query = Record<string, string | number | boolean | string[] | null | undefined>;

/** The query of an address; what is empty is left out. */
export function query(parameters: Query): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== null && one !== undefined && one !== '') search.append(name, String(one));
    }
  }
  const text = search.toString();
  return text && `?${text}`;
}

/** Here a 401 may also say that the password or the code is wrong. */
const PASSWORD_PATHS = ['/session', '/password', '/second-factor', '/second-factor/confirm', '/second-factor/off'];

/** Told when a request finds no login. */
export const onLoggedOut: { call: () => void } = { call: () => {} };

/** Told whether the server answers, with every request that reads. */
export const onReach: { call: (isReached: boolean) => void } = { call: () => {} };

async function request<T>(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
  let response: Response;
  try {
    response = await fetch(`/api/v1${path}`, {
      method,
      signal: signal ?? null,
      headers: body === undefined ? {} : { 'content-type': 'application/json' },
      body: body === undefined ? null : JSON.stringify(body),
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    if (method === 'GET') onReach.call(false);
    throw new ApiError(0, 'algohook does not answer.', 'Is the server running? Try again once it does.');
  }
  onReach.call(true);
  if (response.ok) {
    return (response.status === 204 ? undefined : await response.json()) as T;
  }
  if (response.status === 401) {
    if (method !== 'POST' || !PASSWORD_PATHS.includes(path)) onLoggedOut.call();
    else if (path !== '/session') checkLogin();
  }
  throw problem(response.status, await response.text());
}

/** Has the page go to the login where there is none any more. */
export function checkLogin(): void {
  // What else may be wrong is not the concern of who asks.
  void request('GET', '/me').catch(() => {});
}

/** What was typed wrong, in the words of a form. */
const WRONG: Record<string, string> = {
  'this is not the password': 'Wrong password.',
  'this is not the code': 'Wrong code.',
};

/** An answer that is no success, as an error. */
function problem(status: number, text: string): ApiError {
  let found: Partial<Schemas['Problem']> = {};
  try {
    found = JSON.parse(text) as typeof found;
  } catch {
    // A proxy in between answers in its own way.
  }
  const detail = WRONG[found.detail ?? ''] ?? found.detail ?? `The server answered ${status}.`;
  return new ApiError(status, detail, found.hint ?? null, found.faults ?? [], found.code ?? '', found.columns ?? []);
}

/** Sends a file; `onSent` is told what share of it has left. Unlike fetch, this can say so. */
export function upload<T>(path: string, parameters: Query, file: File, onSent: (share: number) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open('POST', `/api/v1${path}${query(parameters)}`);
    request.upload.onprogress = (event) => onSent(event.total ? event.loaded / event.total : 1);
    request.onload = () => {
      if (request.status === 401) onLoggedOut.call();
      if (request.status < 300) resolve(JSON.parse(request.responseText) as T);
      else reject(problem(request.status, request.responseText));
    };
    request.onerror = () => reject(new ApiError(0, 'The file did not arrive.', 'Is the server running? Try again.'));
    request.send(file);
  });
}

export const get = <T>(path: string, parameters: Query = {}, signal?: AbortSignal): Promise<T> =>
  request<T>('GET', path + query(parameters), undefined, signal);
export const post = <T>(path: string, body?: unknown): Promise<T> => request<T>('POST', path, body);
export const patch = <T>(path: string, body: unknown): Promise<T> => request<T>('PATCH', path, body);
export const remove = (path: string): Promise<void> => request<void>('DELETE', path);
