import { type Endpoint, type Family, isUnsupported, UnixEndpoint } from "@ancillary/control"
import {
  bindError,
  type DatagramBindError,
  type DatagramUnsupportedError,
  invalidBind,
  noPortError,
  otherFamilies,
  pingError,
  settingError,
  unixError,
  unsharedPort,
  unsupported
} from "../errors/DatagramError.ts"
import { type Driver, type Fault, isFault, type NativeSocket, type Poll } from "../driver/Driver.ts"
import { oncePerPlan } from "../plan/memoize.ts"
import { isAfterBind } from "../plan/parts.ts"
import type { Requester, Plan, PlannedOption } from "../plan/Plan.ts"
import type { SocketOption } from "../spec/option/definition.ts"
import { ipv6Only } from "../spec/option/ipv6Only.ts"
import { reuseAddress, reusePort } from "../spec/option/sharing.ts"
import { steering } from "../spec/option/steering.ts"
import { onBuild } from "../plan/windowsBuilds.ts"
import { undoing } from "../driver/closing.ts"
import { Connection } from "./connection.ts"
import { OpenSocket } from "./openSocket.ts"
import { bare } from "../errors/causes.ts"
import { constructorOf } from "../spec/families.ts"
import { Live } from "./options.ts"
import { named, nameOf } from "./sockaddr.ts"
import { unusable } from "../send/unusable.ts"
import { Waiters } from "./waiters.ts"

/**
 * Source of a socket, and its addresses, which are set after its options.
 *
 * @category sockets
 * @since 0.1.0
 */
export interface Opening {
  readonly native: (driver: Driver, plan: Plan) => NativeSocket | Fault
  /** Address to bind to. Absent for a socket that needs no address or is already bound. */
  readonly local: Endpoint<Family> | undefined
  /** Peer to connect to. */
  readonly peer: Endpoint<Family> | undefined
  /** Peer that it is already connected to. */
  readonly connected?: Endpoint<Family> | undefined
  /**
   * Source text of the program's call, for errors, if the socket was made elsewhere and is bound. Its maker owns it until every step has
   * succeeded.
   */
  readonly adopted?: string | undefined
}

/**
 * Opens a socket with the driver.
 *
 * @category sockets
 * @since 0.1.0
 */
export const openNew = (driver: Driver, plan: Plan): NativeSocket | Fault => driver.open(plan.kind)

type Failure = DatagramBindError | DatagramUnsupportedError

/**
 * Opens a socket of a plan, sets every option, binds and connects it. If a step fails, the socket is closed.
 *
 * @category sockets
 * @since 0.1.0
 */
export const open = (driver: Driver, plan: Plan, opening: Opening): OpenSocket | Failure =>
  make(driver, onBuild(plan, driver.build), opening)

/**
 * Opens two sockets that are connected to each other.
 *
 * @category sockets
 * @since 0.1.0
 */
export const openPair = (driver: Driver, plan: Plan): readonly [OpenSocket, OpenSocket] | Failure => {
  const refused = refusal(plan)
  if (refused !== undefined) return refused
  const pair = driver.pair()
  if (isFault(pair)) return openError(pair, plan)
  const connected = new UnixEndpoint(undefined)
  const half = (native: NativeSocket) =>
    open(driver, plan, { native: () => native, local: undefined, peer: undefined, connected })
  // `open` closes the socket that it fails with.
  const closeSecond = () => void pair[1].close()
  const first = undoing(closeSecond, () => half(pair[0]))
  if (!(first instanceof OpenSocket)) {
    closeSecond()
    return first
  }
  const closeFirst = () => first.close()
  const second = undoing(closeFirst, () => half(pair[1]))
  if (second instanceof OpenSocket) return [first, second]
  closeFirst()
  return second
}

const refusal = (plan: Plan): Failure | undefined => {
  const refused = plan.refused[0]
  if (refused !== undefined) return unsupported(refused.feature, refused.why, refused.remedy)
  const invalid = plan.invalid[0]
  return invalid === undefined ? undefined : invalidBind(`${invalid.option}: ${invalid.why}.`, invalid.option)
}

const make = (driver: Driver, plan: Plan, opening: Opening): OpenSocket | Failure => {
  const refused = refusal(plan)
  if (refused !== undefined) return refused
  const native = opening.native(driver, plan)
  if (isFault(native)) return openError(native, plan, opening.adopted)
  // A socket that was made elsewhere is returned to its maker.
  const release = () => void (opening.adopted === undefined ? native.close() : native.disown?.())
  const core = undoing(release, () => setUp(driver, plan, native, opening))
  if (!(core instanceof OpenSocket)) release()
  return core
}

/** A socket that is being set up. Each step returns the reason if it fails. */
interface Setting {
  readonly driver: Driver
  readonly plan: Plan
  readonly native: NativeSocket
  readonly opening: Opening
  /** Options and messages that the system lacks. */
  declined: Plan["declined"]
}

/**
 * The steps are small functions. V8 compiles a function after so many of its instructions, and a socket runs each step once. As one function
 * they were compiled together, with all that they call, for the first hundred sockets of a program.
 */
const setUp = (driver: Driver, plan: Plan, native: NativeSocket, opening: Opening): OpenSocket | Failure => {
  const setting = { driver, plan, native, opening, declined: plan.declined }
  const order = orderOf(plan)[isAnyPort(opening.local) ? "anyPort" : "given"]
  return (
    setAll(setting, order.before) ??
    bind(setting) ??
    share(setting, order.sharing) ??
    setAll(setting, order.after) ??
    connect(setting) ??
    assemble(setting)
  )
}

const isAnyPort = (local: Endpoint<Family> | undefined): boolean =>
  local !== undefined && local.family !== "unix" && local.port === 0

const setAll = (setting: Setting, options: ReadonlyArray<PlannedOption>): Failure | undefined => {
  for (const planned of options) {
    const fault = set(setting.native, planned)
    const failed = fault === undefined ? undefined : notSet(setting, planned, fault)
    if (failed !== undefined) return failed
  }
  return undefined
}

/** Returns the error for an option that was refused, or `undefined` if the socket works without it. */
const notSet = (setting: Setting, planned: PlannedOption, fault: Fault): Failure | undefined => {
  const { native, plan } = setting
  const { adopted } = setting.opening
  if (isDispensable(planned, fault) || (adopted !== undefined && isSet(native, planned))) return undefined
  if (adopted !== undefined && isIpv6Only(plan, planned)) return otherFamilies(fault, adopted, plan.family)
  const required = planned.requestedBy.find(({ optional }) => !optional)
  if (required !== undefined)
    return refusedOption(planned, required, fault, isOf(plan, planned, steering) ? steering.name : undefined)
  for (const { feature, key } of planned.requestedBy)
    if (key !== undefined && setting.declined.every((each) => each.key !== key))
      setting.declined = [...setting.declined, { key, why: `${feature}: ${fault.code}` }]
  return undefined
}

const bind = ({ driver, native, opening: { local }, plan }: Setting): Failure | undefined => {
  if (local === undefined) return undefined
  const name = nameOf(plan, local)
  const failed = native.bind(name)
  if (failed === undefined) return undefined
  return isAnyPort(local) && bare(failed.code) === "EADDRINUSE"
    ? noPortError(failed, local)
    : nameError(driver, plan, failed, `Binding to ${local}`, name, local)
}

/**
 * Lets other sockets share the port. If this was set earlier, the system could choose a port that another socket shares, and either could get
 * the replies.
 */
const share = ({ native }: Setting, options: ReadonlyArray<PlannedOption>): Failure | undefined => {
  for (const planned of options) {
    const fault = set(native, planned)
    const [asker] = planned.requestedBy
    if (fault !== undefined && asker !== undefined) return unsharedPort(fault, asker.feature)
  }
  return undefined
}

const connect = ({ driver, native, opening: { peer }, plan }: Setting): Failure | undefined => {
  if (peer === undefined) return undefined
  const name = nameOf(plan, peer)
  const refused = native.connect(name)
  return refused === undefined ? undefined : nameError(driver, plan, refused, `Connecting to ${peer}`, name, peer)
}

const assemble = (setting: Setting): OpenSocket | Failure => {
  const { driver, native, plan } = setting
  const local = named(plan, native.localAddress)
  if (isFault(local)) return bindError(local, "Reading the local address")
  const live = new Live(plan, native, driver.interfaces, local)
  const unread = live.readOwn()
  if (unread !== undefined) return bindError(unread, "Reading the socket's traffic class")
  const connection = connectionOf(setting)
  const poll = native.poll((readable, writable, failed) => core.ready(readable, writable, failed))
  if (isFault(poll)) return bindError(poll, "Registering with the event loop")
  const core = undoing(
    () => poll.close(),
    () => socketOf(setting, poll, local, live, connection)
  )
  return core
}

/** For a socket that was made elsewhere it is unknown whether it is connected. */
const connectionOf = ({ native, opening: { adopted, connected, peer }, plan }: Setting): Connection => {
  const sender = peer !== undefined || adopted !== undefined ? named(plan, native.peerAddress) : undefined
  return new Connection(peer ?? connected, isFault(sender) ? undefined : sender)
}

const socketOf = (
  { declined, driver, native, opening, plan }: Setting,
  poll: Poll,
  local: Endpoint<Family>,
  live: Live,
  connection: Connection
): OpenSocket =>
  new OpenSocket({
    driver,
    plan,
    native,
    poll,
    waiters: new Waiters(),
    local,
    connection,
    declined,
    live,
    adopted: opening.adopted !== undefined
  })

const set = (native: NativeSocket, planned: PlannedOption): Fault | undefined => {
  if ("option" in planned) {
    const { instead, level, option, value } = planned
    const fault = native.setOption(level, option, value)
    return fault !== undefined && instead !== undefined && /^E(NOPROTOOPT|INVAL)$/.test(bare(fault.code))
      ? native.setOption(level, instead, value)
      : fault
  }
  const answer = native.ioctl(planned.ioctl, planned.input, new Uint8Array(0))
  return isFault(answer) ? answer : undefined
}

/** True if a system lacks an option that the socket works without. */
const isDispensable = (planned: PlannedOption, { code }: Fault): boolean =>
  "dispensable" in planned && planned.dispensable === true && bare(code) === "ENOPROTOOPT"

/** Options of a plan in the order in which they are set. */
interface Order {
  readonly before: ReadonlyArray<PlannedOption>
  readonly sharing: ReadonlyArray<PlannedOption>
  readonly after: ReadonlyArray<PlannedOption>
}

const orderOf = oncePerPlan((plan) => ({ anyPort: ordered(plan, true), given: ordered(plan, false) }))

const ordered = (plan: Plan, anyPort: boolean): Order => {
  const sharing = anyPort ? sharingOf(plan) : []
  // Linux: a socket with a program gets a port that no other socket has. On a given port it joins no other socket.
  const isLate = (planned: PlannedOption) => isAfterBind(planned) && !(anyPort && isOf(plan, planned, steering))
  return {
    before: plan.options.filter((planned) => !sharing.includes(planned) && !isLate(planned)),
    sharing,
    after: plan.options.filter(isLate)
  }
}

/**
 * The options of a plan that let sockets share an address, in their order, if they must not be set before a port is chosen. Linux refuses a
 * program without SO_REUSEPORT, and a socket with a program shares no port that it is bound to.
 */
const sharingOf = (plan: Plan): ReadonlyArray<PlannedOption> => {
  const isSteered = plan.options.some((planned) => isOf(plan, planned, steering))
  return plan.options.filter(
    (planned) => isOf(plan, planned, reuseAddress) || (!isSteered && isOf(plan, planned, reusePort))
  )
}

const isIpv6Only = (plan: Plan, planned: PlannedOption): boolean => isOf(plan, planned, ipv6Only)

const isOf = <A, F extends Family, R>(
  { abi, kind }: Plan,
  planned: PlannedOption,
  option: SocketOption<A, F, R>
): boolean => {
  const cell = option.cell(abi.platform, kind.family)
  return (
    "option" in planned &&
    cell !== undefined &&
    !isUnsupported(cell) &&
    cell.level === planned.level &&
    cell.option === planned.option
  )
}

/**
 * A bound socket does not accept every option (on Linux, for example, the families that it serves). The current value is sufficient if it
 * is equal.
 */
const isSet = (native: NativeSocket, planned: PlannedOption): boolean => {
  if (!("option" in planned)) return false
  const into = new Uint8Array(planned.value.length)
  const length = native.getOption(planned.level, planned.option, into)
  // Winsock: a switch is set as four bytes and returned as one. The other bytes are zero in both.
  return !isFault(length) && length > 0 && into.every((byte, i) => byte === planned.value[i])
}

const nameError = (
  driver: Driver,
  plan: Plan,
  fault: Fault,
  what: string,
  name: Uint8Array,
  local?: Endpoint<Family>
): DatagramBindError =>
  plan.family === "unix"
    ? unixError(fault, what, isLeftOver(driver, plan, fault, name))
    : bindError(fault, what, undefined, unusable(driver, fault, local))

/** True if an address is in use by a socket file without a socket. A connection attempt shows it. */
const isLeftOver = (driver: Driver, plan: Plan, { code }: Fault, name: Uint8Array): boolean => {
  if (code !== "EADDRINUSE") return false
  const asking = driver.open(plan.kind)
  if (isFault(asking)) return false
  const refused = undoing(
    () => asking.close(),
    () => asking.connect(name)
  )
  asking.close()
  return refused?.code === "ECONNREFUSED"
}

/**
 * A message that cannot be requested is unsupported, whatever the code, unless a privilege, memory or the socket is missing. An option that
 * a program sets itself may also be refused for its value.
 */
const refusedOption = (
  planned: PlannedOption,
  { feature, key }: Requester,
  fault: Fault,
  name: string | undefined
): Failure => {
  if (/^(WSA)?E(NOMEM|NOBUFS|BADF|NOTSOCK)$/.test(fault.code)) return bindError(fault, `Setting ${feature}`, feature)
  if (key === undefined || /^(WSA)?E(PERM|ACCES)$/.test(fault.code))
    return settingError(fault, feature, "privilege" in planned ? planned.privilege : undefined, name)
  const why = "this system refuses the option that asks for it"
  return unsupported(feature, why, `Declare withOptional(${feature}) to go without where it is lacking`, fault)
}

const openError = (fault: Fault, plan: Plan, adopted?: string): Failure => {
  const feature = constructorOf({ family: plan.family, protocol: plan.kind.protocol })
  if (/^(WSA)?E(AFNOSUPPORT|PROTONOSUPPORT|SOCKTNOSUPPORT)$/.test(fault.code))
    return unsupported(feature, "this system has no such sockets", "Choose another family here", fault)
  return plan.kind.protocol === "icmp" && adopted === undefined
    ? pingError(fault, feature)
    : bindError(fault, adopted ?? "Opening the socket")
}
