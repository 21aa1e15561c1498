import { pino, destination } from 'pino';
import type { Logger } from 'pino';

export type { Logger } from 'pino';

export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];
export const logFormats = ['json', 'pretty'] as const;
export type LogFormat = (typeof logFormats)[number];

export interface LoggerOptions {
  readonly level: LogLevel;
  readonly format: LogFormat;
  /** Which process writes: `api`, `worker`, `up`. */
  readonly name: string;
}

/** What carries a credential: replaced before a line is written, one level down as well. */
const secrets = ['authorization', 'cookie', 'token', 'accessToken', 'apiKey', 'password', 'secret'];
const redacted = [
  ...secrets.flatMap((key) => [key, `*.${key}`]),
  'headers["set-cookie"]',
  'req.headers.authorization',
  'req.headers.cookie',
  'res.headers["set-cookie"]',
];

/** A logger to standard error (standard output belongs to what a command answers); credentials never reach it. */
export function createLogger({ level, format, name }: LoggerOptions): Logger {
  const options = { name, level, redact: { paths: redacted, censor: '[redacted]' } };
  if (format === 'json') return pino(options, destination({ dest: 2, sync: true }));
  return pino({
    ...options,
    transport: {
      target: 'pino-pretty',
      options: { destination: 2, ignore: 'pid,hostname', translateTime: 'HH:MM:ss.l' },
    },
  });
}

/** Writes nothing: for tests and for callers without a log. */
export const silentLogger: Logger = pino({ level: 'silent' });
