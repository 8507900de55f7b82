// Where an engine is spoken to, once that is decided.

/** By a socket of this machine, or by TCP. */
export type EnginePlace =
  | { readonly kind: 'unix'; readonly path: string }
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number; readonly tls?: EngineCertificates };

/** What proves who we are and who they are, in PEM. */
export interface EngineCertificates {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

/** `unix:///var/run/docker.sock`, `tcp://127.0.0.1:2375`, `tcp://[::1]:2375`: as DOCKER_HOST has it, with nothing secret. */
export function formatPlace(place: EnginePlace): string {
  if (place.kind === 'unix') return `unix://${place.path}`;
  return `tcp://${place.host.includes(':') ? `[${place.host}]` : place.host}:${place.port}`;
}
