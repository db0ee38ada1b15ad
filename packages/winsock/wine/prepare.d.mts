export declare const wineAvailable: () => boolean

export declare const prepare: () => { readonly folder: string; readonly node: string }

export declare const run: (
  bundlePath: string,
  options?: {
    readonly args?: ReadonlyArray<string>
    readonly env?: Readonly<Record<string, string>>
    readonly timeoutMs?: number
  }
) => Promise<{ readonly status: number | null; readonly stdout: string; readonly stderr: string }>
