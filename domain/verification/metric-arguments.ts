import type { Metric } from './metric.ts';

/** What is measured: the attempt, and the part of it that the series is about. */
export interface MetricArguments {
  readonly change: string;
  readonly attempt: string;
  readonly application: string;
  readonly release: string;
  readonly datacentre?: string;
  readonly component?: string;
}

const placeholder = /\{\{\s*args\.([A-Za-z]+)\s*\}\}/g;
const always = ['change', 'attempt', 'application', 'release'];

/** The arguments that a metric of this scope has. */
export function argumentsOf(scope: Metric['scope']): readonly string[] {
  if (scope === 'application') return always;
  return scope === 'datacentre'
    ? [...always, 'datacentre']
    : [...always, 'datacentre', 'component'];
}

/** Replaces `{{args.name}}`; `quote` makes a value harmless where it stands. Unknown ones stay. */
export function fillArguments(
  text: string,
  args: MetricArguments,
  quote: (value: string) => string = (value) => value,
): string {
  return text.replaceAll(placeholder, (whole, name: string) => {
    const value = args[name as keyof MetricArguments];
    return value === undefined ? whole : quote(value);
  });
}

/** What is wrong with the placeholders of a text; undefined when nothing is. */
export function complaintAboutArguments(text: string, scope: Metric['scope']): string | undefined {
  const known = argumentsOf(scope);
  const unknown = [...text.matchAll(placeholder)].find(([, name = '']) => !known.includes(name));
  const list = known.map((name) => `args.${name}`).join(', ');
  if (unknown !== undefined) {
    return `${unknown[0]} is not known with the scope "${scope}"; known: ${list}`;
  }
  return text.replaceAll(placeholder, '').includes('{{')
    ? `"{{" begins no known argument; known: ${list}`
    : undefined;
}

/** A string literal of PromQL (double, single or back quotes), with the label matcher's operator before it. */
const promqlString =
  /(=~|!~)?(\s*)("(?:[^"\\]|\\[\s\S])*"|'(?:[^'\\]|\\[\s\S])*'|`[^`]*`)|#[^\n]*/g;

/**
 * Fills arguments into a PromQL query: only within string literals, escaped for the string, and for the
 * regular expression where the string is one. A value can never end the string that it stands in.
 */
export function fillQuery(query: string, args: MetricArguments): string {
  return query.replaceAll(
    promqlString,
    (_whole: string, operator?: string, space?: string, literal?: string) => {
      if (literal === undefined) return '';
      const escape = (value: string): string => {
        const wanted = operator === undefined ? value : quoteRegExp(value);
        // A back-quoted string has no escapes: what would end it is left out.
        if (literal.startsWith('`')) return wanted.replaceAll('`', '');
        return wanted.replaceAll(/[\\"'\n]/g, (one) => (one === '\n' ? '\\n' : `\\${one}`));
      };
      return `${operator ?? ''}${space ?? ''}${fillArguments(literal, args, escape)}`;
    },
  );
}

/** Placeholders outside string literals could change what a query means: they are refused. */
export function complaintAboutQuery(query: string, scope: Metric['scope']): string | undefined {
  const wrong = complaintAboutArguments(query, scope);
  if (wrong !== undefined) return wrong;
  const outside = query.replaceAll(promqlString, '');
  return outside.includes('{{')
    ? 'arguments may stand only within quotes, such as {dc="{{args.datacentre}}"}'
    : undefined;
}

function quoteRegExp(value: string): string {
  return value.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`);
}
