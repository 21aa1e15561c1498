/** Lines that follow each other; `first` is the number of the first one, counted from 1. */
export interface LineBatch {
  readonly first: number;
  /** Without line ends. `undefined` where a line could not be read: a fault was reported for it. */
  readonly lines: readonly (string | undefined)[];
}

/** Far longer than any line of ours can be: what is longer has lost its line ends or its quotes. */
export const longestLineBytes = 64 * 1024;

const lineFeed = 0x0a;
const byteOrderMark = '\uFEFF';

/**
 * Cuts a stream of bytes into lines, one batch for each chunk, so that memory does not grow with the
 * stream. A line that is not UTF-8, or longer than `longestLineBytes`, is reported and left out; the
 * others are not touched by it.
 */
export async function* readLines(
  stream: AsyncIterable<Uint8Array>,
  reportFault: (line: number, message: string) => void,
): AsyncGenerator<LineBatch> {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  let rest: Uint8Array = new Uint8Array();
  let first = 1;
  /** Whether the line at hand is too long already: the rest of it is thrown away. */
  let skipping = false;

  const decode = (bytes: Uint8Array): string | undefined => {
    try {
      return decoder.decode(bytes);
    } catch {
      return undefined;
    }
  };
  const cleaned = (line: string, number: number): string => {
    const text = number === 1 && line.startsWith(byteOrderMark) ? line.slice(1) : line;
    return text.endsWith('\r') ? text.slice(0, -1) : text;
  };
  const readLine = (bytes: Uint8Array, number: number): string | undefined => {
    if (bytes.length > longestLineBytes) {
      reportFault(
        number,
        `is longer than ${longestLineBytes / 1024} KiB; end each record with a line break`,
      );
      return undefined;
    }
    const line = decode(bytes);
    if (line !== undefined) return cleaned(line, number);
    reportFault(number, 'is not valid UTF-8; save the file as UTF-8 and import it again');
    return undefined;
  };
  /** `bytes` holds whole lines; the last one need not have its line end. */
  const readBatch = (bytes: Uint8Array): LineBatch => {
    const start = first;
    let lines: (string | undefined)[] | undefined = decode(bytes)
      ?.split('\n')
      .map((line, i) => cleaned(line, start + i));
    // A character is at most three bytes long for each unit of its JavaScript string.
    if (lines?.every((line) => (line?.length ?? 0) * 3 <= longestLineBytes) !== true) {
      // Something in here is wrong or long: line by line, so that a fault costs its own line only.
      lines = [];
      for (let from = 0; from <= bytes.length;) {
        const end = bytes.indexOf(lineFeed, from);
        const to = end < 0 ? bytes.length : end;
        lines.push(readLine(bytes.subarray(from, to), start + lines.length));
        from = to + 1;
      }
    }
    first += lines.length;
    return { first: start, lines };
  };

  for await (let chunk of stream) {
    if (skipping) {
      const end = chunk.indexOf(lineFeed);
      if (end < 0) continue;
      skipping = false;
      first += 1;
      chunk = chunk.subarray(end + 1);
    }
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const end = bytes.lastIndexOf(lineFeed);
    if (end >= 0) yield readBatch(bytes.subarray(0, end));
    rest = bytes.subarray(end + 1);
    if (rest.length > longestLineBytes) {
      readLine(rest, first);
      rest = new Uint8Array();
      skipping = true;
    }
  }
  if (rest.length > 0) yield readBatch(rest);
}
