import type { Complaint, ErrorKind } from '../../domain/errors.ts';
import type { EngineMethods } from './engine-methods.ts';

export interface Call {
  readonly id: number;
  readonly method: keyof Omit<EngineMethods, 'warmUp'>;
  readonly args: readonly unknown[];
}

export interface Answer {
  readonly id: number;
  readonly result?: unknown;
  /** A DomainError, which does not survive the way between threads. */
  readonly refusal?: {
    readonly kind: ErrorKind;
    readonly code: string;
    readonly message: string;
    readonly complaints: readonly Complaint[];
    readonly remedy?: string;
  };
  readonly failure?: string;
}
