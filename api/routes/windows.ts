import * as z from 'zod';
import { previewRequestSchema, previewWindows } from '../../domain/windows/preview.ts';
import type { AppDeps } from '../app-deps.ts';
import { sitesOf } from '../change-window.ts';
import { problems } from '../schemas/common.ts';
import type { TypedApp } from '../typed-app.ts';

const partSchema = z.object({ from: z.string(), to: z.string() });

const windowPreviewSchema = z
  .object({
    opensAt: z.string(),
    latestStartAt: z.string(),
    closesAt: z.string(),
    local: z.string().describe('In the time of the zone, and of UTC'),
    minutes: z.number().describe('How long it really lasts'),
    start: z.string().optional().describe('Of a series: what `except` takes to leave it out'),
    parts: z
      .object({ preparation: partSchema, work: partSchema, rollbackReserve: partSchema })
      .optional()
      .describe('Missing where the clock, set forward, leaves no time for work; the note says so'),
    sites: z
      .array(
        z.object({
          datacentre: z.string(),
          opensAt: z.string(),
          closesAt: z.string(),
          local: z.string(),
        }),
      )
      .optional()
      .describe("Each datacentre's own window"),
    note: z.string().optional().describe('What the clock, set forward or back, does to it'),
  })
  .meta({ id: 'WindowPreview' });

/** Windows that nobody has asked for yet. */
export function windowRoutes(app: TypedApp, deps: AppDeps): void {
  app.post(
    '/windows/preview',
    {
      config: { access: 'inventory.read', idempotent: false },
      schema: {
        tags: ['windows'],
        operationId: 'previewWindows',
        summary: 'The next windows of a request, by the clock of its zone; nothing is stored',
        body: previewRequestSchema.extend({
          count: z.int().min(1).max(100).default(10),
          after: z.iso
            .datetime({ offset: true })
            .optional()
            .describe('Windows that open then or later; default: now'),
        }),
        response: { 200: z.object({ rows: z.array(windowPreviewSchema) }), ...problems },
      },
    },
    async ({ body: { count, after, ...request } }) => {
      const rows = previewWindows(request, {
        afterMs: after === undefined ? deps.now().getTime() : Date.parse(after),
        count,
        sites: await sitesOf(deps, request, request.datacentres ?? []),
      });
      return { rows: rows as never };
    },
  );
}
