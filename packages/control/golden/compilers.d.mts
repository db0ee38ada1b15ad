interface Source {
  readonly units: ReadonlyArray<string>
  readonly main: string
  readonly entry: string
}

export declare const targets: () => ReadonlyArray<{
  readonly name: string
  readonly compiler: string
  readonly available: boolean
  readonly package: string
}>

export declare const build: (name: string, source: Source, cwd: string) => ReadonlyArray<string>

export declare const buildForWindows: (name: string, source: Source, cwd: string) => string
