/** A role that somebody holds, and where: null in a dimension means everywhere. */
export interface Grant {
  readonly role: string;
  readonly departments: readonly string[] | null;
  readonly datacentres: readonly string[] | null;
  readonly solutions: readonly string[] | null;
}

/** What an action touches. Empty in a dimension: it is not confined to any part of it. */
export interface Target {
  readonly departments: readonly string[];
  readonly datacentres: readonly string[];
  readonly solutions: readonly string[];
}

export const dimensions = ['departments', 'datacentres', 'solutions'] as const;
export type Dimension = (typeof dimensions)[number];

/** The whole company: only a grant without limits covers it. */
export const company: Target = { departments: [], datacentres: [], solutions: [] };

export function everywhere(role: string): Grant {
  return { role, departments: null, datacentres: null, solutions: null };
}

export function isLimited(grant: Omit<Grant, 'role'>): boolean {
  return dimensions.some((dimension) => grant[dimension] !== null);
}

/** Whether the whole target lies within the grant. Nothing lies within a limit vacuously. */
export function covers(grant: Omit<Grant, 'role'>, target: Target): boolean {
  return dimensions.every((dimension) => {
    const allowed = grant[dimension];
    if (allowed === null) return true;
    const touched = target[dimension];
    return touched.length > 0 && touched.every((one) => allowed.includes(one));
  });
}

/** `departments web, dns; datacentres mad`; `everywhere` without limits. */
export function grantWords(grant: Omit<Grant, 'role'>): string {
  const parts = dimensions.flatMap((dimension) => {
    const allowed = grant[dimension];
    return allowed === null ? [] : [`${dimension} ${allowed.join(', ')}`];
  });
  return parts.length === 0 ? 'everywhere' : parts.join('; ');
}

/** `departments web; datacentres mad, bcn`; `the whole company` for what is confined to nothing. */
export function targetWords(target: Target): string {
  const parts = dimensions
    .filter((dimension) => target[dimension].length > 0)
    .map((dimension) => `${dimension} ${target[dimension].join(', ')}`);
  return parts.length === 0 ? 'the whole company' : parts.join('; ');
}
