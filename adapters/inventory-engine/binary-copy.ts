import type { ClientBase, Connection, Submittable } from 'pg';

/** The fields of one row: where each begins and ends in `bytes`; a field that is null begins at -1. */
export interface BinaryRow {
  bytes: Buffer;
  readonly from: Int32Array;
  readonly to: Int32Array;
}

/** Of a message: what it is, and the length of the rest of it. */
const headLength = 5;
/** `PGCOPY\n\377\r\n\0`, four bytes of flags, four of the extension's length. */
const headerLength = 19;
const messages = { copyData: 0x64, copyOutResponse: 0x48 } as const;
/** May come in between at any time, and are of no interest here: notices, parameters, notifications. */
const asides: ReadonlySet<number> = new Set([0x4e, 0x53, 0x41]);
const noBytes = Buffer.alloc(0);

/**
 * Reads what `query` selects by `COPY … TO STDOUT (FORMAT binary)`, row by row, without making objects of them:
 * `onRow` gets the same row every time. Returns how many there were.
 *
 * Takes the messages off the connection itself. PostgreSQL sends one for each row, and a stream of bytes made of
 * them costs more than all that is done with the rows.
 * Format: PostgreSQL's documentation of COPY, "Binary Format", and of the protocol, "Message Formats".
 */
export function readBinaryCopy(
  client: ClientBase,
  query: string,
  columns: number,
  onRow: (row: BinaryRow) => void,
): Promise<number> {
  return new Promise((resolve, reject) => {
    const reader = createRowReader(columns, onRow);
    let failure: Error | undefined;
    client.query({
      submit(connection: Connection) {
        const { stream } = connection;
        const [others] = stream.listeners('data') as ((chunk: Buffer) => void)[];
        if (others === undefined) throw new Error('the connection is not read by anybody');
        let rest: Buffer = noBytes;
        let isOver = false;
        const take = (chunk: Buffer): void => {
          let at = 0;
          // Of a message that began in the chunk before, what is missing is copied, and not the whole chunk.
          while (rest.length > 0 && at < chunk.length && !isOver) {
            const from = at;
            const wanted = rest.length < headLength ? headLength : endOfMessage(rest, 0);
            at = Math.min(chunk.length, from + wanted - rest.length);
            rest = readMessages(Buffer.concat([rest, chunk.subarray(from, at)]));
          }
          if (at === chunk.length) return;
          if (isOver) others(chunk.subarray(at));
          else rest = readMessages(chunk.subarray(at));
        };
        /** Returns what has not come in whole. */
        const readMessages = (bytes: Buffer): Buffer => {
          let at = 0;
          while (at + headLength <= bytes.length) {
            const kind = bytes[at] as number;
            const end = endOfMessage(bytes, at);
            const isOurs = kind === messages.copyData || kind === messages.copyOutResponse;
            if (!isOurs && !asides.has(kind)) {
              // The end or an error: whoever read before reads on.
              isOver = true;
              stream.off('data', take).on('data', others);
              others(bytes.subarray(at));
              return noBytes;
            }
            if (end > bytes.length) break;
            if (kind === messages.copyData && failure === undefined) {
              try {
                reader.read(bytes, at + headLength, end);
              } catch (error) {
                failure = error as Error;
              }
            }
            at = end;
          }
          return bytes.subarray(at);
        };
        stream.off('data', others).on('data', take);
        connection.query(`copy (${query}) to stdout (format binary)`);
      },
      // What the client calls as the rest of the messages come in.
      handleCommandComplete: () => undefined,
      handleError: reject,
      handleReadyForQuery() {
        if (failure !== undefined) reject(failure);
        else if (!reader.isAtEnd()) reject(new Error('the copy ended before its last row'));
        else resolve(reader.rows());
      },
    } as Submittable);
  });
}

function endOfMessage(bytes: Buffer, at: number): number {
  return at + 1 + readInt32(bytes, at + 1);
}

function createRowReader(columns: number, onRow: (row: BinaryRow) => void) {
  const row: BinaryRow = {
    bytes: noBytes,
    from: new Int32Array(columns),
    to: new Int32Array(columns),
  };
  const { from, to } = row;
  let rows = 0;
  let isBegun = false;
  let isAtEnd = false;
  return {
    rows: () => rows,
    isAtEnd: () => isAtEnd,
    /** Whole rows, as PostgreSQL sends them. */
    read(bytes: Buffer, start: number, end: number): void {
      row.bytes = bytes;
      let at = isBegun ? start : start + headerLength;
      isBegun = true;
      while (at < end) {
        const count = ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
        if (count === 0xffff) {
          isAtEnd = true;
          return;
        }
        if (count !== columns)
          throw new Error(`a row of ${count} columns where ${columns} were asked for`);
        at += 2;
        for (let column = 0; column < columns; column += 1) {
          const size = readInt32(bytes, at);
          at += 4;
          from[column] = size < 0 ? -1 : at;
          if (size > 0) at += size;
          to[column] = size < 0 ? -1 : at;
        }
        if (at > end) throw new Error('a row goes on in another message');
        onRow(row);
        rows += 1;
      }
    },
  };
}

/** Much faster than Buffer's own, which checks its bounds for each call. */
export function readInt32(bytes: Buffer, at: number): number {
  return (
    ((bytes[at] as number) << 24) |
    ((bytes[at + 1] as number) << 16) |
    ((bytes[at + 2] as number) << 8) |
    (bytes[at + 3] as number)
  );
}
