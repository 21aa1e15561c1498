/** How a thing is called: the letters of its label, and what its ids look like. */
interface Naming {
  /** Such as chg for CHG-12; labels may be written in any case. */
  readonly letters: string;
  readonly id: RegExp;
  /** Of the table in the query, with its dot, where columns need one. */
  readonly alias?: string;
}

/** What tells a row by its id or its label; undefined for what is neither. */
export function byIdOrLabel(
  idOrLabel: string,
  { letters, id, alias = '' }: Naming,
): Readonly<Record<string, string | number>> | undefined {
  const label = new RegExp(`^${letters}-(\\d{1,15})$`, 'i').exec(idOrLabel);
  if (label !== null) return { [`${alias}number`]: Number(label[1]) };
  return id.test(idOrLabel) ? { [`${alias}id`]: idOrLabel } : undefined;
}
