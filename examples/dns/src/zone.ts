import type { Answer, OptAnswer, SoaData } from "dns-packet"

/** The names that a server answers for. */
export interface Zone {
  readonly name: string
  /** Seconds that answers may be kept, also those that a name is absent (RFC 2308). */
  readonly ttl: number
  readonly soa: SoaData
  readonly records: ReadonlyArray<Exclude<Answer, OptAnswer>>
}

/** Names under `.test` are reserved for tests (RFC 6761), and the addresses for documentation (RFC 5737, RFC 3849). */
export const exampleZone: Zone = {
  name: "example.test",
  ttl: 300,
  soa: {
    mname: "ns.example.test",
    rname: "admin.example.test",
    serial: 2026112701,
    refresh: 3600,
    retry: 600,
    expire: 86_400,
    minimum: 300
  },
  records: [
    { name: "example.test", type: "NS", data: "ns.example.test" },
    { name: "ns.example.test", type: "A", data: "192.0.2.53" },
    { name: "www.example.test", type: "A", data: "192.0.2.1" },
    { name: "www.example.test", type: "A", data: "192.0.2.2" },
    { name: "www.example.test", type: "AAAA", data: "2001:db8::1" },
    { name: "mail.example.test", type: "MX", data: { preference: 10, exchange: "www.example.test" } },
    { name: "docs.example.test", type: "CNAME", data: "www.example.test" },
    // Larger than the 512 bytes of a client without EDNS.
    { name: "long.example.test", type: "TXT", data: ["a".repeat(250), "b".repeat(250), "c".repeat(250)] }
  ]
}
