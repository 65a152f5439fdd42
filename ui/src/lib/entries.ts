/** Names and values of a record that is written out whole, under their own types. */

export function entriesOf<K extends string, V>(record: Record<K, V>): [K, V][] {
  const isName = (name: string): name is K => Object.hasOwn(record, name);
  return Object.keys(record).flatMap((name): [K, V][] => (isName(name) ? [[name, record[name]]] : []));
}
