import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '..');
const folders = [
  ...['activities', 'adapters', 'api', 'cli', 'domain', 'migrations', 'platform', 'worker'],
  'workflows',
];
const files = folders
  .flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((file) =>
      join(folder, file),
    ),
  )
  .filter((file) => /\.(ts|mjs)$/.test(file))
  .filter((file) => !/\.(test|fixture)\.ts$|^cli\/generated/.test(file));

/** What must not be called, what it looks like, and the files that may all the same. */
const unsafe: readonly {
  readonly what: string;
  readonly pattern: RegExp;
  readonly sample: string;
  readonly allowed?: readonly string[];
}[] = [
  {
    what: 'code that is made at run time',
    pattern: /\beval\s*\(|new Function\s*\(|['"](node:)?vm['"]/,
    sample: 'new Function (x)',
  },
  {
    what: 'a shell',
    pattern: /(?<!\.)\b(exec|execSync)\s*\(|shell:\s*true/,
    sample: 'execSync(`ls ${x}`)',
  },
  {
    what: 'chance that can be foreseen',
    pattern: /Math\.random/,
    sample: 'Math.random()',
    // How long it waits before it looks again.
    allowed: ['platform/embedded/hold-alone.ts'],
  },
  {
    what: 'a broken hash',
    pattern: /(createHash|createHmac|\bhash)\(\s*['"](md|sha-?1['"])/i,
    sample: "createHash('sha1')",
  },
  {
    what: 'encryption of its own',
    pattern: /create(Cipher|Decipher)(iv)?\b|publicEncrypt|webcrypto|\bsubtle\b/,
    sample: 'createCipheriv(x)',
    // Seals in the log what may have to be erased.
    allowed: ['adapters/postgres/subject-keys.ts'],
  },
  {
    what: 'a cipher that does not show tampering',
    pattern: /['"](aes-?\d+-(ecb|cbc|ctr|cfb|ofb)|des-|rc4)/i,
    sample: "createCipheriv('aes-256-cbc')",
  },
  {
    what: 'TLS without looking at the certificate',
    pattern: /rejectUnauthorized|TLS_REJECT_UNAUTHORIZED|checkServerIdentity/,
    sample: '{ rejectUnauthorized: false }',
  },
  {
    what: 'HTML from text',
    pattern: /innerHTML|outerHTML|document\.write|dangerouslySet/,
    sample: 'element.innerHTML = text',
  },
  {
    what: 'XML',
    pattern: /['"](xml2js|fast-xml-parser|libxmljs2?|@xmldom\/xmldom|sax)['"]/,
    sample: "from 'xml2js'",
  },
  {
    what: 'objects from bytes',
    pattern: /\bdeserialize\s*\(|['"](node:)?v8['"]/,
    sample: 'v8.deserialize(bytes)',
    // Sets of numbers, which it has written into the database itself.
    allowed: ['adapters/postgres/impact-snapshots.ts'],
  },
  {
    what: 'memory that was not cleared',
    pattern: /allocUnsafe/,
    sample: 'Buffer.allocUnsafe(8)',
  },
];

describe('the code of CTC', () => {
  it('is looked at whole', () => {
    expect(files.length).toBeGreaterThan(500);
    expect(files).toContain('api/app.ts');
  });

  it.each(unsafe)('never uses $what', ({ pattern, sample, allowed = [] }) => {
    expect(pattern.test(sample)).toBe(true);
    const found = files.filter((file) => pattern.test(readFileSync(join(root, file), 'utf8')));
    expect(found).toEqual(allowed);
  });
});
