import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import knex, { type Knex } from 'knex';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { answerOf } from '../../cli/client.ts';
import {
  allPermissions,
  roles,
  rolesWith,
  type Permission,
  type Role,
} from '../../domain/access/roles.ts';
import { examples, registerShop, startE2eSystem, type E2eSystem } from '../support/e2e-system.ts';

interface ProblemAnswer {
  readonly type: string;
  readonly detail: string;
  readonly remedy?: string;
  readonly errors?: readonly { readonly field: string; readonly message: string }[];
}

const businessTables = [
  'change',
  'change_log',
  'outbox',
  'application',
  'release',
  'department',
  'datacentre',
  'offer',
  'solution',
  'customer',
  'node',
  'requirement',
  'team',
  'freeze_period',
  'inventory_history',
  'inventory_import',
];

const release = (change: Record<string, unknown>): Record<string, unknown> => ({
  kind: 'release',
  title: 'Shop 1.0.0',
  reason: 'bad input',
  department: 'web-platform',
  window: { start: '2031-05-06T02:00', end: '2031-05-06T04:00', zone: 'Europe/Madrid' },
  application: 'shop',
  release: '1.0.0',
  datacentres: ['mad', 'bcn', 'par'],
  ...change,
});
const inWindow = (window: Record<string, unknown>): Record<string, unknown> =>
  release({
    window: {
      start: '2031-05-06T02:00',
      end: '2031-05-06T04:00',
      zone: 'Europe/Madrid',
      ...window,
    },
  });

/** What is wrong, what is sent, and what the answer must say. */
const badRequests: readonly {
  what: string;
  body: Record<string, unknown>;
  field: string;
  says: RegExp;
}[] = [
  { what: 'an unknown field', body: release({ colour: 'red' }), field: 'body', says: /colour/ },
  { what: 'an unknown kind', body: release({ kind: 'magic' }), field: 'kind', says: /./ },
  { what: 'no title', body: release({ title: undefined }), field: 'title', says: /./ },
  {
    what: 'a class that is none',
    body: release({ class: 'urgent' }),
    field: 'class',
    says: /emergency/,
  },
  {
    what: 'a window that ends before it starts',
    body: inWindow({ end: '2031-05-06T01:00' }),
    field: 'window.end',
    says: /not after the start/,
  },
  {
    what: 'a window that is over',
    body: inWindow({ start: '2020-01-01T00:00', end: '2020-01-01T01:00' }),
    field: 'window.end',
    says: /passed/,
  },
  {
    what: 'a time that does not exist',
    body: inWindow({ start: '2031-03-30T02:30', end: '2031-03-30T05:00' }),
    field: 'window.start',
    says: /does not exist in Europe\/Madrid/,
  },
  {
    what: 'a time that occurs twice',
    body: inWindow({ start: '2031-10-26T02:30', end: '2031-10-26T05:00' }),
    field: 'window.start',
    says: /occurs twice.*disambiguation/,
  },
  {
    what: 'a time with an offset',
    body: inWindow({ start: '2031-05-06T02:00+02:00' }),
    field: 'window.start',
    says: /wall-clock/,
  },
  {
    what: 'parts that leave no time for work',
    body: inWindow({ preparationMinutes: 60, rollbackReserveMinutes: 60 }),
    field: 'window.preparationMinutes',
    says: /leave no time for work/,
  },
  {
    what: 'a recurrence that is none',
    body: inWindow({ recurrence: { rule: 'FREQ=NEVER' } }),
    field: 'window.recurrence.rule',
    says: /FREQ/,
  },
  {
    what: 'a series that is over',
    body: inWindow({
      start: '2020-01-01T00:00',
      end: '2020-01-01T01:00',
      recurrence: { rule: 'FREQ=DAILY;COUNT=3' },
    }),
    field: 'window.recurrence.rule',
    says: /no window that opens after/,
  },
  {
    what: 'windows of datacentres that are too short for the waves',
    body: {
      ...inWindow({ perDatacentre: true }),
      strategy: { waveBudgetSeconds: 7201 },
    },
    field: 'datacentres',
    says: /wave 1 \(mad\) can never begin/,
  },
  {
    what: 'an unknown zone',
    body: inWindow({ zone: 'Europe/Atlantis' }),
    field: 'window.zone',
    says: /IANA/,
  },
  {
    what: 'an unknown department',
    body: release({ department: 'magic' }),
    field: 'department',
    says: /no department "magic"/,
  },
  {
    what: 'an unknown datacentre',
    body: release({ datacentres: ['mad', 'lis'] }),
    field: 'datacentres[1]',
    says: /no datacentre "lis"/,
  },
  {
    what: 'a datacentre twice',
    body: release({ datacentres: ['mad', 'mad'] }),
    field: 'datacentres',
    says: /twice/,
  },
  {
    what: 'an unknown item',
    body: release({ affects: [{ item: 'ghost', effect: 'down' }] }),
    field: 'affects[0].item',
    says: /no item "ghost"/,
  },
  {
    what: 'an unknown application',
    body: release({ application: 'ghost' }),
    field: 'application',
    says: /ctc application apply/,
  },
  {
    what: 'an unknown release',
    body: release({ release: '9.9.9' }),
    field: 'release',
    says: /ctc release register/,
  },
  {
    what: 'waves that leave a datacentre out',
    body: release({ strategy: { waves: [['mad'], ['bcn']] } }),
    field: 'strategy.waves',
    says: /exactly one wave/,
  },
  {
    what: 'requirements that no placement meets',
    body: release({ datacentres: ['mad'] }),
    field: 'application.nfrs',
    says: /web needs 2 datacentres/,
  },
];

const badFiles: readonly { what: string; kind: string; content: string | Buffer; says: RegExp }[] =
  [
    { what: 'a missing column', kind: 'departments', content: 'id\nnew\n', says: /name/ },
    {
      what: 'an unknown column',
      kind: 'departments',
      content: 'id,name,colour\nnew,New,red\n',
      says: /colour/,
    },
    {
      what: 'broken UTF-8',
      kind: 'departments',
      content: Buffer.from([...Buffer.from('id,name\nnew,'), 0xc3, 0x28, 0x0a]),
      says: /UTF-8/,
    },
    {
      what: 'a reference to nothing',
      kind: 'solutions',
      content: 'id,name,department\nnew,New,ghost\n',
      says: /ghost/,
    },
    {
      what: 'a group that needs more than it has',
      kind: 'dependencies',
      content: 'dependent,group,needs,member\nmad-core-1,power,3,mad-feed-a\n',
      says: /needs 3.*1|1.*3/,
    },
    {
      what: 'a dependency on itself',
      kind: 'dependencies',
      content: 'dependent,group,needs,member\nmad-core-1,x,1,mad-core-1\n',
      says: /itself/,
    },
  ];

describe('bad input', () => {
  let system: E2eSystem;
  let database: Knex;
  let ana: string;

  beforeAll(async () => {
    system = await startE2eSystem({}, { worker: false });
    await registerShop(system.people, [{ version: '1.0.0', like: '1.0.0' }]);
    database = knex({ client: 'pg', connection: system.stack.databaseUrl });
    ana = system.people.ana.token;
  });

  afterAll(async () => {
    await database.destroy();
    await system.stop();
  });

  const send = (
    method: string,
    path: string,
    options: { token?: string; body?: string | FormData; headers?: Record<string, string> } = {},
  ): Promise<Response> =>
    fetch(`${system.stack.apiUrl}${path}`, {
      method,
      redirect: 'manual',
      headers: {
        ...(options.token === undefined ? {} : { authorization: `Bearer ${options.token}` }),
        ...(method === 'POST' ? { 'idempotency-key': randomUUID() } : {}),
        ...(typeof options.body === 'string' ? { 'content-type': 'application/json' } : {}),
        ...options.headers,
      },
      ...(options.body === undefined ? {} : { body: options.body }),
    });
  const problemOf = async (response: Response, status: number): Promise<ProblemAnswer> => {
    const text = await response.text();
    expect(response.status, text).toBe(status);
    expect(response.headers.get('content-type')).toContain('application/problem+json');
    return JSON.parse(text) as ProblemAnswer;
  };
  const stored = async (): Promise<Record<string, number>> =>
    Object.fromEntries(
      await Promise.all(
        businessTables.map(async (table) => {
          const [row] = await database(table).count<{ count: string }[]>('* as count');
          return [table, Number(row?.count)] as const;
        }),
      ),
    );
  const leavingNothing = async (attempt: () => Promise<unknown>): Promise<void> => {
    const before = await stored();
    await attempt();
    expect(await stored()).toEqual(before);
  };

  it.each(badRequests)(
    'in a request is refused with its field named, and nothing is stored: $what',
    ({ body, field, says }) =>
      leavingNothing(async () => {
        const response = await send('POST', '/changes', { token: ana, body: JSON.stringify(body) });
        const problem = await problemOf(response, 422);
        const complaint = problem.errors?.find((one) => one.field === field);
        expect(complaint, JSON.stringify(problem)).toBeDefined();
        expect(complaint?.message).toMatch(says);
      }),
  );

  it.each([
    ['malformed JSON', '{"kind": ', 400],
    ['no JSON object', '[]', 422],
  ] as const)('in a body is refused, and nothing is stored: %s', (_what, body, status) =>
    leavingNothing(async () => {
      const { detail } = await problemOf(
        await send('POST', '/changes', { token: ana, body }),
        status,
      );
      expect(detail).not.toBe('');
    }),
  );

  it('in a body of ten megabytes is refused before it has been read', () =>
    leavingNothing(async () => {
      const request = httpRequest(`${system.stack.apiUrl}/changes`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${ana}`,
          'content-type': 'application/json',
          'content-length': 10_000_000,
          'idempotency-key': randomUUID(),
        },
      });
      // The server hangs up on what it does not want to read.
      request.on('error', () => {});
      request.write(Buffer.alloc(100_000, ' '));
      const [response] = (await once(request, 'response')) as [IncomingMessage];
      expect(response.statusCode).toBe(413);
      expect(await json(response)).toMatchObject({ type: 'urn:ctc:problem:body-too-large' });
      request.destroy();
    }));

  it('in a body of another type, or in a key, is refused with the way out', async () => {
    const plain = await send('POST', '/changes', {
      token: ana,
      body: 'x',
      headers: { 'content-type': 'text/plain' },
    });
    expect((await problemOf(plain, 415)).remedy).toContain('application/json');
    for (const key of [
      '',
      'short',
      'with blank in it',
      'ñañañaña'
        .normalize('NFD')
        .replaceAll(/[^a-z]/g, '')
        .slice(0, 3),
    ]) {
      const response = await send('POST', '/changes', {
        token: ana,
        body: JSON.stringify(release({})),
        headers: { 'idempotency-key': key },
      });
      expect((await problemOf(response, 400)).remedy).toContain('UUID');
    }
  });

  it.each(badFiles)(
    'in an import is reported by line, and nothing is imported: $what',
    ({ kind, content, says }) =>
      leavingNothing(async () => {
        const body = new FormData();
        body.append('departments', new Blob(['id,name\nfine,Fine\n']), 'departments.csv');
        if (kind === 'departments') body.delete('departments');
        body.append(
          kind,
          new Blob([typeof content === 'string' ? content : new Uint8Array(content)]),
          `${kind}.csv`,
        );
        const response = await send('POST', '/inventory/imports', {
          token: system.administrator.token,
          body,
        });
        expect(response.status).toBe(422);
        const report = (await response.json()) as {
          imported: boolean;
          badLines: { line: number; message: string; column?: string }[];
        };
        expect(report.imported).toBe(false);
        expect(
          report.badLines.map(({ column, message }) => `${column ?? ''} ${message}`).join('\n'),
        ).toMatch(says);
      }),
  );

  it('in lists is refused: limits, cursors and states that are none', async () => {
    for (const query of [
      'limit=0',
      'limit=201',
      'limit=x',
      'cursor=%00',
      'cursor=bm9wZQ',
      'state=flying',
    ]) {
      await problemOf(await send('GET', `/changes?${query}`, { token: ana }), 422);
    }
  });

  it('in a decision is refused: no If-Match, a stale one, an unknown change', async () => {
    const { label, version } = await answerOf(
      system.people.ana.api.POST('/changes', {
        params: { header: { 'idempotency-key': randomUUID() } },
        body: release({}) as never,
      }),
    );
    const { token } = system.people.oscar;
    const body = JSON.stringify({ decision: 'approved', reason: 'because' });
    const path = `/changes/${label}/decisions`;
    await problemOf(await send('POST', path, { token, body }), 428);
    const stale = { 'if-match': `"v${version + 7}"` };
    const { detail } = await problemOf(
      await send('POST', path, { token, body, headers: stale }),
      412,
    );
    expect(detail).toContain(`version ${version}`);
    await problemOf(
      await send('POST', '/changes/CHG-999999/decisions', { token, body, headers: stale }),
      404,
    );
  });

  it('is refused to strangers: every route but health and login, whatever the token', async () => {
    const { paths } = JSON.parse(
      readFileSync(join(examples, '..', 'api', 'openapi.json'), 'utf8'),
    ) as { paths: Record<string, Record<string, unknown>> };
    const open: string[] = [];
    for (const [path, methods] of Object.entries(paths)) {
      for (const method of Object.keys(methods)) {
        const url = path.replaceAll(/\{[^}]+\}/g, 'x');
        for (const token of [undefined, 'ctc_pat_wrong']) {
          const { status } = await send(
            method.toUpperCase(),
            url,
            token === undefined ? {} : { token },
          );
          if (status !== 401) open.push(`${method} ${path}`);
        }
      }
    }
    expect([...new Set(open)].sort()).toEqual([
      'get /livez',
      'get /readyz',
      'post /login',
      'post /logout/oidc',
      'post /welcome',
    ]);
  });

  it('is refused by role exactly as the one table of permissions says', async () => {
    const tokens = new Map<Role, string>();
    for (const role of roles) {
      await answerOf(
        system.administrator.api.POST('/principals', {
          params: { header: { 'idempotency-key': randomUUID() } },
          body: { id: `only-${role}`, name: role, email: `${role}@example.com`, roles: [role] },
        }),
      );
      const { secret } = await answerOf(
        system.administrator.api.POST('/principals/{principal}/tokens', {
          params: { path: { principal: `only-${role}` } },
          body: { label: 'test', expiresAt: null },
        }),
      );
      tokens.set(role, secret);
    }
    const overriding = (override: object) =>
      JSON.stringify({ decision: 'approved', reason: 'why not', override });
    const samples: readonly [Permission, string, string, string?][] = [
      ['change.read', 'GET', '/changes'],
      ['change.request', 'POST', '/changes'],
      ['change.decide', 'POST', '/changes/x/decisions'],
      [
        'conflict.override',
        'POST',
        '/changes/x/decisions',
        overriding({ reason: 'both are one piece of work', conflicts: true }),
      ],
      [
        'freeze.override',
        'POST',
        '/changes/x/decisions',
        overriding({ reason: 'the shop is down anyway', freezes: true }),
      ],
      ['freeze.manage', 'POST', '/freezes'],
      ['change.move', 'POST', '/changes/x/window'],
      ['change.cancel', 'POST', '/changes/x/cancellation'],
      ['change.hold', 'POST', '/changes/x/hold'],
      ['change.rehearse', 'POST', '/changes/x/rehearsals'],
      ['line.stop', 'POST', '/line-stops'],
      ['line.resume', 'POST', '/line-stops/x/lift'],
      ['step.carry-out', 'POST', '/changes/x/runbook/steps/y/start'],
      [
        'step.coordinate',
        'POST',
        '/changes/x/runbook/decision',
        JSON.stringify({ decision: 'go-on', reason: 'there is time left' }),
      ],
      ['runbook.decide', 'POST', '/changes/x/runbook/decision'],
      ['change.implement', 'POST', '/changes/x/outcome'],
      ['change.review', 'POST', '/changes/x/closure'],
      ['application.read', 'GET', '/applications'],
      ['application.register', 'PUT', '/applications/x'],
      ['application.simulate', 'POST', '/applications/x/simulations'],
      ['guardian.hold', 'POST', '/applications/x/guardian/pause'],
      ['guardian.decide', 'POST', '/applications/x/guardian/lift-hold'],
      ['event.report', 'POST', '/events'],
      ['incident.read', 'GET', '/incidents'],
      ['incident.manage', 'POST', '/incidents/x/closure'],
      ['incident-plan.manage', 'PUT', '/incident-plan'],
      ['evidence.manage', 'POST', '/incidents/x/evidence-references'],
      ['evidence.read', 'GET', '/incidents/x/evidence/E1/content'],
      ['action.settle', 'POST', '/actions/x/settlement'],
      ['problem.manage', 'POST', '/problems'],
      ['risk.read', 'GET', '/risks'],
      ['risk.manage', 'POST', '/risks'],
      ['risk.accept', 'POST', '/risks/x/acceptance'],
      ['risk-criteria.manage', 'PUT', '/risk-criteria'],
      ['control.manage', 'PUT', '/controls/x'],
      ['inventory.read', 'GET', '/inventory/items'],
      ['inventory.import', 'POST', '/inventory/imports'],
      ['contract.read', 'GET', '/contracts'],
      ['contract.manage', 'POST', '/contracts'],
      ['customer.read', 'GET', '/inventory/customers'],
      ['alert.read', 'GET', '/alerts'],
      ['policy.read', 'GET', '/policies'],
      ['policy.manage', 'POST', '/policies/x/retirement'],
      ['template.propose', 'POST', '/templates'],
      ['approval.delegate', 'POST', '/delegations'],
      ['change.justify', 'POST', '/changes/x/justification'],
      ['risk.treat', 'POST', '/changes/x/risk-treatment'],
      ['log.read', 'GET', '/log'],
      ['log.erase', 'POST', '/log/erasures'],
      ['log.prune', 'POST', '/log/prunings'],
      ['metrics.read', 'GET', '/metrics'],
      ['principal.manage', 'GET', '/principals'],
    ];
    expect(samples.map(([permission]) => permission).sort()).toEqual([...allPermissions].sort());
    for (const [permission, method, path, body = '{}'] of samples) {
      for (const [role, token] of tokens) {
        const response = await send(method, path, {
          token,
          ...(method === 'GET' ? {} : { body }),
        });
        const allowed = rolesWith(permission).includes(role);
        const { type } = allowed ? { type: '' } : ((await response.json()) as ProblemAnswer);
        expect(type === 'urn:ctc:problem:not-allowed', `${role} ${method} ${path}`).toBe(!allowed);
        if (allowed) expect(response.status, `${role} ${method} ${path}`).not.toBe(403);
      }
    }
  });

  it('in an application or a release is refused, field by field', async () => {
    const shop = parse(
      readFileSync(join(examples, 'applications', 'shop', 'application.yaml'), 'utf8'),
    ) as Record<string, unknown>;
    await leavingNothing(async () => {
      const elsewhere = await send('PUT', '/applications/other', {
        token: ana,
        body: JSON.stringify(shop),
      });
      expect((await problemOf(elsewhere, 422)).errors?.[0]?.field).toBe('name');
      const again = await send('PUT', '/applications/shop', {
        token: ana,
        body: JSON.stringify(shop),
      });
      expect((await problemOf(again, 409)).remedy).toContain('If-Match');
      const ghost = await send('PUT', '/applications/new', {
        token: ana,
        body: JSON.stringify({ ...shop, name: 'new', item: 'ghost' }),
      });
      expect((await problemOf(ghost, 422)).errors?.[0]).toMatchObject({ field: 'item' });
      const half = {
        application: 'shop',
        version: '7',
        components: {
          web: { command: ['x'], directory: '/' },
          cron: { command: ['x'], directory: '/' },
        },
      };
      const unfit = await send('POST', '/applications/shop/releases', {
        token: ana,
        body: JSON.stringify(half),
      });
      expect((await problemOf(unfit, 422)).errors?.map(({ field }) => field)).toEqual([
        'components.api',
        'components.store',
        'components.cron',
      ]);
      const changed = {
        application: 'shop',
        version: '1.0.0',
        components: Object.fromEntries(
          ['web', 'api', 'store'].map((name) => [name, { command: ['x'], directory: '/' }]),
        ),
      };
      const immutable = await send('POST', '/applications/shop/releases', {
        token: ana,
        body: JSON.stringify(changed),
      });
      expect((await problemOf(immutable, 409)).type).toBe('urn:ctc:problem:release-immutable');
    });
  });
});
