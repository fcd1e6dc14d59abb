/** The users of a microgateway, its log, and what it tells about itself. */
import {
  boolean,
  choice,
  integer,
  named,
  number,
  port,
  section,
  tables,
  text,
} from '../../../platform/config/schema.ts';

const metricsHere = 'metrics are at `/metrics` of the admin port (`gateway.adminPort`), always.';
const noTracing = 'tracing is not built yet.';
const noAnalytics = 'analytics are not built yet; the access log has every request.';
const fixedFields = 'header fields of requests and answers are passed on as they are.';
const switchedOn = (what: string) =>
  boolean({ default: false, description: `Whether ${what}.`, noEffect: noAnalytics });
const reporter = {
  hostname: text({ default: 'localhost', description: 'Host of the collector.', noEffect: noTracing }),
};

export const operationOptions = {
  b7a: section('', {
    users: named(
      '<name>',
      section('A user who may call resources with HTTP Basic.', {
        password: text({
          default: '',
          secret: true,
          description:
            'Digest of the password: `@sha256:{hex}`, `@sha512:{hex}`, or a bare hexadecimal SHA-1 (not recommended).',
        }),
        scopes: text({ default: '', description: 'Scopes that the user has at every API, separated by commas.' }),
      }),
    ),
    log: section('The log: one JSON object a line, on standard error.', {
      level: choice(['OFF', 'FATAL', 'ERROR', 'WARN', 'INFO', 'DEBUG', 'TRACE', 'ALL'], {
        default: 'INFO',
        description: 'Least severe messages that are logged. `log.level` goes before it.',
      }),
    }),
    http: section('', {
      accesslog: section('The access log.', {
        console: boolean({
          default: false,
          description: 'Whether it goes to standard output, rather than to the file that `gateway.accessLog` names.',
        }),
        path: text({ default: '', description: 'File of the access log. `gateway.accessLog` goes before it.' }),
      }),
      tracelog: section('', {
        console: boolean({
          default: false,
          description: 'Whether the bytes of requests are logged.',
          noEffect: 'they hold credentials and are never logged.',
        }),
      }),
    }),
    observability: section('', {
      metrics: section('Metrics.', {
        enabled: boolean({ default: false, description: 'Whether they are published.', noEffect: metricsHere }),
        reporter: text({ default: 'prometheus', description: 'Form of the metrics.', noEffect: metricsHere }),
        prometheus: section('', {
          port: port({ default: 9797, description: 'Port of the metrics of APIs.', noEffect: metricsHere }),
          jmx_port: port({ default: 8080, description: 'Port of the metrics of the JVM.', noEffect: metricsHere }),
          secure_port: port({ default: 9000, description: 'Port of both by HTTPS.', noEffect: metricsHere }),
          enableAuth: boolean({
            default: true,
            description: 'Whether they ask for credentials.',
            noEffect: 'the admin port is reachable from this machine only.',
          }),
        }),
      }),
      tracing: section('Traces.', {
        enabled: boolean({ default: false, description: 'Whether they are sent.', noEffect: noTracing }),
        name: text({ default: 'jaeger', description: 'Kind of the collector.', noEffect: noTracing }),
        jaeger: section('', {
          reporter: section('', {
            ...reporter,
            port: port({ default: 5775, description: 'Port of the collector.', noEffect: noTracing }),
            flush: section('', {
              interval: section('', {
                ms: integer({
                  default: 2000,
                  minimum: 0,
                  description: 'Milliseconds between two sends.',
                  noEffect: noTracing,
                }),
              }),
            }),
            max: section('', {
              buffer: section('', {
                spans: integer({ default: 1000, minimum: 0, description: 'Spans that may wait.', noEffect: noTracing }),
              }),
            }),
          }),
          sampler: section('', {
            type: text({ default: 'const', description: 'How requests are chosen.', noEffect: noTracing }),
            param: number({ default: 1, minimum: 0, description: 'Parameter of that.', noEffect: noTracing }),
          }),
        }),
        zipkin: section('', {
          reporter: section('', {
            ...reporter,
            port: port({ default: 9411, description: 'Port of the collector.', noEffect: noTracing }),
            api: section('', {
              context: text({ default: '/api/v2/spans', description: 'Path of the collector.', noEffect: noTracing }),
            }),
          }),
        }),
      }),
    }),
  }),
  analytics: section('Usage of APIs, sent elsewhere.', {
    streamVersion: text({ default: '3.2.0', description: 'Form of the events.', noEffect: noAnalytics }),
    fileUpload: section('By files.', {
      enable: { ...switchedOn('files are written and sent'), formerly: ['analytics.enable'] },
      uploadingTimeSpanInMillis: integer({
        default: 600_000,
        minimum: 0,
        formerly: ['analytics.uploadingTimeSpanInMillis'],
        description: 'Milliseconds between two sends.',
        noEffect: noAnalytics,
      }),
      initialDelayInMillis: integer({
        default: 5000,
        minimum: 0,
        description: 'Milliseconds before the first.',
        noEffect: noAnalytics,
      }),
      uploadingEndpoint: text({
        default: 'https://localhost:9444/analytics/v1.0/usage/upload-file',
        formerly: ['analytics.uploadingEndpoint'],
        description: 'Where they go.',
        noEffect: noAnalytics,
      }),
      rotatingPeriod: integer({
        default: 600_000,
        minimum: 0,
        formerly: ['analytics.rotatingPeriod'],
        description: 'Milliseconds after which a new file begins.',
        noEffect: noAnalytics,
      }),
      taskUploadFiles: boolean({
        default: true,
        formerly: ['analytics.task.uploadFiles'],
        description: 'Whether files are sent.',
        noEffect: noAnalytics,
      }),
      username: text({
        default: 'admin',
        formerly: ['analytics.username'],
        description: 'User there.',
        noEffect: noAnalytics,
      }),
      password: text({
        default: 'admin',
        secret: true,
        formerly: ['analytics.password'],
        description: 'Password there.',
        noEffect: noAnalytics,
      }),
    }),
    gRPCAnalytics: section('By gRPC.', {
      enable: switchedOn('events are sent'),
      endpointURL: text({ default: 'https://localhost:9806', description: 'Where they go.', noEffect: noAnalytics }),
      reconnectTimeInMillies: integer({
        default: 6000,
        minimum: 0,
        description: 'Milliseconds between attempts to connect.',
        noEffect: noAnalytics,
      }),
    }),
    elkAnalytics: section('By a log for Elasticsearch.', { enable: switchedOn('events are logged') }),
    choreoAnalytics: section('By Choreo.', {
      enable: switchedOn('events are sent'),
      configEndpoint: text({ default: '', description: 'Where they go.', noEffect: noAnalytics }),
      authToken: text({ default: '', secret: true, description: 'Token there.', noEffect: noAnalytics }),
    }),
  }),
  server: section('The microgateway as a server.', {
    timestampSkew: integer({
      default: 5000,
      minimum: 0,
      maximum: 86_400_000,
      formerly: ['keyManager.timestampSkew'],
      description:
        'Milliseconds that `nbf` and `iat` of a token may lie ahead of the clock of this machine. `exp` is never stretched.',
    }),
    header: text({ default: 'ballerina', description: 'Value of `Server`.', noEffect: fixedFields }),
    headerConf: tables(
      section('A header field of requests or answers.', {
        headerName: text({ default: '', description: 'Its name.', noEffect: fixedFields }),
        preserveHeader: boolean({ default: true, description: 'Whether it is kept.', noEffect: fixedFields }),
        overrideValue: text({ default: 'ballerina', description: 'What replaces it.', noEffect: fixedFields }),
      }),
    ),
  }),
};
