import { rolesWith } from '../domain/access/roles.ts';
import { incidentLifeCycle, type IncidentTransition } from '../domain/incidents/life-cycle.ts';
import { defaultIncidentPlan } from '../domain/incidents/plan.ts';
import { changeFailureDefinition } from '../domain/problems/change-failures.ts';
import { problemLifeCycle } from '../domain/problems/problem.ts';
import { annexA } from '../domain/risks/annex-a.ts';
import { treatmentOptions, type TreatmentOption } from '../domain/risks/risk.ts';
import { generateDocument } from './generated-document.ts';

const optionWords: Readonly<Record<TreatmentOption, readonly [string, string]>> = {
  modify: ['controls make it less likely or less bad', 'at least one control'],
  retain: ['it is left as it is', 'what is left is what was there'],
  avoid: ['what it comes from is given up', 'an explanation'],
  share: ['somebody else bears some of it', 'an explanation'],
};

/**
 * Writes the tables of docs/incidents.md and its like from the code, between their marks; the words around them are
 * people's. With --check it only says whether they are current.
 */
const tables: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'incidents.md': {
    'life cycle': table(
      ['from', 'event', 'to', 'who', 'opened by', 'requires'],
      incidentLifeCycle.map((row) => [
        row.from,
        row.event,
        row.to,
        whoOf(row.by),
        row.sources.join(', '),
        row.requires,
      ]),
    ),
    severities: table(
      ['severity', 'meaning', 'answered within', 'reviewed'],
      defaultIncidentPlan.severities.map((one) => [
        one.id,
        one.meaning,
        `${one.respondWithinMinutes} minutes`,
        one.reviewRequired ? 'yes' : 'no',
      ]),
    ),
    duties: table(
      ['duty', 'to', 'within', 'owed'],
      defaultIncidentPlan.duties.map(({ title, to, within, appliesTo }) => [
        title,
        to,
        within.hours === undefined ? `${within.months ?? 0} month` : `${within.hours} hours`,
        [
          ...(appliesTo.severities ?? []),
          ...(appliesTo.categories ?? []),
          ...(appliesTo.personalData === true ? ['personal data is concerned'] : []),
        ].join(', '),
      ]),
    ),
  },
  'problems.md': {
    'life cycle': table(
      ['from', 'event', 'to', 'who', 'requires'],
      problemLifeCycle.map((row) => [row.from, row.event, row.to, whoOf(row.by), row.requires]),
    ),
    'change failure rate': changeFailureDefinition,
  },
  'risks.md': {
    'treatment options': table(
      ['option', 'what it means', 'what is asked'],
      treatmentOptions.map((option) => [option, ...optionWords[option]]),
    ),
    'annex a': table(
      ['control', 'theme', 'title'],
      annexA.map(({ number, theme, title }) => [number, theme, title]),
    ),
  },
};

for (const [name, sections] of Object.entries(tables)) {
  await generateDocument(name, (current) =>
    Object.entries(sections).reduce(
      (document, [section, content]) => fill(document, section, content),
      current,
    ),
  );
}

function fill(document: string, section: string, content: string): string {
  const [begin, end] = [`<!-- generated: ${section} -->`, '<!-- end -->'];
  const from = document.indexOf(begin);
  const to = document.indexOf(end, from);
  if (from < 0 || to < 0) throw new Error(`There is no place marked "${section}".`);
  return `${document.slice(0, from + begin.length)}\n\n${content}\n\n${document.slice(to)}`;
}

function table(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  return [titles, titles.map(() => '---'), ...rows]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n');
}

function whoOf(by: IncidentTransition['by']): string {
  return by === 'its source' ? by : rolesWith(by).join(', ');
}
