import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { redactOutput } from '../../../src/kubernetes/connection/redact-output.ts';

describe('the complaint of a program', () => {
  it.each([
    [
      'keeps words',
      'Unable to locate credentials. Run "aws configure".',
      'Unable to locate credentials. Run "aws configure".',
    ],
    [
      'keeps paths',
      'no such file /home/me/.config/gcloud/application_default.json',
      'no such file /home/me/.config/gcloud/application_default.json',
    ],
    ['is one line', ' a\r\n\tb\u0000c\u202ed ', 'a b c d'],
    ['loses tokens with three parts', 'got eyJhbGciOi.eyJzdWIi.c2ln.', 'got ***'],
    ['loses what follows Bearer', 'sent Authorization: Bearer abc', 'sent Authorization: *** ***'],
    [
      'loses named values',
      'password=abc, "client_secret": "def", x-api-key: ghi',
      'password=***, "client_secret": "***", x-api-key: ***',
    ],
    [
      'loses passwords and queries of addresses',
      'GET https://me:pw@idp.test/t?code=abc failed',
      'GET https://***@idp.test/t?… failed',
    ],
    ['loses long mixtures of letters and digits', 'id AKIA1234567890ABCDEF0 bad', 'id *** bad'],
    ['loses what is known', 'user hunter2 refused', 'user *** refused', ['hunter2', '']],
  ] as [string, string, string, string[]?][])('%s', (_, text, expected, secrets = []) => {
    expect(redactOutput(text, secrets)).toBe(`"${expected}"`);
  });

  it('is nothing when nothing was said', () => {
    expect(redactOutput(' \n\u0000', [])).toBeUndefined();
  });

  it('is its end when it is long', () => {
    const text = redactOutput(`begin ${'word '.repeat(500)}the end`, []) ?? '';
    expect(text).toMatch(/^"….*the end"$/);
    expect(text.length).toBeLessThanOrEqual(402);
  });

  it('never shows a known secret, wherever it stands', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z][a-z0-9]{7,30}$/), fc.string(), fc.string(), (secret, before, after) => {
        fc.pre(!`${before}${after}***`.includes(secret));
        expect(redactOutput(`${before}${secret}${after}`, [secret])).not.toContain(secret);
      }),
    );
  });
});
