import type { ActivityOptions, LocalActivityOptions } from '@temporalio/workflow';
import { ActivityCancellationType } from '@temporalio/workflow';
import { finalFailureTypes } from './failures.ts';

const nonRetryableErrorTypes = [...finalFailureTypes];

/**
 * Short database steps: local, because that doubles the throughput. Retried without end, for a record that
 * cannot be written must hold the story up, not end it; the database comes back.
 */
export const recordOptions: LocalActivityOptions = {
  startToCloseTimeout: '20 seconds',
  retry: {
    initialInterval: '200 milliseconds',
    maximumInterval: '5 seconds',
    nonRetryableErrorTypes,
  },
};

/** Reading the inventory and computing impact and conflicts: seconds on a large graph. */
export const assessmentOptions: ActivityOptions = {
  startToCloseTimeout: '5 minutes',
  // Without one a killed worker's assessment would be missed for all of the five minutes.
  heartbeatTimeout: '6 seconds',
  retry: {
    initialInterval: '500 milliseconds',
    maximumInterval: '10 seconds',
    nonRetryableErrorTypes,
  },
};

/** Looks at datacentres, each for a limited time: what cannot be told is said, and holds nobody up. */
export const comparisonOptions: ActivityOptions = {
  startToCloseTimeout: '2 minutes',
  heartbeatTimeout: '6 seconds',
  retry: { initialInterval: '500 milliseconds', maximumAttempts: 3, nonRetryableErrorTypes },
};

/** Reads the calendar and the database; a window that was missed can wait for both to come back. */
export const windowOptions: ActivityOptions = {
  startToCloseTimeout: '15 seconds',
  retry: {
    initialInterval: '500 milliseconds',
    maximumInterval: '10 seconds',
    nonRetryableErrorTypes,
  },
};

/** Optimus may be an external service that is down for a while; the window's end stops the waiting. */
export const simulationOptions: ActivityOptions = {
  startToCloseTimeout: '10 minutes',
  heartbeatTimeout: '6 seconds',
  retry: { initialInterval: '1 second', maximumInterval: '15 seconds', nonRetryableErrorTypes },
};

/**
 * Acts on a datacentre: a few tries over about a minute tell a hiccup from an unreachable datacentre.
 * The cancelled activity is waited for, so that nothing of it still acts when the rollback begins.
 */
export const siteOptions: ActivityOptions = {
  startToCloseTimeout: '15 minutes',
  heartbeatTimeout: '6 seconds',
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  retry: {
    initialInterval: '500 milliseconds',
    maximumInterval: '10 seconds',
    maximumAttempts: 10,
    nonRetryableErrorTypes,
  },
};

/** Watches a datacentre for as long as a strategy may ask for; unreachable for about a minute is a failure. */
export const siteWatchOptions: ActivityOptions = {
  ...siteOptions,
  startToCloseTimeout: '26 hours',
};

/** Waits for a datacentre that is away to come back, however long that takes. */
export const patientOptions: ActivityOptions = {
  ...siteWatchOptions,
  retry: {
    initialInterval: '1 second',
    maximumInterval: '30 seconds',
    nonRetryableErrorTypes,
  },
};

/** Measures: long, and harmless to repeat. */
export const verificationOptions: ActivityOptions = {
  startToCloseTimeout: '2 hours',
  heartbeatTimeout: '6 seconds',
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  retry: { initialInterval: '1 second', maximumInterval: '15 seconds', nonRetryableErrorTypes },
};

/** Measures for a period, or until a message comes: what it has measured is stored by then. */
export const watchOptions: ActivityOptions = {
  startToCloseTimeout: '2 hours',
  heartbeatTimeout: '6 seconds',
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  retry: { initialInterval: '1 second', maximumInterval: '1 minute', nonRetryableErrorTypes },
};

/** Reads and writes the database, for seconds; what a round misses the next one finds. */
export const contractWatchOptions: ActivityOptions = {
  startToCloseTimeout: '10 minutes',
  retry: {
    initialInterval: '1 second',
    maximumInterval: '1 minute',
    maximumAttempts: 5,
    nonRetryableErrorTypes,
  },
};

/** Runs a change many times over in skipped time; a worker that dies meanwhile costs a new beginning. */
export const rehearsalOptions: ActivityOptions = {
  startToCloseTimeout: '20 minutes',
  heartbeatTimeout: '10 seconds',
  retry: { initialInterval: '1 second', maximumAttempts: 3, nonRetryableErrorTypes },
};
