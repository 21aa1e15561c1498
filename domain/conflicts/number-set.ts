/**
 * A set of numbers as runs of neighbours: [from, to, from, to, …], each up to and not including its `to`,
 * rising and apart. What hangs together has neighbouring numbers, so that even a datacentre is few runs.
 */
export type NumberSet = Int32Array;

/** `numbers` in any order, each once; they are sorted in place. */
export function setOf(numbers: Int32Array): NumberSet {
  numbers.sort();
  const runs: number[] = [];
  for (let i = 0; i < numbers.length;) {
    const from = numbers[i] as number;
    let to = from + 1;
    i += 1;
    while (i < numbers.length && numbers[i] === to) {
      to += 1;
      i += 1;
    }
    runs.push(from, to);
  }
  return Int32Array.from(runs);
}

/** The set of all places of `codes`, an array of its own, that hold `code`, or anything but 0 where none is given. */
export function placesOf(codes: Uint8Array, code: number | undefined, end: number): NumberSet {
  const runs: number[] = [];
  // Four at a time where there is nothing: nearly everywhere.
  const fours = new Int32Array(codes.buffer, codes.byteOffset, codes.length >> 2);
  const isIn = (at: number): boolean => (code === undefined ? codes[at] !== 0 : codes[at] === code);
  for (let at = 0; at < end;) {
    if ((at & 3) === 0 && fours[at >> 2] === 0) at += 4;
    else if (!isIn(at)) at += 1;
    else {
      runs.push(at);
      do at += 1;
      while (at < end && isIn(at));
      runs.push(at);
    }
  }
  return Int32Array.from(runs);
}

export function hasNumber(set: NumberSet, number: number): boolean {
  const run = lastRunFrom(set, number, 0);
  return run >= 0 && number < (set[run + 1] as number);
}

/** Calls `visit` with each run that both sets have. */
export function eachCommonRun(
  a: NumberSet,
  b: NumberSet,
  visit: (from: number, to: number) => void,
): void {
  let [i, j] = [0, 0];
  while (i < a.length && j < b.length) {
    const from = Math.max(a[i] as number, b[j] as number);
    const to = Math.min(a[i + 1] as number, b[j + 1] as number);
    if (from < to) visit(from, to);
    // Jumps: one of the two is often much longer.
    if ((a[i + 1] as number) < (b[j + 1] as number)) i = jump(a, i + 2, b[j] as number);
    else j = jump(b, j + 2, a[i] as number);
  }
}

/** What is in `a` and not in `b`. */
export function subtract(a: NumberSet, b: NumberSet): NumberSet {
  const runs: number[] = [];
  let at = 0;
  let from = a[0] as number;
  /** To the next run with something at or after `next`: one of `b` may span several of these. */
  const skip = (next: number): void => {
    do at += 2;
    while (at < a.length && (a[at + 1] as number) <= next);
    from = Math.max(next, a[at] as number);
  };
  let j = 0;
  while (at < a.length) {
    const to = a[at + 1] as number;
    while (j < b.length && (b[j + 1] as number) <= from) j += 2;
    const hole = j < b.length ? (b[j] as number) : Infinity;
    if (hole >= to) {
      runs.push(from, to);
      skip(0);
    } else {
      if (hole > from) runs.push(from, hole);
      from = b[j + 1] as number;
      if (from >= to) skip(from);
    }
  }
  return Int32Array.from(runs);
}

export function sizeOf(set: NumberSet): number {
  let size = 0;
  for (let i = 0; i < set.length; i += 2) size += (set[i + 1] as number) - (set[i] as number);
  return size;
}

/** The first run, from `start` on, that ends after `number`. */
function jump(set: NumberSet, start: number, number: number): number {
  if (start >= set.length || (set[start + 1] as number) > number) return start;
  let step = 2;
  let low = start;
  while (low + step < set.length && (set[low + step + 1] as number) <= number) {
    low += step;
    step *= 2;
  }
  let high = Math.min(low + step, set.length);
  low += 2;
  while (low < high) {
    const middle = low + (((high - low) >> 2) << 1);
    if ((set[middle + 1] as number) <= number) low = middle + 2;
    else high = middle;
  }
  return low;
}

/** The last run that begins at or before the number, or -2. */
function lastRunFrom(set: NumberSet, number: number, start: number): number {
  let low = start;
  let high = set.length;
  while (low < high) {
    const middle = low + (((high - low) >> 2) << 1);
    if ((set[middle] as number) <= number) low = middle + 2;
    else high = middle;
  }
  return low - 2;
}
