import type { ReleaseChange } from '../change/change-request.ts';
import { windowRequestOf, type WindowRequest } from '../windows/window.ts';
import { endsSoon } from './contract.ts';
import {
  coveringContract,
  covers,
  type Footing,
  type LabelledContract,
} from './covering-contract.ts';
import type { ProposalKind } from './ports.ts';
import { dayOf, startOfDayMs } from './utc-days.ts';

/** An application as it was verified last. */
export interface RunningApplication {
  readonly application: string;
  readonly department: string;
  readonly release: string;
  /** That its requirements allow. */
  readonly countries: readonly string[];
  /** That its change was allowed to use, in the order of its waves. */
  readonly datacentres: readonly string[];
  /** Each once. */
  readonly footings: readonly Footing[];
}

export interface ProposalFacts {
  readonly nowMs: number;
  /** A contract that ends within its notice period and so many days more is warned of. */
  readonly warningDays: number;
  /** That have not ended. */
  readonly contracts: readonly (LabelledContract & { readonly id: string })[];
  readonly running: readonly RunningApplication[];
  /** Ids of the offers that are sold now. */
  readonly sold: ReadonlySet<string>;
  /** Datacentres in which something is sold now. */
  readonly sites: readonly { readonly id: string; readonly country: string }[];
}

/** What a person is asked to do, and the change that would do it. */
export interface NewProposal {
  /** The same as long as the reason is the same. */
  readonly key: string;
  readonly kind: ProposalKind;
  readonly contractId: string | null;
  readonly offer: string | null;
  readonly application: string | null;
  readonly reason: string;
  readonly whatToDo: string;
  readonly request: Partial<ReleaseChange> | null;
}

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
/** Time to read the proposal, mend the request and have it approved. */
const leadDays = 3;
const windowHour = 2;
const windowHours = 4;

/** Everything that contracts about to end, and offers that are sold no more, ask for now. */
export function proposalsFor(facts: ProposalFacts): NewProposal[] {
  const ending = facts.contracts.filter((contract) =>
    endsSoon(contract, facts.warningDays, facts.nowMs),
  );
  // Once for all of them: to resolve a window takes longer than everything else here.
  const window = nightAfter(facts.nowMs);
  return [
    ...ending.flatMap((contract) => ofEndingContract(contract, facts)),
    ...facts.running.flatMap((one) => ofWithdrawnOffers(one, facts, window)),
  ];
}

function ofEndingContract(
  contract: ProposalFacts['contracts'][number],
  facts: ProposalFacts,
): NewProposal[] {
  const { contracts, running, nowMs } = facts;
  const { id, label, provider, starts, ends, noticeDays } = contract;
  const today = dayOf(nowMs);
  // Of one that has not begun, what will stand on it.
  const day = starts > today ? starts : today;
  const reason = `${label} with ${provider} ends on ${ends}, with a notice period of ${noticeDays} days.`;
  const common = { kind: 'contract-ends', contractId: id, offer: null, reason } as const;
  const renew = `To stay, change ${label} to end later, or register the contract that follows it`;
  const moving = running.flatMap((one) => {
    const leaving = one.footings.filter(
      (footing) =>
        coveringContract(contracts, footing, day)?.id === id &&
        coveringContract(contracts, footing, ends) === undefined,
    );
    return leaving.length === 0 ? [] : [{ one, leaving }];
  });
  if (moving.length === 0) {
    // What is not used needs a person only if nothing follows it.
    if (isFollowed(contract, contracts)) return [];
    const key = `contract-ends/${id}/${ends}`;
    const whatToDo = `${renew}; nothing stands on it, and it may as well end.`;
    return [{ ...common, key, application: null, whatToDo, request: null }];
  }
  const window = nightAfter(nowMs, startOfDayMs(ends));
  return moving.map(({ one, leaving }) => {
    const { application } = one;
    const left = new Set(leaving.map(({ datacentre }) => datacentre));
    const to = candidates(one, facts).filter((site) => !left.has(site));
    const where = [...left].join(', ');
    return {
      ...common,
      key: `contract-ends/${id}/${ends}/${application}`,
      application,
      whatToDo:
        to.length === 0
          ? `${renew}: ${application} stands on it in ${where}, and may go nowhere else.`
          : `${renew}; or move ${application} out of ${where} by the request that is prepared.`,
      request:
        to.length === 0
          ? null
          : requestOf(one, `Move ${application} out of ${where}`, reason, to, window),
    };
  });
}

/** Whether other contracts cover all of it, for the same application or for all, on the day it ends. */
function isFollowed(contract: LabelledContract, contracts: readonly LabelledContract[]): boolean {
  const { ends, provider, application = '', covers: covered } = contract;
  const isCovered = (footing: Omit<Footing, 'application' | 'provider'>): boolean =>
    contracts.some(
      (other) =>
        other.starts <= ends &&
        ends < other.ends &&
        covers(other, { ...footing, application, provider }),
    );
  return (
    covered.datacentres.every((datacentre) => isCovered({ datacentre, offer: '' })) &&
    covered.offers.every((offer) => isCovered({ datacentre: '', offer }))
  );
}

function ofWithdrawnOffers(
  one: RunningApplication,
  facts: ProposalFacts,
  window: WindowRequest,
): NewProposal[] {
  const { application, footings } = one;
  const withdrawn = footings.filter(({ offer }) => !facts.sold.has(offer));
  const to = candidates(one, facts);
  return [...new Set(withdrawn.map(({ offer }) => offer))].map((offer) => {
    const where = withdrawn
      .filter((footing) => footing.offer === offer)
      .map(({ datacentre }) => datacentre)
      .join(', ');
    const reason = `${application} stands on ${offer} in ${where}, which is sold no more.`;
    return {
      key: `offer-withdrawn/${offer}/${application}`,
      kind: 'offer-withdrawn',
      contractId: null,
      offer,
      application,
      reason,
      whatToDo:
        to.length === 0
          ? `Import offers that ${application} may use: nothing is sold in the countries it may run in.`
          : `Deploy ${application} anew by the request that is prepared: it is placed on what is sold.`,
      request:
        to.length === 0
          ? null
          : requestOf(one, `Move ${application} off ${offer}`, reason, to, window),
    };
  });
}

/** Where an application may go: those its last change was allowed to use come first, in their order. */
function candidates(one: RunningApplication, { sites }: ProposalFacts): string[] {
  const allowed = sites
    .filter(({ country }) => one.countries.includes(country))
    .map(({ id }) => id);
  return [
    ...one.datacentres.filter((id) => allowed.includes(id)),
    ...allowed.filter((id) => !one.datacentres.includes(id)),
  ];
}

function requestOf(
  { application, department, release }: RunningApplication,
  title: string,
  reason: string,
  datacentres: readonly string[],
  window: WindowRequest,
): Partial<ReleaseChange> {
  return {
    kind: 'release',
    title,
    reason,
    class: 'normal',
    department,
    window,
    application,
    release,
    datacentres: [...datacentres],
  };
}

/** The first night that leaves time to decide, and the next one where that would be too late. */
function nightAfter(nowMs: number, beforeMs = Number.POSITIVE_INFINITY): WindowRequest {
  const night = (fromMs: number): number =>
    Math.ceil((fromMs - windowHour * hourMs) / dayMs) * dayMs + windowHour * hourMs;
  const lengthMs = windowHours * hourMs;
  const unhurried = night(nowMs + leadDays * dayMs);
  const opensAtMs = unhurried + lengthMs <= beforeMs ? unhurried : night(nowMs);
  return windowRequestOf({ opensAtMs, closesAtMs: opensAtMs + lengthMs }, 'UTC');
}
