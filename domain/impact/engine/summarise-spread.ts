import type { AffectedCounts, ImpactSummary, SummaryLine } from '../impact.ts';
import type { Company } from './company.ts';
import { nodeKinds } from './dependency-graph.ts';
import type { IdTable } from './id-table.ts';
import type { Spread } from './spread.ts';

/** Services and customers by state code, for each number of a dimension: six counters a line. */
const perLine = 6;

export interface SpreadSummary {
  readonly items: readonly [down: number, degraded: number, atRisk: number];
  readonly summary: ImpactSummary;
  /** Customers with an affected service, and the worst state code of each; in no order. */
  readonly customers: Int32Array;
  readonly customerStates: Uint8Array;
}

/** Counts what a spread means for customers; linear in what it found. */
export function summariseSpread(company: Company, { found, state }: Spread): SpreadSummary {
  const { graph, customers, solutions, departments, countries, levels } = company;
  const items: [number, number, number] = [0, 0, 0];
  const bySolution = new Int32Array(solutions.size * perLine);
  const byDepartment = new Int32Array(departments.size * perLine);
  const byCountry = new Int32Array(countries.size * perLine);
  const byLevel = new Int32Array(levels.size * perLine);
  const total = new Int32Array(perLine);
  const add = (lines: Int32Array, line: number, code: number): void => {
    const at = line * perLine + code;
    lines[at] = (lines[at] ?? 0) + 1;
  };

  // The affected services of each customer side by side: counted, then put into their places.
  const firstOf = new Int32Array(customers.ids.size + 1);
  let services = 0;
  for (let i = 0; i < found.length; i += 1) {
    const node = found[i] as number;
    if (graph.kind[node] !== nodeKinds.service) {
      const code = (state[node] ?? 1) - 1;
      items[code] = (items[code] ?? 0) + 1;
      continue;
    }
    const customer = graph.customer[node] as number;
    firstOf[customer + 1] = (firstOf[customer + 1] as number) + 1;
    services += 1;
  }
  for (let c = 0; c < customers.ids.size; c += 1) {
    firstOf[c + 1] = (firstOf[c + 1] as number) + (firstOf[c] as number);
  }
  // Solution and state in one number: all that is counted of a service.
  const serviceFacts = new Int32Array(services);
  for (let i = 0; i < found.length; i += 1) {
    const node = found[i] as number;
    if (graph.kind[node] !== nodeKinds.service) continue;
    const customer = graph.customer[node] as number;
    const at = firstOf[customer] as number;
    serviceFacts[at] = (graph.place[node] as number) * 4 + (state[node] as number);
    firstOf[customer] = at + 1;
  }
  // `firstOf[c]` is now where the services of c end.

  const solutionWorst = new Uint8Array(solutions.size);
  const departmentWorst = new Uint8Array(departments.size);
  const affected: number[] = [];
  const worst: number[] = [];
  const seenSolutions: number[] = [];
  const seenDepartments: number[] = [];
  let from = 0;
  for (let customer = 0; customer < customers.ids.size; customer += 1) {
    const to = firstOf[customer] as number;
    if (to === from) continue;
    const country = customers.country[customer] as number;
    const level = customers.level[customer] as number;
    let worstCode = 4;
    for (let i = from; i < to; i += 1) {
      const facts = serviceFacts[i] as number;
      const code = facts & 3;
      const solution = facts >> 2;
      const department = company.solutionDepartment[solution] as number;
      if (code < worstCode) worstCode = code;
      add(total, 0, code - 1);
      add(bySolution, solution, code - 1);
      add(byDepartment, department, code - 1);
      add(byCountry, country, code - 1);
      add(byLevel, level, code - 1);
      const ofSolution = solutionWorst[solution] as number;
      if (ofSolution === 0) seenSolutions.push(solution);
      if (ofSolution === 0 || code < ofSolution) solutionWorst[solution] = code;
      const ofDepartment = departmentWorst[department] as number;
      if (ofDepartment === 0) seenDepartments.push(department);
      if (ofDepartment === 0 || code < ofDepartment) departmentWorst[department] = code;
    }
    add(total, 0, worstCode + 2);
    add(byCountry, country, worstCode + 2);
    add(byLevel, level, worstCode + 2);
    for (const solution of seenSolutions) {
      add(bySolution, solution, (solutionWorst[solution] as number) + 2);
      solutionWorst[solution] = 0;
    }
    for (const department of seenDepartments) {
      add(byDepartment, department, (departmentWorst[department] as number) + 2);
      departmentWorst[department] = 0;
    }
    seenSolutions.length = 0;
    seenDepartments.length = 0;
    affected.push(customer);
    worst.push(worstCode);
    from = to;
  }
  return {
    items,
    summary: {
      total: countsAt(total, 0),
      bySolution: linesOf(bySolution, solutions),
      byContractLevel: linesOf(byLevel, levels),
      byCountry: linesOf(byCountry, countries),
      byDepartment: linesOf(byDepartment, departments),
    },
    customers: Int32Array.from(affected),
    customerStates: Uint8Array.from(worst),
  };
}

function countsAt(lines: Int32Array, line: number): AffectedCounts {
  const at = (offset: number): number => lines[line * perLine + offset] ?? 0;
  return {
    services: { down: at(0), degraded: at(1), atRisk: at(2) },
    customers: { down: at(3), degraded: at(4), atRisk: at(5) },
  };
}

function linesOf(lines: Int32Array, names: IdTable): SummaryLine[] {
  const result: SummaryLine[] = [];
  for (let line = 0; line < names.size; line += 1) {
    const counts = countsAt(lines, line);
    const { down, degraded, atRisk } = counts.services;
    if (down + degraded + atRisk > 0) result.push({ key: names.text(line), ...counts });
  }
  return result.sort((a, b) => (a.key < b.key ? -1 : 1));
}
