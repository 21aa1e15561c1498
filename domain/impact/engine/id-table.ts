import { withRoom } from './growable.ts';

/**
 * Ids by number and numbers by id, packed: the bytes of all ids after each other and one hash table of numbers.
 * A million and a half ids take about forty megabytes where a Map of strings takes four times as much.
 */
export interface IdTable {
  /** How many numbers were given out: they are 0 … size - 1. */
  readonly size: number;
  /** The number of an id, given as UTF-8 bytes; a new one if it has none. */
  add(bytes: Uint8Array, from: number, to: number): number;
  /** The number of an id, or -1. */
  find(bytes: Uint8Array, from: number, to: number): number;
  /** As `find`, for an id that is likely to be this number's or the next one's. */
  findNear(bytes: Uint8Array, from: number, to: number, near: number): number;
  addText(id: string): number;
  findText(id: string): number;
  text(number: number): string;
  /** Forgets an id; its number is not given out again, and its text can still be read. */
  remove(number: number): void;
  /** Bytes of memory held. */
  readonly byteLength: number;
}

const empty = -1;
const removed = -2;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

export function createIdTable(expected = 0): IdTable {
  let bytes = new Uint8Array(expected * 12 + 64);
  let used = 0;
  let starts = new Int32Array(expected + 1);
  let size = 0;
  let slots = new Int32Array(slotsFor(expected)).fill(empty);
  let mask = slots.length - 1;
  let filled = 0;

  const isAt = (number: number, source: Uint8Array, from: number, to: number): boolean => {
    const start = starts[number] ?? 0;
    const length = (starts[number + 1] ?? 0) - start;
    if (length !== to - from) return false;
    for (let i = 0; i < length; i += 1) if (bytes[start + i] !== source[from + i]) return false;
    return true;
  };
  const slotOf = (source: Uint8Array, from: number, to: number): number => {
    let slot = hashOf(source, from, to) & mask;
    for (;;) {
      const number = slots[slot] ?? empty;
      if (number === empty || (number >= 0 && isAt(number, source, from, to))) return slot;
      slot = (slot + 1) & mask;
    }
  };
  const rehash = (): void => {
    const numbers = slots;
    slots = new Int32Array(slotsFor(size)).fill(empty);
    mask = slots.length - 1;
    filled = 0;
    for (const number of numbers) {
      if (number < 0) continue;
      slots[slotOf(bytes, starts[number] ?? 0, starts[number + 1] ?? 0)] = number;
      filled += 1;
    }
  };

  const table: IdTable = {
    get size() {
      return size;
    },
    get byteLength() {
      return bytes.byteLength + starts.byteLength + slots.byteLength;
    },
    add(source, from, to) {
      const slot = slotOf(source, from, to);
      const known = slots[slot] ?? empty;
      if (known >= 0) return known;
      bytes = withRoom(bytes, used + to - from);
      // Byte by byte: ids are short, and a view for each would cost more than the copy.
      for (let i = from; i < to; i += 1) bytes[used + i - from] = source[i] ?? 0;
      used += to - from;
      const number = size;
      size += 1;
      starts = withRoom(starts, size + 1);
      starts[size] = used;
      slots[slot] = number;
      filled += 1;
      if (filled * 2 > slots.length) rehash();
      return number;
    },
    find(source, from, to) {
      return slots[slotOf(source, from, to)] ?? empty;
    },
    findNear(source, from, to, near) {
      if (near >= 0 && near < size && isAt(near, source, from, to)) return near;
      if (near + 1 < size && isAt(near + 1, source, from, to)) return near + 1;
      return table.find(source, from, to);
    },
    addText(id) {
      const source = encoder.encode(id);
      return table.add(source, 0, source.length);
    },
    findText(id) {
      const source = encoder.encode(id);
      return table.find(source, 0, source.length);
    },
    text: (number) => decoder.decode(bytes.subarray(starts[number] ?? 0, starts[number + 1] ?? 0)),
    remove(number) {
      const slot = slotOf(bytes, starts[number] ?? 0, starts[number + 1] ?? 0);
      if (slots[slot] === number) slots[slot] = removed;
    },
  };
  return table;
}

/** At most half full, so that a search is short. */
function slotsFor(count: number): number {
  let slots = 64;
  while (slots < count * 2 + 2) slots *= 2;
  return slots;
}

/** FNV-1a with a last mix: ids differ in their last characters. */
function hashOf(bytes: Uint8Array, from: number, to: number): number {
  let hash = 0x811c9dc5;
  for (let i = from; i < to; i += 1) hash = Math.imul(hash ^ (bytes[i] ?? 0), 0x01000193);
  hash ^= hash >>> 15;
  hash = Math.imul(hash, 0x2c1b3c6d);
  return hash ^ (hash >>> 13);
}
