import { answerOf, onceHeaders } from '../client.ts';
import type { CliContext } from '../context.ts';
import { saveToken } from '../tokens.ts';

export interface People {
  /** Deployment engineer of the web platform. */
  readonly ana: CliContext;
  /** Operator: decides, and is never the requester. */
  readonly oscar: CliContext;
  /** Asks for changes of the network department. */
  readonly marta: CliContext;
}

/** Gives the people of the scenario their profiles and tokens; the tokens are kept for `ctc --as`. */
export async function createPeople(
  administrator: CliContext,
  contextFor: (token: string) => CliContext,
): Promise<People> {
  const create = async (
    id: string,
    name: string,
    roles: readonly string[],
  ): Promise<CliContext> => {
    await answerOf(
      administrator.api.POST('/principals', {
        params: { header: onceHeaders() },
        body: { id, name, email: `${id}@example.com`, roles: roles as never },
      }),
    );
    const { secret } = await answerOf(
      administrator.api.POST('/principals/{principal}/tokens', {
        params: { path: { principal: id } },
        body: { label: 'demo', expiresAt: null },
      }),
    );
    saveToken(administrator.dataDirectory, id, secret);
    return contextFor(secret);
  };
  return {
    ana: await create('ana', 'Ana García', ['requester', 'deployment-engineer']),
    oscar: await create('oscar', 'Óscar Ruiz', ['operator']),
    marta: await create('marta', 'Marta Soler', ['requester']),
  };
}
