/** What a form or a button does: its error is shown until the next try. */

import type { ApiError } from './api';
import { asApiError } from './load.svelte';

export class Act {
  error = $state.raw<ApiError | null>(null);
  isBusy = $state(false);

  async run(action: () => Promise<void>): Promise<void> {
    this.error = null;
    this.isBusy = true;
    try {
      await action();
    } catch (failure) {
      this.error = asApiError(failure);
    } finally {
      this.isBusy = false;
    }
  }

  /** The same, for a form that stays on its page. */
  submit = (action: () => Promise<void>) => (event: SubmitEvent) => {
    event.preventDefault();
    return this.run(action);
  };
}
