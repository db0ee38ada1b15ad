/** Compiles programs that use the installed packages, in a process for each TypeScript, because a compiler works for seconds. */
import { fork } from "node:child_process"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

const program = fileURLToPath(new URL("declared/compile.mjs", import.meta.url))

/** The report of a compiler about one configuration. */
export interface Compiled {
  readonly version: string
  /** The errors in the program and in the declarations of our packages. */
  readonly said: ReadonlyArray<string>
  /** The declarations of the program's first file, or nothing if it emits none. */
  readonly declarations: string
}

export interface Configuration {
  readonly compilerOptions: { readonly [name: string]: unknown }
  readonly files: ReadonlyArray<string>
}

export type Resolution = "nodenext" | "bundler"

const strict = { target: "es2022", types: ["node"], strict: true, exactOptionalPropertyTypes: true }
const resolving = (moduleResolution: Resolution) => ({
  module: moduleResolution === "bundler" ? "esnext" : "nodenext",
  moduleResolution
})

/** Checks `program.ts` alone. `declaring` checks the declarations of the packages. */
export const checking = (resolution: Resolution): Configuration => ({
  compilerOptions: { ...strict, ...resolving(resolution), lib: ["esnext"], skipLibCheck: true, noEmit: true },
  files: ["program.ts"]
})

/** Compiles `inferred.ts` with declarations, and checks the declarations of the packages as well. */
export const declaring = (resolution: Resolution): Configuration => ({
  compilerOptions: {
    ...strict,
    ...resolving(resolution),
    lib: ["es2023"],
    declaration: true,
    emitDeclarationOnly: true,
    outDir: `out-${resolution}`
  },
  files: ["inferred.ts"]
})

/** Writes a configuration into a folder, and returns the name of its file. */
export const configure = (folder: string, name: string, configuration: Configuration): string => {
  const file = `tsconfig.${name}.json`
  writeFileSync(join(folder, file), JSON.stringify(configuration))
  return file
}

export interface Compiler {
  /** Compiles with each configuration file of a folder, in one go, because they share most files. */
  readonly compile: (folder: string, configurations: ReadonlyArray<string>) => Promise<ReadonlyArray<Compiled>>
  readonly end: () => void
}

/** Starts a process of the TypeScript in a folder. It ends with its caller. */
export const compilerIn = (typescript: string): Compiler => {
  const child = fork(program, [typescript], { execArgv: ["--max-semi-space-size=64"] })
  const waiting = new Map<number, { resolve: (seen: ReadonlyArray<Compiled>) => void; reject: (e: Error) => void }>()
  let id = 0
  child.on("message", (answer: { readonly id: number; readonly seen: ReadonlyArray<Compiled> }) => {
    waiting.get(answer.id)?.resolve(answer.seen)
    waiting.delete(answer.id)
  })
  child.on("exit", (code, signal) => {
    for (const { reject } of waiting.values()) reject(new Error(`${typescript} ended with ${code ?? signal}`))
  })
  return {
    compile: (folder, configurations) =>
      new Promise((resolve, reject) => {
        waiting.set(++id, { resolve, reject })
        child.send({ id, folder, configurations })
      }),
    end: () => child.disconnect()
  }
}
