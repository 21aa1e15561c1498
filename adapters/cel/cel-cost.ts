import type { ASTNode } from '@marcbachmann/cel-js';
import { valueLimits } from '../../domain/verification/metric-value.ts';

/** How often a macro may go through the largest list: once for the list, or twice for lists in a list. */
const most = valueLimits.elements;
/** Steps; about a tenth of a second on the largest value. */
export const mostSteps = 4_000_000;

/** What conditions may call. Left out: regular expressions, whose time has no bound, and what builds values. */
export const allowedFunctions = ['size', 'has', 'int', 'double', 'string', 'bool', 'type'] as const;
export const allowedMethods = [
  'size',
  'all',
  'exists',
  'exists_one',
  'filter',
  'map',
  'startsWith',
  'endsWith',
  'contains',
] as const;
const macros = new Set(['all', 'exists', 'exists_one', 'filter', 'map']);

/** A call that is not allowed, and where it begins. */
export interface ForbiddenCall {
  readonly name: string;
  readonly start: number;
}

export interface ExpressionCost {
  /** The most steps that it can take on any value. */
  readonly steps: number;
  readonly forbidden: readonly ForbiddenCall[];
}

/** Walks the parsed expression, before any of it is evaluated. */
export function costOf(node: ASTNode): ExpressionCost {
  const forbidden: ForbiddenCall[] = [];
  const steps = (one: ASTNode): number => {
    switch (one.op) {
      case 'value':
      case 'id':
        return 1;
      case '.':
      case '.?':
        return 1 + steps(one.args[0]);
      case '!_':
      case '-_':
        return 1 + steps(one.args);
      case '?:':
      case 'list':
        return 1 + sum(one.args.map(steps));
      case 'map':
        return 1 + sum(one.args.flat().map(steps));
      case '==':
      case '!=':
      case 'in':
      case '+':
        // Goes through both sides where they are lists, maps or texts.
        return (one.args.some(isScalar) ? 1 : most) + sum(one.args.map(steps));
      case 'call': {
        const [name, args] = one.args;
        if (!allowedFunctions.includes(name as never)) forbidden.push({ name, start: one.start });
        return 1 + sum(args.map(steps));
      }
      case 'rcall': {
        const [name, receiver, args] = one.args;
        if (!allowedMethods.includes(name as never)) {
          forbidden.push({ name: `.${name}`, start: one.start });
        }
        const inner = sum(args.map(steps));
        return steps(receiver) + (macros.has(name) ? most * (1 + inner) : 1 + inner);
      }
      default:
        return 1 + sum(one.args.map(steps));
    }
  };
  return { steps: steps(node), forbidden };
}

function isScalar(node: ASTNode): boolean {
  if (node.op === 'value') return typeof node.args !== 'string' || node.args.length < 100;
  return node.op === '-_';
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
