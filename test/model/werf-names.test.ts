// The names that werf writes, against vectors of its own tests and of repositories it made.

import { describe, expect, it } from 'vitest';
import {
  imageNameId,
  limitSlug,
  managedImageId,
  recordedName,
  slugImageName,
  unslugImageName,
} from '../../src/model/werf-names.ts';

describe("an image's id is the hash of its name, in hex without zeros in front", () => {
  it.each([
    ['image', 'c8c39214'],
    ['backend', '27dba8ed'],
    ['frontend', 'fb496116'],
    ['app/web', '14cec99e'],
    ['A', '54dcf7ce'],
    ['da/ta', 'afa96f8'],
    ['', '0'],
  ])('%j is %s', (name, id) => {
    expect(imageNameId(name)).toBe(id);
  });
});

describe('a name in a tag', () => {
  it.each([
    ['web', 'web'],
    ['app/web', 'app__slash__web'],
    ['my app', 'my__space__app'],
    ['c++', 'c__plus____plus__'],
    ['a b/c+d', 'a__space__b__slash__c__plus__d'],
    ['', '__nameless__'],
  ])('%j is written %s and read back', (name, slug) => {
    expect(slugImageName(name)).toBe(slug);
    expect(unslugImageName(slug)).toBe(name);
  });
});

describe('a slug that must fit', () => {
  it.each([
    ['a slug stays as it is', 'da-ta', 128, 'da-ta'],
    ['no text stays no text', '', 42, ''],
    ['upper case is no slug', 'A', 42, 'a-54dcf7ce'],
    ['a dash in front goes', '-data', 128, 'data-a871d86e'],
    ['a slash becomes a dash', 'da/ta', 128, 'da-ta-afa96f8'],
    ['what is too long for 42 is cut', 'x'.repeat(43), 42, `${'x'.repeat(33)}-27e2f02f`],
    ['what is too long for 128 is cut', 'x'.repeat(129), 128, `${'x'.repeat(119)}-8cca70eb`],
    ['dots and underscores become dashes', 'kubernetes.namespace', 63, 'kubernetes-namespace-1507f75c'],
    [
      'a cut at a dash leaves two of them',
      'postgres-feature-31981-change-delivery-date-del-result',
      48,
      'postgres-feature-31981-change-delivery--852739dc',
    ],
    [
      'a cut at an underscore does so too',
      'php_fpm_exporter-monitoring-dev-encrypt-1',
      48,
      'php-fpm-exporter-monitoring-dev-encrypt--83286e5',
    ],
    ['nothing but signs is only a hash', '@#', 42, imageNameId('@#')],
  ])('%s', (_, text, limit, slug) => {
    expect(limitSlug(text, limit)).toBe(slug);
    expect(limitSlug(slug, limit)).toBe(slug);
  });
});

describe('the name that records go by', () => {
  it.each([
    ['a name that a tag can hold is itself', 'app/web', 'app__slash__web', 'app/web'],
    ['upper case is kept', 'App', 'App', 'App'],
    ['no name is no name', '', '__nameless__', ''],
    [
      'one that is too long is shortened',
      'x'.repeat(129),
      `${'x'.repeat(105)}-8cca70eb`,
      `${'x'.repeat(105)}-8cca70eb`,
    ],
    ['one that looks escaped is read as what it looks like', 'a__slash__b', 'a__slash__b', 'a/b'],
    ['one in letters that werf turns by its own table is not known', 'café', undefined, undefined],
  ])('%s', (_, name, id, recorded) => {
    expect(managedImageId(name)).toBe(id);
    expect(recordedName(name)).toBe(recorded);
  });
});
