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
  /** A new number for an id that has none yet, as in a column without duplicates: much faster than `add`. */
  append(bytes: Uint8Array, from: number, to: number): number;
  /** The number of an id, or -1. */
  find(bytes: Uint8Array, from: number, to: number): number;
  /** As `find`, for an id that is likely to be this number's or the next one's. None may have been removed. */
  findNear(bytes: Uint8Array, from: number, to: number, near: number): number;
  addText(id: string): number;
  findText(id: string): number;
  text(number: number): string;
  /** Forgets an id; its number is not given out again, and its text can still be read. */
  remove(number: number): void;
  /** Bytes of memory held. */
  readonly byteLength: number;
}

/** Appended ids go into the hash table so many at a time: while more of them are waited for, it costs nothing. */
const appendedTogether = 1024;
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

  /** Numbers below are in `slots`; those appended since are put there, all at once, when they are looked for. */
  let indexed = 0;

  const isAt = (number: number, source: Uint8Array, from: number, to: number): boolean => {
    const start = starts[number] as number;
    const length = (starts[number + 1] as number) - start;
    if (length !== to - from) return false;
    // Ids differ in their last characters.
    for (let i = length - 1; i >= 0; i -= 1) {
      if (bytes[start + i] !== source[from + i]) return false;
    }
    return true;
  };
  const slotOf = (source: Uint8Array, from: number, to: number): number => {
    if (indexed < size) index();
    let slot = hashOf(source, from, to) & mask;
    for (;;) {
      const number = slots[slot] as number;
      if (number === empty || (number >= 0 && isAt(number, source, from, to))) return slot;
      slot = (slot + 1) & mask;
    }
  };
  /** Of a number that is in no slot yet. */
  const place = (number: number): void => {
    let slot = hashOf(bytes, starts[number] as number, starts[number + 1] as number) & mask;
    while (slots[slot] !== empty) slot = (slot + 1) & mask;
    slots[slot] = number;
    filled += 1;
  };
  const rehash = (): void => {
    const numbers = slots;
    slots = new Int32Array(slotsFor(size)).fill(empty);
    mask = slots.length - 1;
    filled = 0;
    for (const number of numbers) if (number >= 0) place(number);
  };
  const index = (): void => {
    if ((filled + size - indexed) * 2 > slots.length) rehash();
    for (; indexed < size; indexed += 1) place(indexed);
  };
  /** Byte by byte: ids are short, and a view for each would cost more than the copy. */
  const keep = (source: Uint8Array, from: number, to: number): number => {
    bytes = withRoom(bytes, used + to - from);
    for (let i = from; i < to; i += 1) bytes[used + i - from] = source[i] as number;
    used += to - from;
    const number = size;
    size += 1;
    starts = withRoom(starts, size + 1);
    starts[size] = used;
    return number;
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
      const number = keep(source, from, to);
      indexed = size;
      slots[slot] = number;
      filled += 1;
      if (filled * 2 > slots.length) rehash();
      return number;
    },
    append(source, from, to) {
      const number = keep(source, from, to);
      if (size - indexed >= appendedTogether) index();
      return number;
    },
    find(source, from, to) {
      // First the slot: looking for it may replace `slots`.
      const slot = slotOf(source, from, to);
      return slots[slot] as number;
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

/** Murmur3 of 32 bits, four bytes at a time. */
function hashOf(bytes: Uint8Array, from: number, to: number): number {
  let hash = to - from;
  let i = from;
  for (; i + 4 <= to; i += 4) {
    hash = mixed(
      hash,
      (bytes[i] as number) |
        ((bytes[i + 1] as number) << 8) |
        ((bytes[i + 2] as number) << 16) |
        ((bytes[i + 3] as number) << 24),
    );
  }
  let rest = 0;
  for (; i < to; i += 1) rest = (rest << 8) | (bytes[i] as number);
  hash = mixed(hash, rest);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}

function mixed(hash: number, four: number): number {
  const scrambled = Math.imul(four, 0xcc9e2d51);
  const added = hash ^ Math.imul((scrambled << 15) | (scrambled >>> 17), 0x1b873593);
  return (Math.imul((added << 13) | (added >>> 19), 5) + 0xe6546b64) | 0;
}
