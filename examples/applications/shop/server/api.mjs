import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { failToStart, self, serve } from './serve.mjs';

const { SLOW_DATACENTRE, SLOW_MS = '0', TAX_TABLE } = process.env;
const slowMs = SLOW_DATACENTRE === self.datacentre ? Number(SLOW_MS) : 0;

let taxes = {};
try {
  if (TAX_TABLE !== undefined) taxes = JSON.parse(readFileSync(TAX_TABLE, 'utf8'));
} catch (error) {
  failToStart(error);
}

await serve(async (call) => {
  const { products, store } = await call('store');
  if (slowMs > 0) await delay(slowMs);
  return {
    type: 'application/json',
    body: JSON.stringify({ products, taxes, api: self, store }),
  };
});
