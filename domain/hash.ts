/** Gives the SHA-256 (hex) of a value's canonical JSON (RFC 8785): equal values, equal hashes, anywhere. */
export type HashOf = (value: unknown) => string;
