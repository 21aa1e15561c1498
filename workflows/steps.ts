import { proxyActivities, proxyLocalActivities } from '@temporalio/workflow';
import type {
  AssessmentSteps,
  BakeSteps,
  ComparisonSteps,
  LineSteps,
  RecordSteps,
  RolloutSteps,
  SiteSteps,
  VerificationSteps,
  WindowSteps,
} from '../domain/change/change-steps.ts';
import type {
  GuardianCorrectionSteps,
  GuardianMeasureSteps,
  GuardianRecordSteps,
} from '../domain/guardian/guardian-steps.ts';
import type { ContractWatchSteps } from '../domain/acsmi/ports.ts';
import type { RehearsalSteps } from '../domain/rehearsal/ports.ts';
import {
  assessmentOptions,
  comparisonOptions,
  contractWatchOptions,
  patientOptions,
  recordOptions,
  rehearsalOptions,
  simulationOptions,
  siteOptions,
  siteWatchOptions,
  verificationOptions,
  watchOptions,
  windowOptions,
} from './activity-options.ts';

type Proxied<T> = { [K in keyof T]: T[K] };

/** The steps as the workflows call them, each with its profile of time-outs and retries. */
export const record = proxyLocalActivities<Proxied<RecordSteps>>(recordOptions);
export const line = proxyLocalActivities<Proxied<LineSteps>>(recordOptions);
export const assessment = proxyActivities<Proxied<AssessmentSteps>>(assessmentOptions);
export const windows = proxyActivities<Proxied<WindowSteps>>(windowOptions);
export const rollout = proxyActivities<Proxied<RolloutSteps>>(simulationOptions);
export const site: Proxied<SiteSteps> = {
  applySite: proxyActivities<Proxied<SiteSteps>>(siteOptions).applySite,
  awaitSite: proxyActivities<Proxied<SiteSteps>>(siteWatchOptions).awaitSite,
};
/** The same for a datacentre that is away: tried until it comes back. */
export const patientSite = proxyActivities<Proxied<SiteSteps>>(patientOptions);
/** Looks, and touches nothing. */
export const comparison = proxyActivities<Proxied<ComparisonSteps>>(comparisonOptions);
export const bake = proxyActivities<Proxied<BakeSteps>>(siteWatchOptions);
export const verification = proxyActivities<Proxied<VerificationSteps>>(verificationOptions);

export const guardianRecord = proxyLocalActivities<Proxied<GuardianRecordSteps>>(recordOptions);
export const guardianWatch =
  proxyActivities<Proxied<Pick<GuardianMeasureSteps, 'watchApplication'>>>(watchOptions);
export const guardianMeasure =
  proxyActivities<Proxied<Pick<GuardianMeasureSteps, 'measureForCorrection'>>>(verificationOptions);
export const guardianCorrection =
  proxyActivities<Proxied<GuardianCorrectionSteps>>(simulationOptions);

export const contractWatch = proxyActivities<Proxied<ContractWatchSteps>>(contractWatchOptions);
export const rehearsal = proxyActivities<Proxied<RehearsalSteps>>(rehearsalOptions);
