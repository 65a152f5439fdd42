/**
 * What scrolls to the side: minor columns go where they would push others out of sight, its edge
 * fades while more is behind it, and then the keyboard scrolls it.
 */
export const scrolls = (element: HTMLElement): (() => void) => {
  const isCut = () => element.scrollWidth - element.clientWidth > 1;
  const look = () => {
    const more = element.scrollWidth - element.clientWidth - element.scrollLeft > 1;
    element.toggleAttribute('data-more', more);
    if (isCut() || element.scrollHeight - element.clientHeight > 1) element.tabIndex = 0;
    else element.removeAttribute('tabindex');
  };
  const fit = () => {
    if (element.hasAttribute('data-tight')) element.removeAttribute('data-tight');
    if (isCut()) element.setAttribute('data-tight', 'minor');
    if (isCut()) element.setAttribute('data-tight', 'minor least');
    look();
  };
  // Both: a table may grow in a place that does not.
  const sizes = new ResizeObserver(fit);
  fit();
  for (const one of [element, ...element.children]) sizes.observe(one);
  element.addEventListener('scroll', look, { passive: true });
  return () => {
    sizes.disconnect();
    element.removeEventListener('scroll', look);
  };
};
