/** The time now, for ages that grow while they are looked at. */

let now = $state(Date.now());

setInterval(() => (now = Date.now()), 5_000);

export const clock = {
  get now(): number {
    return now;
  },
};
