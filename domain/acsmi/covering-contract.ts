import type { Contract } from './contract.ts';

/** A machine that something stands on, as contracts see it. */
export interface Footing {
  readonly application: string;
  readonly datacentre: string;
  readonly offer: string;
  /** Of the offer; undefined where the catalogue does not say, or has the offer no more. */
  readonly provider: string | undefined;
}

export interface LabelledContract extends Contract {
  /** For people: CON-3. */
  readonly label: string;
}

export function isInForce(
  { starts, ends }: Pick<Contract, 'starts' | 'ends'>,
  day: string,
): boolean {
  return starts <= day && day < ends;
}

/** Whether a contract is about this footing, at whatever time. */
export function covers(contract: Contract, footing: Footing): boolean {
  const { application, covers: covered, provider } = contract;
  if (application !== undefined && application !== footing.application) return false;
  if (covered.offers.includes(footing.offer)) return true;
  return (
    covered.datacentres.includes(footing.datacentre) &&
    (footing.provider === undefined || footing.provider === provider)
  );
}

/**
 * The contract that counts for a footing on a day of UTC: one for the application before one for all, one that
 * names the offer before one of the whole datacentre, and of those that are left the latest to start.
 */
export function coveringContract<C extends LabelledContract>(
  contracts: readonly C[],
  footing: Footing,
  day: string,
): C | undefined {
  const closeness = ({ application, covers: covered }: C): number =>
    (application === undefined ? 0 : 2) + (covered.offers.includes(footing.offer) ? 1 : 0);
  return contracts
    .filter((contract) => isInForce(contract, day) && covers(contract, footing))
    .sort(
      (a, b) =>
        closeness(b) - closeness(a) ||
        b.starts.localeCompare(a.starts) ||
        a.label.localeCompare(b.label, 'en', { numeric: true }),
    )[0];
}
