import type { StandingStop } from '../line/line-stop.ts';
import type { ChangeEvent, ChangeState } from './life-cycle.ts';

/** How a change came to its end, for whoever asks why nothing happens any more. */
export interface Ending {
  readonly kind: 'refused-by-simulator' | 'missed-window' | 'rolled-back' | 'ended';
  /** ISO instant. */
  readonly at: string;
  /** In the words of its log. */
  readonly because: string;
  /** Stops of the line that it missed its window or its next wave under. */
  readonly stops: readonly StandingStop[];
  /** What somebody can do about it. */
  readonly next: string;
}

/** The entry in the log of what decided how it ends. */
export interface LastWord {
  readonly event: ChangeEvent;
  readonly at: string;
  readonly message: string;
}

/** Events that decide how a change ends. What comes after them carries that out, or is its review. */
export const decisiveEvents = [
  'find-no-placement',
  'miss-window',
  'expire',
  'reject',
  'cancel',
  'verify',
  'roll-back',
  'abort',
  'implement',
  'back-out',
  'leave-broken',
] as const satisfies readonly ChangeEvent[];

/** Null while the change is on its way. */
export function explainEnding({
  label,
  state,
  lastWord,
  stops,
}: {
  readonly label: string;
  readonly state: ChangeState;
  readonly lastWord: LastWord | null;
  readonly stops: readonly StandingStop[];
}): Ending | null {
  if (lastWord === null) return null;
  const { event, at, message: because } = lastWord;
  const of = { at, because };
  const again = `ask for the change again`;
  switch (event) {
    case 'find-no-placement':
      return {
        kind: 'refused-by-simulator',
        ...of,
        stops: [],
        next: `Change the requirements, the offers or the datacentres, then ${again}; ctc change log ${label} has what Optimus found.`,
      };
    case 'miss-window':
      return {
        kind: 'missed-window',
        ...of,
        stops,
        next: `If it is still wanted, ${again} with another window.`,
      };
    case 'roll-back':
    case 'abort':
      return {
        kind: 'rolled-back',
        ...of,
        stops,
        next: reviewOf(label, state) ?? `When the reason is mended, ${again}.`,
      };
    case 'expire':
    case 'reject':
    case 'cancel':
      return { kind: 'ended', ...of, stops: [], next: `If it is still wanted, ${again}.` };
    default:
      return { kind: 'ended', ...of, stops: [], next: reviewOf(label, state) ?? 'Nothing.' };
  }
}

function reviewOf(label: string, state: ChangeState): string | undefined {
  if (state === 'in-review') return `Its review is to be closed: ctc change close ${label}.`;
  return ['completed', 'rolled-back', 'rollback-incomplete'].includes(state)
    ? `It is to be reviewed: ctc change review ${label}.`
    : undefined;
}
