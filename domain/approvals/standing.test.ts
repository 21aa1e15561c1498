import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { everywhere, type Grant } from '../access/grants.ts';
import { approvalPolicySchema, type PolicyStep } from './policy.ts';
import { signatureFor } from './signature.ts';
import { seatsOf, standingOf, wouldCount, type Approver, type GivenDecision } from './standing.ts';
import {
  approvalTerms as termsFor,
  fewestSignatures,
  type ApprovalTerms,
  type PolicyTerms,
} from './terms.ts';

const target = { departments: ['network'], datacentres: ['mad'], solutions: [] };
const roles = ['operator', 'change-manager', 'security-officer'] as const;
const names = ['p0', 'p1', 'p2', 'p3', 'p4', 'p5'] as const;

const step = fc.record({
  anyOf: fc.array(
    fc.record({
      roles: fc.uniqueArray(fc.constantFrom(...roles), { minLength: 1, maxLength: 2 }),
      people: fc.uniqueArray(fc.constantFrom(...names), { maxLength: 1 }),
      quorum: fc.integer({ min: 1, max: 3 }),
    }),
    { minLength: 1, maxLength: 2 },
  ),
});
const policyTerms = fc
  .array(
    fc.record({ steps: fc.array(step, { minLength: 1, maxLength: 3 }), inOrder: fc.boolean() }),
    { minLength: 1, maxLength: 2 },
  )
  .map((policies) =>
    policies.map(({ steps, inOrder }, at): PolicyTerms => ({
      policy: `policy-${at}`,
      version: 1,
      title: `Policy ${at}`,
      steps: steps.map(({ anyOf }, index) => ({ name: `step-${index}`, anyOf })),
      inOrder,
    })),
  );
const people = fc.tuple(...names.map(() => fc.subarray([...roles]))).map((held) =>
  held.map((theirs, at): Approver => ({
    id: names[at] ?? '',
    grants: theirs.map((role) => everywhere(role)),
  })),
);
const votes = fc.array(
  fc.record({ who: fc.nat(names.length - 1), approves: fc.boolean().map((no) => !no) }),
  { maxLength: 14 },
);

/** What a policy asks for, said again in the plainest way: try every way to hand out the signatures. */
function isMet(terms: PolicyTerms, signers: readonly Approver[]): boolean {
  const fits = (person: Approver, group: PolicyStep['anyOf'][number]): boolean =>
    group.people.includes(person.id) ||
    person.grants.some(({ role }) => group.roles.includes(role));
  const from = (index: number, left: readonly Approver[]): boolean => {
    const next = terms.steps[index];
    if (next === undefined) return true;
    return next.anyOf.some((group) => choose(group.quorum, group, left, left, index));
  };
  const choose = (
    count: number,
    group: PolicyStep['anyOf'][number],
    candidates: readonly Approver[],
    left: readonly Approver[],
    index: number,
  ): boolean => {
    if (count === 0) return from(index + 1, left);
    return candidates.some(
      (person, at) =>
        fits(person, group) &&
        choose(
          count - 1,
          group,
          candidates.slice(at + 1),
          left.filter((one) => one !== person),
          index,
        ),
    );
  };
  return from(0, signers);
}

const termsOf = (policies: readonly PolicyTerms[]): ApprovalTerms => ({
  policies,
  target,
  requires: [],
  separateImplementer: false,
  review: false,
  tell: [],
});

/** Everybody tries what they like, in any order; only what is not refused is taken down. */
function play(
  terms: ApprovalTerms,
  everybody: readonly Approver[],
  tries: readonly { who: number; approves: boolean }[],
  requester: string,
): GivenDecision[] {
  const decisions: GivenDecision[] = [];
  for (const { who, approves } of tries) {
    const approver = everybody[who];
    if (approver === undefined) continue;
    if (standingOf(terms.policies, decisions).outcome !== 'open') break;
    const decision = approves ? 'approved' : 'rejected';
    try {
      const { onBehalfOf, seats } = signatureFor({
        label: 'CHG-1',
        requester,
        terms,
        implementers: [],
        decisions,
        approver,
        delegators: [],
        decision,
      });
      decisions.push({ by: approver.id, onBehalfOf, decision, seats });
    } catch {
      // Refused: nothing is taken down.
    }
  }
  return decisions;
}

describe('the approvals that policies ask for', () => {
  it('let no order of decisions through without what every policy asks', () => {
    let approved = 0;
    fc.assert(
      fc.property(policyTerms, people, votes, (policies, everybody, tries) => {
        const decisions = play(termsOf(policies), everybody, tries, 'p0');
        const standing = standingOf(policies, decisions);
        const signers = decisions
          .filter(({ decision }) => decision === 'approved')
          .flatMap(({ by }) => everybody.filter(({ id }) => id === by));
        expect(signers.map(({ id }) => id)).not.toContain('p0');
        expect(new Set(signers).size).toBe(signers.length);
        if (standing.outcome !== 'approved') return;
        approved += 1;
        for (const terms of policies) expect(isMet(terms, signers)).toBe(true);
        expect(signers.length).toBeGreaterThanOrEqual(fewestSignatures(policies));
        expect(decisions.every(({ decision }) => decision === 'approved')).toBe(true);
      }),
      { numRuns: 3000 },
    );
    // Otherwise the rule above would have been tested on nothing.
    expect(approved).toBeGreaterThan(100);
  });

  it('are met, in any order, as soon as the signatures can be handed out so', () => {
    fc.assert(
      fc.property(policyTerms, people, fc.shuffledSubarray([...names]), (policies, all, who) => {
        const signers = who.flatMap((id) => all.filter((one) => one.id === id));
        const decisions = signers.map((approver) => ({
          by: approver.id,
          onBehalfOf: null,
          decision: 'approved' as const,
          seats: seatsOf(policies, target, approver),
        }));
        for (const terms of policies.filter(({ inOrder }) => !inOrder)) {
          const met = standingOf([terms], decisions).outcome === 'approved';
          expect(met).toBe(isMet(terms, signers));
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('count an approval exactly where it could bring something further', () => {
    fc.assert(
      fc.property(policyTerms, people, votes, (policies, everybody, tries) => {
        const decisions = play(
          termsOf(policies),
          everybody,
          tries.map(({ who }) => ({ who, approves: true })),
          'p0',
        );
        const counted = decisions.filter(({ seats }, at) =>
          wouldCount(policies, decisions.slice(0, at), seats),
        );
        expect(counted).toEqual(decisions);
      }),
      { numRuns: 1000 },
    );
  });

  const policy = (definition: object) => ({
    version: 3,
    policy: approvalPolicySchema.parse({ id: 'one', title: 'A policy', ...definition }),
  });
  const facts = {
    kind: 'infrastructure',
    class: 'normal',
    requestedBy: 'person',
    department: 'network',
    datacentres: ['mad'],
    risk: 'low',
    servicesDown: 0,
    customers: 0,
  } as const;
  const approvalTerms = (
    policies: Parameters<typeof termsFor>[0],
    about: Parameters<typeof termsFor>[1],
  ) => termsFor(policies, about, target);
  const operator = (id: string, where: Partial<Grant> = {}): Approver => ({
    id,
    grants: [{ ...everywhere('operator'), ...where }],
  });
  const sign = (
    terms: ApprovalTerms,
    approver: Approver,
    more: Partial<Parameters<typeof signatureFor>[0]> = {},
  ) =>
    signatureFor({
      label: 'CHG-1',
      requester: 'ana',
      terms,
      implementers: [],
      decisions: [],
      approver,
      delegators: [],
      decision: 'approved',
      ...more,
    });

  it('are never none: what no policy covers is approved by somebody', () => {
    const terms = approvalTerms([], facts);
    expect(fewestSignatures(terms.policies)).toBe(1);
    expect(standingOf(terms.policies, []).outcome).toBe('open');
    expect(standingOf([], []).outcome).toBe('open');
  });

  it('apply by kind, class, department, datacentre, risk and impact, all that are named', () => {
    const severe = policy({
      when: {
        kinds: ['infrastructure'],
        datacentres: ['mad', 'bcn'],
        risk: 'medium',
        customers: 10,
      },
      steps: [{ name: 'two', anyOf: [{ roles: ['operator'], quorum: 2 }] }],
    });
    const asks = (changed: object) =>
      approvalTerms([severe], { ...facts, risk: 'high', customers: 10, ...changed }).policies[0]
        ?.policy;
    expect(asks({})).toBe('one');
    expect(asks({ kind: 'release' })).toBe('at-least-one');
    expect(asks({ datacentres: ['par'] })).toBe('at-least-one');
    expect(asks({ risk: 'low' })).toBe('at-least-one');
    expect(asks({ customers: 9 })).toBe('at-least-one');
  });

  it('count for a role only where it is held', () => {
    const terms = approvalTerms(
      [policy({ steps: [{ name: 'own', anyOf: [{ roles: ['operator'] }] }] })],
      facts,
    );
    expect(sign(terms, operator('olga', { departments: ['network'] })).seats.quorums).toEqual([
      'one/own/0',
    ]);
    expect(() => sign(terms, operator('olga', { departments: ['mail'] }))).toThrow(
      'not among those',
    );
    expect(() => sign(terms, operator('olga', { datacentres: ['bcn'] }))).toThrow(
      'not among those',
    );
  });

  it('are given in their order where a policy says so', () => {
    const terms = approvalTerms(
      [
        policy({
          inOrder: true,
          steps: [
            { name: 'first', anyOf: [{ roles: ['operator'] }] },
            { name: 'then', anyOf: [{ people: ['sergio'] }] },
          ],
        }),
      ],
      facts,
    );
    const sergio = { id: 'sergio', grants: [] };
    expect(() => sign(terms, sergio)).toThrow('would count for nothing now');
    const first = { by: 'olga', decision: 'approved' as const, ...sign(terms, operator('olga')) };
    expect(sign(terms, sergio, { decisions: [first] }).seats.quorums).toEqual(['one/then/0']);
    expect(() => sign(terms, operator('otto'), { decisions: [first] })).toThrow('for nothing now');
  });

  it('are not spent on one policy by whoever another asks later', () => {
    const terms = approvalTerms(
      [
        policy({
          id: 'anybody',
          steps: [{ name: 'one', anyOf: [{ people: ['olga', 'sergio'] }] }],
        }),
        policy({
          id: 'turns',
          inOrder: true,
          steps: [
            { name: 'first', anyOf: [{ roles: ['operator'] }] },
            { name: 'then', anyOf: [{ people: ['sergio'] }] },
          ],
        }),
      ],
      facts,
    );
    const sergio = { id: 'sergio', grants: [] };
    expect(() => sign(terms, sergio)).toThrow('would count for nothing now');
    const first: GivenDecision = {
      ...{ by: 'olga', decision: 'approved' },
      ...sign(terms, operator('olga')),
    };
    const then: GivenDecision = {
      ...{ by: 'sergio', decision: 'approved' },
      ...sign(terms, sergio, { decisions: [first] }),
    };
    expect(standingOf(terms.policies, [first, then]).outcome).toBe('approved');
  });

  it('let a veto reject without being asked, and nothing else', () => {
    const terms = approvalTerms(
      [
        policy({
          steps: [{ name: 'ops', anyOf: [{ roles: ['operator'] }] }],
          veto: { roles: ['security-officer'] },
        }),
      ],
      facts,
    );
    const officer = { id: 'sergio', grants: [everywhere('security-officer')] };
    expect(() => sign(terms, officer)).toThrow('not among those');
    const veto = sign(terms, officer, { decision: 'rejected' });
    expect(
      standingOf(terms.policies, [{ by: 'sergio', decision: 'rejected', ...veto }]).outcome,
    ).toBe('rejected');
    const stranger = { id: 'carla', grants: [everywhere('customer-care')] };
    expect(() => sign(terms, stranger, { decision: 'rejected' })).toThrow('not among those');
  });

  describe('by delegation', () => {
    const terms = approvalTerms(
      [policy({ steps: [{ name: 'two', anyOf: [{ roles: ['operator'], quorum: 2 }] }] })],
      facts,
    );
    const delegate = { id: 'dora', grants: [] };

    it('count in the place of whoever delegated', () => {
      const signed = sign(terms, delegate, { delegators: [operator('olga')] });
      expect(signed.onBehalfOf).toBe('olga');
    });

    it('never stand for the requester', () => {
      expect(() => sign(terms, delegate, { delegators: [operator('ana')] })).toThrow(
        'not among those',
      );
      expect(() => sign(terms, operator('ana'), { delegators: [operator('olga')] })).toThrow(
        'requested by you',
      );
    });

    it('give nobody a second signature', () => {
      const byDora: GivenDecision = {
        by: 'dora',
        decision: 'approved',
        ...sign(terms, delegate, { delegators: [operator('olga')] }),
      };
      expect(() => sign(terms, operator('olga'), { decisions: [byDora] })).toThrow('in your place');
      const byOlga: GivenDecision = {
        by: 'olga',
        decision: 'approved',
        ...sign(terms, operator('olga')),
      };
      expect(() =>
        sign(terms, delegate, { delegators: [operator('olga')], decisions: [byOlga] }),
      ).toThrow('not among those');
    });
  });

  it('are not given by those who carry it out, where that is asked or the risk is high', () => {
    const steps = [{ name: 'ops', anyOf: [{ roles: ['operator'] }] }];
    const implementers = ['olga'];
    const low = approvalTerms([policy({ steps })], facts);
    expect(sign(low, operator('olga'), { implementers }).onBehalfOf).toBeNull();
    for (const terms of [
      approvalTerms([policy({ steps })], { ...facts, risk: 'high' }),
      approvalTerms([policy({ steps, separateImplementer: true })], facts),
    ]) {
      expect(() => sign(terms, operator('olga'), { implementers })).toThrow('carry out');
      expect(() =>
        sign(terms, operator('dora'), { implementers: ['dora'], delegators: [operator('otto')] }),
      ).toThrow('carry out');
    }
  });
});
