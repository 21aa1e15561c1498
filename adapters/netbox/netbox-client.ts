import * as z from 'zod';
import { DomainError, type ErrorKind } from '../../domain/errors.ts';
import { createPatientGet, type Patience } from '../patient-get.ts';
import { netboxLists, type NetboxListName, type NetboxObject } from './netbox-objects.ts';

export interface NetboxClientOptions extends Patience {
  /** Where NetBox is, with or without `/api`; without credentials. */
  readonly url: string;
  /** Version 1 or 2 (`nbt_…`); one that may only read is enough. Never in an error. */
  readonly token: string;
  /** Asked for; NetBox gives fewer when its own limit is lower. */
  readonly pageSize?: number;
}

export interface NetboxClient {
  /**
   * All objects of a list, page by page, each once.
   * @throws DomainError `unavailable` when NetBox stays away or the list changes meanwhile, `forbidden`
   * for a token that may not, `invalid` for what is not NetBox's answer.
   */
  list<Name extends NetboxListName>(
    name: Name,
    options?: { readonly signal?: AbortSignal },
  ): AsyncGenerator<NetboxObject<Name>, void, undefined>;
}

const pageSchema = z.object({
  count: z.int().min(0),
  next: z.string().nullable(),
  results: z.array(z.object({ id: z.int() }).loose()),
});
type Page = z.output<typeof pageSchema>;

/** Reads NetBox's REST lists (version 3.3 or later), following its own paging and never another host. */
export function createNetboxClient({
  url,
  token,
  pageSize = 250,
  ...patience
}: NetboxClientOptions): NetboxClient {
  const base = checkBase(url);
  const headers = { accept: 'application/json', authorization: authorization(token) };

  const getPage = createPatientGet<Page>({
    of: 'NetBox',
    headers,
    read: readPage,
    refusal,
    unavailable: {
      code: 'netbox-unavailable',
      remedy: 'Look whether NetBox is up, and import again.',
    },
    ...patience,
  });

  return {
    async *list(name, { signal } = {}) {
      const { path, query, schema } = netboxLists[name];
      const start = new URL(`${base}/api/${path}/`);
      // By id, so that what is added meanwhile comes last and moves nothing to another page.
      const search = { ...query, ordering: 'id', limit: String(pageSize) };
      for (const [key, value] of Object.entries(search)) start.searchParams.set(key, value);
      const seen = new Set<number>();
      const visited = new Set<string>();
      let count: number | undefined;
      for (let page: URL | undefined = start; page !== undefined;) {
        visited.add(page.href);
        const { results, next, count: counted }: Page = await getPage(page, signal);
        if (counted !== (count ??= counted)) throw changed(page);
        for (const result of results) {
          if (seen.has(result.id)) throw changed(page);
          seen.add(result.id);
          const parsed = schema.safeParse(result);
          if (!parsed.success) throw unreadable(page, result.id, parsed.error);
          // The lists are typed by name; TypeScript does not follow the union through safeParse.
          yield parsed.data as unknown as NetboxObject<typeof name>;
        }
        page = next === null ? undefined : checkNext(start, page, next);
        if (page !== undefined && visited.has(page.href)) {
          throw notNetbox(page, 'its pages go round in a circle');
        }
      }
      if (seen.size !== count) throw changed(start);
    },
  };
}

function checkBase(url: string): string {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  const usable =
    parsed !== undefined &&
    ['http:', 'https:'].includes(parsed.protocol) &&
    parsed.username === '' &&
    parsed.password === '';
  // Not shown: what is wrong may be a password in it.
  if (!usable) {
    throw new DomainError('invalid', "NetBox's address cannot be used.", {
      code: 'netbox-url-invalid',
      remedy: 'Give http or https, host and path only, such as https://netbox.example.com.',
    });
  }
  return `${parsed.origin}${parsed.pathname.replace(/\/+$/, '').replace(/\/api$/, '')}`;
}

function authorization(token: string): string {
  if (!/^[\x21-\x7e]+$/.test(token)) {
    throw new DomainError('invalid', "NetBox's token is empty or has characters no token has.", {
      code: 'netbox-token-invalid',
      remedy: 'Copy the token from NetBox without spaces or line breaks.',
    });
  }
  return `${token.startsWith('nbt_') ? 'Bearer' : 'Token'} ${token}`;
}

function readPage(page: URL, text: string): Page {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw notNetbox(page, 'it is not JSON');
  }
  const parsed = pageSchema.safeParse(value);
  if (!parsed.success) throw notNetbox(page, describe(parsed.error));
  return parsed.data;
}

/** `next` must stay in the same list of the same NetBox: the token goes wherever it points. */
function checkNext(start: URL, page: URL, next: string): URL {
  const url = URL.canParse(next, page.href) ? new URL(next, page.href) : undefined;
  if (url?.origin === start.origin && url.pathname === start.pathname) return url;
  throw new DomainError(
    'invalid',
    `NetBox's page ${page.href} names ${url === undefined ? 'no address' : `${url.origin}${url.pathname}`} ` +
      'as the next one, which is not the same list.',
    {
      code: 'netbox-next-elsewhere',
      remedy:
        'Use the address under which NetBox knows itself, or let its proxy pass on Host and X-Forwarded-Proto.',
    },
  );
}

function refusal(page: URL, response: Response): DomainError {
  const { status } = response;
  const make = (kind: ErrorKind, code: string, remedy: string, detail = '') =>
    new DomainError(kind, `NetBox answers ${status} to ${page.href}${detail}.`, { code, remedy });
  if (status === 401 || status === 403) {
    return make(
      'forbidden',
      'netbox-forbidden',
      'Give a token that is valid, allowed from this address, and may view this list.',
    );
  }
  if (status >= 300 && status < 400) {
    const location = response.headers.get('location') ?? '';
    const to = URL.canParse(location, page.href)
      ? ` (to ${new URL(location, page.href).origin})`
      : '';
    return make('invalid', 'netbox-redirects', 'Give the address it redirects to.', to);
  }
  return make(
    'invalid',
    'netbox-refused',
    'Check that the address is of NetBox 3.3 or later, without a path behind it but its own.',
  );
}

function notNetbox(page: URL, detail: string): DomainError {
  return new DomainError('invalid', `${page.href} does not answer as NetBox does: ${detail}.`, {
    code: 'netbox-answer-invalid',
    remedy: 'Check the address: open it in a browser, it shows count, next, previous and results.',
  });
}

function unreadable(page: URL, id: number, error: z.ZodError): DomainError {
  return new DomainError(
    'invalid',
    `Object ${id} of ${page.href} cannot be read: ${describe(error)}.`,
    { code: 'netbox-object-invalid', remedy: 'Check that NetBox is of version 3.3 or later.' },
  );
}

function changed(page: URL): DomainError {
  return new DomainError(
    'unavailable',
    `The list at ${page.origin}${page.pathname} changed while it was read, so that objects may be missing.`,
    { code: 'netbox-changed', remedy: 'Import again.' },
  );
}

function describe({ issues: [issue] }: z.ZodError): string {
  return `${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`;
}
