/** Light or dark: as the system has it, or as the switch says. */

export type Choice = 'system' | 'light' | 'dark';

const STORED_AS = 'theme';
const system = matchMedia('(prefers-color-scheme: dark)');
const stored = localStorage.getItem(STORED_AS);

let choice = $state<Choice>(stored === 'light' || stored === 'dark' ? stored : 'system');
let systemIsDark = $state(system.matches);

system.addEventListener('change', () => {
  systemIsDark = system.matches;
  show();
});

export const theme = {
  get choice(): Choice {
    return choice;
  },
  get isDark(): boolean {
    return choice === 'system' ? systemIsDark : choice === 'dark';
  },
};

export function choose(next: Choice): void {
  choice = next;
  if (next === 'system') localStorage.removeItem(STORED_AS);
  else localStorage.setItem(STORED_AS, next);
  show();
}

function show(): void {
  document.documentElement.dataset.theme = theme.isDark ? 'dark' : 'light';
}

show();
