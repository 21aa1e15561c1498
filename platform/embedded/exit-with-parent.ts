/**
 * Ends this process in good order when the one that started it is gone: the message channel to it closes.
 * The mains of API and worker call this; without a channel (started by hand, in a container) only SIGTERM
 * and SIGINT end it. `shutDown` is called once; after it the process ends by itself as soon as nothing is
 * under way, or is ended after `graceMs` altogether. A second signal ends it at once.
 */
export function exitWithParent(shutDown: () => Promise<void>, graceMs = 25_000): void {
  let ending = false;
  const end = () => {
    if (ending) return;
    ending = true;
    setTimeout(() => process.exit(1), graceMs).unref();
    shutDown()
      .catch((error: unknown) => {
        process.exitCode = 1;
        process.stderr.write(`${error instanceof Error ? (error.stack ?? '') : String(error)}\n`);
      })
      .finally(() => {
        // The channel would keep the process alive.
        if (process.connected) process.disconnect();
      });
  };
  process.once('SIGTERM', end);
  process.once('SIGINT', end);
  if (process.send === undefined) return;
  process.once('disconnect', end);
  if (!process.connected) end(); // it died while we started
}

/** Tells the supervisor that this process can be used; nothing when there is none. */
export function tellReady(): void {
  if (process.connected) process.send?.({ type: 'ready' });
}
