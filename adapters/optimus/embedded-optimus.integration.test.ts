import { describeOptimusContract } from '../../test/contracts/optimus.ts';
import { createEmbeddedOptimus } from './embedded-optimus.ts';

describeOptimusContract('the embedded simulator', () => {
  const optimus = createEmbeddedOptimus();
  return Promise.resolve({ optimus, close: () => optimus.close() });
});
