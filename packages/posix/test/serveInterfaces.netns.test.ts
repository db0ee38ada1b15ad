/** A server that follows the interfaces of a network namespace, while they are added and deleted. */
import { execFileSync, spawn, spawnSync } from "node:child_process"
import { createInterface } from "node:readline"
import { describe, expect, it, onTestFinished } from "vitest"
import { requirement } from "../../testing/machine.ts"
import { bundled } from "../../testing/program.ts"
import { canMakeNamespaces } from "./namespaces/network.ts"
import { groupOfTest } from "./namespaces/servedPort.ts"

const able = canMakeNamespaces()

describe.runIf(requirement("network namespaces", able, "Run as root with iproute2 (docker run --privileged)"))(
  "serveInterfaces",
  () => {
    it.each([
      ["Effect", "namespaces/servingInterfaces.ts"],
      ["Effect 4", "../../effect/test/children/servingInterfaces.ts"],
      ["promises", "namespaces/servingInterfacesByPromises.ts"]
    ])("of %s follows an interface that is added and deleted", async (_, program) => {
      const namespace = `ancillary-served-${process.pid}`
      execFileSync("ip", ["netns", "add", namespace])
      onTestFinished(() => void spawnSync("ip", ["netns", "del", namespace]))
      const ip = (...words: ReadonlyArray<string>) => execFileSync("ip", ["-n", namespace, ...words]).toString()
      ip("link", "set", "lo", "up")
      const node = [process.execPath, bundled(new URL(program, import.meta.url))]
      const child = spawn("ip", ["netns", "exec", namespace, ...node], { stdio: ["ignore", "pipe", "inherit"] })
      onTestFinished(() => void child.kill("SIGKILL"))
      const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
      /** Reads lines until one is as expected. A state in between may be printed before. */
      const sees = async (line: string) => {
        const seen: Array<string> = []
        while (seen.at(-1) !== line) {
          const next = await lines.next()
          if (next.done === true) break
          seen.push(next.value)
        }
        expect(seen.at(-1)).toBe(line)
      }
      const members = () => ip("maddr", "show", "dev", "v0")

      await sees("; ; 0 0 0")
      ip("link", "add", "v0", "type", "veth", "peer", "name", "v1")
      ip("addr", "add", "10.99.0.1/24", "dev", "v0")
      ip("link", "set", "v0", "up")
      await sees("10.99.0.1:5300; v0; 1 0 0")
      expect(members()).toContain(groupOfTest)
      ip("addr", "add", "10.99.0.2/24", "dev", "v0")
      await sees("10.99.0.1:5300 10.99.0.2:5300; v0; 2 0 0")
      ip("addr", "del", "10.99.0.2/24", "dev", "v0")
      await sees("10.99.0.1:5300; v0; 2 1 0")
      ip("link", "set", "v0", "down")
      await sees("; ; 2 2 0")
      expect(members()).not.toContain(groupOfTest)
      ip("link", "set", "v0", "up")
      await sees("10.99.0.1:5300; v0; 3 2 0")
      // Deleting one end of the cable deletes the other.
      ip("link", "del", "v1")
      await sees("; ; 3 3 0")
      ip("link", "add", "v0", "type", "veth", "peer", "name", "v1")
      ip("addr", "add", "10.99.0.1/24", "dev", "v0")
      ip("link", "set", "v0", "up")
      await sees("10.99.0.1:5300; v0; 4 3 0")
      expect(members()).toContain(groupOfTest)
    })
  }
)
