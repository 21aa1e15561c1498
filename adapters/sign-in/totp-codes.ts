import type { TotpCodes } from '../../domain/access/sign-in-ports.ts';

const issuer = 'CTC';
const periodSeconds = 30;

/** RFC 6238 as every authenticator has it: SHA-1, six digits, thirty seconds. */
export function createTotpCodes(nowMs: () => number): TotpCodes {
  const codeFor = async (secret: string, label: string) => {
    const { Secret, TOTP } = await import('otpauth');
    return new TOTP({ issuer, label, secret: Secret.fromBase32(secret), period: periodSeconds });
  };
  return {
    async createSecret() {
      const { Secret } = await import('otpauth');
      return new Secret({ size: 20 }).base32;
    },

    async uriOf(secret, account) {
      return (await codeFor(secret, account)).toString();
    },

    async stepOf(secret, code) {
      if (!/^\d{6}$/.test(code)) return null;
      const timestamp = nowMs();
      const delta = (await codeFor(secret, '')).validate({ token: code, timestamp, window: 1 });
      return delta === null ? null : Math.floor(timestamp / 1000 / periodSeconds) + delta;
    },
  };
}
