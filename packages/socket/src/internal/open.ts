import { Codec, type Endpoint, type Family, SocketAddress } from "@ancillary/control"
import { Effect, type Scope } from "effect"
import {
  bindError,
  type DatagramBindError,
  type DatagramUnsupportedError,
  invalidBind,
  unsupported
} from "../DatagramError.ts"
import { type Driver, type Fault, isFault, type NativeSocket } from "../Driver.ts"
import type { Plan, PlannedOption } from "../Plan.ts"
import { Core } from "./core.ts"
import { Waiters } from "./waiters.ts"

/** Opens what a plan says, sets every option, binds, connects: a socket that its scope closes. Whatever fails on the way closes it. */
export const open = (
  driver: Driver,
  plan: Plan,
  local: Endpoint<Family>,
  peer: Endpoint<Family> | undefined
): Effect.Effect<Core, DatagramBindError | DatagramUnsupportedError, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.suspend(() => {
      const refused = plan.refused[0]
      if (refused !== undefined) return Effect.fail(unsupported(refused.feature, refused.why, refused.remedy))
      const invalid = plan.invalid[0]
      if (invalid !== undefined) return Effect.fail(invalidBind(`${invalid.option}: ${invalid.why}.`, invalid.option))
      const native = driver.open(plan.kind)
      if (isFault(native)) return Effect.fail(openError(native, plan.family))
      const core = setUp(driver, plan, native, local, peer)
      if (core instanceof Core) return Effect.succeed(core)
      native.close()
      return Effect.fail(core)
    }),
    (core) => Effect.sync(() => core.close())
  )

const setUp = (
  driver: Driver,
  plan: Plan,
  native: NativeSocket,
  local: Endpoint<Family>,
  peer: Endpoint<Family> | undefined
): Core | DatagramBindError | DatagramUnsupportedError => {
  const declined = [...plan.declined]
  for (const planned of plan.options) {
    const fault = set(native, planned)
    if (fault === undefined) continue
    if (planned.optional && planned.key !== undefined)
      declined.push({ key: planned.key, why: `${planned.feature}: ${fault.code}` })
    else return optionError(planned, fault)
  }
  const failed = native.bind(nameOf(driver, plan, local))
  if (failed !== undefined) return bindError(failed, `Binding to ${local}`)
  if (peer !== undefined) {
    const refused = native.connect(nameOf(driver, plan, peer))
    if (refused !== undefined) return bindError(refused, `Connecting to ${peer}`)
  }
  const own = ownValues(plan, native)
  if (isFault(own)) return bindError(own, "Reading the socket's traffic class")
  const name = new Uint8Array(SocketAddress.size(driver.abi, plan.kind.family))
  const length = native.localName(name)
  if (isFault(length)) return bindError(length, "Asking for the local address")
  const bound = SocketAddress.read(driver.abi, new DataView(name.buffer), 0, length)
  if (Codec.isMalformed(bound)) return bindError({ syscall: "getsockname", code: "EINVAL", errno: 0 }, bound.malformed)
  const waiters = new Waiters()
  const watch = native.watch((readable, writable) => {
    if (readable) waiters.wakeReader()
    if (writable) waiters.wakeWriters()
    core.watch()
  })
  if (isFault(watch)) return bindError(watch, "Registering with the event loop")
  const core = new Core({
    driver,
    plan,
    native,
    watch,
    waiters,
    local: bound,
    peer,
    declined,
    own: (level, option) => own.get(`${level}/${option}`) ?? 0
  })
  return core
}

const set = (native: NativeSocket, planned: PlannedOption): Fault | undefined => {
  if ("option" in planned) return native.setOption(planned.level, planned.option, planned.value)
  const answer = native.ioctl(planned.ioctl, planned.input, new Uint8Array(0))
  return isFault(answer) ? answer : undefined
}

/** The kernel knows the option and refuses the value or the privilege, or it does not know the option at all. */
const optionError = ({ feature, key }: PlannedOption, fault: Fault): DatagramBindError | DatagramUnsupportedError =>
  key !== undefined || /^(WSA)?E(NOPROTOOPT|OPNOTSUPP|AFNOSUPPORT)$/.test(fault.code)
    ? unsupported(
        feature,
        "this system refuses the option that asks for it",
        `Declare withOptional(${feature}) to go without where it is lacking`,
        fault
      )
    : bindError(fault, `Setting ${feature}`, feature)

const openError = (fault: Fault, family: Family): DatagramBindError | DatagramUnsupportedError =>
  /^(WSA)?E(AFNOSUPPORT|PROTONOSUPPORT|SOCKTNOSUPPORT)$/.test(fault.code)
    ? unsupported(`Datagram.${family}`, "this system has no such sockets", "Choose another family here", fault)
    : bindError(fault, "Opening the socket")

const nameOf = (driver: Driver, plan: Plan, endpoint: Endpoint<Family>): Uint8Array => {
  const bytes = new Uint8Array(SocketAddress.size(driver.abi, plan.kind.family))
  const length = SocketAddress.write(driver.abi, endpoint, new DataView(bytes.buffer), 0, plan.family === "dual")
  return bytes.subarray(0, length)
}

/** The values that messages which are a part of a number leave alone, as the socket has them now. */
const ownValues = (plan: Plan, native: NativeSocket): ReadonlyMap<string, number> | Fault => {
  const values = new Map<string, number>()
  for (const { departure } of plan.departures) {
    if (departure.shared === undefined) continue
    const { level, option } = departure.shared
    const into = new Uint8Array(4)
    const length = native.getOption(level, option, into)
    // Wine: the class of IPv6 is no option there (WSAENOPROTOOPT). What cannot be set has its default, 0.
    if (isFault(length) && !/^(WSA)?ENOPROTOOPT$/.test(length.code)) return length
    values.set(`${level}/${option}`, new DataView(into.buffer).getUint32(0, true))
  }
  return values
}
