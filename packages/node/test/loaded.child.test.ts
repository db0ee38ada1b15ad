/** The modules that Node loads for a module of the built packages. */
import { fileURLToPath } from "node:url"
import { beforeAll, describe, expect, it } from "vitest"
import { build } from "../../testing/built.ts"
import { ended } from "../../testing/program.ts"

const cwd = fileURLToPath(new URL("..", import.meta.url))

beforeAll(build)

describe("loaded modules", () => {
  /** Every module that Node loads for a module, as resolved. */
  const loaded = async (module: string): Promise<ReadonlyArray<string>> => {
    const hook = `import { writeSync } from "node:fs"
      export const load = (url, context, next) => (writeSync(1, url + "\\n"), next(url, context))`
    const register = `import { register } from "node:module"
      register("data:text/javascript,${encodeURIComponent(hook).replaceAll("'", "%27")}")`
    const hooked = `data:text/javascript,${encodeURIComponent(register)}`
    const program = ["--input-type=module", "-e", `import "${module}"`]
    const { stderr, stdout } = await ended([process.execPath, "--import", hooked, ...program], { cwd })
    expect(stderr).toBe("")
    return stdout.split("\n").filter((url) => url.startsWith("file:"))
  }

  it("@ancillary/node and @ancillary/effect3/node do not load @effect/platform", async () => {
    const platform = (urls: ReadonlyArray<string>) => urls.filter((url) => url.includes("@effect/platform"))
    for (const [module, file] of [
      ["@ancillary/node", "packages/node/dist/index.js"],
      ["@ancillary/effect3/node", "packages/effect3/dist/node/index.js"]
    ] as const) {
      const all = await loaded(module)
      expect([module, all.some((url) => url.endsWith(file))]).toEqual([module, true])
      expect(platform(all)).toEqual([])
    }
  })

  it.each(["socket", "dgram", "effect3/node", "effect/node"])("@ancillary/%s loads few files", async (module) => {
    const ours = (await loaded(`@ancillary/${module}`)).filter((url) => /\/packages\/\w+\/dist\//.test(url))
    expect(ours.length).toBeLessThan(80)
  })

  it.each(["@ancillary/control", "@ancillary/effect", "@ancillary/effect3"])(
    "%s loads no native code",
    async (module) => {
      expect((await loaded(module)).filter((url) => /koffi|\.node$/.test(url))).toEqual([])
    }
  )
})
