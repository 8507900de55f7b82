// Whose images they are, where a repository holds those of several projects: what another project tagged is in another history.

import { tellProjects } from '../werf/projects.ts';
import type { NodeReading } from './read-schemes.ts';

/** Why nothing can be called gone that the labels of an image name; undefined: they are our own project's. */
export type DoubtOf = (reading: NodeReading) => string | undefined;

const HINT = 'nobody knows which is ours (werf.project in the policy file says it)';

/** Doubts by all images of the repository. `ours`: what the user says; without a word, the only project that there is, as far as all could be read. */
export function makeDoubtOf(readings: readonly NodeReading[], ours: string | undefined): DoubtOf {
  const projects = tellProjects(new Set(readings.flatMap((reading) => reading.projects)), ours);
  const unread = readings.filter((reading) => reading.unread !== undefined).length;
  return ({ projects: [project] }) => {
    const whose = project === undefined ? 'it names no project' : `it is of project ${project}`;
    if (projects.isOther(project === undefined ? [] : [project])) {
      return projects.own === undefined
        ? `${whose}, images here are of several (${projects.others.join(', ')}), and ${HINT}`
        : `${whose}, and ours is ${projects.own}`;
    }
    if (ours !== undefined || unread === 0) return undefined;
    const images = unread === 1 ? '1 image here could not be read and' : `${unread} images here could not be read and`;
    return `${whose}, ${images} may be of another, and ${HINT}`;
  };
}
