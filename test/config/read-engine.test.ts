import { tmpdir } from 'node:os';
import { describe, expect, it } from 'vitest';
import { normalizeHost } from '../../src/config/normalize-host.ts';
import { UsageError } from '../../src/errors.ts';

async function refusalOf(engine: string): Promise<string> {
  const raw = { command: 'host', engine, 'image-gc-high-threshold': '85' };
  try {
    await normalizeHost(raw, { environment: {}, workingDirectory: tmpdir(), frontEnd: 'cli' });
    return '';
  } catch (error) {
    if (error instanceof UsageError) return error.message;
    throw error;
  }
}

describe('an address of an engine that cannot be used', () => {
  it.each([
    'tcp://user:s3cret@build.example.com:2375',
    'ssh://user:s3cret@build.example.com',
    'tcp://user:a/s3cret@build.example.com:2375',
    'tcp://user:a?s3cret#b@build.example.com:2375',
    'user:s3cret@build.example.com',
    'tcp://build.example.com:2376?token=s3cret',
    'tcp://build.example.com:2376#s3cret',
  ])('is shown without what may be a password: %s', async (engine) => {
    const message = await refusalOf(engine);
    expect(message).toContain('build.example.com');
    expect(message).not.toContain('s3cret');
  });
});
