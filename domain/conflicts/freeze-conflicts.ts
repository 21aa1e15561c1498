import { formatUtc } from '../format-utc.ts';
import type { Company } from '../impact/engine/company.ts';
import { overlapOf } from '../windows/window-rules.ts';
import type { Conflict, Freeze } from './conflict.ts';
import { makeConflict } from './evidence.ts';
import { hasNumber } from './number-set.ts';
import type { Placed } from './pair-conflicts.ts';

/** Conflicts of an intervention with the freezes that are in force in its window and cover it. */
export function freezeConflicts(
  company: Company,
  placed: Placed,
  freezes: readonly Freeze[],
): Conflict[] {
  const { intervention } = placed;
  return freezes.flatMap((freeze) => {
    if (!covers(company, freeze, placed)) return [];
    const [inForce] = freeze.within(intervention.window);
    if (inForce === undefined) return [];
    const time = overlapOf(intervention.window, inForce);
    const what = freeze.kind === 'freeze' ? 'the freeze' : 'the no-touch period';
    return makeConflict(
      'freeze',
      `${freeze.kind}:${freeze.id}`,
      [intervention],
      time,
      { what: [freeze.name], count: 1 },
      `${intervention.label} disturbs ${scopeWords(freeze)} from ${formatUtc(time.opensAtMs)} to ${formatUtc(time.closesAtMs)}, in ${what} "${freeze.name}".`,
      `Move ${intervention.label} out of ${what}, or have it overridden with a reason by somebody who may.`,
    );
  });
}

/** Whether the freeze, at whatever time, is about what the intervention does. */
export function covers(
  company: Company,
  { scope }: Freeze,
  { intervention, footprint }: Placed,
): boolean {
  if (scope.kind === 'company') return true;
  const { kind, id } = scope;
  switch (kind) {
    case 'datacentre':
      return (
        intervention.datacentres.includes(id) ||
        footprint.datacentres.has(company.datacentres.findText(id))
      );
    case 'solution':
      return footprint.solutions.has(company.solutions.findText(id));
    case 'customer': {
      const customer = company.customers.ids.findText(id);
      return customer >= 0 && hasNumber(footprint.customers, customer);
    }
    case 'department': {
      const department = company.departments.findText(id);
      return (
        intervention.department === id ||
        [...footprint.solutions].some(
          (solution) => company.solutionDepartment[solution] === department,
        )
      );
    }
  }
}

function scopeWords({ scope }: Freeze): string {
  if (scope.kind === 'company') return 'the company';
  // A customer is not named: explanations are read by people who may not see customers.
  return scope.kind === 'customer' ? 'a customer' : `${scope.kind} ${scope.id}`;
}
