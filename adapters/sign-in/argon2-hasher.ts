import { Semaphore } from 'async-mutex';
import type { PasswordHasher } from '../../domain/access/sign-in-ports.ts';

/** As OWASP recommends for Argon2id: 19 MiB, two passes, one lane; about 40 ms. */
const parameters = { memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;
/** Each takes 19 MiB: a burst of sign-ins waits rather than takes the machine's memory. */
const atOnce = 2;

/** Argon2id; the library is loaded with the first password. */
export function createPasswordHasher(): PasswordHasher {
  const gate = new Semaphore(atOnce);
  let nobodys: string | undefined;
  const hash = async (password: string): Promise<string> => {
    const argon2 = await import('@node-rs/argon2');
    return argon2.hash(password.normalize('NFKC'), parameters);
  };
  return {
    hash: (password) => gate.runExclusive(() => hash(password)),

    verify: (known, password) =>
      gate.runExclusive(async () => {
        const argon2 = await import('@node-rs/argon2');
        nobodys ??= await hash('nobody has this password');
        const right = await argon2.verify(known ?? nobodys, password.normalize('NFKC'));
        return right && known !== undefined;
      }),
  };
}
