import type { Command } from 'commander';
import { isNode, LineCounter, parseDocument } from 'yaml';
import { definitionJsonSchema } from '../../domain/application/definition-schema.ts';
import { lintDefinition, type Finding } from '../../domain/application/lint-definition.ts';
import { colours } from '../colours.ts';
import { contextOf } from '../context.ts';
import { CliError, exitCodes } from '../errors.ts';
import { printRows, write } from '../output.ts';
import { readText } from '../read-file.ts';

/** `ctc application lint` and `ctc application schema`; neither asks the API. */
export function addLintCommands(application: Command): void {
  application
    .command('lint <file...>')
    .description('check definitions before they are applied; exits 2 on errors')
    .option('--strict', 'warnings are errors')
    .action((files: string[], { strict }: { strict?: true }, command: Command) => {
      const { output } = contextOf(command);
      const findings = files.flatMap((file) => lintFile(file));
      if (output === 'table') {
        for (const { file, line, column, severity, at, message } of findings) {
          const mark = severity === 'error' ? colours.red('error') : colours.yellow('warning');
          write(`${file}:${line}:${column}: ${mark} ${at === '' ? '' : `${at}: `}${message}`);
        }
        if (findings.length === 0) write(colours.green('✔ nothing found'));
      } else {
        printRows(findings, output, [], ({ file, line }) => `${file}:${line}`);
      }
      const isBad = ({ severity }: Finding): boolean => severity === 'error' || strict === true;
      const bad = findings.filter(isBad).length;
      if (bad > 0) throw new CliError(`${bad} to mend.`, exitCodes.usage);
    });
  application
    .command('schema')
    .description('print the JSON Schema of a definition, for editors')
    .action(() => {
      write(JSON.stringify(definitionJsonSchema(), null, 2));
    });
}

interface PlacedFinding extends Finding {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly column: number;
  readonly at: string;
}

function lintFile(file: string): PlacedFinding[] {
  const lines = new LineCounter();
  const document = parseDocument(readText(file), { lineCounter: lines, prettyErrors: false });
  const placed = (offset: number, finding: Finding): PlacedFinding => {
    const { line, col } = lines.linePos(offset);
    return { ...finding, file, line, column: col, at: finding.path.join('.') };
  };
  if (document.errors.length > 0) {
    return document.errors.map(({ pos: [offset], message }) =>
      placed(offset, { severity: 'error', path: [], message }),
    );
  }
  /** Where the field stands; of one that is missing, what it is missing in. */
  const offsetOf = (path: readonly (string | number)[]): number => {
    for (let length = path.length; length >= 0; length -= 1) {
      const node = length === 0 ? document.contents : document.getIn(path.slice(0, length), true);
      if (isNode(node) && node.range) return node.range[0];
    }
    return 0;
  };
  return lintDefinition(document.toJS({ maxAliasCount: 100 })).map((finding) =>
    placed(offsetOf(finding.path), finding),
  );
}
