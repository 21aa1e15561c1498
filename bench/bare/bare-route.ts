import fastify from 'fastify';
import { createDatabase } from '../../adapters/postgres/database.ts';

/** A process with one route that sends the rows of one query, and nothing else. */
const [url = ''] = process.argv.slice(2);
const database = createDatabase({ url, poolMax: 20 });
const app = fastify();
app.get('/changes', async () => ({
  rows: await database('change').orderBy('number', 'desc').limit(51).select('*'),
}));
await app.listen({ host: '127.0.0.1', port: 0 });
const address = app.server.address();
process.send?.({ port: typeof address === 'object' && address !== null ? address.port : 0 });
process.once('disconnect', () => process.exit(0));
