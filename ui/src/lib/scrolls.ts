/** What scrolls by itself can be scrolled by the keyboard. */
export const scrolls = (element: HTMLElement): void => {
  element.tabIndex = 0;
};
