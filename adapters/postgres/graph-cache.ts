import { prepareGraph, type PreparedGraph } from '../../domain/impact/prepare-graph.ts';
import type { InventoryReader } from '../../domain/inventory/ports.ts';

export interface CurrentGraph {
  readonly graph: PreparedGraph;
  readonly version: number;
}

/**
 * The prepared dependency graph as of the newest committed import: the version is asked for each time, the
 * graph is loaded only when it has moved on. Callers that come together share one load.
 */
export function createGraphCache(
  inventory: Pick<InventoryReader, 'version' | 'loadGraph'>,
): () => Promise<CurrentGraph> {
  let current: CurrentGraph | undefined;
  let loading: Promise<CurrentGraph> | undefined;

  const load = async (): Promise<CurrentGraph> => {
    const { version, ...input } = await inventory.loadGraph();
    return { graph: prepareGraph(input), version };
  };

  return async () => {
    const newest = await inventory.version();
    if (current !== undefined && current.version >= newest) return current;
    loading ??= load().finally(() => {
      loading = undefined;
    });
    current = await loading;
    // The shared load may have begun before the import that this caller knows of.
    if (current.version < newest) current = await load();
    return current;
  };
}
