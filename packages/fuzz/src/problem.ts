/** Returns the problem that `parseArgs` throws, in one sentence. Node's second one is about arguments that no command here takes. */
export const problemOf = (error: unknown): string =>
  error instanceof Error ? error.message.replace(/\.\s[^]*/, ".") : String(error)
