import { Codec, type Endpoint, type Family, SocketAddress, UnixEndpoint } from "@ancillary/control"
import { Effect, type Scope } from "effect"
import {
  bindError,
  type DatagramBindError,
  type DatagramUnsupportedError,
  invalidBind,
  settingError,
  unsupported
} from "../DatagramError.ts"
import { type Driver, type Fault, isFault, type NativeSocket } from "../Driver.ts"
import type { Asker, Plan, PlannedOption } from "../Plan.ts"
import { Core } from "./core.ts"
import { Live } from "./live.ts"
import { Waiters } from "./waiters.ts"

/** Where a socket comes from, and what is done with it once its options are set. */
export interface Opening {
  readonly native: (driver: Driver, plan: Plan) => NativeSocket | Fault
  /** What to bind it to: nothing for one that needs no name, or has one already. */
  readonly local: Endpoint<Family> | undefined
  /** Whom to connect it to. */
  readonly peer: Endpoint<Family> | undefined
  /** Whom it is connected to already, when it comes. */
  readonly connected?: Endpoint<Family> | undefined
}

/** A socket that the driver opens. */
export const fresh = (driver: Driver, plan: Plan): NativeSocket | Fault => driver.open(plan.kind)

/** Opens what a plan says, sets every option, binds, connects: a socket that its scope closes. Whatever fails on the way closes it. */
export const open = (
  driver: Driver,
  plan: Plan,
  opening: Opening
): Effect.Effect<Core, DatagramBindError | DatagramUnsupportedError, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.suspend(() => {
      const core = make(driver, plan, opening)
      return core instanceof Core ? Effect.succeed(core) : Effect.fail(core)
    }),
    (core) => Effect.sync(() => core.close())
  )

type NativePair = readonly [NativeSocket, NativeSocket]

/** Two sockets that are connected to each other. */
export const openPair = (
  driver: Driver,
  plan: Plan
): Effect.Effect<readonly [Core, Core], DatagramBindError | DatagramUnsupportedError, Scope.Scope> =>
  Effect.gen(function* () {
    const natives = yield* Effect.acquireRelease(
      Effect.suspend((): Effect.Effect<NativePair, DatagramBindError | DatagramUnsupportedError> => {
        const refused = refusal(plan)
        if (refused !== undefined) return Effect.fail(refused)
        const pair = driver.pair()
        return isFault(pair) ? Effect.fail(openError(pair, plan.family)) : Effect.succeed(pair)
      }),
      // A second time where a core already did: closing what is closed is a fault, and nothing more.
      (pair) => Effect.sync(() => pair.forEach((native) => native.close()))
    )
    const connected = new UnixEndpoint(undefined)
    const half = (native: NativeSocket) =>
      open(driver, plan, { native: () => native, local: undefined, peer: undefined, connected })
    return [yield* half(natives[0]), yield* half(natives[1])] as const
  })

const refusal = (plan: Plan): DatagramBindError | DatagramUnsupportedError | undefined => {
  const refused = plan.refused[0]
  if (refused !== undefined) return unsupported(refused.feature, refused.why, refused.remedy)
  const invalid = plan.invalid[0]
  return invalid === undefined ? undefined : invalidBind(`${invalid.option}: ${invalid.why}.`, invalid.option)
}

const make = (driver: Driver, plan: Plan, opening: Opening): Core | DatagramBindError | DatagramUnsupportedError => {
  const refused = refusal(plan)
  if (refused !== undefined) return refused
  const native = opening.native(driver, plan)
  if (isFault(native)) return openError(native, plan.family)
  const core = setUp(driver, plan, native, opening)
  if (!(core instanceof Core)) native.close()
  return core
}

const setUp = (
  driver: Driver,
  plan: Plan,
  native: NativeSocket,
  { connected, local, peer }: Opening
): Core | DatagramBindError | DatagramUnsupportedError => {
  const declined = [...plan.declined]
  for (const planned of plan.options) {
    const fault = set(native, planned)
    if (fault === undefined) continue
    const required = planned.askers.find(({ optional }) => !optional)
    if (required !== undefined) return refusedOption(planned, required, fault)
    for (const { feature, key } of planned.askers)
      if (key !== undefined && declined.every((each) => each.key !== key))
        declined.push({ key, why: `${feature}: ${fault.code}` })
  }
  if (local !== undefined) {
    const failed = native.bind(nameOf(driver, plan, local))
    if (failed !== undefined) return bindError(failed, `Binding to ${local}`)
  }
  if (peer !== undefined) {
    const refused = native.connect(nameOf(driver, plan, peer))
    if (refused !== undefined) return bindError(refused, `Connecting to ${peer}`)
  }
  const live = new Live(plan, native)
  const unread = live.readOwn()
  if (unread !== undefined) return bindError(unread, "Reading the socket's traffic class")
  const name = new Uint8Array(SocketAddress.size(driver.abi, plan.kind.family))
  const length = native.localName(name)
  if (isFault(length)) return bindError(length, "Asking for the local address")
  const bound = SocketAddress.read(driver.abi, new DataView(name.buffer), 0, length)
  if (Codec.isMalformed(bound)) return bindError({ syscall: "getsockname", code: "EINVAL", errno: 0 }, bound.malformed)
  const waiters = new Waiters()
  const watch = native.watch((readable, writable, failed) => core.ready(readable, writable, failed))
  if (isFault(watch)) return bindError(watch, "Registering with the event loop")
  const core = new Core({
    driver,
    plan,
    native,
    watch,
    waiters,
    local: bound,
    peer: peer ?? connected,
    declined,
    live
  })
  return core
}

const set = (native: NativeSocket, planned: PlannedOption): Fault | undefined => {
  if ("option" in planned) return native.setOption(planned.level, planned.option, planned.value)
  const answer = native.ioctl(planned.ioctl, planned.input, new Uint8Array(0))
  return isFault(answer) ? answer : undefined
}

/**
 * A message that cannot be asked for is lacking, whatever the code, unless a privilege is. An option of its own may be refused for its value, too.
 */
const refusedOption = (
  planned: PlannedOption,
  { feature, key }: Asker,
  fault: Fault
): DatagramBindError | DatagramUnsupportedError => {
  if (key === undefined || /^(WSA)?E(PERM|ACCES)$/.test(fault.code))
    return settingError(fault, feature, "privilege" in planned ? planned.privilege : undefined)
  const why = "this system refuses the option that asks for it"
  return unsupported(feature, why, `Declare withOptional(${feature}) to go without where it is lacking`, fault)
}

const openError = (fault: Fault, family: Family): DatagramBindError | DatagramUnsupportedError =>
  /^(WSA)?E(AFNOSUPPORT|PROTONOSUPPORT|SOCKTNOSUPPORT)$/.test(fault.code)
    ? unsupported(`Datagram.${family}`, "this system has no such sockets", "Choose another family here", fault)
    : bindError(fault, "Opening the socket")

const nameOf = (driver: Driver, plan: Plan, endpoint: Endpoint<Family>): Uint8Array => {
  const bytes = new Uint8Array(SocketAddress.size(driver.abi, plan.kind.family))
  const length = SocketAddress.write(driver.abi, endpoint, new DataView(bytes.buffer), 0, plan.family === "dual")
  return bytes.subarray(0, length)
}
