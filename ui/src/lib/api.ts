/** The management API: typed by its own OpenAPI document. */

import type { components, paths } from '../api/schema';

type Schemas = components['schemas'];
export type Webhook = Schemas['Webhook'];
export type WebhookName = Schemas['WebhookName'];
export type Settings = Schemas['Settings'];
export type Event = Schemas['Event'];
export type EventDetail = Schemas['EventDetail'];
export type EventBar = Schemas['EventBar'];
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
export type Explanation = Schemas['Explanation'];
export type Imported = Schemas['Imported'];
export type BacktestSize = Schemas['BacktestSize'];
export type FillImport = Schemas['FillImport'];
export type KeptBacktest = Schemas['KeptBacktest'];
export type Compared = Schemas['Compared'];
export type Comparison = Schemas['Comparison'];
export type ComparedDay = Schemas['ComparedDay'];
export type Bridge = Schemas['Bridge'];
export type LegRow = Schemas['LegRow'];
export type LegSide = Schemas['LegSide'];
export type Expectation = Schemas['LiveExpectation'];
export type Term = Schemas['Term'];
export type Tag = Schemas['Tag'];
export type Overview = Schemas['Overview'];
export type NewLogin = Schemas['NewLogin'];
export type WebhookOverview = Schemas['WebhookOverview'];
export type Certificate = Schemas['Certificate'];
export type Connection = Schemas['Connection'];
export type Misdirected = Schemas['Misdirected'];
export type Forward = Schemas['Forward'];
export type ChangedForward = Schemas['ChangedForward'];
export type OutboxItem = Schemas['OutboxItem'];
export type Channel = Schemas['Channel'];
export type ChatCode = Schemas['ChatCode'];
export type ChannelTest = Schemas['ChannelTest'];

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
    /** The field of the request that is wrong, which `detail` begins with. */
    readonly field: string = '',
  ) {
    super(detail);
  }
}

/** The query of an address; what is empty is left out. */
export function query(parameters: object): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    const all: unknown[] = Array.isArray(value) ? value : [value];
    for (const one of all) if (one !== null && one !== undefined && one !== '') search.append(name, String(one));
  }
  const text = search.toString();
  return text && `?${text}`;
}

/** Here a 401 may also say that the password or the code is wrong. */
const PASSWORD_PATHS: string[] = ['/session', '/password', '/second-factor', '/second-factor/confirm', '/second-factor/off'];

/** Told when a request finds no login. */
export const onLoggedOut: { call: () => void } = { call: () => {} };

/** Told whether the server answers, with every request that reads. */
export const onReach: { call: (isReached: boolean) => void } = { call: () => {} };

type Method = 'get' | 'post' | 'patch' | 'delete';

/** The addresses that have a method. */
export type PathOf<M extends Method> = {
  [P in keyof paths]: paths[P] extends Record<M, infer Operation> ? (Operation extends undefined ? never : P) : never;
}[keyof paths];

type Operation<P, M extends Method> = P extends keyof paths ? (paths[P] extends Record<M, infer Found> ? Found : never) : never;
type Parameters<O, Where extends string> = O extends { parameters: { [W in Where]?: infer Found } } ? NonNullable<Found> : never;
type Json<Response> = Response extends { content: { 'application/json': infer Body } } ? Body : never;

/** The answer of an operation, by its document. */
export type Answer<P, M extends Method> =
  Operation<P, M> extends { responses: infer Responses }
    ? 200 extends keyof Responses ? Json<Responses[200]>
    : 201 extends keyof Responses ? Json<Responses[201]>
    : undefined
    : never;

/** A query by its document; what is empty is left out. */
export type QueryOf<P, M extends Method = 'get'> = {
  [Name in keyof Parameters<Operation<P, M>, 'query'>]?: Parameters<Operation<P, M>, 'query'>[Name] | '' | null | undefined;
};

type BodyOf<P, M extends Method> =
  Operation<P, M> extends { requestBody?: infer Request } ? (NonNullable<Request> extends { content: { 'application/json': infer Body } } ? Body : never) : never;

/** What an operation is asked with. */
interface Asked<P, M extends Method> {
  /** The parts of the address in braces. */
  path?: Parameters<Operation<P, M>, 'path'>;
  query?: QueryOf<P, M>;
  body?: BodyOf<P, M>;
  signal?: AbortSignal;
}

/** The address with its parts filled in. */
function address(path: string, parts: object = {}): string {
  const values = new Map<string, unknown>(Object.entries(parts));
  return path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(values.get(name))));
}

/**
 * What the server says, as its document has it. This is the one place that takes it at its word:
 * `scripts/check-api.sh` holds every answer to the document.
 */
export const believed = <T>(json: string): T => JSON.parse(json);

async function request<P extends PathOf<M>, M extends Method>(method: M, path: P, asked: Asked<P, M>): Promise<Answer<P, M>> {
  const { body, signal } = asked;
  let response: Response;
  try {
    response = await fetch(`/api/v1${address(path, asked.path)}${query(asked.query ?? {})}`, {
      method: method.toUpperCase(),
      signal: signal ?? null,
      headers: body === undefined ? {} : { 'content-type': 'application/json' },
      body: body === undefined ? null : JSON.stringify(body),
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    if (method === 'get') onReach.call(false);
    throw new ApiError(0, 'algohook does not answer.', 'Is the server running? Try again once it does.');
  }
  onReach.call(true);
  if (response.ok) return answerIn(response);
  if (response.status === 401) {
    if (method !== 'post' || !PASSWORD_PATHS.includes(path)) onLoggedOut.call();
    else if (path !== '/session') checkLogin();
  }
  throw problem(response.status, await response.text());
}

/** What a successful answer says. */
async function answerIn<T>(response: Response): Promise<T> {
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.includes('json') ?? false;
  if (isJson || response.status === 204) return believed(text || 'null');
  throw new ApiError(response.status, 'The answer is not algohook’s.', 'Does a proxy or a login page stand between this browser and the server?');
}

/** Has the page go to the login where there is none any more. */
export function checkLogin(): void {
  // What else may be wrong is not the concern of who asks.
  void get('/me').catch(() => {});
}

/** What was typed wrong, in the words of a form, by the server's reason. */
const WRONG: Record<string, string> = {
  wrong_password: 'Wrong password.',
  wrong_code: 'Wrong code.',
};

/** The case of a code that has several. */
const problemReason = (found: object): string => ('reason' in found && typeof found.reason === 'string' ? found.reason : '');

/** An answer that is no success, as an error. */
function problem(status: number, text: string): ApiError {
  let found: Partial<Schemas['Problem']> = {};
  try {
    found = believed(text);
  } catch {
    // A proxy in between answers in its own way.
  }
  const detail = WRONG[problemReason(found)] ?? found.detail ?? `The server answered ${status}.`;
  return new ApiError(status, detail, found.hint ?? null, found.faults ?? [], found.code ?? '', found.columns ?? [], found.field ?? '');
}

/** Sends a file to be imported; `onSent` is told what share of it has left. Unlike fetch, this can say so. */
export function upload(parameters: QueryOf<'/imports', 'post'>, file: File, onSent: (share: number) => void): Promise<Imported> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open('POST', `/api/v1/imports${query(parameters)}`);
    request.responseType = 'text';
    request.upload.onprogress = (event) => onSent(event.total ? event.loaded / event.total : 1);
    request.onload = () => {
      if (request.status === 401) onLoggedOut.call();
      if (request.status < 300) resolve(believed(request.responseText));
      else reject(problem(request.status, request.responseText));
    };
    request.onerror = () => reject(new ApiError(0, 'The file did not arrive.', 'Is the server running? Try again.'));
    request.send(file);
  });
}

export const get = <P extends PathOf<'get'>>(path: P, asked: Asked<P, 'get'> = {}): Promise<Answer<P, 'get'>> => request<P, 'get'>('get', path, asked);
export const post = <P extends PathOf<'post'>>(path: P, asked: Asked<P, 'post'> = {}): Promise<Answer<P, 'post'>> => request<P, 'post'>('post', path, asked);
export const patch = <P extends PathOf<'patch'>>(path: P, asked: Asked<P, 'patch'>): Promise<Answer<P, 'patch'>> => request<P, 'patch'>('patch', path, asked);
export const remove = <P extends PathOf<'delete'>>(path: P, asked: Asked<P, 'delete'> = {}): Promise<Answer<P, 'delete'>> => request<P, 'delete'>('delete', path, asked);
