export declare const runSuite: (
  testFiles: ReadonlyArray<string>,
  options?: { readonly timeoutMs?: number }
) => Promise<{
  readonly results: ReadonlyArray<{
    readonly name: string
    readonly ok: boolean
    readonly rows?: ReadonlyArray<string>
    readonly error?: string
  }>
  readonly output: string
}>
