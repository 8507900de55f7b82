// A bounded queue in which every task is one request. The first failure ends the whole reading; nothing is swallowed.

import PQueue from 'p-queue';

/** Tasks that run a few at a time. Owned by one reading. */
export interface RequestQueue {
  /** Queues one task; after a failure it is dropped, because the reading ends anyway. */
  add(task: () => Promise<void>): void;
  /** Waits until nothing is queued or running any more. @throws what the first failed task threw. */
  finish(): Promise<void>;
  /** Says that nothing more will be queued. Only this reports all tasks as done; nothing when there was none. */
  end(): void;
}

/**
 * A queue with at most `concurrency` requests in flight. Tasks may add tasks. `onProgress` hears after each task how many of those
 * so far are done, but of none left only once, by `end`: answers bring new tasks, and a step that ends again and again looks broken.
 */
export function createRequestQueue(
  concurrency: number,
  onProgress: (done: number, total: number) => void,
): RequestQueue {
  const queue = new PQueue({ concurrency });
  let failure: { readonly error: unknown } | undefined;
  let done = 0;
  let total = 0;

  async function run(task: () => Promise<void>): Promise<void> {
    try {
      await task();
      done += 1;
      if (done < total) onProgress(done, total);
    } catch (error) {
      failure ??= { error };
      queue.clear();
    }
  }

  return {
    add: (task) => {
      if (failure !== undefined) return;
      total += 1;
      void queue.add(() => run(task));
    },
    finish: async () => {
      await queue.onIdle();
      if (failure !== undefined) throw failure.error;
    },
    end: () => {
      if (total > 0) onProgress(done, total);
    },
  };
}
