import { putCustomer, putSolution, type Company } from './company.ts';
import {
  findNode,
  putNode,
  removeNode,
  replaceGroups,
  type NumberedGroup,
} from './dependency-graph.ts';

/** What changed in the inventory between two versions, as it is in the newer one. */
export interface InventoryDelta {
  readonly version: number;
  readonly solutions: readonly { readonly id: string; readonly department: string }[];
  readonly customers: readonly {
    readonly id: string;
    readonly nr: number;
    readonly country: string;
    readonly contractLevel: string;
  }[];
  readonly items: readonly {
    readonly id: string;
    readonly nr: number;
    readonly datacentre: string;
  }[];
  readonly services: readonly {
    readonly id: string;
    readonly nr: number;
    readonly solution: string;
    readonly customer: string;
  }[];
  /** All groups of each dependent of which any changed; none where it needs nothing any more. */
  readonly requirements: ReadonlyMap<
    string,
    readonly {
      readonly name: string;
      readonly needs: number;
      readonly members: readonly string[];
    }[]
  >;
  readonly goneNodes: readonly string[];
  readonly goneCustomers: readonly string[];
}

/** Makes the company what it is in the delta's version, in time that the delta's size decides alone. */
export function applyDelta(company: Company, delta: InventoryDelta): void {
  const { graph, customers, countries, levels, solutions, datacentres, groupNames } = company;
  for (const { id, department } of delta.solutions) putSolution(company, id, department);
  for (const { id, nr, country, contractLevel } of delta.customers) {
    putCustomer(company, customers.ids.addText(id), {
      nr,
      country: countries.addText(country),
      level: levels.addText(contractLevel),
    });
  }
  for (const { id, nr, datacentre } of delta.items) {
    putNode(graph, id, { nr, kind: 'item', customer: -1, place: datacentres.addText(datacentre) });
  }
  for (const { id, nr, solution, customer } of delta.services) {
    putNode(graph, id, {
      nr,
      kind: 'service',
      customer: customers.ids.findText(customer),
      place: solutions.addText(solution),
    });
  }
  for (const [dependent, groups] of delta.requirements) {
    const node = findNode(graph, dependent);
    if (node < 0) continue; // gone before this process knew of it
    replaceGroups(
      graph,
      node,
      groups.map(({ name, needs, members }): NumberedGroup => ({
        name: groupNames.addText(name),
        needs,
        members: members.map((member) => findNode(graph, member)),
      })),
    );
  }
  for (const id of delta.goneNodes) {
    const node = findNode(graph, id);
    if (node >= 0) removeNode(graph, node);
  }
  for (const id of delta.goneCustomers) {
    const customer = customers.ids.findText(id);
    if (customer >= 0) customers.ids.remove(customer);
  }
  company.version = delta.version;
}
