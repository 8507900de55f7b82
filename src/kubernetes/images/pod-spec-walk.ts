// The quick way through an object with a pod spec: over its bytes, without parsing it. Understands the form in which servers write such
// objects, and there finds exactly what `collectImages` finds; gives up on everything else.

import type { PodSpecKind } from '../kinds/resource-kind.ts';
import { createNesting, endOfPlainString, type JsonBytes, jsonBytes, QUOTE } from '../lists/json-bytes.ts';
import { GIVEN_UP, giveUp, type Visit, visitList, visitObject, visitText, type Walk } from '../lists/json-shape.ts';
import { IMAGE_ANNOTATIONS, RELATED_IMAGE } from './related-images.ts';

/** What a walk found in one object. */
export interface PodSpecWalk extends Walk {
  name: string;
  namespace: string;
  /** Image texts in the order of the object, and the container of each. */
  readonly texts: string[];
  readonly containers: (string | undefined)[];
  container: string | undefined;
  hasContainers: boolean;
  isOver: boolean;
}

/** Walks through objects of one kind. Holds what it found until it walks again. */
export interface PodSpecWalker {
  readonly found: PodSpecWalk;
  /** The position behind the object that begins at `from`; negative when it must be parsed instead. */
  walk(json: JsonBytes, from: number): number;
}

type PodVisit = Visit<PodSpecWalk>;

const image: PodVisit = visitText((walk, text) => {
  walk.texts.push(text);
  walk.containers.push(undefined);
});
const containerName: PodVisit = visitText((walk, text) => {
  walk.container = text;
});

/** The images in a container, or in the status of one, are its own, wherever among them its name stands. */
function inContainer(members: Readonly<Record<string, PodVisit>>): PodVisit {
  const visit = visitObject<PodSpecWalk>({ name: containerName, ...members });
  return (walk, at) => {
    const first = walk.texts.length;
    walk.container = undefined;
    const end = visit(walk, at);
    walk.containers.fill(walk.container, first);
    return end;
  };
}

const RELATED = Buffer.from(RELATED_IMAGE);

/** Of a variable: few pods have one of these, and what theirs hold is not always plain. */
const variableName: PodVisit = ({ json }, at) => {
  const end = json.bytes[at] === QUOTE ? endOfPlainString(json, at + 1) : GIVEN_UP;
  return end < 0 || beginsWith(json.bytes, at + 1, RELATED) ? GIVEN_UP : end;
};
const env = visitList(visitObject<PodSpecWalk>({ name: variableName }));
const annotations = visitObject<PodSpecWalk>(Object.fromEntries(IMAGE_ANNOTATIONS.map((key) => [key, giveUp])));

const containers = visitList(inContainer({ image, env }));
const podSpec = visitObject<PodSpecWalk>({
  containers: (walk, at) => {
    walk.hasContainers = true;
    return containers(walk, at);
  },
  initContainers: containers,
  ephemeralContainers: containers,
  volumes: visitList(visitObject<PodSpecWalk>({ image: visitObject<PodSpecWalk>({ reference: image }) })),
});

const statuses = visitList(
  inContainer({ image, imageID: image, volumeMounts: visitList(visitObject({ volumeStatus: giveUp })) }),
);
/** What is over may count for nothing, which takes more than its images to tell. */
const phase: PodVisit = visitText((walk, text) => {
  walk.isOver = text === 'Succeeded' || text === 'Failed';
});
const podStatus = visitObject<PodSpecWalk>({
  phase,
  containerStatuses: statuses,
  initContainerStatuses: statuses,
  ephemeralContainerStatuses: statuses,
});

const names = {
  name: visitText<PodSpecWalk>((walk, text) => {
    walk.name = text;
  }),
  namespace: visitText<PodSpecWalk>((walk, text) => {
    walk.namespace = text;
  }),
};

/** A walker for the objects of a kind. */
export function createPodSpecWalker(kind: PodSpecKind): PodSpecWalker {
  const [first = '', ...further] = kind.reading.podSpec;
  const last = further.pop();
  // What annotates the pods stands beside their spec.
  const inner = last === undefined ? podSpec : visitObject({ metadata: visitObject({ annotations }), [last]: podSpec });
  const visit = visitObject<PodSpecWalk>({
    metadata: visitObject(last === undefined ? { ...names, annotations } : names),
    ...(kind.kind === 'Pod' ? { status: podStatus } : {}),
    [first]: further.reduceRight<PodVisit>((within, key) => visitObject({ [key]: within }), inner),
  });
  const found: PodSpecWalk = {
    json: jsonBytes(new Uint8Array()),
    nesting: createNesting(),
    name: '',
    namespace: '',
    texts: [],
    containers: [],
    container: undefined,
    hasContainers: false,
    isOver: false,
  };
  return {
    found,
    walk(json, from) {
      forget(found);
      found.json = json;
      const end = visit(found, from);
      const isWhole = found.name !== '' && found.hasContainers && !found.isOver;
      return isWhole ? end : GIVEN_UP;
    },
  };
}

function beginsWith(bytes: Uint8Array, from: number, prefix: Uint8Array): boolean {
  for (let at = 0; at < prefix.length; at++) if (bytes[from + at] !== prefix[at]) return false;
  return true;
}

function forget(found: PodSpecWalk): void {
  found.nesting.depth = 0;
  found.nesting.within = 'value';
  found.name = '';
  found.namespace = '';
  found.texts.length = 0;
  found.containers.length = 0;
  found.hasContainers = false;
  found.isOver = false;
}
