import { describe, expect, it } from 'vitest';
import { DomainError } from '../domain/errors.ts';
import { configFields } from './config-fields.ts';
import { readConfig, requireServers } from './config.ts';
import type { Environment } from './config.ts';

function complaintsAbout(environment: Environment): Record<string, string> {
  try {
    readConfig(environment);
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    return Object.fromEntries(error.complaints.map(({ field, message }) => [field, message]));
  }
  return {};
}

describe('reading the configuration', () => {
  it('needs nothing: everything has a default or starts embedded', () => {
    const config = readConfig({});
    expect(config.http).toEqual({
      ...{ host: '127.0.0.1', port: 8080, bodyLimitBytes: 1_048_576 },
      trustedProxies: [],
    });
    expect(config.temporal).toEqual({ namespace: 'default', taskQueue: 'ctc', tls: false });
    expect(config.localDriver).toEqual({ enabled: false });
    expect(config.optimus).toEqual({ mode: 'embedded', timeoutMs: 30_000 });
    expect(config.metrics).toEqual({ prometheus: { urls: {} }, hosts: [], commands: [] });
    expect(config.approvalExpiryMs).toBe(72 * 3_600_000);
    expect(config).not.toHaveProperty('databaseUrl');
    expect(config).not.toHaveProperty('bootstrapAdminToken');
  });

  it('reads every variable into its place', () => {
    const config = readConfig({
      DATABASE_URL: 'postgres://ctc:secret@db:5432/ctc',
      TEMPORAL_ADDRESS: 'temporal.example:7233',
      CTC_LOCAL_DRIVER: 'on',
      CTC_OPTIMUS: 'http',
      CTC_OPTIMUS_URL: 'https://optimus.example',
      CTC_METRICS_PORT: '9464',
    });
    expect(config.databaseUrl).toBe('postgres://ctc:secret@db:5432/ctc');
    expect(config.temporal.address).toBe('temporal.example:7233');
    expect(config.localDriver.enabled).toBe(true);
    expect(config.optimus).toMatchObject({ mode: 'http', url: 'https://optimus.example' });
    expect(config.metricsPort).toBe(9464);
  });

  it('reads what metrics may ask and run', () => {
    const { metrics } = readConfig({
      CTC_PROMETHEUS_URL: 'https://prometheus.example/prefix',
      CTC_PROMETHEUS_URLS: 'mad=https://mad.example, par=http://10.0.0.1:9090',
      CTC_VERIFICATION_HOSTS: '*.example.com:8443,status.example',
      CTC_VERIFICATION_COMMANDS: '/usr/local/bin/smoke',
    });
    expect(metrics).toEqual({
      prometheus: {
        url: 'https://prometheus.example/prefix',
        urls: { mad: 'https://mad.example', par: 'http://10.0.0.1:9090' },
      },
      hosts: ['*.example.com:8443', 'status.example'],
      commands: ['/usr/local/bin/smoke'],
    });
    const complaints = complaintsAbout({
      CTC_PROMETHEUS_URLS: 'mad',
      CTC_VERIFICATION_HOSTS: 'https://status.example/',
      CTC_VERIFICATION_COMMANDS: '/bin/true,sh',
      CTC_VERIFICATION_WEBHOOK_SECRET: 'short',
    });
    expect(complaints.CTC_PROMETHEUS_URLS).toContain('mad=https://');
    expect(complaints.CTC_VERIFICATION_HOSTS).toContain('status.example.com');
    expect(complaints.CTC_VERIFICATION_COMMANDS).toContain('absolute paths');
    expect(complaints.CTC_VERIFICATION_WEBHOOK_SECRET).toContain('24 characters');
  });

  it('names every wrong variable at once and how to mend it', () => {
    const complaints = complaintsAbout({
      CTC_HTTP_PORT: 'eighty',
      CTC_LOG_LEVEL: 'loud',
      DATABASE_URL: 'mysql://db',
      CTC_BOOTSTRAP_ADMIN_TOKEN: 'short',
    });
    expect(Object.keys(complaints).sort()).toEqual([
      'CTC_BOOTSTRAP_ADMIN_TOKEN',
      'CTC_HTTP_PORT',
      'CTC_LOG_LEVEL',
      'DATABASE_URL',
    ]);
    expect(complaints.CTC_HTTP_PORT).toContain('0 to 65535');
    expect(complaints.CTC_LOG_LEVEL).toContain('trace, debug, info');
  });

  it('refuses an unknown CTC_ name and suggests the nearest', () => {
    expect(complaintsAbout({ CTC_HTP_PORT: '1' }).CTC_HTP_PORT).toContain('CTC_HTTP_PORT');
    expect(complaintsAbout({ CTC_ZZZZZZZZZZZZZZZZ: '1' }).CTC_ZZZZZZZZZZZZZZZZ).toContain('remove');
  });

  it('leaves the names of the command line and of tests alone', () => {
    const others = { CTC_API_URL: 'x', CTC_TOKEN: 'x', CTC_TEST_ANY: 'x', HOME: '/' };
    expect(complaintsAbout(others)).toEqual({});
  });

  it('takes an empty variable as unset', () => {
    expect(readConfig({ CTC_HTTP_PORT: '', DATABASE_URL: ' ' }).http.port).toBe(8080);
  });

  it('turns TLS on with an API key, and off only when told', () => {
    expect(readConfig({ TEMPORAL_API_KEY: 'key' }).temporal.tls).toBe(true);
    expect(readConfig({ TEMPORAL_API_KEY: 'key', TEMPORAL_TLS: 'off' }).temporal.tls).toBe(false);
  });

  it('wants a certificate with its key, and an address with CTC_OPTIMUS=http', () => {
    expect(complaintsAbout({ TEMPORAL_TLS_CERT: 'a.pem' })).toHaveProperty('TEMPORAL_TLS_KEY');
    expect(complaintsAbout({ CTC_OPTIMUS: 'http' })).toHaveProperty('CTC_OPTIMUS_URL');
  });

  it('asks API and worker for the servers that only `ctc up` starts', () => {
    expect(() => requireServers(readConfig({}))).toThrow(/DATABASE_URL.*TEMPORAL_ADDRESS/s);
    const env = { DATABASE_URL: 'postgres://db/ctc', TEMPORAL_ADDRESS: 'temporal:7233' };
    expect(requireServers(readConfig(env)).temporal.address).toBe('temporal:7233');
  });

  it('describes every variable', () => {
    for (const [name, { description }] of Object.entries(configFields)) {
      expect(description.length, name).toBeGreaterThan(20);
    }
  });
});
