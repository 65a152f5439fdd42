/** What a table does with its rows: finding, sorting, and giving them away. */

export interface Column<Row> {
  name: string;
  /** What the cell says. */
  text: (row: Row) => string;
  /** What it is sorted and exported by, where that is not what it says. */
  value?: (row: Row) => string | number | null | undefined;
  /** What a file has of it, where that is not its value. */
  file?: (row: Row) => string | number | null | undefined;
  isNumber?: boolean;
  /** Sentences, which are not cut. */
  isText?: boolean;
  /** Left out on a phone, and first where there is no room. */
  isMinor?: boolean;
  /** Left out next where a table has no room; a card has. */
  isLeast?: boolean;
  /** The class that colours it. */
  tone?: (row: Row) => string;
  /** Where it leads to. */
  href?: (row: Row) => string | null;
  /** What it says to who hovers over it. */
  title?: (row: Row) => string | undefined;
  /** Left out until it is chosen. */
  isExtra?: boolean;
}

const valueOf = <Row>(column: Column<Row>, row: Row) => (column.value ? column.value(row) : column.text(row));

/** Sorted by a column; what is not known comes last either way, and equal rows stay as they were. */
export function sorted<Row>(rows: Row[], column: Column<Row> | undefined, isDescending: boolean): Row[] {
  if (!column) return rows;
  const compare = (one: Row, other: Row): number => {
    const [left, right] = [valueOf(column, one), valueOf(column, other)];
    const isUnknown = (value: typeof left) => value === null || value === undefined || value === '';
    if (isUnknown(left) || isUnknown(right)) return Number(isUnknown(left)) - Number(isUnknown(right));
    const order = column.isNumber
      ? Number(left) - Number(right)
      : String(left).localeCompare(String(right), undefined, { numeric: true });
    return isDescending ? -order : order;
  };
  return rows.toSorted(compare);
}

/** Rows with every word in one of their cells. */
export function matching<Row>(rows: Row[], columns: Column<Row>[], text: string): Row[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (!words.length) return rows;
  return rows.filter((row) => {
    const cells = columns.map((column) => column.text(row).toLowerCase());
    return words.every((word) => cells.some((cell) => cell.includes(word)));
  });
}

/** A cell as RFC 4180 has it; what a spreadsheet would run as a formula gets an apostrophe. */
function cell(value: string | number | null | undefined, isNumber: boolean): string {
  const text = String(value ?? '');
  const safe = !isNumber && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** Rows as CSV, with the columns' names first. */
export function csv<Row>(rows: Row[], columns: Column<Row>[]): string {
  const lines = rows.map((row) => columns.map((column) => cell(column.file ? column.file(row) : valueOf(column, row), column.isNumber ?? false)));
  return [columns.map((column) => cell(column.name, false)), ...lines].map((line) => `${line.join(',')}\r\n`).join('');
}
