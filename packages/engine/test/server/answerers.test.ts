/** The hosts that may answer a request, by the address that was asked. */
import { Codec, endpoint, type Endpoint, type Family } from "@ancillary/control"
import { RequestTable } from "@ancillary/engine/server"
import { expect, it } from "vitest"

const at = (address: string, port = 53): Endpoint<Family> => {
  const read = address.startsWith("/") ? endpoint("unix", { path: address }) : endpoint("dual", { address, port })
  if (Codec.isMalformed(read)) throw new Error(read.malformed)
  return read
}

const cases: ReadonlyArray<readonly [asked: string, from: string, use: "answered" | "foreign"]> = [
  ["192.0.2.1", "192.0.2.1", "answered"],
  ["192.0.2.1", "192.0.2.2", "foreign"],
  ["::ffff:192.0.2.1", "192.0.2.1", "answered"],
  ["2001:db8::1", "2001:db8::1", "answered"],
  ["2001:db8::1", "2001:db8::2", "foreign"],
  // Systems report no zone for a global address.
  ["2001:db8::1%3", "2001:db8::1", "answered"],
  ["::1%1", "::1", "answered"],
  ["fe80::1%3", "fe80::1%3", "answered"],
  ["fe80::1%3", "fe80::1%4", "foreign"],
  ["fe80::1%3", "fe80::1", "foreign"],
  // A socket that is bound to an interface may leave the zone out.
  ["fe80::1", "fe80::1%3", "answered"],
  ["0.0.0.0", "127.0.0.1", "answered"],
  ["0.0.0.0", "192.0.2.1", "foreign"],
  ["::", "::1", "answered"],
  ["::", "2001:db8::1", "foreign"],
  ["224.0.0.251", "192.0.2.1", "answered"],
  ["ff02::fb%3", "fe80::1%3", "answered"],
  ["255.255.255.255", "192.0.2.1", "answered"],
  ["192.0.2.255", "192.0.2.1", "answered"],
  ["198.51.100.255", "192.0.2.1", "foreign"],
  ["/a", "/a", "answered"],
  ["/a", "/b", "foreign"]
]

for (const [asked, from, use] of cases)
  it(`a request to ${asked} that ${from} answers is counted as ${use}`, () => {
    const table = new RequestTable<{ readonly from: Endpoint<Family> }>((address) => String(address) === "192.0.2.255")
    let answers = 0
    table.add(1, { to: at(asked), onAnswer: () => answers++ })
    // Another port of the same host does not answer. A Unix socket has none.
    if (!asked.startsWith("/")) table.receive(1, { from: at(from, 54) })
    const { foreign } = table.counters
    table.receive(1, { from: at(from) })
    expect(answers).toBe(use === "answered" ? 1 : 0)
    expect(table.counters).toMatchObject({ answered: answers, foreign: foreign + 1 - answers })
  })
