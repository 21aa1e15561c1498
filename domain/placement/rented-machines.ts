import type { Assignment } from './simulation.ts';

/** One machine that is rented, and what stands on it. */
export interface RentedMachine {
  readonly datacentre: string;
  readonly offer: string;
  readonly components: readonly string[];
}

/** The machines of a placement in the order of their first assignment: what is paid for, each once. */
export function rentedMachines(
  assignments: readonly Pick<Assignment, 'component' | 'datacentre' | 'offer' | 'machine'>[],
): RentedMachine[] {
  const machines = new Map<string, RentedMachine & { readonly components: string[] }>();
  assignments.forEach(({ component, datacentre, offer, machine }, index) => {
    // A replica without a machine's name has one to itself.
    const key = machine === undefined ? `#${index}` : `${offer} ${machine}`;
    const rented = machines.get(key);
    if (rented === undefined) machines.set(key, { datacentre, offer, components: [component] });
    else rented.components.push(component);
  });
  return [...machines.values()];
}

/** Where a placement has a component at all: each (component, datacentre) once, in the order given. */
export function distinctReplicas<T extends Pick<Assignment, 'component' | 'datacentre'>>(
  assignments: readonly T[],
): T[] {
  const seen = new Set<string>();
  return assignments.filter(({ component, datacentre }) => {
    const key = `${component}@${datacentre}`;
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}
