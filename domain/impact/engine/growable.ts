/** Typed arrays that grow: reading and writing by index stay plain array accesses on `data`. */
type Numbers = Int32Array | Uint16Array | Uint8Array;

/** `data`, or a copy with room for `length` numbers and a half more. */
export function withRoom<A extends Numbers>(data: A, length: number): A {
  if (length <= data.length) return data;
  const grown = new (data.constructor as new (length: number) => A)(
    Math.max(16, Math.ceil(length * 1.5)),
  );
  grown.set(data);
  return grown;
}
