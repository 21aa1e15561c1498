import { emptyGraph, type DependencyGraph } from './dependency-graph.ts';
import { withRoom } from './growable.ts';
import { createIdTable, type IdTable } from './id-table.ts';

/** Customers by number: what their services' impact is summed up by. */
export interface Customers {
  ids: IdTable;
  nr: Int32Array;
  /** From `countries` and `levels`. */
  country: Uint16Array;
  level: Uint16Array;
}

/** The whole hosting company in memory, as of one version of its inventory. */
export interface Company {
  version: number;
  graph: DependencyGraph;
  customers: Customers;
  /** By number: ids of few hundred things each. */
  readonly solutions: IdTable;
  /** The department of each solution, from `departments`. */
  solutionDepartment: Uint16Array;
  readonly departments: IdTable;
  readonly datacentres: IdTable;
  readonly countries: IdTable;
  readonly levels: IdTable;
  readonly groupNames: IdTable;
}

/** What few things there may be of a kind. */
export const fewAtMost = 65_536;

export function emptyCompany(): Company {
  return {
    version: 0,
    graph: emptyGraph(),
    customers: {
      ids: createIdTable(),
      nr: new Int32Array(0),
      country: new Uint16Array(0),
      level: new Uint16Array(0),
    },
    solutions: createIdTable(),
    solutionDepartment: new Uint16Array(0),
    departments: createIdTable(),
    datacentres: createIdTable(),
    countries: createIdTable(),
    levels: createIdTable(),
    groupNames: createIdTable(),
  };
}

export function putCustomer(
  { customers }: Company,
  customer: number,
  facts: { readonly nr: number; readonly country: number; readonly level: number },
): void {
  customers.nr = withRoom(customers.nr, customer + 1);
  customers.country = withRoom(customers.country, customer + 1);
  customers.level = withRoom(customers.level, customer + 1);
  customers.nr[customer] = facts.nr;
  customers.country[customer] = facts.country;
  customers.level[customer] = facts.level;
}

export function putSolution(company: Company, id: string, department: string): void {
  const solution = company.solutions.addText(id);
  company.solutionDepartment = withRoom(company.solutionDepartment, solution + 1);
  company.solutionDepartment[solution] = company.departments.addText(department);
}
