import type { Plugin } from "esbuild"

export declare const bundle: (
  entryPoints: string | ReadonlyArray<string>,
  outfile: string,
  options?: {
    readonly alias?: Readonly<Record<string, string>>
    readonly ignoreAnnotations?: boolean
    readonly plugins?: ReadonlyArray<Plugin>
  }
) => Promise<void>
