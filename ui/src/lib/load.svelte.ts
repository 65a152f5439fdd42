/** What a page reads from the server: kept on screen while it is read again. */

import { ApiError } from './api';
import { live } from './live.svelte';

export interface Loaded<T> {
  readonly value: T | null;
  readonly error: ApiError | null;
  /** True only where the answer has taken long enough to say so. */
  readonly isSlow: boolean;
  reload: () => void;
}

/** A wait shorter than this shows nothing. */
const PATIENCE = 200;

/** Reads whenever what `read` looks at has changed, and when the connection is back. */
export function load<T>(read: (signal: AbortSignal) => Promise<T>): Loaded<T> {
  let value = $state.raw<T | null>(null);
  let error = $state.raw<ApiError | null>(null);
  let isSlow = $state(false);
  let again = $state(0);

  $effect(() => {
    void [again, live.returns];
    const abort = new AbortController();
    const slow = setTimeout(() => (isSlow = true), PATIENCE);
    const end = () => {
      clearTimeout(slow);
      isSlow = false;
    };
    read(abort.signal).then(
      (found) => {
        if (abort.signal.aborted) return;
        value = found;
        error = null;
        end();
      },
      (failure: unknown) => {
        if (abort.signal.aborted) return;
        // Where the server does not answer, the page says so once for all that is read.
        const found = asApiError(failure);
        error = found.status === 0 && !live.isReached ? null : found;
        end();
      },
    );
    return () => {
      abort.abort();
      end();
    };
  });

  return {
    get value() {
      return value;
    },
    get error() {
      return error;
    },
    get isSlow() {
      return isSlow;
    },
    reload: () => (again += 1),
  };
}

export function asApiError(failure: unknown): ApiError {
  return failure instanceof ApiError ? failure : new ApiError(0, String(failure));
}
