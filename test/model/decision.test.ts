import { describe, expect, it } from 'vitest';
import { describeReason } from '../../src/model/describe-reason.ts';
import { parseTag } from '../../src/model/reference.ts';

describe('a foreign tag', () => {
  it('that is of no shape of werf’s is none of its', () => {
    expect(describeReason({ rule: 'foreign', tag: parseTag('latest') })).toBe("tag latest is none of werf's");
  });

  it.each([`${'a'.repeat(56)}-1700000000000`, 'b'.repeat(56)])(
    'may look like a stage, and is no other project’s for sure: %s',
    (tag) => {
      expect(describeReason({ rule: 'foreign', tag: parseTag(tag) })).toBe(
        `tag ${tag} looks like a stage, but nothing proves that it is one of this project`,
      );
    },
  );
});
