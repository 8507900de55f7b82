// Opens something that costs a request or a file only when it is needed, and once.

/** Something to be opened, which may never happen. */
export interface OpenOnce<T> {
  /** The opened thing. A failure is not kept: the next call tries again. */
  open(): Promise<T>;
  /** Closes what was opened. Safe to call twice. */
  close(): Promise<void>;
}

/** Nothing is opened yet. */
export function openOnce<T extends { close(): Promise<void> }>(open: () => Promise<T>): OpenOnce<T> {
  let opening: Promise<T> | undefined;
  return {
    open: () => {
      opening ??= open().catch((error: unknown) => {
        opening = undefined;
        throw error;
      });
      return opening;
    },
    close: async () => {
      const [opened] = await Promise.allSettled([opening]);
      if (opened.status === 'fulfilled') await opened.value?.close();
    },
  };
}
