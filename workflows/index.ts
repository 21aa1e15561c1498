export { changeWorkflow } from './change/change-workflow.ts';
export { deploymentWorkflow } from './deployment/deployment-workflow.ts';
export { guardianWorkflow } from './guardian/guardian-workflow.ts';
export { contractWatchWorkflow } from './acsmi/contract-watch-workflow.ts';
export { driftWatchWorkflow } from './drift/drift-watch-workflow.ts';
export { driftCheckWorkflow } from './drift/drift-check-workflow.ts';
export { rehearsalWorkflow } from './rehearsal/rehearsal-workflow.ts';
