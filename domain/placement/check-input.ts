import { DomainError, type Complaint } from '../errors.ts';
import { simulationInputSchema, type SimulationInput } from './simulation.ts';

/**
 * The input with its defaults, checked as a whole.
 * @throws DomainError `invalid` with a complaint for each field that is wrong or contradicts another.
 */
export function checkSimulationInput(input: unknown): SimulationInput {
  const parsed = simulationInputSchema.safeParse(input);
  if (!parsed.success) {
    throw invalid(
      parsed.error.issues.map(({ path, message }) => ({ field: path.join('.'), message })),
    );
  }
  const complaints = contradictions(parsed.data);
  if (complaints.length > 0) throw invalid(complaints);
  return parsed.data;
}

function contradictions(input: SimulationInput): Complaint[] {
  const complaints: Complaint[] = [];
  const sites = new Set<string>();
  input.datacentres.forEach(({ id }, index) => {
    if (sites.has(id)) {
      complaints.push({ field: `datacentres.${index}.id`, message: `"${id}" is given twice` });
    }
    sites.add(id);
  });
  const needSite = (id: string, field: string): void => {
    if (!sites.has(id)) complaints.push({ field, message: `there is no datacentre "${id}"` });
  };
  const { currency } = input.application.nfrs.monthlyCost;
  const offers = new Set<string>();
  input.offers.forEach((offer, index) => {
    const field = `offers.${index}`;
    if (offers.has(offer.id)) {
      complaints.push({ field: `${field}.id`, message: `"${offer.id}" is given twice` });
    }
    offers.add(offer.id);
    needSite(offer.datacentre, `${field}.datacentre`);
    if (offer.monthlyPrice === 0) {
      complaints.push({
        field: `${field}.monthlyPrice`,
        message: `of offer "${offer.id}" is 0: what costs nothing would be rented without end; give its real price`,
      });
    }
    if (offer.currency !== currency) {
      complaints.push({
        field: `${field}.currency`,
        message: `is ${offer.currency}; the cost limit is in ${currency}, and currencies are not converted`,
      });
    }
  });
  input.latencies.forEach(({ from, to }, index) => {
    needSite(from, `latencies.${index}.from`);
    needSite(to, `latencies.${index}.to`);
  });
  const components = new Set(input.application.components.map(({ name }) => name));
  input.measurements.forEach(({ component, datacentre }, index) => {
    needSite(datacentre, `measurements.${index}.datacentre`);
    if (!components.has(component)) {
      complaints.push({
        field: `measurements.${index}.component`,
        message: `there is no component "${component}"`,
      });
    }
  });
  return complaints;
}

function invalid(complaints: readonly Complaint[]): DomainError {
  return new DomainError('invalid', 'The simulation’s input cannot be used.', {
    code: 'invalid-simulation-input',
    complaints,
  });
}
