/** A thing that can be changed (a configuration item). */
export interface Item {
  readonly id: string;
  readonly kind: string;
  readonly name: string;
  readonly datacentre: string;
  readonly department: string;
}

/** What a customer has. */
export interface Service {
  readonly id: string;
  readonly name: string;
  readonly solution: string;
  readonly customer: string;
}

/**
 * A node (item or service) stays up while at least `needs` of the group's members are up. A plain
 * dependency is a group of one that needs one.
 */
export interface RequirementGroup {
  readonly dependent: string;
  readonly name: string;
  readonly needs: number;
  readonly members: readonly string[];
}

export interface Department {
  readonly id: string;
  readonly name: string;
}

/** Who carries interventions out; booked for one at a time. */
export interface Team {
  readonly id: string;
  readonly name: string;
  readonly department: string;
}

/** A site; `timeZone` is an IANA name, `driver` names what deploys there (`local`, …). */
export interface Datacentre {
  readonly id: string;
  readonly name: string;
  readonly country: string;
  readonly timeZone: string;
  readonly driver: string;
}

/** Who sells offers; the risks of relying on it are from 1 to 5, 1 is least. */
export interface Provider {
  readonly id: string;
  readonly name: string;
  /** ISO 3166-1: whose law it is under. */
  readonly jurisdiction: string;
  readonly financialRisk: number;
  readonly technologicalRisk: number;
}

/** A product of the company, sold to customers as services. */
export interface Solution {
  readonly id: string;
  readonly name: string;
  readonly department: string;
}

export interface Customer {
  readonly id: string;
  readonly name: string;
  readonly country: string;
  readonly contractLevel: string;
}
