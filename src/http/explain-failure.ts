// Turns a request without an answer into the error that fits. Reads error codes, never error texts.

import { type ErrorCode, NetworkError, ProtocolError } from '../errors.ts';

/** What was tried. */
export interface FailedRequest {
  /** Host and port that were spoken to. */
  readonly host: string;
  /** What was being done: `list tags of ghcr.io/team/app`. */
  readonly purpose: string;
}

interface Explanation {
  readonly code: ErrorCode;
  readonly text: string;
  readonly temporary: boolean;
  readonly hint?: string;
}

/** What an HTTP server on a port makes of a TLS greeting: `ECONNRESET`, or bytes that are no TLS record. */
const NOT_TLS: ReadonlySet<string> = new Set([
  'ERR_SSL_WRONG_VERSION_NUMBER',
  'ERR_SSL_PACKET_LENGTH_TOO_LONG',
  'ECONNRESET',
  'ECONNREFUSED',
  'UND_ERR_SOCKET',
]);

/** OpenSSL's verification results as Node names them: https://nodejs.org/docs/latest-v24.x/api/tls.html#x509-certificate-error-codes */
const CERTIFICATE =
  /^(?:ERR_TLS_CERT_ALTNAME_INVALID|CERT_.*|CRL_.*|.*SELF_SIGNED_CERT.*|UNABLE_TO_(?:GET|VERIFY|DECRYPT|DECODE).*|INVALID_(?:CA|PURPOSE)|PATH_LENGTH_EXCEEDED|HOSTNAME_MISMATCH|ERROR_IN_CERT_.*)$/;
const TLS_PROTOCOL = /^(?:ERR_SSL_.*|EPROTO|ERR_TLS_.*)$/;

/** The name of undici's exception for bytes that are not HTTP; not all of them have a code. */
const PARSER_ERROR = 'HTTPParserError';

const TIMEOUTS: Readonly<Record<string, string>> = {
  UND_ERR_CONNECT_TIMEOUT: 'no connection within the time limit',
  ETIMEDOUT: 'the connection timed out',
  UND_ERR_HEADERS_TIMEOUT: 'no answer within the time limit',
  UND_ERR_BODY_TIMEOUT: 'the answer stopped half-way',
};

/** Failures before any connection. */
const UNREACHED: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ENETUNREACH',
  'EHOSTUNREACH',
  'ETIMEDOUT',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** Where images named `docker.io/…` are asked for. */
const DOCKER_HUB = 'registry-1.docker.io';

const NETWORK: Readonly<Record<string, { text: string; temporary: boolean }>> = {
  ECONNREFUSED: { text: 'the connection was refused', temporary: true },
  ECONNRESET: { text: 'the connection was reset', temporary: true },
  EPIPE: { text: 'the connection was closed while sending', temporary: true },
  UND_ERR_SOCKET: { text: 'the connection was closed before the answer was complete', temporary: true },
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: { text: 'the answer was cut off', temporary: true },
  EAI_AGAIN: { text: 'the name server did not answer', temporary: true },
  ENETUNREACH: { text: 'the network is unreachable', temporary: true },
  EHOSTUNREACH: { text: 'the host is unreachable', temporary: true },
  ENOTFOUND: { text: 'there is no host of this name', temporary: false },
};

/** The error for an exception of the HTTP client. */
export function explainFailure(request: FailedRequest, cause: unknown): NetworkError | ProtocolError {
  const code = codeOf(cause);
  const { text, ...explanation } = explain(code);
  const hint = explanation.hint ?? hintFor(request.host, code);
  const ErrorClass = explanation.code === 'PROTOCOL' ? ProtocolError : NetworkError;
  return new ErrorClass(`Cannot ${request.purpose}: ${request.host}: ${text}.`, {
    ...explanation,
    ...(hint === undefined ? {} : { hint }),
    details: { host: request.host, cause: code },
    // What could not be parsed is part of that exception, and may be anything.
    ...(code === PARSER_ERROR ? {} : { cause }),
  });
}

/** What to look at when a host cannot be reached. Who wrote no host did not choose Docker Hub. */
function hintFor(host: string, code: string): string | undefined {
  if (!UNREACHED.has(code)) return undefined;
  if (host === DOCKER_HUB)
    return 'A repository without a host is on Docker Hub: app means docker.io/library/app. Write the host too if it is elsewhere.';
  if (code === 'ECONNREFUSED') return 'Is the registry running there, and is the port right?';
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return `Is ${host} the right name, and known to this machine?`;
  return undefined;
}

/** Whether this failure of an https request means that the server may speak plain HTTP instead. Never a certificate's fault. */
export function isNotTls(error: NetworkError | ProtocolError): boolean {
  const code = error.details['cause'];
  return typeof code === 'string' && NOT_TLS.has(code);
}

function explain(code: string): Explanation {
  if (CERTIFICATE.test(code)) {
    const hint = 'Name the authority that signed it with --ca-file, or check that the host name is the right one.';
    return { code: 'TLS', text: `its certificate is not trusted (${code})`, temporary: false, hint };
  }
  if (TLS_PROTOCOL.test(code)) {
    const hint = 'A server that speaks plain HTTP needs --plain-http.';
    return { code: 'TLS', text: `it does not speak TLS as expected (${code})`, temporary: false, hint };
  }
  const timeout = TIMEOUTS[code];
  if (timeout !== undefined) return { code: 'TIMEOUT', text: timeout, temporary: true };
  if (code.startsWith('HPE_') || code === PARSER_ERROR || code === 'UND_ERR_HEADERS_OVERFLOW')
    return { code: 'PROTOCOL', text: `its answer is not HTTP (${code})`, temporary: false };
  if (code.startsWith('UND_ERR_PRX') || code === 'UND_ERR_ABORTED') {
    const hint = 'Check HTTP_PROXY, HTTPS_PROXY and NO_PROXY, and the user name and password in them.';
    return { code: 'NETWORK', text: `the proxy did not connect to it (${code})`, temporary: false, hint };
  }
  const known = NETWORK[code];
  if (known !== undefined) return { code: 'NETWORK', text: `${known.text} (${code})`, temporary: known.temporary };
  return { code: 'NETWORK', text: `the request failed (${code})`, temporary: false };
}

/** The code of an error, or of the first of several when all addresses of a host failed; `UNKNOWN` without any. */
function codeOf(cause: unknown): string {
  if (!(cause instanceof Error)) return 'UNKNOWN';
  if ('code' in cause && typeof cause.code === 'string') return cause.code;
  if (cause.name === PARSER_ERROR) return PARSER_ERROR;
  if (cause instanceof AggregateError) return codeOf(cause.errors[0]);
  return cause.cause === undefined ? 'UNKNOWN' : codeOf(cause.cause);
}
