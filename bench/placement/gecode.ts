import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { optionalComponents, type Restriction } from '../../domain/application/restrictions.ts';
import type { RivalAnswer, RivalProblem } from './rival-problem.ts';

/** Gecode by MiniZinc; undefined, having said so, where that is not installed. */
export function prepareGecode():
  ((problem: RivalProblem, how: { readonly limitSeconds: number }) => RivalAnswer) | undefined {
  const found = spawnSync('minizinc', ['--solvers'], { encoding: 'utf8' });
  if (found.status !== 0 || !/gecode/i.test(found.stdout)) {
    console.log(
      'Gecode is left out: there is no `minizinc` with Gecode here (Debian: apt install minizinc).',
    );
    return undefined;
  }
  return (problem, { limitSeconds }) => {
    const directory = mkdtempSync(join(tmpdir(), 'ctc-bench-'));
    try {
      const file = join(directory, 'placement.mzn');
      writeFileSync(file, toMiniZinc(problem));
      const run = spawnSync(
        'minizinc',
        ['--solver', 'gecode', '--statistics', '--time-limit', String(limitSeconds * 1000), file],
        { encoding: 'utf8', maxBuffer: 1 << 28 },
      );
      if (run.status !== 0) throw new Error(`MiniZinc failed: ${run.stderr}${run.stdout}`);
      return readAnswer(run.stdout);
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  };
}

function readAnswer(output: string): RivalAnswer {
  const prices = [...output.matchAll(/^price=(\d+)/gm)].map(([, price]) => Number(price));
  const statistic = (name: string): number =>
    [...output.matchAll(new RegExp(`mzn-stat: ${name}=([0-9.e+-]+)`, 'g'))].reduce(
      (sum, [, seconds]) => sum + Number(seconds),
      0,
    );
  return {
    isProven: output.includes('=========='),
    price: prices.at(-1) ?? null,
    seconds: statistic('flatTime') + statistic('initTime') + statistic('solveTime'),
  };
}

/**
 * The usual model: an offer for each slot by a table, slots in falling order of price, equal slots in falling
 * order of what is on them.
 */
export function toMiniZinc(problem: RivalProblem): string {
  const { components, offers, restrictions, slots } = problem;
  const index = new Map(components.map(({ name }, position) => [name, position + 1]));
  const at = (name: string): number => index.get(name) ?? 0;
  const optional = optionalComponents({ restrictions });
  const rows = [
    '0, 0, 0, 0, 0',
    ...offers.map(({ price, cores, memoryMb, storageGb }, offer) =>
      [offer + 1, price, cores, memoryMb, storageGb].join(', '),
    ),
  ];
  const largest = (of: 'price' | 'cores' | 'memoryMb' | 'storageGb'): number =>
    Math.max(...offers.map((offer) => offer[of]));
  const needs = (of: 'cores' | 'memoryMb' | 'storageGb'): string =>
    components.map((component, c) => `${component[of]} * on[${c + 1}, k]`).join(' + ');
  return [
    'include "table.mzn";',
    'include "lex_greatereq.mzn";',
    `set of int: K = 1..${slots};`,
    `set of int: C = 1..${components.length};`,
    `array[0..${offers.length}, 1..5] of int: offers = array2d(0..${offers.length}, 1..5, [${rows.join(',\n  ')}]);`,
    'array[C, K] of var 0..1: on;',
    `array[K] of var 0..${offers.length}: offer;`,
    `array[K] of var 0..${largest('price')}: price;`,
    `array[K] of var 0..${largest('cores')}: cores;`,
    `array[K] of var 0..${largest('memoryMb')}: memory;`,
    `array[K] of var 0..${largest('storageGb')}: storage;`,
    'constraint forall(k in K)(table([offer[k], price[k], cores[k], memory[k], storage[k]], offers));',
    `constraint forall(k in K)(${needs('cores')} <= cores[k]);`,
    `constraint forall(k in K)(${needs('memoryMb')} <= memory[k]);`,
    `constraint forall(k in K)(${needs('storageGb')} <= storage[k]);`,
    'constraint forall(k in K)((offer[k] > 0) = (sum(c in C)(on[c, k]) > 0));',
    'constraint forall(k in K where k > 1)(price[k - 1] >= price[k]);',
    'constraint forall(k in K where k > 1)(price[k - 1] = price[k] -> lex_greatereq([on[c, k - 1] | c in C], [on[c, k] | c in C]));',
    'array[C] of var int: total = [sum(k in K)(on[c, k]) | c in C];',
    ...components.flatMap(({ name }) =>
      optional.has(name) ? [] : [`constraint total[${at(name)}] >= 1;`],
    ),
    ...restrictions.flatMap((one) => toConstraints(one, at, optional, restrictions)),
    'solve :: seq_search([int_search(price, first_fail, indomain_min), int_search(array1d(on), first_fail, indomain_max)])',
    '  minimize sum(price);',
    'output ["price=\\(sum(price))\\n"];',
    '',
  ].join('\n');
}

function toConstraints(
  restriction: Restriction,
  at: (name: string) => number,
  optional: ReadonlySet<string>,
  all: readonly Restriction[],
): string[] {
  const apart = (one: string, others: readonly string[]): string[] =>
    others.map(
      (other) => `constraint forall(k in K)(on[${at(one)}, k] + on[${at(other)}, k] <= 1);`,
    );
  switch (restriction.kind) {
    case 'conflict':
      return apart(restriction.component, restriction.with);
    case 'exclusive':
      return [
        `constraint sum([${restriction.components.map((name) => `bool2int(total[${at(name)}] > 0)`).join(', ')}]) = 1;`,
      ];
    case 'instances': {
      const sum = restriction.components.map((name) => `total[${at(name)}]`).join(' + ');
      const { atLeast, atMost, exactly } = restriction;
      return [
        ...(atLeast === undefined ? [] : [`constraint ${sum} >= ${atLeast};`]),
        ...(atMost === undefined ? [] : [`constraint ${sum} <= ${atMost};`]),
        ...(exactly === undefined ? [] : [`constraint ${sum} = ${exactly};`]),
      ];
    }
    case 'require-provide': {
      const { component, requires, provider, provides } = restriction;
      const held = `${requires} * total[${at(component)}] <= ${provides} * total[${at(provider)}]`;
      return [
        optional.has(provider)
          ? `constraint total[${at(provider)}] > 0 -> ${held};`
          : `constraint ${held};`,
      ];
    }
    case 'one-to-one': {
      const [first = '', ...others] = restriction.components;
      return others.map((other) => `constraint total[${at(first)}] = total[${at(other)}];`);
    }
    case 'one-to-many': {
      const left = `${restriction.number} * total[${at(restriction.one)}] - total[${at(restriction.many)}]`;
      return [`constraint ${left} >= 1 /\\ ${left} <= ${restriction.number};`];
    }
    case 'full-deployment': {
      const { component } = restriction;
      const spared = new Set([
        ...restriction.except,
        ...all.flatMap((one) => {
          if (one.kind !== 'conflict') return [];
          if (one.component === component) return one.with;
          return one.with.includes(component) ? [one.component] : [];
        }),
      ]);
      const there = [component, ...spared].map((name) => `on[${at(name)}, k]`).join(' + ');
      return [
        ...apart(component, restriction.except),
        `constraint forall(k in K)(offer[k] > 0 -> ${there} >= 1);`,
      ];
    }
    // Published instances have neither.
    case 'co-location':
    case 'spread':
      return [];
  }
}
