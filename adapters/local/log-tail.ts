import { open } from 'node:fs/promises';

const mostBytes = 4096;
const mostLines = 20;

/** The last lines written after `offset`; '' when there are none. Split characters become U+FFFD. */
export async function readLogTail(file: string, offset: number): Promise<string> {
  let handle;
  try {
    handle = await open(file, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
  try {
    const { size } = await handle.stat();
    const from = Math.max(size - mostBytes, Math.min(offset, size));
    const { buffer, bytesRead } = await handle.read(
      Buffer.alloc(size - from),
      0,
      size - from,
      from,
    );
    const text = buffer.toString('utf8', 0, bytesRead).trimEnd();
    const lines = text.split('\n');
    return lines.slice(-mostLines).join('\n');
  } finally {
    await handle.close();
  }
}
