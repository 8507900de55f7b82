// Opening late and once.

import { expect, it } from 'vitest';
import { openOnce } from '../../src/util/open-once.ts';

function counter(failures: number) {
  const counts = { opened: 0, closed: 0 };
  const once = openOnce(() => {
    counts.opened += 1;
    if (counts.opened <= failures) return Promise.reject(new Error('not yet'));
    return Promise.resolve({
      close: () => {
        counts.closed += 1;
        return Promise.resolve();
      },
    });
  });
  return { once, counts };
}

it('opens when it is first needed, and once', async () => {
  const { once, counts } = counter(0);
  expect(counts.opened).toBe(0);
  const [one, two] = await Promise.all([once.open(), once.open()]);
  expect(one).toBe(two);
  await once.close();
  expect(counts).toEqual({ opened: 1, closed: 1 });
});

it('tries again after a failure', async () => {
  const { once, counts } = counter(1);
  await expect(once.open()).rejects.toThrow('not yet');
  await once.open();
  expect(counts.opened).toBe(2);
});

it('closes nothing that was never opened, or could not be', async () => {
  const { once, counts } = counter(1);
  await once.close();
  await expect(once.open()).rejects.toThrow('not yet');
  await once.close();
  expect(counts.closed).toBe(0);
});
