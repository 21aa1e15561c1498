import * as z from 'zod';
import { DomainError, type ErrorKind } from '../../domain/errors.ts';
import { createPatientGet, type Patience } from '../patient-get.ts';

export interface HttpCatalogueOptions extends Patience {
  /** Below it is `/offers`; without credentials. */
  readonly url: string;
  /** Bearer token; never in an error. */
  readonly token?: string | undefined;
}

export interface HttpCatalogue {
  /**
   * All offers, page by page; whoever imports them checks each.
   * @throws DomainError `unavailable` when it stays away, `forbidden` for a token that may not, `invalid` for what
   * is no catalogue's answer.
   */
  offers(options?: {
    readonly signal?: AbortSignal;
  }): AsyncGenerator<Readonly<Record<string, unknown>>, void, undefined>;
}

/** As `GET /offers` of CTC answers, so that one may be the catalogue of another. */
const pageSchema = z.object({
  rows: z.array(z.record(z.string(), z.unknown())),
  nextCursor: z.string().min(1).max(2000).optional(),
});
type Page = z.output<typeof pageSchema>;

/** Reads a provider's catalogue: `GET <url>/offers?cursor=…`. */
export function createHttpCatalogue({
  url,
  token,
  ...patience
}: HttpCatalogueOptions): HttpCatalogue {
  const base = checkBase(url);
  const getPage = createPatientGet<Page>({
    of: 'The catalogue',
    headers: { accept: 'application/json', ...authorization(token) },
    read: readPage,
    refusal,
    unavailable: {
      code: 'catalogue-unavailable',
      remedy: 'Look whether it is up, and synchronise again.',
    },
    ...patience,
  });

  return {
    async *offers({ signal } = {}) {
      const page = new URL(`${base}/offers`);
      const seen = new Set<string>();
      for (;;) {
        const { rows, nextCursor } = await getPage(page, signal);
        yield* rows;
        if (nextCursor === undefined) return;
        if (seen.has(nextCursor)) throw noCatalogue(page, 'its pages go round in a circle');
        seen.add(nextCursor);
        page.searchParams.set('cursor', nextCursor);
      }
    },
  };
}

function checkBase(url: string): string {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  const usable =
    parsed !== undefined &&
    ['http:', 'https:'].includes(parsed.protocol) &&
    [parsed.username, parsed.password, parsed.search, parsed.hash].every((part) => part === '');
  // Not shown: what is wrong may be a password in it.
  if (!usable) {
    throw new DomainError('invalid', "The catalogue's address cannot be used.", {
      code: 'catalogue-url-invalid',
      remedy: 'Give http or https, host and path only, such as https://catalogue.example.com/v1.',
    });
  }
  return `${parsed.origin}${parsed.pathname.replace(/\/+$/, '')}`;
}

function authorization(token: string | undefined): { authorization?: string } {
  if (token === undefined) return {};
  if (!/^[\x21-\x7e]+$/.test(token)) {
    throw new DomainError('invalid', 'The token is empty or has characters no token has.', {
      code: 'catalogue-token-invalid',
      remedy: 'Copy the token without spaces or line breaks.',
    });
  }
  return { authorization: `Bearer ${token}` };
}

function readPage(page: URL, text: string): Page {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw noCatalogue(page, 'it is not JSON');
  }
  const parsed = pageSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw noCatalogue(page, `${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`);
}

function refusal(page: URL, { status }: Response): DomainError {
  const [kind, code, remedy]: [ErrorKind, string, string] =
    status === 401 || status === 403
      ? ['forbidden', 'catalogue-forbidden', 'Give a token that is valid and may read the offers.']
      : status >= 300 && status < 400
        ? ['invalid', 'catalogue-redirects', 'Give the address it redirects to.']
        : ['invalid', 'catalogue-refused', 'Check that the address is the one above /offers.'];
  return new DomainError(kind, `The catalogue answers ${status} to ${page.href}.`, {
    code,
    remedy,
  });
}

function noCatalogue(page: URL, detail: string): DomainError {
  return new DomainError(
    'invalid',
    `${page.href} does not answer as a catalogue does: ${detail}.`,
    {
      code: 'catalogue-answer-invalid',
      remedy:
        'It is to answer {"rows": [offers], "nextCursor": "…"}, the last page without nextCursor.',
    },
  );
}
