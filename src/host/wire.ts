// What engines write, as far as it is read: https://docs.docker.com/reference/api/engine/version/v1.41/ and
// https://docs.podman.io/en/latest/_static/api.html. Where it matters a missing field is an error; what engines add later is let through.

import * as z from 'zod';

/** Go writes an empty list and an empty map as `null`. */
const texts = z
  .array(z.string())
  .nullish()
  .transform((list) => list ?? []);
const labels = z
  .record(z.string(), z.string())
  .nullish()
  .transform((map) => map ?? {});
const bytes = z.number().nonnegative();

/** `GET /version`. Podman calls a component `Podman Engine`. */
export const versionSchema = z.looseObject({
  Version: z.string().min(1),
  ApiVersion: z.string().regex(/^\d+\.\d+$/),
  MinAPIVersion: z
    .string()
    .regex(/^\d+\.\d+$/)
    .optional(),
  Components: z
    .array(z.looseObject({ Name: z.string(), Version: z.string() }))
    .nullish()
    .transform((list) => list ?? []),
});

/** `GET /info` of Docker. */
export const dockerInfoSchema = z.looseObject({
  ID: z.string().min(1),
  Name: z.string(),
  Driver: z.string(),
  DockerRootDir: z.string(),
  DriverStatus: z
    .array(z.array(z.string()))
    .nullish()
    .transform((list) => list ?? []),
});

/** `GET /libpod/info`. */
export const podmanInfoSchema = z.looseObject({
  host: z.looseObject({ hostname: z.string(), eventLogger: z.string().optional() }),
  store: z.looseObject({ graphRoot: z.string().min(1), graphDriverName: z.string(), runRoot: z.string() }),
});

/** An entry of `GET /images/json` and of `GET /libpod/images/json`. */
export const listedImageSchema = z.looseObject({
  Id: z.string().min(1),
  ParentId: z.string().nullish(),
  RepoTags: texts,
  RepoDigests: texts,
  Labels: labels,
  Size: bytes,
  ReadOnly: z.boolean().nullish(),
});

/** `GET /images/{id}/json` and `GET /libpod/images/{id}/json`. */
export const imageSchema = z.looseObject({
  Id: z.string().min(1),
  RepoTags: texts,
  RepoDigests: texts,
  Parent: z.string().nullish(),
  Created: z.string().nullish(),
  Size: bytes.optional(),
  RootFS: z.looseObject({ Layers: texts }).nullish(),
  Config: z.looseObject({ Labels: labels }).nullish(),
  Metadata: z.looseObject({ LastTagTime: z.string().nullish() }).nullish(),
});

/** An entry of `GET /images/{id}/history`, the newest first. */
export const historySchema = z.looseObject({ Size: bytes, CreatedBy: z.string().nullish() });

/** `GET /libpod/manifests/{name}/json`. */
export const listSchema = z.looseObject({ manifests: z.array(z.looseObject({ digest: z.string().min(1) })).nullish() });

/** An entry of `GET /containers/json`. */
export const dockerContainerSchema = z.looseObject({
  Id: z.string().min(1),
  Names: texts,
  Image: z.string().nullish(),
  ImageID: z.string().nullish(),
  Created: z.number(),
  State: z.string(),
  Labels: labels,
  Mounts: z
    .array(z.looseObject({ Type: z.string().nullish() }))
    .nullish()
    .transform((list) => list ?? []),
});

const mounts = z
  .array(z.looseObject({ Type: z.string().nullish(), Source: z.string().nullish() }))
  .nullish()
  .transform((list) => list ?? []);

/** `GET /containers/{id}/json` of Docker: what was asked for. What came of it names a folder, and no image. */
export const dockerMountsSchema = z.looseObject({ HostConfig: z.looseObject({ Mounts: mounts }).nullish() });

/** `GET /libpod/containers/{id}/json`. */
export const podmanMountsSchema = z.looseObject({ Mounts: mounts });

/** `GET /containers/{id}/json` of Docker. */
export const dockerContainerStateSchema = z.looseObject({
  State: z.looseObject({ Status: z.string(), FinishedAt: z.string().nullish() }),
});

/** An entry of `GET /libpod/containers/json`. A builder's has no state. */
export const podmanContainerSchema = z.looseObject({
  Id: z.string().min(1),
  Names: texts,
  Image: z.string().nullish(),
  ImageID: z.string().nullish(),
  Created: z.string(),
  ExitedAt: z.number().nullish(),
  State: z.string(),
  Labels: labels,
  /** Where something is mounted, whatever it is. */
  Mounts: texts,
});

/** `GET /system/df`, the part about BuildKit. */
export const diskUsageSchema = z.looseObject({
  BuildCache: z
    .array(
      z.looseObject({
        ID: z.string(),
        Type: z.string().optional(),
        InUse: z.boolean(),
        Shared: z.boolean(),
        Size: bytes,
        LastUsedAt: z.string().nullish(),
      }),
    )
    .nullish(),
});

/** `POST /build/prune`. */
export const prunedSchema = z.looseObject({
  CachesDeleted: texts,
  SpaceReclaimed: bytes.nullish(),
});

/** One line of `GET /events`. */
export const eventSchema = z.looseObject({
  Type: z.string(),
  Action: z.string(),
  Actor: z.looseObject({
    ID: z.string(),
    Attributes: z
      .record(z.string(), z.string())
      .nullish()
      .transform((map) => map ?? {}),
  }),
  time: z.number(),
  timeNano: z.number().nullish(),
});
