/** The programs of each face for the tests of the tier `install`: the README's own, and one line that the compiler must refuse. */
import { effect3, effect4, programOf } from "./installing.ts"
import type { Name } from "./packing.ts"

export interface Face {
  readonly name: Name
  /** The packages that a program has beside the face. */
  readonly companions: { readonly [name: string]: string }
  /** The program on a version of Node. */
  readonly program: (node: number) => string
  /** A part of its output. */
  readonly prints: RegExp
  /** A wrong line, so types that are silently `any` are found. */
  readonly wrong: string
}

const declaredTwice = "Datagram.ipv4.pipe(withPktInfo(), withPktInfo())"

const echo = `
server.on("listening", () => {
  const client = createSocket("udp4")
  client.on("message", (data) => {
    console.log(data.toString())
    client.close()
    server.close()
  })
  client.send("ping", server.address().port)
})
`

export const faces: ReadonlyArray<Face> = [
  {
    name: "effect",
    companions: effect4,
    program: () => programOf("packages/effect/README.md"),
    prints: /\d+ hops left/,
    wrong: declaredTwice
  },
  {
    name: "effect3",
    companions: effect3,
    program: () => programOf("packages/effect3/README.md"),
    prints: /\d+ hops left/,
    wrong: declaredTwice
  },
  {
    name: "socket",
    companions: {},
    // Node 20 and 22 have no `await using`.
    program: (node) => programOf("packages/socket/README.md", node < 24 ? "js" : "ts"),
    prints: /hello/,
    wrong: declaredTwice
  },
  {
    name: "dgram",
    companions: {},
    program: () => programOf("packages/dgram/README.md").replace("bind(4000)", "bind()") + echo,
    prints: /sent 4 bytes to 127\.0\.0\.1.*\npong/s,
    wrong: 'createSocket("udp5")'
  }
]
