interface Shared {
  users: number;
  started: Promise<{ value: unknown; readonly stop: () => Promise<void> }>;
}

/**
 * Starts a thing once for all projects of a vitest run and ends it after the last. Each project loads its
 * global setup afresh, so what they share hangs on the process and not on a module.
 */
export async function sharedOnce<T>(
  name: string,
  start: () => Promise<{ value: T; stop(): Promise<void> }>,
): Promise<{ value: T; readonly release: () => Promise<void> }> {
  const key = Symbol.for('ctc.test.shared');
  const holder = globalThis as unknown as Record<symbol, Map<string, Shared> | undefined>;
  const all = (holder[key] ??= new Map<string, Shared>());
  const shared = all.get(name) ?? { users: 0, started: start() };
  all.set(name, shared);
  shared.users += 1;
  const { value, stop } = await shared.started;
  let released = false;
  return {
    value: value as T,
    release: async () => {
      if (released) return;
      released = true;
      shared.users -= 1;
      if (shared.users > 0) return;
      all.delete(name);
      await stop();
    },
  };
}
