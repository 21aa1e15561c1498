import * as z from 'zod';
import { slugSchema } from '../names.ts';

const line = z.string().trim().min(1).max(200);
const paragraph = z.string().trim().min(1).max(2000);

export const severitySchema = z.strictObject({
  id: slugSchema,
  title: line,
  meaning: paragraph.describe('By what somebody else would choose the same one'),
  respondWithinMinutes: z.int().min(1).max(525_600),
  reviewRequired: z.boolean().describe('Whether an incident needs a review before it is closed'),
});

const clockSchema = z
  .strictObject({
    hours: z.int().min(1).max(8760).optional(),
    months: z.int().min(1).max(24).optional(),
  })
  .refine(({ hours, months }) => (hours === undefined) !== (months === undefined), {
    message: 'give either hours or months',
  });

export const dutySchema = z.strictObject({
  id: slugSchema,
  title: line,
  to: line.describe('Who is to be notified'),
  within: clockSchema.describe('From the moment of awareness'),
  appliesTo: z
    .strictObject({
      severities: z.array(slugSchema).min(1).optional(),
      categories: z.array(slugSchema).min(1).optional(),
      personalData: z.literal(true).optional(),
    })
    .refine((given) => Object.values(given).some((value) => value !== undefined), {
      message:
        'names nothing, so nobody could say when it is owed: give severities, categories or personalData',
    })
    .describe('All that is given must be true of the incident'),
});

const automaticSchema = z.strictObject({ category: slugSchema, severity: slugSchema });

/** How the company answers incidents: the body of `PUT /incident-plan` and the content of `incident-plan.yaml`. */
export const incidentPlanSchema = z
  .strictObject({
    title: line,
    severities: z.array(severitySchema).min(1).max(20).describe('From the worst to the mildest'),
    categories: z
      .array(z.strictObject({ id: slugSchema, title: line }))
      .min(1)
      .max(50),
    roles: z.array(z.strictObject({ id: slugSchema, title: line, does: paragraph })).max(50),
    contacts: z
      .array(
        z.strictObject({
          id: slugSchema,
          name: line,
          role: slugSchema.optional().describe('One of the roles; none for authorities and others'),
          reach: line.describe(
            'Telephone, address …, in the words that somebody would use at night',
          ),
          callAfter: slugSchema
            .optional()
            .describe('The contact that is tried before; none for the first'),
        }),
      )
      .max(500),
    duties: z.array(dutySchema).max(50),
    automatic: z
      .strictObject({
        change: automaticSchema,
        guardian: automaticSchema,
        contract: automaticSchema,
      })
      .describe('How incidents are classified that open by themselves, until a person has looked'),
    assessEventsWithinMinutes: z.int().min(1).max(525_600),
    exerciseEveryDays: z.int().min(1).max(3650),
    verifyContactsEveryDays: z.int().min(1).max(3650),
  })
  .superRefine((plan, context) => {
    const complain = (path: (string | number)[], message: string): void =>
      context.addIssue({ code: 'custom', path, message });
    for (const list of ['severities', 'categories', 'roles', 'contacts', 'duties'] as const) {
      const seen = new Set<string>();
      plan[list].forEach(({ id }, i) => {
        if (seen.has(id)) complain([list, i, 'id'], `"${id}" is there twice`);
        seen.add(id);
      });
    }
    const idsOf = (list: readonly { readonly id: string }[]) => list.map(({ id }) => id);
    const known = {
      severity: idsOf(plan.severities),
      category: idsOf(plan.categories),
      role: idsOf(plan.roles),
      contact: idsOf(plan.contacts),
    };
    const check = (kind: keyof typeof known, id: string, path: (string | number)[]): void => {
      if (known[kind].includes(id)) return;
      complain(path, `there is no ${kind} "${id}"; there are: ${known[kind].join(', ') || 'none'}`);
    };
    plan.contacts.forEach(({ id, role, callAfter }, i) => {
      if (role !== undefined) check('role', role, ['contacts', i, 'role']);
      if (callAfter === undefined) return;
      check('contact', callAfter, ['contacts', i, 'callAfter']);
      if (isCircular(plan.contacts, id)) {
        complain(['contacts', i, 'callAfter'], 'leads back to the contact itself');
      }
    });
    plan.duties.forEach(({ appliesTo: { severities = [], categories = [] } }, i) => {
      const at = ['duties', i, 'appliesTo'];
      severities.forEach((id, j) => check('severity', id, [...at, 'severities', j]));
      categories.forEach((id, j) => check('category', id, [...at, 'categories', j]));
    });
    for (const source of ['change', 'guardian', 'contract'] as const) {
      check('category', plan.automatic[source].category, ['automatic', source, 'category']);
      check('severity', plan.automatic[source].severity, ['automatic', source, 'severity']);
    }
  });

export type IncidentPlan = z.output<typeof incidentPlanSchema>;
export type Severity = z.output<typeof severitySchema>;
export type NotificationDuty = z.output<typeof dutySchema>;

function isCircular(
  contacts: readonly { readonly id: string; readonly callAfter?: string | undefined }[],
  start: string,
): boolean {
  const before = new Map(contacts.map(({ id, callAfter }) => [id, callAfter]));
  const seen = new Set<string>();
  for (let at = before.get(start); at !== undefined && !seen.has(at); at = before.get(at)) {
    if (at === start) return true;
    seen.add(at);
  }
  return false;
}

/**
 * What counts while a company has adopted no plan of its own (version 0): a scale and the clocks of EU law, and
 * nobody to call. Having no plan of one's own is a finding.
 */
export const defaultIncidentPlan: IncidentPlan = incidentPlanSchema.parse({
  title: 'Default plan',
  severities: [
    {
      id: 'critical',
      title: 'Critical',
      meaning:
        'Many customers are without service, or data of customers is lost or in wrong hands.',
      respondWithinMinutes: 15,
      reviewRequired: true,
    },
    {
      id: 'major',
      title: 'Major',
      meaning: 'A service of several customers is down or unsafe, and there is no way around it.',
      respondWithinMinutes: 60,
      reviewRequired: true,
    },
    {
      id: 'minor',
      title: 'Minor',
      meaning: 'Few customers notice it, or there is a way around it.',
      respondWithinMinutes: 480,
      reviewRequired: false,
    },
    {
      id: 'low',
      title: 'Low',
      meaning: 'No customer notices it; it has to be mended all the same.',
      respondWithinMinutes: 2880,
      reviewRequired: false,
    },
  ],
  categories: [
    { id: 'service', title: 'A service is down, or not as good as promised' },
    { id: 'change', title: 'A change went wrong' },
    { id: 'provider', title: 'A provider did not keep its contract' },
    { id: 'access', title: 'Somebody had access who must not' },
    { id: 'malware', title: 'Malicious software' },
    { id: 'data', title: 'Data was lost, altered or disclosed' },
    { id: 'physical', title: 'Something happened to buildings or machines' },
    { id: 'other', title: 'Something else' },
  ],
  roles: [],
  contacts: [],
  duties: [
    {
      id: 'early-warning',
      title: 'Early warning',
      to: 'the authority or response team for network and information security',
      within: { hours: 24 },
      appliesTo: { severities: ['critical', 'major'] },
    },
    {
      id: 'personal-data',
      title: 'Notification of a breach of personal data',
      to: 'the data protection authority',
      within: { hours: 72 },
      appliesTo: { personalData: true },
    },
    {
      id: 'final-report',
      title: 'Final report',
      to: 'the authority or response team for network and information security',
      within: { months: 1 },
      appliesTo: { severities: ['critical', 'major'] },
    },
  ],
  automatic: {
    change: { category: 'change', severity: 'minor' },
    guardian: { category: 'service', severity: 'minor' },
    contract: { category: 'provider', severity: 'low' },
  },
  assessEventsWithinMinutes: 1440,
  exerciseEveryDays: 365,
  verifyContactsEveryDays: 180,
});

/** @returns undefined for a severity that this version of the plan does not have. */
export function severityOf(plan: IncidentPlan, id: string | null): Severity | undefined {
  return plan.severities.find((severity) => severity.id === id);
}

/** Severities and categories come from the plan that is in force; complaints name what it has. */
export function classificationComplaints(
  plan: IncidentPlan,
  { category, severity }: { readonly category: string; readonly severity: string },
): { readonly field: string; readonly message: string }[] {
  const lacking = (field: string, id: string, list: readonly { readonly id: string }[]) =>
    list.some((one) => one.id === id)
      ? []
      : [
          {
            field,
            message: `the plan has no ${field} "${id}"; use ${list.map((one) => one.id).join(', ')}`,
          },
        ];
  return [
    ...lacking('category', category, plan.categories),
    ...lacking('severity', severity, plan.severities),
  ];
}
