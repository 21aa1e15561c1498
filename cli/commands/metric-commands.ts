import type { Command } from 'commander';
import { answerOf } from '../client.ts';
import { contextOf } from '../context.ts';
import type { components } from '../generated/api.d.ts';
import { printRows, showPhase } from '../output.ts';
import type { Change } from './get-change.ts';

type Measurement = components['schemas']['Measurement'];

/** `ctc change measurements`. */
export function addMeasurementCommand(change: Command): void {
  change
    .command('measurements <change>')
    .description("list every measurement of a change's metrics")
    .action(async (label: string, _options: unknown, command: Command) => {
      const { api, output } = contextOf(command);
      const rows: Measurement[] = [];
      let cursor: string | undefined;
      do {
        const page = await answerOf(
          api.GET('/changes/{change}/measurements', {
            params: {
              path: { change: label },
              query: { limit: 200, ...(cursor === undefined ? {} : { cursor }) },
            },
          }),
        );
        rows.push(...page.rows);
        cursor = page.nextCursor;
      } while (cursor !== undefined);
      printRows(
        rows,
        output,
        [
          { title: 'at', value: ({ at }) => at },
          { title: 'attempt', value: ({ attempt }) => String(attempt) },
          { title: 'metric', value: ({ metric }) => metric },
          { title: 'of', value: ({ scopeKey }) => scopeKey },
          { title: 'no', value: ({ number }) => String(number) },
          { title: 'phase', value: ({ phase }) => showPhase(phase) },
          { title: 'what', value: ({ detail }) => detail },
        ],
        ({ metric, scopeKey, number }) => `${metric}/${scopeKey}/${number}`,
      );
    });
}

/** The metrics of an attempt, a line for each and for each of its series that says more. */
export function describeMetrics(metrics: Change['attempts'][number]['metrics']): string[] {
  return metrics.flatMap(({ metric, provider, dryRun, phase, series }) => [
    `  metric ${metric} (${provider}${dryRun ? ', recorded only' : ''}): ${showPhase(phase)}`,
    ...series.map(({ scope, phase: own, because, counts, last }) => {
      const counted = [
        `${counts.successful} successful`,
        `${counts.failed} failed`,
        `${counts.inconclusive} inconclusive`,
        `${counts.error} errors`,
      ].join(', ');
      const newest = last === null ? '' : `; last: ${last.detail}`;
      return `    ${scope === '' ? '' : `${scope}: `}${showPhase(own)}, ${counted} (${because})${newest}`;
    }),
  ]);
}
