import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestApi, type TestApi } from '../test/support/api-app.ts';

let api: TestApi;
let authorization: string;
let incident: string;

beforeAll(async () => {
  api = await createTestApi();
  const who = { name: 'Oscar', email: 'oscar@example.com', roles: ['operator'] };
  await api.deps.principals.add({ id: 'oscar', ...who }, 'test');
  const wish = { label: 'test', expiresAt: null, permissions: null };
  const by = { id: 'oscar', limitedTo: null };
  authorization = `Bearer ${(await api.deps.access.issueToken('oscar', wish, by)).secret}`;
  const noticedAt = new Date().toISOString();
  const event = { title: 'Strange files', description: 'In the upload directory.', noticedAt };
  const { label } = await api.deps.events.report(event, 'oscar', randomUUID());
  const assessed = await api.deps.events.assess(
    label,
    {
      ...{ decision: 'incident', category: 'access', severity: 'minor', personalData: false },
      reason: 'Somebody else put them there.',
    },
    'oscar',
  );
  incident = assessed.incident ?? '';
});
afterAll(() => api.stop());

const upload = async (fileName: string, type: string, content: string) => {
  const form = new FormData();
  for (const field of ['what', 'how', 'location', 'obtainedBy']) form.append(field, 'as it was');
  form.append('obtainedAt', '2026-11-01T12:00:00Z');
  form.append('file', new Blob([content], { type }), fileName);
  const request = new Request('http://ctc', { method: 'POST', body: form });
  const taken = await api.app.inject({
    ...{ method: 'POST', url: `/incidents/${incident}/evidence` },
    headers: {
      ...{ authorization, 'idempotency-key': randomUUID() },
      'content-type': request.headers.get('content-type') ?? '',
    },
    payload: Buffer.from(await request.arrayBuffer()),
  });
  expect(taken.statusCode, taken.body).toBe(201);
  const { label } = taken.json<{ label: string }>();
  return api.app.inject({
    ...{ method: 'GET', url: `/incidents/${incident}/evidence/${label}/content` },
    headers: { authorization },
  });
};

describe('a file that was taken into evidence', () => {
  it.each([
    ['a page with a script', 'page.html', 'text/html', '<script>alert(1)</script>'],
    ['a picture with a script', 'picture.svg', 'image/svg+xml', '<svg onload="alert(1)"/>'],
    ['a name with quotes', `it's ("x"*); filename=y.exe`, 'text/plain', 'x'],
    ['a name of any script', 'ключ — 鍵.txt', 'text/plain', 'x'],
    ['a name that is a path', '../../etc/passwd', 'text/plain', 'x'],
  ])('is only ever a download of bytes, by a name that ends nothing: %s', async (...given) => {
    const [, fileName, type, content] = given;
    const { headers, body } = await upload(fileName, type, content);
    expect(body).toBe(content);
    expect(headers).toMatchObject({
      'content-type': 'application/octet-stream',
      'x-content-type-options': 'nosniff',
    });
    const disposition = String(headers['content-disposition']);
    // What RFC 8187 lets stand as it is, and nothing else.
    expect(disposition).toMatch(/^attachment; filename\*=UTF-8''([\w!#$&+.^`|~-]|%[0-9A-F]{2})+$/);
    expect(disposition).not.toContain('etc');
  });
});
