import type pg from 'pg';
import { RoaringBitmap32, SerializationFormat } from 'roaring-wasm';
import {
  createConflictEngine,
  type ConflictEngine,
} from '../../domain/conflicts/conflict-engine.ts';
import type { Conflict, ConflictSettings, Freeze } from '../../domain/conflicts/conflict.ts';
import { freeWindowsFor } from '../../domain/conflicts/free-windows.ts';
import {
  describeSpread,
  explainAffected,
  numberDisturbances,
} from '../../domain/impact/engine/assess.ts';
import type { Company } from '../../domain/impact/engine/company.ts';
import { graphByteLength, nodeKinds } from '../../domain/impact/engine/dependency-graph.ts';
import { createSpreader, stateCodes, type Spreader } from '../../domain/impact/engine/spread.ts';
import type { SpreadSummary } from '../../domain/impact/engine/summarise-spread.ts';
import type {
  AsIf,
  EngineStatus,
  InventoryEngine,
  SetsByState,
} from '../../domain/impact/ports.ts';
import { createFreezeClock, type FreezePeriod } from '../../domain/windows/freeze.ts';
import {
  selectInterventions,
  toIntervention,
  type InterventionRow,
} from '../postgres/interventions.ts';
import { approvalLocks } from './approval-locks.ts';
import { followCompany } from './follow-company.ts';
import { loadCompany } from './load-company.ts';

/** What the thread answers: the port, one call at a time. */
export type EngineMethods = InventoryEngine & {
  /** Loads what is not loaded yet, and brings all to the newest committed state. */
  catchUp(): Promise<void>;
  /** Computes one more footprint that nobody asked for yet; false when there is none left. */
  warmUp(): boolean;
};

interface InMemory {
  company: Company;
  spreader: Spreader;
  conflicts: ConflictEngine;
}

export function createEngineMethods(
  connected: () => Promise<pg.ClientBase>,
  settings: ConflictSettings,
): EngineMethods {
  let memory: InMemory | undefined;
  let interventionSeq = 0;
  let freezeSeq = -1;
  /** The version of the inventory here when each change became known, or was edited. */
  const known = new Map<string, number>();
  let toWarm: string[] = [];
  /** Which changes a follow touched, from version to version; what is older is forgotten. */
  let followed: { readonly version: number; readonly changes: readonly string[] }[] = [];
  let followedFrom = 0;
  let [loadMs, loads, follows] = [0, 0, 0];

  const take = (company: Company): InMemory => {
    const spreader = createSpreader(company.graph);
    const conflicts = createConflictEngine(company, spreader, settings);
    interventionSeq = 0;
    freezeSeq = -1;
    known.clear();
    followed = [];
    followedFrom = company.version;
    return { company, spreader, conflicts };
  };
  const load = async (client: pg.ClientBase): Promise<InMemory> => {
    const startedMs = performance.now();
    const loaded = take(await loadCompany(client));
    loadMs = performance.now() - startedMs;
    loads += 1;
    return loaded;
  };
  const catchUp = async (): Promise<InMemory> => {
    const client = await connected();
    memory ??= await load(client);
    const { conflicts } = memory;
    let touched: string[] = [];
    const result = await followCompany(client, memory.company, (delta) => {
      touched = conflicts.touchedBy(delta);
    });
    if (result.how === 'followed') {
      follows += 1;
      conflicts.forget(touched);
      followed.push({ version: result.delta.version, changes: touched });
    } else if (result.how === 'reloaded') {
      loads += 1;
      memory = take(result.company);
    }
    await followInterventions(client, memory);
    await followFreezes(client, memory);
    return memory;
  };
  const followInterventions = async (client: pg.ClientBase, { company, conflicts }: InMemory) => {
    const { rows } = await client.query<InterventionRow>(
      `${selectInterventions} where c.intervention_seq > $1 ${
        interventionSeq === 0 ? 'and c.ended_at is null' : ''
      } order by c.intervention_seq`,
      [interventionSeq],
    );
    for (const row of rows) {
      interventionSeq = Math.max(interventionSeq, Number(row.seq));
      if (row.ended) {
        conflicts.remove(row.id);
        known.delete(row.id);
      } else {
        conflicts.put(toIntervention(row));
        known.set(row.id, company.version);
        toWarm.push(row.id);
      }
    }
  };
  const followFreezes = async (client: pg.ClientBase, { conflicts }: InMemory) => {
    const { rows: seqs } = await client.query<{ seq: string }>(
      'select coalesce(max(seq), 0) as seq from freeze_period',
    );
    const seq = Number(seqs[0]?.seq);
    if (seq === freezeSeq) return;
    const { rows } = await client.query<{ id: string; definition: FreezePeriod }>(
      'select id, definition from freeze_period where lifted_at is null order by id',
    );
    conflicts.setFreezes(rows.map(toFreeze));
    freezeSeq = seq;
  };
  /** Computes as if a change were as given, and leaves everything as it was. */
  const asIf = <T>(
    { conflicts }: InMemory,
    { change, intervention }: AsIf,
    compute: () => T,
  ): T => {
    const before = conflicts.get(change);
    if (intervention === null) conflicts.remove(change);
    else conflicts.put(intervention);
    try {
      return compute();
    } finally {
      if (before === undefined) conflicts.remove(change);
      else conflicts.put(before);
    }
  };

  return {
    async catchUp() {
      await catchUp();
    },
    warmUp() {
      const next = toWarm.pop();
      if (next === undefined || memory === undefined) {
        toWarm = [];
        return false;
      }
      memory.conflicts.footprint(next);
      return true;
    },
    async status(): Promise<EngineStatus> {
      const { company, conflicts } = await catchUp();
      return {
        state: 'ready',
        version: company.version,
        nodes: company.graph.nodeCount,
        interventions: known.size,
        bytes:
          graphByteLength(company.graph) + company.customers.ids.byteLength + conflicts.byteLength,
        loadMs: Math.round(loadMs),
        loads,
        follows,
      };
    },
    async assess(disturbances, limit) {
      const { company, spreader } = await catchUp();
      const spread = spreader.spread(numberDisturbances(company, disturbances));
      return describeSpread(company, disturbances, spread, limit).impact;
    },
    async explain(disturbances, nodes) {
      const { company, spreader } = await catchUp();
      return explainAffected(company, spreader, disturbances, nodes);
    },
    async snapshot(disturbances, limit) {
      const { company, spreader } = await catchUp();
      const spread = spreader.spread(numberDisturbances(company, disturbances));
      const { impact, details } = describeSpread(company, disturbances, spread, limit);
      const { graph } = company;
      const services = bitmaps((collect) => {
        for (const node of spread.found) {
          if (graph.kind[node] !== nodeKinds.service) continue;
          collect(spread.state[node] as number, graph.nr[node] as number);
        }
      });
      return { impact, services, customers: customerBitmaps(company, details) };
    },
    async conflictsOf(given) {
      const current = await catchUp();
      return asIf(current, given, () => current.conflicts.conflictsOf(given.change));
    },
    async crowdsIn(given, range) {
      const current = await catchUp();
      return asIf(current, given, () => current.conflicts.crowdsIn(range));
    },
    async conflictsAmong(change, among) {
      const { conflicts } = await catchUp();
      const others = new Set(among);
      return conflicts.conflictsAmong(change, (other) => others.has(other));
    },
    async freeWindows(change, search) {
      const { conflicts } = await catchUp();
      return freeWindowsFor(conflicts, change, search);
    },
    async locksOf(change) {
      const { company, conflicts } = await catchUp();
      const [intervention, footprint] = [conflicts.get(change), conflicts.footprint(change)];
      return intervention === undefined || footprint === undefined
        ? []
        : approvalLocks(company, intervention, footprint);
    },
    async touchedSince(version) {
      const { company } = await catchUp();
      if (version === company.version) return { version, changes: [] };
      // Of versions before the load nobody knows what they touched.
      if (version < followedFrom) return { version: company.version, changes: [...known.keys()] };
      const changes = new Set(
        followed.filter((each) => each.version > version).flatMap((each) => each.changes),
      );
      // Whoever stored what became known later may have computed it before the inventory moved.
      for (const [change, knownSince] of known) if (knownSince > version) changes.add(change);
      return { version: company.version, changes: [...changes].filter((each) => known.has(each)) };
    },
    async allConflicts(): Promise<readonly Conflict[]> {
      return (await catchUp()).conflicts.all();
    },
  };
}

function toFreeze({ id, definition }: { id: string; definition: FreezePeriod }): Freeze {
  const periods = createFreezeClock(definition);
  return {
    id,
    kind: definition.kind,
    name: definition.reason,
    scope: definition.scope,
    within: ({ opensAtMs, closesAtMs }) => periods(opensAtMs, closesAtMs),
  };
}

/** One bitmap for each state, filled by `(state code, number)`. */
function bitmaps(fill: (collect: (code: number, number: number) => void) => void): SetsByState {
  const numbers: [number[], number[], number[]] = [[], [], []];
  fill((code, number) => numbers[code - 1]?.push(number));
  const serialise = (code: number): Uint8Array => {
    const bitmap = RoaringBitmap32.from(numbers[code - 1] ?? []);
    try {
      bitmap.runOptimize();
      return bitmap.serialize(SerializationFormat.portable).slice();
    } finally {
      bitmap.dispose();
    }
  };
  return {
    down: serialise(stateCodes.down),
    degraded: serialise(stateCodes.degraded),
    atRisk: serialise(stateCodes.atRisk),
  };
}

function customerBitmaps({ customers }: Company, details: SpreadSummary): SetsByState {
  return bitmaps((collect) => {
    details.customers.forEach((customer, i) => {
      collect(details.customerStates[i] as number, customers.nr[customer] as number);
    });
  });
}
