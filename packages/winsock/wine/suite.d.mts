import type { Plugin } from "esbuild"

export declare const runSuite: (
  testFiles: ReadonlyArray<string>,
  options?: { readonly timeoutMs?: number; readonly plugins?: ReadonlyArray<Plugin> }
) => Promise<{
  readonly results: ReadonlyArray<{
    readonly name: string
    readonly ok: boolean
    readonly rows?: ReadonlyArray<string>
    readonly error?: string
  }>
  readonly output: string
}>
