/**
 * Parts of the page that are fetched when they are wanted.
 *
 * Their file names hold a hash, so an upgrade of the server takes the old ones away. A window
 * that still runs the old page reloads once and goes on with the new one. Where that does not
 * help, the caller says so: the page is never white, and never reloads again and again.
 */

import { onReach } from './api';

/** Where the build is noted that was reloaded. */
const PLACE = 'reloaded';

/** This build of the page: its name changes with it. */
const BUILD = import.meta.url;

/** How long a server that does not answer is left alone, in milliseconds. */
const PAUSE = 2_000;

const pause = () => new Promise((resolve) => setTimeout(resolve, PAUSE));

async function isServerThere(): Promise<boolean> {
  try {
    await fetch('/', { method: 'HEAD', cache: 'no-store' });
    return true;
  } catch {
    return false;
  }
}

/**
 * A part, once the server answers; null where it has none any more and reloading was tried, and undefined where that
 * is so and nobody waits for it: what somebody types on another page is not lost to it.
 */
export async function fetched<T>(part: () => Promise<T>, isWanted: () => boolean = () => true): Promise<T | null | undefined> {
  for (;;) {
    try {
      return await part();
    } catch {
      const isThere = await isServerThere();
      onReach.call(isThere);
      if (isThere) return isWanted() ? reloaded() : undefined;
      await pause();
    }
  }
}

/** Reloads this build once; nothing comes after that. */
function reloaded(): Promise<null> | null {
  if (sessionStorage.getItem(PLACE) === BUILD) return null;
  sessionStorage.setItem(PLACE, BUILD);
  location.reload();
  return new Promise(() => {});
}
