/** The names that this host answers for, and the answer to a query on one of its links. */
import type { Ipv4Address, Ipv6Address } from "@ancillary/effect3"
import {
  concat,
  encodeName,
  isSameName,
  type Query,
  type Question,
  type Record,
  type Response,
  type,
  words
} from "./message.ts"

/** A service as DNS-SD announces it. RFC 6763. */
export interface Service {
  /** Name of the host, such as `printer.local`. */
  readonly host: string
  /** Name that users see. It has no dots. */
  readonly instance: string
  /** Such as `_http._tcp.local`. */
  readonly type: string
  readonly port: number
  readonly text: ReadonlyArray<string>
}

export type Address = Ipv4Address | Ipv6Address

/** Seconds that records may be kept: those with an address or a port of this host, and all others. RFC 6762, section 10. */
const [hostTtl, otherTtl] = [120, 4500]
/** Seconds for a peer that does not know multicast DNS. RFC 6762, section 6.7. */
const legacyTtl = 10

/** Records of one name, and those that a peer will ask for next. */
interface Group {
  readonly records: ReadonlyArray<Record>
  readonly next: ReadonlyArray<Record>
}

/** All records of a service on one link. */
export type Records = ReadonlyArray<Group>

/** Makes the records of a service on a link with these addresses. */
export const recordsOf = (service: Service, addresses: ReadonlyArray<Address>): Records => {
  const instance = `${service.instance}.${service.type}`
  const unique = (name: string, kind: number, ttl: number, data: Uint8Array): Record => ({
    name,
    type: kind,
    ttl,
    unique: true,
    data
  })
  const pointer = (name: string, target: string): Record => ({
    name,
    type: type.PTR,
    ttl: otherTtl,
    unique: false,
    data: encodeName(target)
  })
  const hosts = addresses.map((address) =>
    unique(service.host, address.family === "ipv4" ? type.A : type.AAAA, hostTtl, bytesOf(address))
  )
  const where = concat(words(0, 0, service.port), encodeName(service.host))
  const texts = service.text.map((text) => new TextEncoder().encode(text))
  const details = [
    unique(instance, type.SRV, hostTtl, where),
    unique(instance, type.TXT, otherTtl, concat(...texts.flatMap((text) => [Uint8Array.of(text.length), text])))
  ]
  return [
    { records: [pointer("_services._dns-sd._udp.local", service.type)], next: [] },
    { records: [pointer(service.type, instance)], next: [...details, ...hosts] },
    { records: details, next: hosts },
    { records: hosts, next: [] }
  ]
}

/**
 * Answers a query with the records of the link on which it arrived, or returns nothing if there is nothing to answer.
 * `legacy` is true for a peer that does not know multicast DNS, such as dig. It gets its questions back, and forgets the answer soon.
 */
export const answerTo = (all: Records, query: Query, legacy: boolean): Response | undefined => {
  const asked = all.flatMap(({ next, records }) => {
    const wanted = records.filter((record) => query.questions.some((question) => isAbout(question, record)))
    const missing = wanted.filter((record) => !query.known.some((known) => isEqual(known, record)))
    return missing.length === 0 ? [] : [{ missing, next }]
  })
  const answers = asked.flatMap(({ missing }) => missing)
  if (answers.length === 0) return undefined
  const next = asked.flatMap(({ next }) => next).filter((record) => !answers.some((one) => isEqual(one, record)))
  const shown = (record: Record): Record =>
    legacy ? { ...record, ttl: Math.min(record.ttl, legacyTtl), unique: false } : record
  return {
    id: legacy ? query.id : 0,
    questions: legacy ? query.questions : [],
    answers: answers.map(shown),
    additionals: next.map(shown)
  }
}

/** The message that a host sends without a question, when a link comes or, with `ttl` 0, when its records end. RFC 6762, sections 8.3, 10.1. */
export const announcement = (all: Records, ttl?: 0): Response => ({
  id: 0,
  questions: [],
  answers: all.flatMap(({ records }) => records.map((record) => ({ ...record, ttl: ttl ?? record.ttl }))),
  additionals: []
})

const isAbout = (question: Question, record: Record): boolean =>
  isSameName(question.name, record.name) && (question.type === record.type || question.type === type.ANY)

/** A known record counts if half of its time is left. RFC 6762, section 7.1. */
const isEqual = (known: Omit<Record, "unique">, { data, name, ttl, type }: Record): boolean =>
  isSameName(known.name, name) &&
  known.type === type &&
  known.ttl >= ttl / 2 &&
  known.data.length === data.length &&
  known.data.every((byte, i) => byte === data[i])

/** An address in network byte order. */
export const bytesOf = (address: Address): Uint8Array => {
  const quarters = address.family === "ipv4" ? [address.value] : [address.a, address.b, address.c, address.d]
  return words(...quarters.flatMap((value) => [value >>> 16, value & 0xffff]))
}
