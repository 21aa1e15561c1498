import type { Disturbance } from '../impact.ts';
import type { RequirementGroup } from '../../inventory/inventory.ts';
import { applyDelta, type InventoryDelta } from './apply-delta.ts';
import { createGraphBuilder } from './build-graph.ts';
import { emptyCompany, putCustomer, putSolution, type Company } from './company.ts';

export interface CompanyInput {
  readonly items: readonly string[];
  readonly services: readonly string[];
  readonly groups: readonly RequirementGroup[];
  /** Default: all services are one customer's. */
  readonly customerOf?: (service: string) => string;
}

const solutionOf = (service: string) => (service.length % 2 === 0 ? 'web' : 'mail');

/** A company as it is loaded: built in one go, with its nodes renumbered. */
export function companyOf(input: CompanyInput): Company {
  const { items, services, groups, customerOf = () => 'c1' } = input;
  const company = emptyCompany();
  putSolution(company, 'web', 'hosting');
  putSolution(company, 'mail', 'mail');
  const builder = createGraphBuilder({ nodes: items.length + services.length, rows: 8 });
  items.forEach((id, i) => {
    const place = company.datacentres.addText('mad');
    builder.setNode(builder.ids.addText(id), { nr: i + 1, kind: 'item', customer: -1, place });
  });
  services.forEach((id, i) => {
    const name = customerOf(id);
    const customer = company.customers.ids.addText(name);
    putCustomer(company, customer, {
      nr: customer + 1,
      country: company.countries.addText(name === 'c1' ? 'ES' : 'FR'),
      level: company.levels.addText('gold'),
    });
    builder.setNode(builder.ids.addText(id), {
      nr: items.length + i + 1,
      kind: 'service',
      customer,
      place: company.solutions.addText(solutionOf(id)),
    });
  });
  for (const { dependent, name, needs, members } of groups) {
    for (const member of members) {
      const [from, to] = [builder.ids.findText(dependent), builder.ids.findText(member)];
      if (from < 0 || to < 0) throw new Error(`"${dependent}" or "${member}" is no node`);
      builder.addRow(from, company.groupNames.addText(name), needs, to);
    }
  }
  company.graph = builder.finish();
  return company;
}

/** An empty company and how it becomes another: by what differs, as from the database. */
export function followCompany(): {
  company: Company;
  become: (step: CompanyInput, before?: (delta: InventoryDelta) => void) => void;
} {
  const company = emptyCompany();
  let before: CompanyInput = { items: [], services: [], groups: [] };
  let nr = 0;
  const groupsOf = (input: CompanyInput, node: string) =>
    input.groups.filter(({ dependent }) => dependent === node);
  return {
    company,
    become(step, look = () => undefined) {
      const nodes = [...step.items, ...step.services];
      const changed = nodes.filter(
        (node) => JSON.stringify(groupsOf(before, node)) !== JSON.stringify(groupsOf(step, node)),
      );
      const customerOf = (service: string) => step.customerOf?.(service) ?? 'c1';
      const delta: InventoryDelta = {
        version: company.version + 1,
        solutions: [
          { id: 'web', department: 'hosting' },
          { id: 'mail', department: 'mail' },
        ],
        customers: step.services.map((service) => ({
          id: customerOf(service),
          nr: 1,
          country: 'ES',
          contractLevel: 'gold',
        })),
        items: step.items.map((id) => ({ id, nr: (nr += 1), datacentre: 'mad' })),
        services: step.services.map((id) => ({
          id,
          nr: (nr += 1),
          solution: solutionOf(id),
          customer: customerOf(id),
        })),
        requirements: new Map(changed.map((node) => [node, groupsOf(step, node)])),
        goneNodes: [...before.items, ...before.services].filter((id) => !nodes.includes(id)),
        goneCustomers: [],
      };
      look(delta);
      applyDelta(company, delta);
      before = step;
    },
  };
}

/** Straight from the definition: a set grows until nothing is added any more. */
export function bruteForce(input: CompanyInput, disturbances: readonly Disturbance[]) {
  const nodes = [...input.items, ...input.services];
  const grow = (
    start: Set<string>,
    without: Set<string>,
    joins: (s: Set<string>, n: string) => boolean,
  ) => {
    const set = new Set(start);
    for (let grown = true; grown;) {
      grown = false;
      for (const node of nodes) {
        if (set.has(node) || without.has(node) || !joins(set, node)) continue;
        set.add(node);
        grown = true;
      }
    }
    return set;
  };
  const outside = (g: RequirementGroup, ...sets: Set<string>[]) =>
    g.members.filter((member) => !sets.some((set) => set.has(member))).length;
  const groupsOf = (node: string) => input.groups.filter(({ dependent }) => dependent === node);
  const disturbed = (effect: string) =>
    disturbances.filter((d) => d.effect === effect).map(({ item }) => item);

  const down = grow(new Set(disturbed('down')), new Set(), (set, node) =>
    groupsOf(node).some((g) => outside(g, set) < g.needs),
  );
  const degraded = grow(
    new Set(disturbed('degraded').filter((item) => !down.has(item))),
    down,
    (set, node) => groupsOf(node).some((g) => outside(g, down, set) < g.needs),
  );
  const atRisk = grow(new Set(), new Set([...down, ...degraded]), (set, node) =>
    groupsOf(node).some(
      (g) =>
        outside(g, down, degraded) < g.members.length || outside(g, down, degraded, set) < g.needs,
    ),
  );
  return { down, degraded, atRisk };
}
