import { DomainError } from '../errors.ts';

const fewest = 12;
const most = 128;

/** The commonest of twelve characters and more. */
const commonest = [
  '123456789012',
  '1234567890123',
  '12345678901234567890',
  '1q2w3e4r5t6y',
  'administrator',
  'changeme1234',
  'iloveyou1234',
  'letmein12345',
  'password1234',
  'password12345',
  'passwordpassword',
  'qwertyuiop12',
  'qwertyuiop123',
  'qwertyuiopas',
  'welcome12345',
];

/** By length, not by kinds of characters. @throws DomainError `invalid` that says what is wrong. */
export function checkPassword(
  password: string,
  owner: { readonly id: string; readonly name: string; readonly email: string },
): void {
  const complaint = complaintAbout(password, owner);
  if (complaint === undefined) return;
  throw new DomainError('invalid', 'The password cannot be used.', {
    code: 'password-unfit',
    complaints: [{ field: 'password', message: complaint }],
    remedy: 'Four words that have nothing to do with each other are long enough.',
  });
}

function complaintAbout(
  password: string,
  { id, name, email }: Parameters<typeof checkPassword>[1],
): string | undefined {
  const length = Array.from(password).length;
  if (length < fewest) return `has ${length} characters; use at least ${fewest}`;
  if (length > most) return `has ${length} characters; use at most ${most}`;
  const plain = plainly(password);
  if (commonest.includes(plain)) return 'is one of the commonest there are';
  if (new Set(plain).size < 4) return 'repeats the same few characters';
  if ([id, name, email].some((own) => plain === plainly(own))) return 'is your name or address';
  return undefined;
}

function plainly(text: string): string {
  return text.normalize('NFKC').toLowerCase().replaceAll(/\s/g, '');
}
