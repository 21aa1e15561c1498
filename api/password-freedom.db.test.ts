import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Secret, TOTP } from 'otpauth';
import { createTestApi, type TestApi } from '../test/support/api-app.ts';

let api: TestApi;

beforeAll(async () => {
  api = await createTestApi();
  const who = { name: 'Ana', email: 'ana@example.com', roles: [] };
  await api.deps.principals.add({ id: 'ana', ...who }, 'test');
});
afterAll(() => api.stop());

const setPassword = async (password: string): Promise<void> => {
  const { secret } = await api.deps.accounts.createLink('ana', 'test');
  await api.deps.accounts.redeemLink(secret, password);
};
let tries = 0;
const signIn = async (password: string): Promise<number> => {
  const { statusCode } = await api.app.inject({
    ...{ method: 'POST', url: '/login', payload: { login: 'ana', password } },
    // Each from elsewhere: none has to wait because of another.
    remoteAddress: `10.0.0.${(tries += 1)}`,
  });
  return statusCode;
};

describe('a password', () => {
  it.each([
    ['of small letters', 'correct horse battery'],
    ['of digits', '846205917364'],
    ['of signs and letters of any script', '🔑 clé — ключ — 鍵 ñandú'],
    ['of 64 characters', 'abcd efg'.repeat(8)],
    ['of 128 characters', 'Abcd Efg'.repeat(16)],
  ])('%s is good, and counts whole as it was given', async (_what, password) => {
    await setPassword(password);
    expect(await signIn(password)).toBe(303);
    for (const other of [
      password.slice(0, -1),
      `${password} `,
      password.replace(/^./u, (first) =>
        first === first.toUpperCase() ? `${first}${first}` : first.toUpperCase(),
      ),
    ]) {
      expect(await signIn(other), other).toBe(403);
    }
  });

  it('is good for as long as nobody changes it', async () => {
    await setPassword('four words that differ');
    await api.database('local_account').update({ password_set_at: new Date('2001-01-01') });
    expect(await signIn('four words that differ')).toBe(303);
  });
});

describe('recovery codes', () => {
  it('are ten of eighty bits each, all different, and kept by their digests only', async () => {
    const { secret } = await api.deps.secondFactor.start('ana');
    expect(Secret.fromBase32(secret).bytes.byteLength).toBe(20);
    const code = new TOTP({ secret: Secret.fromBase32(secret) }).generate();
    const codes = await api.deps.secondFactor.confirm('ana', code);
    expect(new Set(codes).size).toBe(10);
    for (const one of codes) expect(one).toMatch(/^[0-9a-f]{5}(-[0-9a-f]{5}){3}$/);
    const kept = JSON.stringify(await api.database('recovery_code').select());
    for (const one of codes) expect(kept).not.toContain(one);
  });
});
