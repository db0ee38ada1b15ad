interface Ended {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

export declare const wineAvailable: () => boolean

export declare const prepare: () => { readonly folder: string; readonly node: string }

export declare const runProgram: (
  program: string,
  options?: {
    readonly args?: ReadonlyArray<string>
    readonly cwd?: string
    readonly env?: Readonly<Record<string, string>>
    readonly report?: string
    readonly timeoutMs?: number
  }
) => Promise<Ended>

export declare const run: (
  bundlePath: string,
  options?: {
    readonly args?: ReadonlyArray<string>
    readonly env?: Readonly<Record<string, string>>
    readonly timeoutMs?: number
  }
) => Promise<Ended>
