import proto from '@temporalio/proto';

type History = proto.temporal.api.history.v1.IHistory;
const { History } = proto.temporal.api.history.v1;

/** A workflow's history as JSON that says nothing of the machine it was recorded on. */
export function historyToJson(history: History): string {
  const plain = History.toObject(History.fromObject(history), {
    enums: String,
    longs: String,
    bytes: String,
  });
  return `${JSON.stringify(plain, withoutMachine, 1)}\n`;
}

/** The history that `historyToJson` wrote, parsed. */
export function historyOfJson(parsed: object): History {
  return History.fromObject(parsed);
}

function withoutMachine(key: string, value: unknown): unknown {
  if (key === 'stackTrace') return '';
  return key === 'identity' ? 'recorder' : value;
}
