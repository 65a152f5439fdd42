/**
 * What the server says in the command line's words, in those of the page.
 *
 * The server's messages are for commands, scripts and the page alike, and name options. Here each
 * of these is the control that does the same. `page-words.test.ts` holds every message to it.
 */

const words: [RegExp, string][] = [
  // Imports.
  [/ ?: algohook import (?:trades|fills|alerts) FILE(?: --webhook \S+)?/g, ' on the page Import'],
  [/ on the page Import, or without "kind" over the API/g, ' on the page Import'],
  [/, or import the file on the server with algohook import\b/g, ', or import it by the command line on the server'],
  [/(?:--\w+)(?:=?[^ ,)]*)?, or "(\w+)" on the page/g, 'under “$1”'],
  [/\(--column date=3, or "Columns" on the page\)/g, '(below)'],
  [/; --time-zone says otherwise/g, '; choose another under “Time zone of the file”'],
  [/; --symbol (\S+)=\.\.\. says otherwise/g, '; enter another ticker beside it'],
  [/: --symbol \S+ \(or "symbol" in the API\)/g, ' under “A broker’s symbols” of the options'],
  [/import the list again with --currency\b/g, 'import the list again with the currency under “Taken from the file”'],
  [/import the list again with that \(--ticker\)/g, 'import the list again with that ticker, under “Options”'],
  // Comparisons.
  [/ \(--ticker, `ticker` in the API\)/g, ' above'],
  [/: compare again with --shift \S+?(?: --price [\d.]+)?(?=[,.](?: |$))/g, ': apply it with the button below'],
  [/ with its zone \(--time-zone\)/g, ' with its time zone'],
  [/ With --price ([\d.]+), (.*?) match: compare again with it(?=[,.])/g, ' With prices up to $1 % apart, $2 match: allow that with the button below'],
  [/: compare what came since with --from \d\S*?(?=\.(?: |$))/g, ''],
  [/, or widen the window with --forward and --price(?=\.)/g, ''],
  [/ its times are of another zone \(--time-zone\)/g, ' its times are of another zone: undo the import and choose its “Time zone of the file”'],
  // Forwards and channels.
  [/: add --set (\S+)=VALUE/g, ': fill in “$1”'],
  [/algohook outbox --target \S+ shows them; send them again, or drop them/g, 'the page Forwards lists them below; send them again, or drop them'],
];

/** A message of the server's without options of the command line. */
export const onPage = (text: string): string => words.reduce((said, [of, by]) => said.replace(of, by), text);
