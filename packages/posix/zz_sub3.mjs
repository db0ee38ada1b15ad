var __defProp = Object.defineProperty
var __export = (target, all) => {
  for (var name in all) __defProp(target, name, { get: all[name], enumerable: true })
}

// packages/control/dist/Abi.js
var aligned8 = { groupReq: { size: 136, group: 8 }, groupSourceReq: { size: 264, source: 136 } }
var aligned4 = { groupReq: { size: 132, group: 4 }, groupSourceReq: { size: 260, source: 132 } }
var winsock64 = {
  platform: "winsock",
  pointerBytes: 8,
  // The header has precedence over its documentation: cmsg_len is a SIZE_T, 8 bytes here, not a UINT.
  cmsghdr: { size: 16, align: 8, length: { at: 0, bytes: 8 }, level: 8, type: 12 },
  msghdr: {
    size: 56,
    name: 0,
    nameLength: { at: 8, bytes: 4 },
    buffers: 16,
    bufferCount: { at: 24, bytes: 4 },
    // Control is a WSABUF: the length precedes the pointer.
    control: 40,
    controlLength: { at: 32, bytes: 4 },
    flags: { at: 48, bytes: 4 }
  },
  mmsghdr: void 0,
  iovec: { size: 16, base: 8, length: { at: 0, bytes: 4 } },
  sockaddr: { lengthByte: false, ipv4: 16, ipv6: 28, unix: 110 },
  ...aligned8,
  family: { ipv4: 2, ipv6: 23, unix: 1 }
}
var winsock32 = {
  platform: "winsock",
  pointerBytes: 4,
  cmsghdr: { size: 12, align: 4, length: { at: 0, bytes: 4 }, level: 4, type: 8 },
  msghdr: {
    size: 28,
    name: 0,
    nameLength: { at: 4, bytes: 4 },
    buffers: 8,
    bufferCount: { at: 12, bytes: 4 },
    control: 20,
    controlLength: { at: 16, bytes: 4 },
    flags: { at: 24, bytes: 4 }
  },
  mmsghdr: void 0,
  iovec: { size: 8, base: 4, length: { at: 0, bytes: 4 } },
  sockaddr: winsock64.sockaddr,
  ...aligned8,
  family: winsock64.family
}
var linuxFamilies = {
  sockaddr: { lengthByte: false, ipv4: 16, ipv6: 28, unix: 110 },
  family: { ipv4: 2, ipv6: 10, unix: 1 }
}
var linuxGlibc64 = {
  platform: "linux",
  pointerBytes: 8,
  cmsghdr: { size: 16, align: 8, length: { at: 0, bytes: 8 }, level: 8, type: 12 },
  msghdr: {
    size: 56,
    name: 0,
    nameLength: { at: 8, bytes: 4 },
    buffers: 16,
    bufferCount: { at: 24, bytes: 8 },
    control: 32,
    controlLength: { at: 40, bytes: 8 },
    flags: { at: 48, bytes: 4 }
  },
  mmsghdr: { size: 64, length: 56 },
  iovec: { size: 16, base: 0, length: { at: 8, bytes: 8 } },
  ...aligned8,
  ...linuxFamilies
}
var linux32 = {
  platform: "linux",
  pointerBytes: 4,
  cmsghdr: { size: 12, align: 4, length: { at: 0, bytes: 4 }, level: 4, type: 8 },
  msghdr: {
    size: 28,
    name: 0,
    nameLength: { at: 4, bytes: 4 },
    buffers: 8,
    bufferCount: { at: 12, bytes: 4 },
    control: 16,
    controlLength: { at: 20, bytes: 4 },
    flags: { at: 24, bytes: 4 }
  },
  mmsghdr: { size: 32, length: 28 },
  iovec: { size: 8, base: 0, length: { at: 4, bytes: 4 } },
  ...aligned4,
  ...linuxFamilies
}
var Abi = {
  winsockX64: { name: "winsock-x64", proof: "run", ...winsock64 },
  winsockIa32: { name: "winsock-ia32", proof: "headers", ...winsock32 },
  winsockArm64: { name: "winsock-arm64", proof: "headers", ...winsock64 },
  linuxGlibc64: { name: "linux-glibc-64", proof: "run", ...linuxGlibc64 },
  linuxGlibc32: { name: "linux-glibc-32", proof: "headers", ...linux32 },
  // musl declares the three lengths as 4 bytes and 4 bytes of padding. The kernel reads 8 bytes, so the padding is
  // written as zero.
  linuxMusl64: {
    name: "linux-musl-64",
    proof: "headers",
    ...linuxGlibc64,
    // musl: sendmsg copies control data to its stack to clear that padding. It copies at most 1024 bytes, else it fails
    // with ENOMEM.
    controlLimit: 1024,
    cmsghdr: { ...linuxGlibc64.cmsghdr, length: { at: 0, bytes: 4 } },
    msghdr: { ...linuxGlibc64.msghdr, bufferCount: { at: 24, bytes: 4 }, controlLength: { at: 40, bytes: 4 } }
  },
  linuxMusl32: { name: "linux-musl-32", proof: "documentation", ...linux32, controlLimit: 1024 },
  // Darwin: socklen_t lengths and 4-byte alignment of control messages on a 64-bit system (sys/socket.h, __DARWIN_ALIGN32).
  darwin64: {
    name: "darwin-64",
    proof: "documentation",
    platform: "darwin",
    pointerBytes: 8,
    cmsghdr: { size: 12, align: 4, length: { at: 0, bytes: 4 }, level: 4, type: 8 },
    msghdr: {
      size: 48,
      name: 0,
      nameLength: { at: 8, bytes: 4 },
      buffers: 16,
      bufferCount: { at: 24, bytes: 4 },
      control: 32,
      controlLength: { at: 40, bytes: 4 },
      flags: { at: 44, bytes: 4 }
    },
    mmsghdr: void 0,
    iovec: { size: 16, base: 0, length: { at: 8, bytes: 8 } },
    sockaddr: { lengthByte: true, ipv4: 16, ipv6: 28, unix: 106 },
    ...aligned4,
    family: { ipv4: 2, ipv6: 30, unix: 1 }
  }
}
var abis = Object.values(Abi)

// packages/control/dist/Codec.js
var Codec_exports = {}
__export(Codec_exports, {
  bytes: () => bytes,
  format: () => format,
  int32: () => int32,
  isInteger: () => isInteger,
  isMalformed: () => isMalformed,
  transform: () => transform,
  uint16: () => uint16,
  uint32: () => uint32,
  uint64: () => uint64,
  uint8: () => uint8
})

// packages/control/dist/internal/bounds.js
var isInteger = (value, minimum, maximum) =>
  typeof value === "number" && Number.isInteger(value) && value >= minimum && value <= maximum
var format = (value) => {
  if (typeof value === "string") return `'${value}'`
  try {
    return String(value)
  } catch {
    return "an object without a text"
  }
}
var within = (what, value, minimum, maximum) => {
  if (isInteger(value, minimum, maximum)) return value
  throw new RangeError(`${what} of ${format(value)}: give an integer from ${minimum} to ${maximum}.`)
}
var offsetOf = (at) => (typeof at === "number" && at >>> 0 === at ? at : within("An offset", at, 0, 4294967295))
var word = (what, value) =>
  (typeof value === "number" && value >>> 0 === value ? value : within(what, value, -2147483648, 4294967295)) >>> 0

// packages/control/dist/internal/givenBytes.js
var isBytes = (given) => ArrayBuffer.isView(given) && given instanceof Uint8Array
var copyOf = (given) => {
  if (!isBytes(given)) return void 0
  try {
    return new Uint8Array(given)
  } catch {
    return void 0
  }
}

// packages/control/dist/Codec.js
var isMalformed = (value) => typeof value === "object" && value !== null && "malformed" in value
var int32 = {
  size: 4,
  read: (view, offset2) => view.getInt32(offsetOf(offset2), true),
  write: (view, offset2, value) => {
    view.setInt32(offsetOf(offset2), within("A value", value, -2147483648, 2147483647), true)
    return 4
  },
  validate: (value) =>
    isInteger(value, -2147483648, 2147483647)
      ? void 0
      : `${format(value)} is not an integer from -2147483648 to 2147483647`
}
var uint32 = {
  size: 4,
  read: (view, offset2) => view.getUint32(offsetOf(offset2), true),
  write: (view, offset2, value) => {
    view.setUint32(offsetOf(offset2), within("A value", value, 0, 4294967295), true)
    return 4
  },
  validate: (value) =>
    isInteger(value, 0, 4294967295) ? void 0 : `${format(value)} is not an integer from 0 to 4294967295`
}
var uint16 = {
  size: 2,
  read: (view, offset2) => view.getUint16(offsetOf(offset2), true),
  write: (view, offset2, value) => {
    view.setUint16(offsetOf(offset2), within("A value", value, 0, 65535), true)
    return 2
  },
  validate: (value) => (isInteger(value, 0, 65535) ? void 0 : `${format(value)} is not an integer from 0 to 65535`)
}
var uint64 = {
  size: 8,
  read: (view, offset2) => view.getBigUint64(offsetOf(offset2), true),
  write: (view, offset2, value) => {
    const why = validateUint64(value)
    if (why !== void 0) throw new RangeError(`${why}: give one.`)
    view.setBigUint64(offsetOf(offset2), value, true)
    return 8
  },
  validate: (value) => validateUint64(value)
}
var validateUint64 = (value) =>
  typeof value === "bigint" && value >= 0n && value <= 0xffffffffffffffffn
    ? void 0
    : `${format(value)} is not a bigint from 0 to 18446744073709551615`
var uint8 = {
  size: 1,
  read: (view, offset2) => view.getUint8(offsetOf(offset2)),
  write: (view, offset2, value) => {
    view.setUint8(offsetOf(offset2), within("A value", value, 0, 255))
    return 1
  },
  validate: (value) => (isInteger(value, 0, 255) ? void 0 : `${format(value)} is not an integer from 0 to 255`)
}
var bytes = (size2) => {
  const maximum = within("A maximum", size2.maximum, 0, 65535)
  const minimum = size2.minimum === void 0 ? 0 : within("A minimum", size2.minimum, 0, maximum)
  const validate5 = (value) => {
    if (!isBytes(value)) return `${format(value)} is not a Uint8Array`
    if (value.length > maximum) return `${value.length} bytes are more than the ${maximum} that were declared`
    return value.length < minimum ? `${value.length} bytes are less than the ${minimum} that were declared` : void 0
  }
  return {
    size: size2,
    read: (view, offset2, length3) => {
      within("An offset", offset2, 0, view.byteLength)
      within("A length", length3, 0, view.byteLength - offset2)
      return new Uint8Array(view.buffer, view.byteOffset + offset2, length3).slice()
    },
    write: (view, offset2, value) => {
      const why = validate5(value)
      if (why !== void 0) throw new RangeError(`${why}: give a Uint8Array of ${minimum} to ${maximum} bytes.`)
      new Uint8Array(view.buffer, view.byteOffset, view.byteLength).set(value, offsetOf(offset2))
      return value.length
    },
    validate: validate5
  }
}
var transform = (codec, options) => ({
  size: codec.size,
  read: (view, offset2, length3) => {
    const raw = codec.read(view, offset2, length3)
    if (isMalformed(raw)) return raw
    const value = options.read(raw)
    return typeof value === "object" && value !== null && "malformed" in value
      ? { malformed: value.malformed, offset: offset2 }
      : value
  },
  write: (view, offset2, value) => codec.write(view, offset2, options.write(value)),
  validate: (value) => options.validate?.(value) ?? codec.validate?.(options.write(value))
})

// packages/control/dist/ControlBuffer.js
var ControlBuffer_exports = {}
__export(ControlBuffer_exports, {
  Cursor: () => Cursor,
  data: () => data,
  firstHeader: () => firstHeader,
  fromMessages: () => fromMessages,
  headerSize: () => headerSize,
  length: () => length,
  nextHeader: () => nextHeader,
  readField: () => readField,
  space: () => space,
  toMessages: () => toMessages,
  writeField: () => writeField,
  writeHeader: () => writeHeader,
  writeMessage: () => writeMessage
})
var largest = 2147483647
var payloadOf = (abi, payload) =>
  isInteger(payload, 0, 65535)
    ? payload
    : within("A payload", payload, 0, largest - headerSize(abi) - abi.cmsghdr.align)
var align = (abi, bytes3) => Math.ceil(bytes3 / abi.cmsghdr.align) * abi.cmsghdr.align
var headerSize = (abi) => align(abi, abi.cmsghdr.size)
var length = (abi, payload) => headerSize(abi) + payloadOf(abi, payload)
var space = (abi, payload) => headerSize(abi) + align(abi, payloadOf(abi, payload))
var firstHeader = (abi, buffer2) => (buffer2 !== void 0 && buffer2.byteLength >= abi.cmsghdr.size ? 0 : void 0)
var nextHeader = (abi, buffer2, header) => {
  if (header === void 0 || buffer2 === void 0) return firstHeader(abi, buffer2)
  if (!isInteger(header, 0, buffer2.byteLength - abi.cmsghdr.size)) return void 0
  const declared = readLength(abi, buffer2, header)
  if (declared < abi.cmsghdr.size) return void 0
  const next = header + align(abi, declared)
  return next + abi.cmsghdr.size <= buffer2.byteLength ? next : void 0
}
var data = (abi, header) => offsetOf(header) + headerSize(abi)
var readLength = (abi, view, header) => readField(view, header, abi.cmsghdr.length)
var readField = (view, base, field) => {
  const low = view.getUint32(offsetOf(base) + field.at, true)
  return field.bytes === 8 ? view.getUint32(base + field.at + 4, true) * 4294967296 + low : low
}
var writeField = (view, base, field, value) => {
  if (!isInteger(value, 0, 4294967295))
    within("A value", value, 0, field.bytes === 8 ? Number.MAX_SAFE_INTEGER : 4294967295)
  view.setUint32(offsetOf(base) + field.at, value % 4294967296, true)
  if (field.bytes === 8) view.setUint32(base + field.at + 4, Math.floor(value / 4294967296), true)
}
var Tail = class {
  offset
  has
  needs
  constructor(offset2, has, needs) {
    this.offset = offset2
    this.has = has
    this.needs = needs
  }
}
var ShortHeader = class extends Tail {
  get malformed() {
    return `${this.has} bytes are left, a header takes ${this.needs}`
  }
}
var ShortMessage = class extends Tail {
  get malformed() {
    return `a message declares ${this.has} bytes, its header alone takes ${this.needs}`
  }
}
var LongMessage = class extends Tail {
  get malformed() {
    return `a message declares ${this.has} bytes, ${this.needs} are left`
  }
}
var Cursor = class {
  /** `cmsg_level` and `cmsg_type`, and the offset and the number of bytes of the payload. */
  level = 0
  type = 0
  payloadAt = 0
  payloadLength = 0
  /** Offset of the current header. */
  header = 0
  /** Problem of the rest of the buffer, set at the end of the walk. */
  get malformed() {
    if (this.tail !== void 0) this.#malformed ??= { malformed: this.tail.malformed, offset: this.tail.offset }
    return this.#malformed
  }
  /**
   * `malformed` with a text that is formatted only when it is read. A receiver that does not read it spends no time on
   * it.
   */
  tail = void 0
  #abi
  #headerSize
  #view = new DataView(new ArrayBuffer(0))
  #at = 0
  #end = 0
  #malformed
  constructor(abi) {
    this.#abi = abi
    this.#headerSize = headerSize(abi)
  }
  /**
   * Starts at `at`, for `bytes` bytes: the number that the kernel wrote (`msg_controllen`, `Control.len`), limited to
   * the view. Throws a `RangeError` if one of them is not an integer of 0 or more.
   */
  reset(view, at, bytes3) {
    if (!isInteger(bytes3, 0, 4294967295)) within("A length", bytes3, 0, Number.MAX_SAFE_INTEGER)
    this.#view = view
    this.#at = offsetOf(at)
    this.#end = Math.min(at + bytes3, view.byteLength)
    this.tail = void 0
    this.#malformed = void 0
  }
  next() {
    const { cmsghdr } = this.#abi
    const at = this.#at
    const rest = this.#end - at
    if (rest <= 0) return false
    if (rest < cmsghdr.size) return this.#stop(new ShortHeader(at, rest, cmsghdr.size))
    const declared = readLength(this.#abi, this.#view, at)
    if (declared < this.#headerSize) return this.#stop(new ShortMessage(at, declared, this.#headerSize))
    if (declared > rest) return this.#stop(new LongMessage(at, declared, rest))
    this.header = at
    this.level = this.#view.getInt32(at + cmsghdr.level, true)
    this.type = this.#view.getInt32(at + cmsghdr.type, true)
    this.payloadAt = at + this.#headerSize
    this.payloadLength = declared - this.#headerSize
    this.#at = at + align(this.#abi, declared)
    return true
  }
  #stop(malformed3) {
    this.tail = malformed3
    this.#at = this.#end
    return false
  }
}
var writeHeader = (abi, view, at, level, type, payload) => {
  const header = headerSize(abi)
  const bytes3 = length(abi, payload)
  offsetOf(at)
  within("A level", level, -2147483648, 2147483647)
  within("A type", type, -2147483648, 2147483647)
  for (let i = 0; i < header; i += 4) view.setUint32(at + i, 0)
  writeField(view, at, abi.cmsghdr.length, bytes3)
  view.setInt32(at + abi.cmsghdr.level, level, true)
  view.setInt32(at + abi.cmsghdr.type, type, true)
  return at + header
}
var writeMessage = (abi, view, at, message) => {
  const payloadAt = writeHeader(abi, view, at, message.level, message.type, message.payload.length)
  const end = at + space(abi, message.payload.length)
  for (let i = payloadAt; i < end; i++) view.setUint8(i, message.payload[i - payloadAt] ?? 0)
  return end
}
var fromMessages = (abi, messages2) => {
  const bytes3 = new Uint8Array(messages2.reduce((sum, { payload }) => sum + space(abi, payload.length), 0))
  const view = new DataView(bytes3.buffer)
  messages2.reduce((at, message) => writeMessage(abi, view, at, message), 0)
  return bytes3
}
var toMessages = (abi, buffer2) => {
  const cursor = new Cursor(abi)
  cursor.reset(new DataView(buffer2.buffer, buffer2.byteOffset, buffer2.byteLength), 0, buffer2.byteLength)
  const messages2 = []
  while (cursor.next()) {
    const { level, type, payloadAt, payloadLength } = cursor
    messages2.push({ level, type, payload: buffer2.slice(payloadAt, payloadAt + payloadLength) })
  }
  return { messages: messages2, malformed: cursor.malformed }
}

// packages/control/dist/internal/validateSafely.js
var messageOf = (error) => {
  try {
    return error instanceof Error && typeof error.message === "string" ? error.message : format(error)
  } catch {
    return "an exception without a text"
  }
}
var validateSafely = (what, validate5) => {
  try {
    return validate5()
  } catch (error) {
    return `${what} cannot be read: ${messageOf(error)}`
  }
}

// packages/control/dist/internal/definition.js
var receiveFormats = (table) =>
  Object.values(table)
    .flatMap((families2) => Object.values(families2))
    .flatMap((cell) =>
      cell === void 0 || "unsupported" in cell || cell.receive === void 0 || "unsupported" in cell.receive
        ? []
        : cell.receive
    )
var check = (key, presence, table) => {
  const why = validateSafely(`Control message ${format(key)}: its definition`, () =>
    contradiction(key, presence, table)
  )
  if (why !== void 0) throw new TypeError(`${why}${why.endsWith(".") ? "" : "."}`)
}
var contradiction = (key, presence, table) => {
  if (typeof key !== "string" || !/^[a-z][A-Za-z0-9]*$/.test(key))
    return `A control message's key is a name in camelCase, not ${format(key)}.`
  if (!["required", "optional", "repeated"].includes(presence))
    return `Control message '${key}': presence is "required", "optional" or "repeated", not ${format(presence)}.`
  for (const [platform, families2] of Object.entries(table)) {
    for (const [family, cell] of Object.entries(families2)) {
      const contradiction2 =
        cell === void 0 ? "there is neither a row nor an absence" : contradictionOf(key, cell, presence)
      if (contradiction2 !== void 0) return `Control message '${key}', ${platform}, ${family}: ${contradiction2}.`
    }
  }
  const events = new Set(receiveFormats(table).map(({ event: event2 }) => event2 !== void 0))
  if (events.size > 1) return `Control message '${key}': it comes with datagrams and without; make two messages of it.`
  for (const platform of ["linux", "darwin", "winsock"])
    if (typeof table[platform] !== "object") return `Control message '${key}': its table has nothing for ${platform}.`
  return void 0
}
var contradictionOf = (key, cell, presence) => {
  if ("unsupported" in cell) return cell.unsupported.trim() === "" ? "an absence without a reason" : void 0
  const { receive: receive3, send: send2, request } = cell
  for (const part2 of [receive3, send2])
    if (part2 !== void 0 && "unsupported" in part2 && part2.unsupported.trim() === "")
      return "an absence without a reason"
  const arrivals = receive3 === void 0 || "unsupported" in receive3 ? [] : receive3
  const departure = send2 === void 0 || "unsupported" in send2 ? void 0 : send2
  if (arrivals.length === 0 && departure === void 0)
    return "a message that neither arrives nor is sent is an absence, with its reason"
  if (request.length > 0 && arrivals.length === 0) return "it is asked for, but never arrives"
  if (!arrivals.every(isMarked)) return "receive: level and type are signed 32-bit integers"
  if (departure !== void 0 && !isMarked(departure)) return "send: level and type are signed 32-bit integers"
  const marks = arrivals.map(({ level, type }) => `${level}/${type}`)
  if (new Set(marks).size < marks.length) return "it arrives twice under one level and type"
  for (const [name, part2] of [
    ...arrivals.map((arrival) => ["receive", arrival]),
    ...(departure ? [["send", departure]] : [])
  ]) {
    const { size: size2 } = part2.payload
    const maximum = typeof size2 === "number" ? size2 : size2.maximum
    if (!Number.isInteger(maximum) || maximum < 0 || maximum > 65535) return `${name}: a payload of ${maximum} bytes`
    const minimum = typeof size2 === "number" ? size2 : (size2.minimum ?? 0)
    if (!Number.isInteger(minimum) || minimum < 0 || minimum > maximum)
      return `${name}: the least size is no integer from 0 to the greatest`
    if (typeof size2 !== "number" && presence === "repeated" && (size2.minimum ?? 1) < 1)
      return `${name}: a repeated message of no size`
  }
  if (departure?.excludes?.includes(key) ?? false) return "send: it excludes itself"
  if (departure?.shared !== void 0) {
    const { mask } = departure.shared
    if (!Number.isInteger(mask) || mask <= 0 || mask > 4294967295)
      return "send: a mask is an integer of at least one bit"
    const { size: size2 } = departure.payload
    if (typeof size2 !== "number" || size2 > 4) return "send: only a payload of at most 4 bytes can be shared"
    if (mask >= 2 ** (8 * size2)) return `send: the mask has bits that a payload of ${size2} bytes does not have`
  }
  return void 0
}
var isInt32 = (value) => Number.isInteger(value) && value >= -2147483648 && value <= 2147483647
var isMarked = ({ level, type }) => isInt32(level) && isInt32(type)

// packages/control/dist/ControlMessage.js
var isUnsupported = (value) => value !== void 0 && "unsupported" in value
var define = (definition) => {
  if (typeof definition !== "object" || definition === null)
    throw new TypeError(`${format(definition)} is not the definition of a control message.`)
  const { key, presence, table } = definition
  check(key, presence, table)
  const [arrival] = receiveFormats(table)
  const deliveredAs = arrival === void 0 ? "never" : arrival.event === void 0 ? "withDatagrams" : "asEvent"
  const cell = (platform, family) =>
    table[platform][family] ?? { unsupported: `'${key}' does not exist for ${family} sockets` }
  const families2 = ["ipv4", "ipv6", "unix"].filter((each) => each in table.linux)
  return { key, presence, families: families2, deliveredAs, cell }
}

// packages/control/dist/Descriptor.js
var inspect = /* @__PURE__ */ Symbol.for("nodejs.util.inspect.custom")
var Descriptor = class {
  /** 0 to 2147483647. */
  number
  #state = "untaken"
  /** Throws a `RangeError` if the number is not an integer from 0 to 2147483647. */
  constructor(number2) {
    this.number = within("A descriptor", number2, 0, 2147483647)
  }
  /** The owner: the socket (`untaken`), a scope (`taken`), or no owner (`closed`). */
  get state() {
    return this.#state
  }
  /** Records a change of owner, or the close. Only the owner, which is the socket or the scope, calls it. */
  become(state) {
    this.#state = state
  }
  /** `descriptor 7 (taken)`. */
  toString() {
    return `descriptor ${this.number} (${this.#state})`
  }
  toJSON() {
    return this.toString()
  }
  [inspect]() {
    return this.toString()
  }
}

// packages/control/dist/ValueObject.js
var equal3 = /* @__PURE__ */ Symbol.for("effect/Equal")
var hash3 = /* @__PURE__ */ Symbol.for("effect/Hash")
var inspect2 = /* @__PURE__ */ Symbol.for("nodejs.util.inspect.custom")
var ValueObject = class {
  toJSON() {
    return this.toString()
  }
  [inspect2]() {
    return this.toString()
  }
  [equal3](that) {
    return this.equals(that)
  }
  [hash3]() {
    return this.hash()
  }
  "~effect/Equal"(that) {
    return this.equals(that)
  }
  "~effect/Hash"() {
    return this.hash()
  }
}
var mix = (value) => {
  let hash = value ^ (value >>> 16)
  hash = Math.imul(hash, 2246822507)
  hash ^= hash >>> 13
  hash = Math.imul(hash, 3266489909)
  return (hash ^ (hash >>> 16)) | 0
}

// packages/control/dist/Ipv4Address.js
var Ipv4Address = class _Ipv4Address extends ValueObject {
  family = "ipv4"
  /** In host byte order, unsigned: 127.0.0.1 is `0x7f000001`. */
  value
  /** Accepts a 32-bit number in host byte order, signed or unsigned. Throws a `RangeError` for any other number. */
  constructor(value) {
    super()
    this.value = word("An IPv4 address", value)
  }
  /** Makes an address from four octets. Throws a `RangeError` for one that is not an integer from 0 to 255. */
  static of(a, b, c, d) {
    for (const octet of [a, b, c, d]) within("An octet", octet, 0, 255)
    return new _Ipv4Address((a << 24) | (b << 16) | (c << 8) | d)
  }
  /**
   * Reads only dotted decimal in four parts. `inet_aton` also accepts octal, hexadecimal and fewer parts, which are
   * different addresses to different programs (RFC 6943 section 3.1.1).
   */
  static parse(text2) {
    if (typeof text2 !== "string")
      return { malformed: `${format(text2)} is not the text of an IPv4 address`, offset: 0 }
    const parts = text2.split(".")
    if (parts.length !== 4)
      return { malformed: `'${text2}' does not have the four parts of an IPv4 address`, offset: 0 }
    let value = 0
    let offset2 = 0
    for (const part2 of parts) {
      if (!/^[0-9]{1,3}$/.test(part2) || Number(part2) > 255)
        return { malformed: `'${part2}' is not a number from 0 to 255`, offset: offset2 }
      if (part2.length > 1 && part2.startsWith("0")) {
        return { malformed: `'${part2}' has a leading zero: octal to some, decimal to others`, offset: offset2 }
      }
      value = value * 256 + Number(part2)
      offset2 += part2.length + 1
    }
    return new _Ipv4Address(value)
  }
  /** 0.0.0.0: every address of this host. */
  static unspecified = new _Ipv4Address(0)
  /** 127.0.0.1 */
  static loopback = new _Ipv4Address(2130706433)
  /** 255.255.255.255, the limited broadcast address. */
  static broadcast = new _Ipv4Address(4294967295)
  /** 0.0.0.0 */
  get isUnspecified() {
    return this.value === 0
  }
  /** 127.0.0.0/8 */
  get isLoopback() {
    return this.value >>> 24 === 127
  }
  /** 224.0.0.0/4 (RFC 5771). */
  get isMulticast() {
    return this.value >>> 28 === 14
  }
  /** 169.254.0.0/16 (RFC 3927). */
  get isLinkLocal() {
    return this.value >>> 16 === 43518
  }
  equals(that) {
    return that instanceof _Ipv4Address && that.value === this.value
  }
  hash() {
    return mix(this.value)
  }
  /** Dotted decimal. */
  toString() {
    return `${this.value >>> 24}.${(this.value >>> 16) & 255}.${(this.value >>> 8) & 255}.${this.value & 255}`
  }
}

// packages/control/dist/Ipv6Address.js
var Ipv6Address = class _Ipv6Address extends ValueObject {
  family = "ipv6"
  /** The address as four 32-bit numbers in host byte order, the leftmost first. */
  a
  b
  c
  d
  /** Interface index that a link-local address belongs to (`sin6_scope_id`). 0: no zone. */
  zone
  /** Accepts 32-bit numbers, signed or unsigned. Throws a `RangeError` for any other number. */
  constructor(a, b, c, d, zone = 0) {
    super()
    this.a = word("A word of an IPv6 address", a)
    this.b = word("A word of an IPv6 address", b)
    this.c = word("A word of an IPv6 address", c)
    this.d = word("A word of an IPv6 address", d)
    this.zone = word("A zone", zone)
  }
  /**
   * Makes an address from eight groups, in the order of the notation. Throws a `RangeError` for one that is not an
   * integer from 0 to 65535.
   */
  static of(groups, zone = 0) {
    const [g0, g1, g2, g3, g4, g5, g6, g7] = groups
    for (const group of [g0, g1, g2, g3, g4, g5, g6, g7]) within("A group of an IPv6 address", group, 0, 65535)
    return new _Ipv6Address((g0 << 16) | g1, (g2 << 16) | g3, (g4 << 16) | g5, (g6 << 16) | g7, zone)
  }
  /**
   * Makes `::ffff:a.b.c.d`, the form in which a socket for both families reports an IPv4 peer (RFC 4291 section
   * 2.5.5.2).
   */
  static fromIpv4(address2) {
    return new _Ipv6Address(0, 0, 65535, address2.value)
  }
  /** Reads the forms of RFC 4291 section 2.2, with a numeric zone after `%`. */
  static parse(text2) {
    if (typeof text2 !== "string")
      return { malformed: `${format(text2)} is not the text of an IPv6 address`, offset: 0 }
    const percent = text2.indexOf("%")
    const address2 = percent < 0 ? text2 : text2.slice(0, percent)
    let zone = 0
    if (percent >= 0) {
      const written2 = text2.slice(percent + 1)
      if (!/^(0|[1-9][0-9]{0,9})$/.test(written2) || Number(written2) > 4294967295) {
        return { malformed: `the zone '${written2}' is not an interface index`, offset: percent + 1 }
      }
      zone = Number(written2)
    }
    const groups = parseGroups(address2)
    if (isMalformed(groups)) return groups
    const word2 = (at) => ((groups[at] ?? 0) << 16) | (groups[at + 1] ?? 0)
    return new _Ipv6Address(word2(0), word2(2), word2(4), word2(6), zone)
  }
  /** `::`, every address of this host. */
  static unspecified = new _Ipv6Address(0, 0, 0, 0)
  /** `::1` */
  static loopback = new _Ipv6Address(0, 0, 0, 1)
  /** `::` */
  get isUnspecified() {
    return (this.a | this.b | this.c | this.d) === 0
  }
  /** `::1` */
  get isLoopback() {
    return (this.a | this.b | this.c) === 0 && this.d === 1
  }
  /** ff00::/8 */
  get isMulticast() {
    return this.a >>> 24 === 255
  }
  /** fe80::/10, whose addresses also require an interface, the zone. */
  get isLinkLocal() {
    return this.a >>> 22 === 65152 >>> 6
  }
  /** ::ffff:0:0/96 */
  get isIpv4Mapped() {
    return this.a === 0 && this.b === 0 && this.c === 65535
  }
  /** Returns the IPv4 address of a mapped address, or `undefined`. */
  toIpv4() {
    return this.isIpv4Mapped ? new Ipv4Address(this.d) : void 0
  }
  withZone(zone) {
    return new _Ipv6Address(this.a, this.b, this.c, this.d, zone)
  }
  equals(that) {
    return (
      that instanceof _Ipv6Address &&
      that.d === this.d &&
      that.c === this.c &&
      that.b === this.b &&
      that.a === this.a &&
      that.zone === this.zone
    )
  }
  hash() {
    return mix(mix(mix(mix(mix(this.a) ^ this.b) ^ this.c) ^ this.d) ^ this.zone)
  }
  /** Returns the canonical text of RFC 5952, followed by `%zone` if the address has a zone. */
  toString() {
    const text2 = this.isIpv4Mapped
      ? `::ffff:${new Ipv4Address(this.d)}`
      : formatGroups([this.a, this.b, this.c, this.d])
    return this.zone === 0 ? text2 : `${text2}%${this.zone}`
  }
}
var parseGroups = (text2) => {
  const gap = text2.indexOf("::")
  if (gap >= 0 && text2.indexOf("::", gap + 1) >= 0)
    return { malformed: `'${text2}' has '::' more than once`, offset: gap }
  const head = parseHalf(gap < 0 ? text2 : text2.slice(0, gap), 0, gap < 0)
  if (isMalformed(head)) return head
  if (gap < 0)
    return head.length === 8
      ? head
      : { malformed: `'${text2}' does not have the eight groups of an IPv6 address`, offset: 0 }
  const tail = parseHalf(text2.slice(gap + 2), gap + 2, true)
  if (isMalformed(tail)) return tail
  if (head.length + tail.length > 7) return { malformed: `'${text2}' has more than eight groups`, offset: 0 }
  return [...head, ...new Array(8 - head.length - tail.length).fill(0), ...tail]
}
var parseHalf = (text2, offset2, last) => {
  if (text2 === "") return []
  const groups = []
  let at = offset2
  const parts = text2.split(":")
  for (const [index, part2] of parts.entries()) {
    if (last && index === parts.length - 1 && part2.includes(".")) {
      const embedded = Ipv4Address.parse(part2)
      if (isMalformed(embedded)) return { malformed: embedded.malformed, offset: at + embedded.offset }
      groups.push(embedded.value >>> 16, embedded.value & 65535)
    } else if (/^[0-9a-fA-F]{1,4}$/.test(part2)) groups.push(Number.parseInt(part2, 16))
    else return { malformed: `'${part2}' is not a group of one to four hexadecimal digits`, offset: at }
    at += part2.length + 1
  }
  return groups
}
var formatGroups = (words) => {
  const groups = words.flatMap((word2) => [word2 >>> 16, word2 & 65535])
  let from = 0
  let length3 = 0
  for (let at = 0; at < 8; at++) {
    let end = at
    while (end < 8 && groups[end] === 0) end++
    if (end - at > length3) {
      from = at
      length3 = end - at
    }
    if (end > at) at = end
  }
  const text2 = (part2) => part2.map((group) => group.toString(16)).join(":")
  return length3 < 2 ? text2(groups) : `${text2(groups.slice(0, from))}::${text2(groups.slice(from + length3))}`
}

// packages/control/dist/internal/addresses.js
var isIpv4 = (value) => value instanceof Ipv4Address && isWord(value.value)
var isIpv6 = (value) =>
  value instanceof Ipv6Address &&
  isWord(value.a) &&
  isWord(value.b) &&
  isWord(value.c) &&
  isWord(value.d) &&
  isWord(value.zone)
var isWord = (value) => value >>> 0 === value

// packages/control/dist/Endpoint.js
var InternetEndpoint = class _InternetEndpoint extends ValueObject {
  family
  address
  /** 0 to 65535. */
  port
  /**
   * Throws a `RangeError` if the port is not an integer from 0 to 65535. Throws a `TypeError` if the address is not of
   * the family.
   */
  constructor(family, address2, port) {
    super()
    within("A port", port, 0, 65535)
    if (!(family === "ipv4" ? isIpv4(address2) : family === "ipv6" && isIpv6(address2)))
      throw new TypeError(`${format(address2)} is not an address of ${format(family)}: give one of that family.`)
    this.family = family
    this.address = address2
    this.port = port
  }
  equals(that) {
    return that instanceof _InternetEndpoint && that.port === this.port && this.address.equals(that.address)
  }
  hash() {
    return mix(this.address.hash() ^ this.port)
  }
  /** `192.0.2.1:53`, `[2001:db8::1]:53`. */
  toString() {
    return this.family === "ipv6" ? `[${this.address}]:${this.port}` : `${this.address}:${this.port}`
  }
}
var UnixEndpoint = class _UnixEndpoint extends ValueObject {
  family = "unix"
  path
  /** Throws a `TypeError` if the path is neither a string nor absent. */
  constructor(path) {
    super()
    if (path !== void 0 && typeof path !== "string")
      throw new TypeError(`${format(path)} is not the name of a Unix socket: give a text.`)
    this.path = path
  }
  equals(that) {
    return that instanceof _UnixEndpoint && that.path === this.path
  }
  hash() {
    let hash = 0
    for (const char of this.path ?? "") hash = mix(hash ^ (char.codePointAt(0) ?? 0))
    return hash
  }
  /** Returns the path, or an abstract name after `@`, as `ss` and `netstat` print it. */
  toString() {
    return this.path === void 0 ? "unnamed" : this.path.startsWith("\0") ? `@${this.path.slice(1)}` : this.path
  }
}
var parseAddress = (text2) =>
  typeof text2 === "string" && text2.includes(":") ? Ipv6Address.parse(text2) : Ipv4Address.parse(text2)
var endpoint = (family, input) =>
  // Every branch makes an endpoint of the given family, but the compiler cannot follow that through a conditional type.
  makeEndpoint(family, input)
var makeEndpoint = (family, input) => {
  try {
    return readEndpoint(family, input)
  } catch (cause) {
    return { malformed: `the endpoint cannot be read (${format(cause)})`, offset: 0 }
  }
}
var readEndpoint = (family, input) => {
  if (typeof input !== "object" || input === null)
    return { malformed: `${format(input)} is not an endpoint`, offset: 0 }
  if (family === "unix") {
    const path = "path" in input ? input.path : void 0
    if (path === void 0 && input instanceof UnixEndpoint) return new UnixEndpoint(void 0)
    return typeof path === "string" && path.length > 0
      ? new UnixEndpoint(path)
      : { malformed: `a Unix socket is named by a path that is not empty, not by ${format(path)}`, offset: 0 }
  }
  if (family !== "ipv4" && family !== "ipv6" && family !== "dual")
    return { malformed: `${format(family)} is not a family: "ipv4", "ipv6", "dual" or "unix"`, offset: 0 }
  const port = "port" in input ? input.port : void 0
  if (!isInteger(port, 0, 65535))
    return { malformed: `the port ${format(port)} is not an integer from 0 to 65535`, offset: 0 }
  const address2 = readAddress("address" in input ? input.address : void 0)
  if (!(address2 instanceof Ipv4Address || address2 instanceof Ipv6Address)) return address2
  if (address2 instanceof Ipv4Address)
    return family === "ipv6"
      ? { malformed: `${address2} is an IPv4 address, this socket speaks IPv6 only`, offset: 0 }
      : new InternetEndpoint("ipv4", address2, port)
  if (family === "ipv4") return { malformed: `${address2} is an IPv6 address, this socket speaks IPv4 only`, offset: 0 }
  const mapped = family === "dual" ? address2.toIpv4() : void 0
  return mapped === void 0 ? new InternetEndpoint("ipv6", address2, port) : new InternetEndpoint("ipv4", mapped, port)
}
var readAddress = (given) => {
  try {
    if (typeof given === "string") return parseAddress(given)
    if (given instanceof Ipv4Address) {
      const { value } = given
      if (isInteger(value, 0, 4294967295)) return new Ipv4Address(value)
    } else if (given instanceof Ipv6Address) {
      const { a, b, c, d, zone } = given
      if ([a, b, c, d, zone].every((word2) => isInteger(word2, 0, 4294967295))) return new Ipv6Address(a, b, c, d, zone)
    }
    return { malformed: `${format(given)} is not an IP address`, offset: 0 }
  } catch (cause) {
    return { malformed: `the address cannot be read (${format(cause)})`, offset: 0 }
  }
}

// packages/control/dist/GroupRequest.js
var GroupRequest_exports = {}
__export(GroupRequest_exports, {
  write: () => write2,
  writeMreq: () => writeMreq
})

// packages/control/dist/SocketAddress.js
var SocketAddress_exports = {}
__export(SocketAddress_exports, {
  read: () => read,
  readIpv6: () => readIpv6,
  size: () => size,
  validateUnixPath: () => validateUnixPath,
  write: () => write,
  writeIpv6: () => writeIpv6
})

// packages/control/dist/internal/utf8.js
var rawByte = 56320
var utf8 = (text2) => {
  const bytes3 = []
  for (const char of text2) {
    const code = char.codePointAt(0) ?? 0
    if (code < 128) bytes3.push(code)
    else if (code >= rawByte + 128 && code <= rawByte + 255) bytes3.push(code - rawByte)
    else if (code < 2048) bytes3.push(192 | (code >> 6), 128 | (code & 63))
    else if (code < 65536) bytes3.push(224 | (code >> 12), 128 | ((code >> 6) & 63), 128 | (code & 63))
    else bytes3.push(240 | (code >> 18), 128 | ((code >> 12) & 63), 128 | ((code >> 6) & 63), 128 | (code & 63))
  }
  return bytes3
}
var fromUtf8 = (bytes3) => {
  let escaped = ""
  for (const byte of bytes3) escaped += `%${byte.toString(16).padStart(2, "0")}`
  try {
    return decodeURIComponent(escaped)
  } catch {
    return String.fromCharCode(...Array.from(bytes3, (byte) => (byte < 128 ? byte : rawByte + byte)))
  }
}

// packages/control/dist/SocketAddress.js
var sunPath = 2
var size = (abi, family) => {
  if (family !== "ipv4" && family !== "ipv6" && family !== "unix")
    throw new TypeError(`${format(family)} is not the family of a name: give "ipv4", "ipv6" or "unix".`)
  return abi.sockaddr[family] + (family === "unix" ? 1 : 0)
}
var write = (abi, endpoint2, view, at, mapped = false) => {
  offsetOf(at)
  if (endpoint2.family === "unix") return writeUnix(abi, endpoint2, view, at)
  const asIpv6 = endpoint2.family === "ipv6" || mapped
  const length3 = asIpv6 ? abi.sockaddr.ipv6 : abi.sockaddr.ipv4
  for (let i = 0; i < length3; i += 4) view.setUint32(at + i, 0)
  writeFamily(abi, view, at, asIpv6 ? abi.family.ipv6 : abi.family.ipv4, length3)
  view.setUint16(at + 2, endpoint2.port)
  if (!asIpv6) {
    view.setUint32(at + 4, endpoint2.address.value)
    return length3
  }
  const address2 =
    endpoint2.address instanceof Ipv4Address ? Ipv6Address.fromIpv4(endpoint2.address) : endpoint2.address
  writeIpv6(view, at + 8, address2)
  view.setUint32(at + 24, address2.zone, true)
  return length3
}
var read = (abi, view, at, length3) => {
  if (!isInteger(length3, 0, view.byteLength - offsetOf(at)))
    within("The length of a socket address", length3, 0, Math.max(0, view.byteLength - at))
  if (length3 === 0) return new UnixEndpoint(void 0)
  if (length3 < 2) return { malformed: `a socket address of ${length3} bytes has no family`, offset: at }
  const family = abi.sockaddr.lengthByte ? view.getUint8(at + 1) : view.getUint16(at, true)
  if (family === abi.family.ipv4) {
    if (length3 < abi.sockaddr.ipv4) return { malformed: `a sockaddr_in of ${length3} bytes`, offset: at }
    return new InternetEndpoint("ipv4", new Ipv4Address(view.getUint32(at + 4)), view.getUint16(at + 2))
  }
  if (family === abi.family.ipv6) {
    if (length3 < abi.sockaddr.ipv6) return { malformed: `a sockaddr_in6 of ${length3} bytes`, offset: at }
    const address2 = readIpv6(view, at + 8, view.getUint32(at + 24, true))
    const mapped = address2.toIpv4()
    const port = view.getUint16(at + 2)
    return mapped === void 0 ? new InternetEndpoint("ipv6", address2, port) : new InternetEndpoint("ipv4", mapped, port)
  }
  if (family === abi.family.unix) return readUnix(view, at, length3)
  return { malformed: `a socket address of family ${family}`, offset: at }
}
var readIpv6 = (view, at, zone = 0) =>
  new Ipv6Address(
    view.getUint32(offsetOf(at)),
    view.getUint32(at + 4),
    view.getUint32(at + 8),
    view.getUint32(at + 12),
    zone
  )
var writeIpv6 = (view, at, address2) => {
  view.setUint32(offsetOf(at), address2.a)
  view.setUint32(at + 4, address2.b)
  view.setUint32(at + 8, address2.c)
  view.setUint32(at + 12, address2.d)
}
var validateUnixPath = (abi, path) => {
  if (typeof path !== "string") return `${format(path)} is not a text`
  const room = abi.sockaddr.unix - sunPath
  const bytes3 = utf8(path).length
  if (bytes3 > room) return `the path takes ${bytes3} bytes, a Unix socket name has room for ${room}`
  return !path.startsWith("\0") && path.includes("\0") ? "a path cannot contain a NUL" : void 0
}
var writeFamily = (abi, view, at, family, length3) => {
  if (abi.sockaddr.lengthByte) {
    view.setUint8(at, length3)
    view.setUint8(at + 1, family)
  } else view.setUint16(at, family, true)
}
var writeUnix = (abi, endpoint2, view, at) => {
  const path = utf8(endpoint2.path ?? "")
  if (path.length > abi.sockaddr.unix - sunPath)
    throw new RangeError(`${validateUnixPath(abi, endpoint2.path ?? "")}: give a shorter one.`)
  const abstract = endpoint2.path?.startsWith("\0") === true
  for (let i = 0; i < abi.sockaddr.unix + 1; i++) view.setUint8(at + i, i < sunPath ? 0 : (path[i - sunPath] ?? 0))
  const length3 =
    sunPath + path.length + (abstract || path.length === 0 || path.length === abi.sockaddr.unix - sunPath ? 0 : 1)
  writeFamily(abi, view, at, abi.family.unix, length3)
  return length3
}
var readUnix = (view, at, length3) => {
  if (length3 <= sunPath) return new UnixEndpoint(void 0)
  const bytes3 = new Uint8Array(view.buffer, view.byteOffset + at + sunPath, length3 - sunPath)
  if (bytes3[0] === 0) return new UnixEndpoint(fromUtf8(bytes3))
  const end = bytes3.indexOf(0)
  return new UnixEndpoint(fromUtf8(end < 0 ? bytes3 : bytes3.subarray(0, end)))
}

// packages/control/dist/GroupRequest.js
var write2 = (abi, { group, interfaceIndex, source }) => {
  const { groupReq, groupSourceReq } = abi
  const index = indexOf(interfaceIndex, 4294967295)
  if (source !== void 0 && (isIpv4(source) ? !isIpv4(group) : !(isIpv6(source) && isIpv6(group))))
    throw new TypeError(
      `The source ${format(source)} and the group ${format(group)}: give two addresses of one family.`
    )
  const bytes3 = new Uint8Array(source === void 0 ? groupReq.size : groupSourceReq.size)
  const view = new DataView(bytes3.buffer)
  view.setUint32(0, index, true)
  writeAddress(abi, group, view, groupReq.group)
  if (source !== void 0) writeAddress(abi, source, view, groupSourceReq.source)
  return bytes3
}
var writeMreq = ({ group, interfaceIndex }) => {
  const is4 = group instanceof Ipv4Address
  const index = indexOf(interfaceIndex, is4 ? 16777215 : 4294967295)
  const bytes3 = new Uint8Array(is4 ? 8 : 20)
  const view = new DataView(bytes3.buffer)
  if (is4) {
    view.setUint32(0, group.value)
    view.setUint32(4, index)
  } else {
    writeIpv6(view, 0, group)
    view.setUint32(16, index, true)
  }
  return bytes3
}
var indexOf = (given, maximum) => (given === void 0 ? 0 : within("An interface index", given, 1, maximum))
var writeAddress = (abi, address2, view, at) => {
  const endpoint2 =
    address2 instanceof Ipv4Address
      ? new InternetEndpoint("ipv4", address2, 0)
      : new InternetEndpoint("ipv6", new Ipv6Address(address2.a, address2.b, address2.c, address2.d), 0)
  write(abi, endpoint2, view, at)
}

// packages/control/dist/IcmpEcho.js
var IcmpEcho_exports = {}
__export(IcmpEcho_exports, {
  decode: () => decode,
  encode: () => encode,
  headerSize: () => headerSize2,
  matches: () => matches
})
var types = { ipv4: { request: 8, reply: 0 }, ipv6: { request: 128, reply: 129 } }
var headerSize2 = 8
var noBytes = new Uint8Array(0)
var encode = (family, echo) => {
  const taken2 = take(family, echo)
  if (typeof taken2 === "string") return { malformed: taken2, offset: 0 }
  const { data: data2, identifier, kind, sequence } = taken2
  const bytes3 = new Uint8Array(headerSize2 + data2.length)
  bytes3[0] = types[family][kind]
  const view = new DataView(bytes3.buffer)
  view.setUint16(4, identifier)
  view.setUint16(6, sequence)
  bytes3.set(data2, headerSize2)
  if (family === "ipv4") view.setUint16(2, checksum(bytes3))
  return bytes3
}
var isFamily = (family) => family === "ipv4" || family === "ipv6"
var notFamily = (family) => `${format(family)} is neither "ipv4" nor "ipv6"`
var take = (family, echo) => {
  if (!isFamily(family)) return notFamily(family)
  if (typeof echo !== "object" || echo === null) return `${format(echo)} is not an echo message`
  try {
    const { data: data2 = noBytes, identifier = 0, kind, sequence } = echo
    if (kind !== "request" && kind !== "reply") return `${format(kind)} is neither "request" nor "reply"`
    if (!isInteger(identifier, 0, 65535))
      return `the identifier ${format(identifier)} is not an integer from 0 to 65535`
    if (!isInteger(sequence, 0, 65535))
      return `the sequence number ${format(sequence)} is not an integer from 0 to 65535`
    const copy = copyOf(data2)
    return copy === void 0
      ? `the data ${format(data2)} is not a Uint8Array`
      : { kind, identifier, sequence, data: copy }
  } catch {
    return "the echo message cannot be read, because a field of it throws"
  }
}
var decode = (family, bytes3) => {
  if (!isFamily(family)) return { malformed: notFamily(family), offset: 0 }
  if (!isBytes(bytes3)) return { malformed: `${format(bytes3)} is not a Uint8Array`, offset: 0 }
  if (bytes3.length < headerSize2)
    return { malformed: `an echo message has ${headerSize2} bytes before its data, not ${bytes3.length}`, offset: 0 }
  const view = new DataView(bytes3.buffer, bytes3.byteOffset, bytes3.byteLength)
  const type = view.getUint8(0)
  const { reply: reply2, request } = types[family]
  if (type !== request && type !== reply2)
    return { malformed: `ICMP type ${type} is no echo message of ${family}`, offset: 0 }
  if (view.getUint8(1) !== 0) return { malformed: `an echo message has the code 0, not ${view.getUint8(1)}`, offset: 1 }
  return {
    kind: type === request ? "request" : "reply",
    identifier: view.getUint16(4),
    sequence: view.getUint16(6),
    data: bytes3.slice(headerSize2)
  }
}
var matches = (request, reply2) => {
  const { data: data2 = noBytes, identifier, kind, sequence } = request
  return (
    kind === "request" &&
    reply2.kind === "reply" &&
    reply2.sequence === sequence &&
    (identifier === void 0 || reply2.identifier === identifier) &&
    reply2.data.length === data2.length &&
    reply2.data.every((byte, index) => byte === data2[index])
  )
}
var checksum = (bytes3) => {
  let sum = 0
  for (let at = 0; at < bytes3.length; at += 2) sum += ((bytes3[at] ?? 0) << 8) | (bytes3[at + 1] ?? 0)
  while (sum > 65535) sum = (sum & 65535) + Math.floor(sum / 65536)
  return ~sum & 65535
}

// packages/control/dist/IcmpExtension.js
var IcmpExtension_exports = {}
__export(IcmpExtension_exports, {
  decode: () => decode2,
  headerSize: () => headerSize3
})
var headerSize3 = 4
var decode2 = (bytes3) => {
  if (!isBytes(bytes3)) return { malformed: `${format(bytes3)} is not a Uint8Array`, offset: 0 }
  if (bytes3.length < headerSize3)
    return { malformed: `an extension has a header of ${headerSize3} bytes, not ${bytes3.length}`, offset: 0 }
  const view = new DataView(bytes3.buffer, bytes3.byteOffset, bytes3.byteLength)
  const version = view.getUint8(0) >> 4
  if (version !== 2) return { malformed: `an extension has version 2, not ${version}`, offset: 0 }
  if (view.getUint16(2) !== 0 && !isSummed(view))
    return { malformed: "the checksum of the extension is wrong", offset: 2 }
  const objects = []
  for (let at = headerSize3; at < bytes3.length;) {
    const rest = bytes3.length - at
    if (rest < headerSize3)
      return { malformed: `${rest} bytes are left, the header of an object takes ${headerSize3}`, offset: at }
    const length3 = view.getUint16(at)
    if (length3 < headerSize3 || length3 > rest)
      return { malformed: `an object declares ${length3} bytes, ${rest} are left`, offset: at }
    objects.push(readObject(view, at, length3))
    at += length3
  }
  return objects
}
var isSummed = (view) => {
  let sum = 0
  for (let at = 0; at < view.byteLength; at += 2)
    sum += at + 1 < view.byteLength ? view.getUint16(at) : view.getUint8(at) << 8
  while (sum > 65535) sum = (sum & 65535) + Math.floor(sum / 65536)
  return sum === 65535
}
var readObject = (view, at, length3) => {
  const [kind, type] = [view.getUint8(at + 2), view.getUint8(at + 3)]
  const payload = new DataView(view.buffer, view.byteOffset + at + headerSize3, length3 - headerSize3)
  const known = kind === 1 && type === 1 ? readLabels(payload) : kind === 2 ? readInterface(payload, type) : void 0
  if (known !== void 0) return known
  const bytes3 = new Uint8Array(payload.buffer, payload.byteOffset, payload.byteLength).slice()
  return { kind: "unknown", class: kind, type, payload: bytes3 }
}
var readLabels = (payload) => {
  if (payload.byteLength === 0 || payload.byteLength % 4 !== 0) return void 0
  const labels = Array.from({ length: payload.byteLength / 4 }, (_, index) => {
    const entry2 = payload.getUint32(4 * index)
    return {
      label: entry2 >>> 12,
      trafficClass: (entry2 >>> 9) & 7,
      bottomOfStack: (entry2 & 256) !== 0,
      ttl: entry2 & 255
    }
  })
  return { kind: "mplsLabelStack", labels }
}
var roles = ["incoming", "incomingSubIp", "outgoing", "nextHop"]
var [hasIndex, hasAddress, hasName, hasMtu] = [8, 4, 2, 1]
var addressBytes = { 1: 4, 2: 16 }
var maximumNameBytes = 64
var readInterface = (payload, type) => {
  const bytes3 = payload.byteLength
  let at = 0
  let [index, mtu] = []
  let address2
  let name
  if ((type & hasIndex) !== 0) {
    if (at + 4 > bytes3) return void 0
    index = payload.getUint32(at)
    at += 4
  }
  if ((type & hasAddress) !== 0) {
    if (at + 4 > bytes3) return void 0
    const size2 = addressBytes[payload.getUint16(at)]
    if (size2 === void 0 || at + 4 + size2 > bytes3) return void 0
    address2 = size2 === 4 ? new Ipv4Address(payload.getUint32(at + 4)) : readIpv6(payload, at + 4)
    at += 4 + size2
  }
  if ((type & hasName) !== 0) {
    const size2 = at < bytes3 ? payload.getUint8(at) : 0
    if (size2 < 4 || size2 > maximumNameBytes || size2 % 4 !== 0 || at + size2 > bytes3) return void 0
    const text2 = new Uint8Array(payload.buffer, payload.byteOffset + at + 1, size2 - 1)
    const end = text2.indexOf(0)
    name = fromUtf8(end < 0 ? text2 : text2.subarray(0, end))
    at += size2
  }
  if ((type & hasMtu) !== 0) {
    if (at + 4 > bytes3) return void 0
    mtu = payload.getUint32(at)
    at += 4
  }
  if (at !== bytes3) return void 0
  const role = roles[type >> 6] ?? "incoming"
  return {
    kind: "interface",
    role,
    ...(index === void 0 ? {} : { index }),
    ...(address2 === void 0 ? {} : { address: address2 }),
    ...(name === void 0 ? {} : { name }),
    ...(mtu === void 0 ? {} : { mtu })
  }
}

// packages/control/dist/internal/on.js
var on = (level, option2) => [{ level, option: option2, value: 1 }]

// packages/control/dist/internal/optionsOf.js
var optionsOf = (name, options) => {
  if (typeof options === "object" && options !== null) return options
  throw new TypeError(`${name}: the options are ${format(options)}. Give an object.`)
}

// packages/control/dist/platform/darwin.js
var IPPROTO_IP = 0
var IPPROTO_IPV6 = 41
var SOL_SOCKET = 65535
var SO_REUSEADDR = 4
var SO_BROADCAST = 32
var SO_REUSEPORT = 512
var SO_SNDBUF = 4097
var SO_RCVBUF = 4098
var IP_TTL = 4
var IP_STRIPHDR = 23
var IP_DONTFRAG = 28
var IPV6_UNICAST_HOPS = 4
var IPV6_V6ONLY = 27
var IPV6_DONTFRAG = 62
var MCAST_JOIN_GROUP = 80
var MCAST_LEAVE_GROUP = 81
var MCAST_JOIN_SOURCE_GROUP = 82
var MCAST_LEAVE_SOURCE_GROUP = 83
var MCAST_BLOCK_SOURCE = 84
var MCAST_UNBLOCK_SOURCE = 85
var SO_TIMESTAMP = 1024
var IP_RECVTTL = 24
var IP_RECVTOS = 27
var IPV6_RECVTCLASS = 35
var IPV6_RECVHOPLIMIT = 37
var IPV6_RECVPATHMTU = 43
var IPV6_RECVPKTINFO = 61
var SCM_RIGHTS = 1
var SCM_TIMESTAMP = 2
var IP_TOS = 3
var IP_PKTINFO = 26
var IPV6_TCLASS = 36
var IPV6_PATHMTU = 44
var IPV6_PKTINFO = 46
var IPV6_HOPLIMIT = 47

// packages/control/dist/platform/linux.js
var IPPROTO_IP2 = 0
var SOL_SOCKET2 = 1
var IPPROTO_UDP = 17
var IPPROTO_IPV62 = 41
var SO_REUSEADDR2 = 2
var SO_BROADCAST2 = 6
var SO_SNDBUF2 = 7
var SO_RCVBUF2 = 8
var SO_PRIORITY = 12
var SO_REUSEPORT2 = 15
var SO_MARK = 36
var IP_MTU_DISCOVER = 10
var IP_FREEBIND = 15
var IP_TRANSPARENT = 19
var IPV6_UNICAST_HOPS2 = 16
var IPV6_MTU_DISCOVER = 23
var IPV6_V6ONLY2 = 26
var IPV6_DONTFRAG2 = 62
var IPV6_AUTOFLOWLABEL = 70
var IPV6_TRANSPARENT = 75
var IPV6_FREEBIND = 78
var MCAST_JOIN_GROUP2 = 42
var MCAST_BLOCK_SOURCE2 = 43
var MCAST_UNBLOCK_SOURCE2 = 44
var MCAST_LEAVE_GROUP2 = 45
var MCAST_JOIN_SOURCE_GROUP2 = 46
var MCAST_LEAVE_SOURCE_GROUP2 = 47
var IP_RECVOPTS = 6
var IP_RECVERR = 11
var SO_PASSPIDFD = 76
var IP_RECVTTL2 = 12
var IP_RECVTOS2 = 13
var IP_RECVERR_RFC4884 = 26
var IPV6_RECVERR = 25
var IPV6_RECVERR_RFC4884 = 31
var IPV6_RECVPKTINFO2 = 49
var IPV6_RECVHOPLIMIT2 = 51
var IPV6_RECVPATHMTU2 = 60
var IPV6_RECVTCLASS2 = 66
var SO_RCVMARK = 75
var SO_RCVPRIORITY = 82
var SCM_RIGHTS2 = 1
var SCM_PIDFD = 4
var IP_TOS2 = 1
var IP_TTL2 = 2
var IP_RETOPTS = 7
var IP_PKTINFO2 = 8
var IPV6_FLOWINFO = 11
var SO_TIMESTAMPNS_OLD = 35
var SO_TIMESTAMPING_OLD = 37
var IPV6_PKTINFO2 = 50
var IPV6_HOPLIMIT2 = 52
var IPV6_PATHMTU2 = 61
var SO_TIMESTAMPNS_NEW = 64
var SO_TIMESTAMPING_NEW = 65
var IPV6_TCLASS2 = 67
var UDP_SEGMENT = 103
var UDP_GRO = 104
var SOF_TIMESTAMPING_TX_SOFTWARE = 2
var SOF_TIMESTAMPING_RX_HARDWARE = 4
var SOF_TIMESTAMPING_RX_SOFTWARE = 8
var SOF_TIMESTAMPING_SOFTWARE = 16
var SOF_TIMESTAMPING_RAW_HARDWARE = 64
var SOF_TIMESTAMPING_OPT_ID = 128
var SOF_TIMESTAMPING_TX_SCHED = 256
var SOF_TIMESTAMPING_OPT_TSONLY = 2048
var SO_BINDTOIFINDEX = 62

// packages/control/dist/platform/winsock.js
var IPPROTO_IP3 = 0
var IPPROTO_UDP2 = 17
var IPPROTO_IPV63 = 41
var SOL_SOCKET3 = 65535
var SO_EXCLUSIVEADDRUSE = -5
var SO_REUSEADDR3 = 4
var SO_BROADCAST3 = 32
var SO_SNDBUF3 = 4097
var SO_RCVBUF3 = 4098
var IP_DONTFRAGMENT = 14
var IP_MTU_DISCOVER2 = 71
var IPV6_UNICAST_HOPS3 = 4
var IPV6_DONTFRAG3 = 14
var IPV6_V6ONLY3 = 27
var IPV6_MTU_DISCOVER2 = 71
var MCAST_JOIN_GROUP3 = 41
var MCAST_LEAVE_GROUP3 = 42
var MCAST_BLOCK_SOURCE3 = 43
var MCAST_UNBLOCK_SOURCE3 = 44
var MCAST_JOIN_SOURCE_GROUP3 = 45
var MCAST_LEAVE_SOURCE_GROUP3 = 46
var IP_ADD_MEMBERSHIP = 12
var IP_DROP_MEMBERSHIP = 13
var IPV6_ADD_MEMBERSHIP = 12
var IPV6_DROP_MEMBERSHIP = 13
var UDP_RECV_MAX_COALESCED_SIZE = 3
var IP_RECVTTL3 = 21
var IP_RECVTOS3 = 40
var IPV6_RECVTCLASS3 = 40
var UDP_SEND_MSG_SIZE = 2
var UDP_COALESCED_INFO = 3
var IP_TOS3 = 3
var IP_TTL3 = 4
var IP_PKTINFO3 = 19
var IP_HOPLIMIT = 21
var IP_TCLASS = 39
var IP_ECN = 50
var IPV6_PKTINFO3 = 19
var IPV6_HOPLIMIT3 = 21
var IPV6_TCLASS3 = 39
var IPV6_ECN = 50

// packages/control/dist/message/Coalescing.js
var read2 = (value) => (value >= 1 && value <= 65535 ? value : { malformed: `a segment size of ${value}` })
var write3 = (value) => value
var linux = {
  request: on(IPPROTO_UDP, UDP_GRO),
  // Linux: the option and the received message are an int; a sent message has the size in two bytes.
  receive: [{ level: IPPROTO_UDP, type: UDP_GRO, payload: transform(int32, { read: read2, write: write3 }) }]
}
var darwin = { unsupported: "macOS does not merge datagrams" }
var coalescing = (options) => {
  const { maximumBytes } = optionsOf("coalescing", options)
  within("A maximum of merged bytes", maximumBytes, 1, 65527)
  const winsock6 = {
    request: [{ level: IPPROTO_UDP2, option: UDP_RECV_MAX_COALESCED_SIZE, value: maximumBytes }],
    receive: [
      { level: IPPROTO_UDP2, type: UDP_COALESCED_INFO, payload: transform(uint32, { read: read2, write: write3 }) }
    ]
  }
  return define({
    key: "coalescedSize",
    presence: "optional",
    table: {
      linux: { ipv4: linux, ipv6: linux },
      winsock: { ipv4: winsock6, ipv6: winsock6 },
      darwin: { ipv4: darwin, ipv6: darwin }
    }
  })
}
var Coalescing = coalescing({ maximumBytes: 65527 })

// packages/control/dist/internal/classByte.js
var classRows = (view) => {
  const read7 = (byte) => (byte >= 0 && byte <= 255 ? view.read(byte) : { malformed: `a traffic class of ${byte}` })
  const { excludes, mask, validate: validate5, write: write5 } = view
  const asInt = transform(int32, { read: read7, write: write5, validate: validate5 })
  const asByte = transform(uint8, { read: read7, write: write5, validate: validate5 })
  const departure = (level, type) => ({
    level,
    type,
    payload: asInt,
    excludes,
    // The whole byte has no other bits to fill in.
    shared: mask === 255 ? void 0 : { mask, level, option: type, whole: 255 }
  })
  const ipv62 = (option2, type) => ({
    request: on(IPPROTO_IPV62, option2),
    receive: [{ level: IPPROTO_IPV62, type, payload: asInt }],
    send: departure(IPPROTO_IPV62, type)
  })
  return {
    linux: {
      ipv4: {
        request: on(IPPROTO_IP2, IP_RECVTOS2),
        // Linux: one byte on receiving (cmsg_len 17, then stale padding), although sending accepts four.
        receive: [{ level: IPPROTO_IP2, type: IP_TOS2, payload: asByte }],
        send: departure(IPPROTO_IP2, IP_TOS2)
      },
      ipv6: ipv62(IPV6_RECVTCLASS2, IPV6_TCLASS2)
    },
    darwin: {
      ipv4: {
        request: on(IPPROTO_IP, IP_RECVTOS),
        // Darwin: delivered with the number of the option that requests it, as one byte.
        receive: [{ level: IPPROTO_IP, type: IP_RECVTOS, payload: asByte }],
        send: departure(IPPROTO_IP, IP_TOS)
      },
      ipv6: ipv62(IPV6_RECVTCLASS, IPV6_TCLASS)
    },
    winsock: {
      ipv4: {
        request: on(IPPROTO_IP3, IP_RECVTOS3),
        // Winsock: Windows 10 up to 1607 delivers type IP_TCLASS (39), later ones IP_TOS (3).
        receive: [
          { level: IPPROTO_IP3, type: IP_TOS3, payload: asInt },
          { level: IPPROTO_IP3, type: IP_TCLASS, payload: asInt }
        ],
        send: departure(IPPROTO_IP3, IP_TOS3)
      },
      ipv6: ipv62(IPV6_RECVTCLASS3, IPV6_TCLASS3)
    }
  }
}

// packages/control/dist/message/Dscp.js
var Dscp = define({
  key: "dscp",
  presence: "required",
  table: classRows({
    mask: 252,
    read: (byte) => byte >> 2,
    write: (codepoint2) => codepoint2 << 2,
    validate: (value) => (isInteger(value, 0, 63) ? void 0 : `${format(value)} is not a DSCP: an integer from 0 to 63`)
  })
})

// packages/control/dist/message/Ecn.js
var codepoints = ["not-ect", "ect1", "ect0", "ce"]
var validate = (value) =>
  codepoints.includes(value) ? void 0 : `${format(value)} is not an ECN codepoint: "not-ect", "ect0", "ect1" or "ce"`
var rows = classRows({
  mask: 3,
  read: (byte) => codepoints[byte & 3] ?? "not-ect",
  write: (value) => codepoints.indexOf(value),
  validate
})
var codepoint = transform(int32, {
  read: (value) => codepoints[value] ?? { malformed: `an ECN codepoint of ${value}` },
  write: (value) => codepoints.indexOf(value),
  validate
})
var withOwnMessage = (row7, level, type) => ({
  ...row7,
  send: { level, type, payload: codepoint }
})
var Ecn = define({
  key: "ecn",
  presence: "required",
  table: {
    ...rows,
    winsock: {
      ipv4: withOwnMessage(rows.winsock.ipv4, IPPROTO_IP3, IP_ECN),
      ipv6: withOwnMessage(rows.winsock.ipv6, IPPROTO_IPV63, IPV6_ECN)
    }
  }
})

// packages/control/dist/internal/extendedError.js
var origins = ["none", "local", "icmp", "icmp6", "stamp", "zerocopy", "txtime"]
var offender4 = (view, at) => new Ipv4Address(view.getUint32(at + 4))
var offender6 = (view, at) => {
  const address2 = readIpv6(view, at + 8, view.getUint32(at + 24, true))
  return address2.toIpv4() ?? address2
}
var extensionOf = (view, at) => {
  const length3 = view.getUint16(at, true)
  return length3 === 0 ? void 0 : { at: length3, valid: (view.getUint8(at + 2) & 1) === 0 }
}
var read3 = (view, at, offender) => ({
  errno: view.getUint32(at, true),
  origin: origins[view.getUint8(at + 4)] ?? "unknown",
  // Only the quotation of an ICMP message has an extension.
  extension: /^icmp6?$/.test(origins[view.getUint8(at + 4)] ?? "") ? extensionOf(view, at + 12) : void 0,
  type: view.getUint8(at + 5),
  code: view.getUint8(at + 6),
  info: view.getUint32(at + 8, true),
  data: view.getUint32(at + 12, true),
  offender: view.getUint16(at + 16, true) === 0 ? void 0 : offender(view, at + 16)
})
var extendedErrors = (as2) => ({
  ipv4: {
    level: IPPROTO_IP2,
    type: IP_RECVERR,
    payload: { size: 32, read: (view, at) => as2(read3(view, at, offender4)) },
    event: "errorQueue"
  },
  ipv6: {
    level: IPPROTO_IPV62,
    type: IPV6_RECVERR,
    payload: { size: 44, read: (view, at) => as2(read3(view, at, offender6)) },
    event: "errorQueue"
  }
})
var asksForExtensions = (level, option2) => ({ level, option: option2, value: 1, dispensable: true })
var asksForErrors = {
  ipv4: [...on(IPPROTO_IP2, IP_RECVERR), asksForExtensions(IPPROTO_IP2, IP_RECVERR_RFC4884)],
  ipv6: [...on(IPPROTO_IPV62, IPV6_RECVERR), asksForExtensions(IPPROTO_IPV62, IPV6_RECVERR_RFC4884)]
}

// packages/control/dist/message/ErrorReports.js
var errors = extendedErrors((error) => (/^(local|icmp6?)$/.test(error.origin) ? error : void 0))
var unsupported = {
  // Winsock: IP_RECVERR and IPV6_RECVERR (75, since Windows 10 2004) are documented, but no test has run them.
  winsock: {
    unsupported: "Windows reports neither the datagram nor the sender of an ICMP error"
  },
  darwin: { unsupported: "macOS has no error queue: a connected socket fails once with the error alone" }
}
var ErrorReports = define({
  key: "errorReports",
  presence: "optional",
  table: {
    linux: {
      ipv4: { request: asksForErrors.ipv4, receive: [errors.ipv4] },
      ipv6: { request: asksForErrors.ipv6, receive: [errors.ipv6] }
    },
    winsock: { ipv4: unsupported.winsock, ipv6: unsupported.winsock },
    darwin: { ipv4: unsupported.darwin, ipv6: unsupported.darwin }
  }
})

// packages/control/dist/message/HopLimit.js
var validate2 = (value) =>
  // The range is checked here, because Linux cuts the value to 16 bits on IPv6 before it checks it. It accepts 65541 as
  // 5 and 1048576 as 0.
  isInteger(value, 1, 255) ? void 0 : `${format(value)} is not a hop limit: an integer from 1 to 255`
var read4 = (value) => (value >= 0 && value <= 255 ? value : { malformed: `a hop limit of ${value}` })
var write4 = (value) => value
var hops = transform(int32, { read: read4, write: write4, validate: validate2 })
var hopByte = transform(uint8, { read: read4, write: write4, validate: validate2 })
var HopLimit = define({
  key: "hopLimit",
  presence: "required",
  table: {
    linux: {
      // Linux: requested by IP_RECVTTL (12), delivered as IP_TTL (2).
      ipv4: {
        request: on(IPPROTO_IP2, IP_RECVTTL2),
        receive: [{ level: IPPROTO_IP2, type: IP_TTL2, payload: hops }],
        send: { level: IPPROTO_IP2, type: IP_TTL2, payload: hops }
      },
      ipv6: {
        request: on(IPPROTO_IPV62, IPV6_RECVHOPLIMIT2),
        receive: [{ level: IPPROTO_IPV62, type: IPV6_HOPLIMIT2, payload: hops }],
        send: { level: IPPROTO_IPV62, type: IPV6_HOPLIMIT2, payload: hops }
      }
    },
    darwin: {
      ipv4: {
        request: on(IPPROTO_IP, IP_RECVTTL),
        receive: [{ level: IPPROTO_IP, type: IP_RECVTTL, payload: hopByte }],
        send: { unsupported: "macOS takes no TTL with a single IPv4 datagram" }
      },
      ipv6: {
        request: on(IPPROTO_IPV6, IPV6_RECVHOPLIMIT),
        receive: [{ level: IPPROTO_IPV6, type: IPV6_HOPLIMIT, payload: hops }],
        send: { level: IPPROTO_IPV6, type: IPV6_HOPLIMIT, payload: hops }
      }
    },
    winsock: {
      ipv4: {
        request: on(IPPROTO_IP3, IP_RECVTTL3),
        // Winsock: Windows 10 up to 1607 delivers type IP_HOPLIMIT (21), later ones IP_TTL (4).
        receive: [
          { level: IPPROTO_IP3, type: IP_TTL3, payload: hops },
          { level: IPPROTO_IP3, type: IP_HOPLIMIT, payload: hops }
        ],
        send: { level: IPPROTO_IP3, type: IP_TTL3, payload: hops }
      },
      ipv6: {
        request: on(IPPROTO_IPV63, IPV6_HOPLIMIT3),
        receive: [{ level: IPPROTO_IPV63, type: IPV6_HOPLIMIT3, payload: hops }],
        send: { level: IPPROTO_IPV63, type: IPV6_HOPLIMIT3, payload: hops }
      }
    }
  }
})

// packages/control/dist/message/FlowLabel.js
var label = {
  size: 4,
  read: (view, at) => view.getUint32(at) & 1048575,
  write: (view, at, value) => {
    view.setUint32(at, value)
    return 4
  },
  validate: (value) =>
    isInteger(value, 1, 1048575)
      ? void 0
      : `${format(value)} is not a flow label: an integer from 1 to 1048575 (0 is replaced by the kernel's own: leave it out)`
}
var unsupported2 = (system) => ({ unsupported: `${system} has no message for the flow label` })
var FlowLabel = define({
  key: "flowLabel",
  presence: "optional",
  table: {
    linux: {
      ipv6: {
        request: on(IPPROTO_IPV62, IPV6_FLOWINFO),
        receive: [{ level: IPPROTO_IPV62, type: IPV6_FLOWINFO, payload: label }],
        send: { level: IPPROTO_IPV62, type: IPV6_FLOWINFO, payload: label }
      }
    },
    winsock: { ipv6: unsupported2("Windows") },
    darwin: { ipv6: unsupported2("macOS") }
  }
})

// packages/control/dist/message/IpOptions.js
var received = bytes({ minimum: 4, maximum: 40 })
var sent = {
  ...bytes({ maximum: 40 }),
  validate: (value) => bytes({ maximum: 40 }).validate?.(value) ?? malformed(value)
}
var endOfOptions = 0
var noOperation = 1
var malformed = (options) => {
  let at = 0
  while (at < options.length) {
    const type = options[at]
    if (type === endOfOptions) return void 0
    const length3 = type === noOperation ? 1 : (options[at + 1] ?? 0)
    if (type !== noOperation && length3 < 2) return `the option of type ${type} at byte ${at} has no length`
    if (at + length3 > options.length) return `the option of type ${type} at byte ${at} goes on behind the last byte`
    at += length3
  }
  return void 0
}
var unsupported3 = {
  winsock: { unsupported: "Windows takes options for a whole socket alone, and tells none of those that arrive" },
  // Darwin: IP_RECVOPTS can be set, but its code is not compiled (bsd/netinet/ip_input.c, "notyet").
  darwin: { unsupported: "macOS has the option that asks for them, and delivers none" }
}
var IpOptions = define({
  key: "ipOptions",
  presence: "optional",
  table: {
    linux: {
      ipv4: {
        request: on(IPPROTO_IP2, IP_RECVOPTS),
        receive: [{ level: IPPROTO_IP2, type: IP_RECVOPTS, payload: received }],
        // Linux: the type to send is that of options reversed for a reply. The received type fails with EINVAL.
        send: {
          level: IPPROTO_IP2,
          type: IP_RETOPTS,
          payload: sent,
          privilege: "CAP_NET_RAW for source routes"
        }
      }
    },
    winsock: { ipv4: unsupported3.winsock },
    darwin: { ipv4: unsupported3.darwin }
  }
})

// packages/control/dist/message/Mark.js
var row = {
  request: on(SOL_SOCKET2, SO_RCVMARK),
  receive: [{ level: SOL_SOCKET2, type: SO_MARK, payload: uint32 }],
  send: {
    level: SOL_SOCKET2,
    type: SO_MARK,
    payload: uint32,
    privilege: "CAP_NET_ADMIN or, from Linux 5.17 on, CAP_NET_RAW"
  }
}
var unsupported4 = { unsupported: "there are no packet marks outside Linux" }
var Mark = define({
  key: "mark",
  presence: "optional",
  table: {
    linux: { ipv4: row, ipv6: row },
    winsock: { ipv4: unsupported4, ipv6: unsupported4 },
    darwin: { ipv4: unsupported4, ipv6: unsupported4 }
  }
})

// packages/control/dist/message/PathMtuReports.js
var mtuInfo = {
  size: 32,
  read: (view, at) => ({
    destination: readIpv6(view, at + 8, view.getUint32(at + 24, true)),
    mtu: view.getUint32(at + 28, true)
  })
}
var row2 = (level, option2, type) => ({
  request: on(level, option2),
  receive: [{ level, type, payload: mtuInfo, event: "pseudoDatagram" }]
})
var ipv4 = {
  unsupported: "for IPv4 the path MTU comes with the error of a datagram that was too large: declare withErrorReports()"
}
var winsock = { unsupported: "Windows has no message for the path MTU" }
var PathMtuReports = define({
  key: "pathMtuReports",
  presence: "optional",
  table: {
    linux: { ipv4, ipv6: row2(IPPROTO_IPV62, IPV6_RECVPATHMTU2, IPV6_PATHMTU2) },
    darwin: { ipv4, ipv6: row2(IPPROTO_IPV6, IPV6_RECVPATHMTU, IPV6_PATHMTU) },
    winsock: { ipv4: winsock, ipv6: winsock }
  }
})

// packages/control/dist/message/PktInfo.js
var last4 = { destination: Ipv4Address.unspecified, local: void 0, interfaceIndex: 0 }
var last6 = { destination: Ipv6Address.unspecified, local: void 0, interfaceIndex: 0 }
var posix4 = {
  size: 12,
  read: (view, at) => {
    const interfaceIndex = view.getUint32(at, true)
    const local = view.getUint32(at + 4)
    const destination = view.getUint32(at + 8)
    if (
      last4.destination.value !== destination ||
      (last4.local?.value ?? 0) !== local ||
      last4.interfaceIndex !== interfaceIndex
    ) {
      last4 = {
        destination: new Ipv4Address(destination),
        // Linux: 0.0.0.0 if the datagram was queued before the option was set, and always on ping sockets.
        local: local === 0 ? void 0 : new Ipv4Address(local),
        interfaceIndex
      }
    }
    return last4
  },
  write: (view, at, source) => {
    view.setUint32(at, source.interfaceIndex ?? 0, true)
    view.setUint32(at + 4, sourceOf("ipv4", source)?.value ?? 0)
    view.setUint32(at + 8, 0)
    return 12
  },
  validate: (source) => validate3("ipv4", source)
}
var winsock4 = {
  size: 8,
  read: (view, at) => ({
    destination: new Ipv4Address(view.getUint32(at)),
    local: void 0,
    interfaceIndex: view.getUint32(at + 4, true)
  }),
  write: (view, at, source) => {
    view.setUint32(at, sourceOf("ipv4", source)?.value ?? 0)
    view.setUint32(at + 4, source.interfaceIndex ?? 0, true)
    return 8
  },
  validate: (source) => validate3("ipv4", source)
}
var info6 = {
  size: 20,
  read: (view, at) => {
    const interfaceIndex = view.getUint32(at + 16, true)
    const { destination: known } = last6
    if (
      last6.interfaceIndex !== interfaceIndex ||
      known.a !== view.getUint32(at) ||
      known.b !== view.getUint32(at + 4) ||
      known.c !== view.getUint32(at + 8) ||
      known.d !== view.getUint32(at + 12)
    ) {
      const destination = readIpv6(view, at)
      last6 = {
        destination: destination.isLinkLocal ? destination.withZone(interfaceIndex) : destination,
        local: void 0,
        interfaceIndex
      }
    }
    return last6
  },
  write: (view, at, source) => {
    const address2 = sourceOf("ipv6", source)
    if (address2 === void 0) for (let i = 0; i < 16; i++) view.setUint8(at + i, 0)
    else writeIpv6(view, at, address2)
    view.setUint32(at + 16, source.interfaceIndex ?? address2?.zone ?? 0, true)
    return 20
  },
  validate: (source) => validate3("ipv6", source)
}
var lastText = "0.0.0.0"
var lastRead = parseAddress(lastText)
var parsed = (text2) => {
  if (text2 !== lastText) {
    lastText = text2
    lastRead = parseAddress(text2)
  }
  return lastRead
}
var sourceOf = (family, { source }) => {
  const address2 = typeof source === "string" ? parsed(source) : source
  if (address2 === void 0 || isMalformed(address2) || address2.family !== family) return void 0
  return address2
}
var validate3 = (family, packetSource) => {
  if (typeof packetSource !== "object" || packetSource === null) return `${format(packetSource)} is not a packet source`
  for (const key of Object.keys(packetSource))
    if (key !== "source" && key !== "interfaceIndex")
      return `a packet source has 'source' and 'interfaceIndex', not '${key}'`
  const { interfaceIndex, source } = packetSource
  if (interfaceIndex !== void 0 && !isInteger(interfaceIndex, 0, 2147483647))
    return `${format(interfaceIndex)} is not an interface index`
  if (source === void 0) return void 0
  const address2 = typeof source === "string" ? parsed(source) : source
  if (isMalformed(address2)) return address2.malformed
  if (!(address2 instanceof Ipv4Address || address2 instanceof Ipv6Address) || address2.family !== family)
    return `${format(address2)} is not an ${family === "ipv4" ? "IPv4" : "IPv6"} address`
  if (
    address2 instanceof Ipv6Address &&
    address2.zone !== 0 &&
    interfaceIndex !== void 0 &&
    interfaceIndex !== address2.zone
  ) {
    return `${address2} is an address of interface ${address2.zone}, not of ${interfaceIndex}`
  }
  if (address2.equals(Ipv4Address.broadcast)) return `${address2} is a broadcast address: nothing can be sent from it`
  return address2.isMulticast ? `${address2} is a group: nothing can be sent from it` : void 0
}
var boundInterface = {
  level: SOL_SOCKET2,
  option: SO_BINDTOIFINDEX,
  concerns: ({ interfaceIndex }) => interfaceIndex !== void 0 && interfaceIndex !== 0,
  validate: ({ interfaceIndex }, bound2) =>
    bound2 === 0 || interfaceIndex === void 0 || interfaceIndex === 0 || interfaceIndex === bound2
      ? void 0
      : `this socket is bound to interface ${bound2}, and cannot send by ${interfaceIndex}`
}
var posixRow4 = (level, type, agrees) => ({
  request: on(level, type),
  receive: [{ level, type, payload: posix4 }],
  send: { level, type, payload: posix4, mustMatchOption: agrees }
})
var row6 = (level, option2, type, agrees) => ({
  request: on(level, option2),
  receive: [{ level, type, payload: info6 }],
  send: { level, type, payload: info6, mustMatchOption: agrees }
})
var PktInfo = define({
  key: "pktInfo",
  presence: "required",
  table: {
    linux: {
      ipv4: posixRow4(IPPROTO_IP2, IP_PKTINFO2, boundInterface),
      // Linux: IPV6_PKTINFO (50) as an option is the sticky one. IPV6_RECVPKTINFO (49) requests the message, which has
      // type 50.
      ipv6: row6(IPPROTO_IPV62, IPV6_RECVPKTINFO2, IPV6_PKTINFO2, boundInterface)
    },
    darwin: {
      ipv4: posixRow4(IPPROTO_IP, IP_PKTINFO),
      ipv6: row6(IPPROTO_IPV6, IPV6_RECVPKTINFO, IPV6_PKTINFO)
    },
    winsock: {
      ipv4: {
        request: on(IPPROTO_IP3, IP_PKTINFO3),
        receive: [{ level: IPPROTO_IP3, type: IP_PKTINFO3, payload: winsock4 }],
        send: { level: IPPROTO_IP3, type: IP_PKTINFO3, payload: winsock4 }
      },
      ipv6: row6(IPPROTO_IPV63, IPV6_PKTINFO3, IPV6_PKTINFO3)
    }
  }
})

// packages/control/dist/message/Priority.js
var row3 = {
  request: on(SOL_SOCKET2, SO_RCVPRIORITY),
  receive: [{ level: SOL_SOCKET2, type: SO_PRIORITY, payload: uint32 }],
  send: {
    level: SOL_SOCKET2,
    type: SO_PRIORITY,
    payload: uint32,
    // Linux: IP_TOS sets the priority, too, and the later of the two is used.
    writeLast: true,
    privilege: "CAP_NET_ADMIN or CAP_NET_RAW above 6"
  }
}
var unsupported5 = { unsupported: "only Linux lets a datagram say how it is queued" }
var Priority = define({
  key: "priority",
  presence: "optional",
  table: {
    linux: { ipv4: row3, ipv6: row3 },
    winsock: { ipv4: unsupported5, ipv6: unsupported5 },
    darwin: { ipv4: unsupported5, ipv6: unsupported5 }
  }
})

// packages/control/dist/message/PidFd.js
var descriptor = {
  size: 4,
  read: (view, at) => {
    const number2 = view.getInt32(at, true)
    return number2 < 0 ? void 0 : new Descriptor(number2)
  }
}
var undone = "only Linux hands out descriptors of processes"
var PidFd = define({
  key: "pidFd",
  presence: "optional",
  table: {
    linux: {
      unix: {
        request: on(SOL_SOCKET2, SO_PASSPIDFD),
        receive: [{ level: SOL_SOCKET2, type: SCM_PIDFD, payload: descriptor }]
      }
    },
    darwin: { unix: { unsupported: undone } },
    winsock: { unix: { unsupported: undone } }
  }
})

// packages/control/dist/message/Rights.js
var maximumRights = 253
var descriptors = {
  size: { minimum: 4, maximum: 4 * maximumRights },
  read: (view, at, length3) => {
    if (length3 % 4 !== 0) return { malformed: `${length3} bytes are no whole number of descriptors`, offset: at }
    const numbers3 = Array.from({ length: length3 / 4 }, (_, i) => view.getInt32(at + 4 * i, true))
    const negative = numbers3.find((number2) => number2 < 0)
    return negative === void 0
      ? numbers3.map((number2) => new Descriptor(number2))
      : { malformed: `a descriptor of ${negative}`, offset: at }
  },
  write: (view, at, values) => {
    for (const [i, value] of values.entries()) view.setInt32(at + 4 * i, numberOf(value), true)
    return 4 * values.length
  },
  validate: (values) => {
    if (!Array.isArray(values)) return `${format(values)} is not an array of descriptors`
    if (values.length < 1 || values.length > maximumRights)
      return `${values.length} descriptors cannot go with a datagram: 1 to ${maximumRights} do, and with none the message is left out`
    for (const value of values) {
      if (value instanceof Descriptor) {
        if (value.state === "closed") return `the descriptor ${value.number} was closed: its number is another's by now`
      } else if (!isInteger(value, 0, 2147483647)) return `${format(value)} is not a descriptor`
    }
    return void 0
  }
}
var numberOf = (value) => (typeof value === "number" ? value : value.number)
var row4 = (level, type) => ({
  // No request is needed: the kernel delivers them if the control buffer has space.
  request: [],
  receive: [{ level, type, payload: descriptors, multiple: true }],
  send: {
    level,
    type,
    payload: descriptors,
    errorHints: {
      EBADF: "One of the numbers is no open descriptor of this process: send it before it is closed",
      EPERM: "The receiver takes no descriptors (SO_PASSRIGHTS): send it data alone",
      ETOOMANYREFS:
        "More descriptors are under way than this process may have open files: let their receivers read first",
      // musl: sendmsg copies control data into a buffer of 1024 bytes.
      ENOMEM: "This C library sends 252 descriptors at the most: send the rest with another datagram"
    }
  }
})
var Rights = define({
  key: "rights",
  presence: "repeated",
  table: {
    linux: { unix: row4(SOL_SOCKET2, SCM_RIGHTS2) },
    darwin: { unix: row4(SOL_SOCKET, SCM_RIGHTS) },
    winsock: {
      unix: { unsupported: "Windows has no Unix datagram sockets, and hands handles over with DuplicateHandle" }
    }
  }
})

// packages/control/dist/message/Segmentation.js
var sized = (codec) =>
  transform(codec, {
    read: (value) => value,
    write: (value) => value,
    validate: (value) =>
      isInteger(value, 1, 65535) ? void 0 : `${format(value)} is not a size of segments: an integer from 1 to 65535`
  })
var linux2 = {
  request: [],
  // Linux: the message has two bytes, and any other size is EINVAL. The option of that number has four.
  send: { level: IPPROTO_UDP, type: UDP_SEGMENT, payload: sized(uint16) }
}
var winsock2 = {
  request: [],
  send: { level: IPPROTO_UDP2, type: UDP_SEND_MSG_SIZE, payload: sized(uint32) }
}
var darwin2 = { unsupported: "macOS does not cut a payload into datagrams" }
var Segmentation = define({
  key: "segmentSize",
  presence: "required",
  table: {
    linux: { ipv4: linux2, ipv6: linux2 },
    winsock: { ipv4: winsock2, ipv6: winsock2 },
    darwin: { ipv4: darwin2, ipv6: darwin2 }
  }
})

// packages/control/dist/internal/timespec.js
var timespec64 = (view, at) => view.getBigInt64(at, true) * 1000000000n + view.getBigInt64(at + 8, true)
var timespec32 = (view, at) => BigInt(view.getInt32(at, true)) * 1000000000n + BigInt(view.getInt32(at + 4, true))

// packages/control/dist/message/Timestamp.js
var timespec = { size: 16, read: timespec64 }
var oldTimespec = {
  size: { minimum: 8, maximum: 16 },
  read: (view, at, length3) => {
    if (length3 === 16) return timespec64(view, at)
    return length3 === 8
      ? timespec32(view, at)
      : { malformed: `a time of ${length3} bytes, which are not 8 or 16`, offset: at }
  }
}
var timeval = {
  size: 16,
  read: (view, at) => view.getBigInt64(at, true) * 1000000000n + BigInt(view.getInt32(at + 8, true)) * 1000n
}
var linux3 = {
  request: [{ level: SOL_SOCKET2, option: SO_TIMESTAMPNS_NEW, value: 1, instead: SO_TIMESTAMPNS_OLD }],
  // Linux: the number of the option decides the layout. The 64-bit layout (since 5.1) is equal on every architecture.
  receive: [
    { level: SOL_SOCKET2, type: SO_TIMESTAMPNS_NEW, payload: timespec },
    { level: SOL_SOCKET2, type: SO_TIMESTAMPNS_OLD, payload: oldTimespec }
  ]
}
var darwin3 = {
  request: on(SOL_SOCKET, SO_TIMESTAMP),
  receive: [{ level: SOL_SOCKET, type: SCM_TIMESTAMP, payload: timeval }]
}
var winsock3 = {
  unsupported: "Windows stamps with its performance counter, which is no time of day: declare withCounterTimestamp()"
}
var Timestamp = define({
  key: "timestamp",
  presence: "optional",
  table: {
    linux: { ipv4: linux3, ipv6: linux3, unix: linux3 },
    darwin: { ipv4: darwin3, ipv6: darwin3, unix: darwin3 },
    winsock: { ipv4: winsock3, ipv6: winsock3, unix: winsock3 }
  }
})

// packages/control/dist/internal/timestamping.js
var asksForStamps = (switches) => [
  {
    level: SOL_SOCKET2,
    option: SO_TIMESTAMPING_NEW,
    value: switches,
    flags: true,
    instead: SO_TIMESTAMPING_OLD
  }
]
var taken = (nanoseconds) => (nanoseconds === 0n ? void 0 : nanoseconds)
var stamps = {
  size: 48,
  read: (view, at) => ({ software: taken(timespec64(view, at)), hardware: taken(timespec64(view, at + 32)) })
}
var oldStamps = {
  size: { minimum: 24, maximum: 48 },
  read: (view, at, length3) => {
    if (length3 === 48) return stamps.read(view, at, length3)
    return length3 === 24
      ? { software: taken(timespec32(view, at)), hardware: taken(timespec32(view, at + 16)) }
      : { malformed: `stamps of ${length3} bytes, which are not 24 or 48`, offset: at }
  }
}
var stampsArrive = [
  { level: SOL_SOCKET2, type: SO_TIMESTAMPING_NEW, payload: stamps },
  { level: SOL_SOCKET2, type: SO_TIMESTAMPING_OLD, payload: oldStamps }
]

// packages/control/dist/message/Timestamping.js
var unsupported6 = {
  winsock: { unsupported: "Windows stamps with its performance counter: declare withCounterTimestamp()" },
  darwin: { unsupported: "macOS has one stamp for each datagram: declare withTimestamp()" }
}
var timestamping = (options) => {
  const stampers = optionsOf("timestamping", options)
  const software = stampers.software ? SOF_TIMESTAMPING_RX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE : 0
  const hardware2 = stampers.hardware ? SOF_TIMESTAMPING_RX_HARDWARE | SOF_TIMESTAMPING_RAW_HARDWARE : 0
  const linux6 = { request: asksForStamps(software | hardware2), receive: stampsArrive }
  return define({
    key: "timestamping",
    presence: "optional",
    table: {
      linux: { ipv4: linux6, ipv6: linux6 },
      winsock: { ipv4: unsupported6.winsock, ipv6: unsupported6.winsock },
      darwin: { ipv4: unsupported6.darwin, ipv6: unsupported6.darwin }
    }
  })
}
var Timestamping = timestamping({ software: true, hardware: false })

// packages/control/dist/message/TrafficClass.js
var TrafficClass = define({
  key: "trafficClass",
  presence: "required",
  table: classRows({
    mask: 255,
    excludes: ["dscp", "ecn"],
    read: (byte) => byte,
    write: (byte) => byte,
    // Linux accepts -1 for IPv6 and sends 255.
    validate: (value) =>
      isInteger(value, 0, 255) ? void 0 : `${format(value)} is not a traffic class: an integer from 0 to 255`
  })
})

// packages/control/dist/message/TransmitTimestamp.js
var stages = ["sent", "scheduled", "acknowledged", "completed"]
var numbers = extendedErrors((error) =>
  error.origin === "stamp" ? { number: error.data, stage: stages[error.info] ?? "unknown" } : void 0
)
var validate4 = (value) => {
  if (typeof value !== "object" || value === null) return validateId(value)
  const { id, scheduled } = value
  const unknown = Object.keys(value).find((key) => key !== "id" && key !== "scheduled")
  if (unknown !== void 0) return `a stamp is asked for with 'id' and 'scheduled', not '${unknown}'`
  if (scheduled !== void 0 && typeof scheduled !== "boolean") return `${format(scheduled)} is neither true nor false`
  return validateId(id)
}
var validateId = (id) =>
  isInteger(id, 0, 4294967295) ? void 0 : `${format(id)} is not an id: an integer from 0 to 4294967295`
var asksForOne = {
  level: SOL_SOCKET2,
  type: SO_TIMESTAMPING_OLD,
  payload: {
    size: 4,
    validate: validate4,
    write: (view, at, value) => {
      const scheduled = typeof value === "object" && value.scheduled === true
      view.setUint32(at, SOF_TIMESTAMPING_TX_SOFTWARE | (scheduled ? SOF_TIMESTAMPING_TX_SCHED : 0), true)
      return 4
    }
  }
}
var row5 = (family) => ({
  // Linux: an entry of the error queue has no stamp without SOFTWARE, and no number without OPT_ID. Without OPT_TSONLY
  // it contains the frame.
  request: asksForStamps(SOF_TIMESTAMPING_SOFTWARE | SOF_TIMESTAMPING_OPT_ID | SOF_TIMESTAMPING_OPT_TSONLY),
  receive: [
    ...stampsArrive.map(({ level, payload, type }) => ({
      level,
      type,
      payload: {
        size: payload.size,
        read: (view, at, length3) => {
          const stamps2 = payload.read(view, at, length3)
          return stamps2 === void 0 || "malformed" in stamps2 || stamps2.software === void 0
            ? void 0
            : { timestamp: stamps2.software }
        }
      },
      event: "errorQueue",
      // Linux: SOFTWARE also reports received datagrams as soon as any socket of the host requests their stamps.
      mayAccompanyDatagram: true
    })),
    numbers[family]
  ],
  send: asksForOne
})
var unsupported7 = {
  winsock: {
    unsupported: "Windows hands out the stamp of a datagram that was sent by an ioctl of its own (SIO_GET_TX_TIMESTAMP)"
  },
  darwin: { unsupported: "macOS stamps what arrives, not what is sent" }
}
var TransmitTimestamp = define({
  key: "transmitTimestamp",
  presence: "optional",
  table: {
    linux: { ipv4: row5("ipv4"), ipv6: row5("ipv6") },
    winsock: { ipv4: unsupported7.winsock, ipv6: unsupported7.winsock },
    darwin: { ipv4: unsupported7.darwin, ipv6: unsupported7.darwin }
  }
})

// packages/effect3/dist/DatagramSockets.js
import * as Context from "effect/Context"
import * as Effect2 from "effect/Effect"
import * as Layer from "effect/Layer"

// packages/engine/dist/driver/Driver.js
var isFault = (value) => typeof value === "object" && value !== null && "errno" in value
var isUnavailable = (value) => typeof value === "object" && value !== null && "remedy" in value

// packages/engine/dist/errors/causes.js
var shortOfMemory = "The system has too little memory for another socket"
var closeOrWait = "Close some sockets, or try again later"
var noRouteToPeer = ["Unreachable", "There is no route to the peer", "Check its address and the routes of this host"]
var noInterface = [
  "NoSuchInterface",
  "There is no such interface, or no route chooses one",
  "Give the index of an interface that is up"
]
var tooManyMemberships = [
  "TooManyMemberships",
  "The socket has as many memberships as the system allows",
  "Join on another socket, or raise the limit (Linux: net.ipv4.igmp_max_memberships, net.ipv4.igmp_max_msf, net.ipv6.mld_max_msf, net.core.optmem_max)"
]
var optionForbidden = [
  "PermissionDenied",
  "The option requires {privilege}",
  "Grant it to the process, or leave the option out"
]
var noOptionOfKind = ["Unsupported", "Sockets of this kind do not have the option", "Leave it out here"]
var refusedEarlier = [
  "ConnectionRefused",
  "Port unreachable: the peer refused an earlier datagram, and this one was not sent",
  "Send it again once the peer listens"
]
var readOn = "Receive again"
var earlierRefused = ["ConnectionRefused", "Port unreachable: the peer refused an earlier datagram", readOn]
var earlierLost = ["Unreachable", "An earlier datagram did not reach its destination", readOn]
var earlierUnknown = ["Unreachable", "The destination of an earlier datagram does not know its protocol", readOn]
var noSocketThere = "No socket has this path or name"
var notForDatagrams = "The socket at that path is not a datagram socket"
var causes = {
  open: {
    EADDRINUSE: [
      "AddressInUse",
      "Another socket has this address",
      "Choose another port, or stop the other program. If both should share it, every one of them must declare withReusePort() (Linux: datagrams are divided among them) or withReuseAddress() (multicast)"
    ],
    "EADDRINUSE, port 0": [
      "AddressInUse",
      "Every port that the system assigns is in use",
      "Close sockets, bind to a port of your choice, or widen the range (Linux: sysctl net.ipv4.ip_local_port_range)"
    ],
    "setsockopt *, port 0": [
      "InvalidArgument",
      "This system does not share a port that it chose itself",
      "Bind to a port other than 0, or leave the option out"
    ],
    "setsockopt *, adopted as dual": [
      "InvalidArgument",
      "The socket serves only IPv6, and a bound socket cannot change that",
      "Adopt it with Datagram.ipv6"
    ],
    "setsockopt *, adopted as ipv6": [
      "InvalidArgument",
      "The socket also serves IPv4 peers, and a bound socket cannot change that",
      "Adopt it with Datagram.dual"
    ],
    EADDRNOTAVAIL: [
      "AddressNotAvailable",
      "It is not an address of this host",
      "Bind to one that is, or to 0.0.0.0 or :: for all of them"
    ],
    ENETUNREACH: noRouteToPeer,
    EHOSTUNREACH: noRouteToPeer,
    EACCES: [
      "PermissionDenied",
      "Ports below 1024 and some options require a privilege",
      "Choose a higher port, or grant the privilege (Linux: CAP_NET_BIND_SERVICE)"
    ],
    EPERM: [
      "PermissionDenied",
      "The call requires a privilege",
      "Grant it (Linux: CAP_NET_ADMIN, CAP_NET_RAW), or leave the option out"
    ],
    EINVAL: [
      "InvalidArgument",
      "The kernel refuses the value",
      "Compare it with the documentation of the option or the address"
    ],
    EMFILE: [
      "TooManyOpenFiles",
      "The process has too many sockets and files open",
      "Close some, or raise its limit (ulimit -n)"
    ],
    ENFILE: ["TooManyOpenFiles", "The system has too many files open", "Close some, or raise its limit"],
    ENOBUFS: ["Other", shortOfMemory, closeOrWait],
    ENOMEM: ["Other", shortOfMemory, closeOrWait],
    ENODEV: ["InvalidArgument", "There is no such interface", "Check its name or index"],
    EEXIST: [
      "InvalidArgument",
      "This process already uses that descriptor (node:dgram, or another socket of this program)",
      "Adopt each descriptor once"
    ],
    ENOSPC: [
      "TooManyOpenFiles",
      "The user has as many epoll watches as the system allows",
      "Close sockets, or raise sysctl fs.epoll.max_user_watches"
    ],
    EBADF: ["InvalidArgument", "No file is open under that number", "Give the descriptor of a bound socket"],
    ENOTSOCK: ["InvalidArgument", "The descriptor is not a socket", "Give the descriptor of a bound socket"],
    EPROTOTYPE: [
      "InvalidArgument",
      "The socket has another type or family than the spec",
      "Give a datagram socket, and a spec of its family"
    ],
    // Windows has no privileged ports.
    "bind WSAEACCES": [
      "PermissionDenied",
      "Another socket has the port for its exclusive use, or Windows reserves it (netsh int ipv4 show excludedportrange udp)",
      "Choose another port"
    ],
    "connect EACCES": [
      "PermissionDenied",
      "The peer is a broadcast address, or a firewall forbids the route",
      "For a broadcast address declare withBroadcast(). Otherwise change the rule of the firewall"
    ],
    "connect EPERM": ["PermissionDenied", "A firewall or a security module forbids it", "Change its rule"],
    "connect EINVAL": [
      "InvalidArgument",
      "The kernel refuses the peer",
      "Check its address and port, and give a link-local address with its zone (fe80::1%2)"
    ],
    "connect EADDRNOTAVAIL": [
      "AddressNotAvailable",
      "No address of this host can send to the peer",
      "Check the address and the port of the peer"
    ],
    "connect EADDRINUSE": [
      "AddressInUse",
      "Another socket of this host already has this peer on this port",
      "Connect from another port, or close the other socket"
    ],
    "connect EAGAIN": [
      "AddressInUse",
      "Every port that the system assigns is in use",
      "Close sockets, or widen the range (Linux: sysctl net.ipv4.ip_local_port_range)"
    ],
    "connect EAFNOSUPPORT": [
      "InvalidArgument",
      "The peer has another address family than the socket",
      "Give a peer of its family, or use Datagram.dual"
    ]
  },
  unix: {
    "bind EADDRINUSE": [
      "AddressInUse",
      "Another socket has this path or name",
      "Choose another, or stop the other program"
    ],
    "bind EADDRINUSE, left over": [
      "AddressInUse",
      "The file at this path belongs to no open socket: a program ended without removing it",
      "Remove it, or choose another path"
    ],
    "bind EACCES": [
      "PermissionDenied",
      "The process may not create files in that directory",
      "Choose another directory, or grant write permission"
    ],
    "bind EROFS": ["AddressNotAvailable", "That file system is read-only", "Choose another path"],
    "bind ENOENT": ["AddressNotAvailable", "There is no such directory", "Create it first"],
    "bind ENOTDIR": ["AddressNotAvailable", "A part of the path is not a directory", "Choose another path"],
    "connect ENOENT": ["Unreachable", noSocketThere, "Start the receiver first"],
    "connect ECONNREFUSED": ["Unreachable", "No socket is bound there", "Start the receiver first"],
    "connect EACCES": [
      "PermissionDenied",
      "The process may not write to the file of the socket",
      "Grant write permission"
    ],
    "connect EPERM": [
      "PermissionDenied",
      "The socket there is connected, and receives only from its peer",
      "Choose another one"
    ],
    "connect EPROTOTYPE": ["InvalidArgument", notForDatagrams, "Use the path of one"]
  },
  ping: {
    EACCES: [
      "PermissionDenied",
      "No group of this process may ping",
      'Allow every group: sysctl net.ipv4.ping_group_range="0 2147483647"'
    ]
  },
  option: {
    EINVAL: [
      "InvalidArgument",
      "The kernel refuses the value on this socket",
      "Compare it with the documentation of the option"
    ],
    EADDRNOTAVAIL: ["InvalidArgument", "There is no such interface", "Check its index"],
    ENODEV: ["InvalidArgument", "There is no such interface", "Check its name or index"],
    EPERM: optionForbidden,
    EACCES: optionForbidden,
    ENOPROTOOPT: ["Unsupported", "This system does not have the option", "Leave it out here"],
    ENOTSUP: noOptionOfKind,
    EOPNOTSUPP: noOptionOfKind
  },
  membership: {
    EINVAL: ["InvalidArgument", "The kernel refuses this group, source or interface", "Check all three"],
    ENODEV: noInterface,
    EADDRNOTAVAIL: noInterface,
    "*, never joined": [
      "NotJoined",
      "This socket has not joined the group there",
      "Give the interface and the source that it was joined with"
    ],
    EADDRINUSE: [
      "AlreadyJoined",
      "This socket has already joined the group on that interface in another way: by its index, or by the routes",
      "Join it in one way"
    ],
    ENOBUFS: tooManyMemberships,
    ENOMEM: tooManyMemberships,
    ENOPROTOOPT: [
      "Unsupported",
      "This system does not have memberships of this kind",
      "Join the group from all sources, and drop the datagrams of the others"
    ]
  },
  send: {
    EMSGSIZE: [
      "MessageTooLarge",
      "The datagram is larger than its path or the socket allows",
      "Send less at once, or in several datagrams"
    ],
    ENETUNREACH: [
      "Unreachable",
      "There is no route to the destination",
      "Check the address and the routes of this host"
    ],
    EHOSTUNREACH: ["Unreachable", "The host does not answer on its network", "Check the address"],
    ENETDOWN: ["Unreachable", "The network is down", "Try again later"],
    EHOSTDOWN: ["Unreachable", "The host is down", "Try again later"],
    EADDRNOTAVAIL: [
      "Unreachable",
      "The destination is not a valid one, or the source is not an address of this host",
      "Check both"
    ],
    "*, foreign source": [
      "AddressNotAvailable",
      "{source} is not an address of this host",
      "Send from one that is, or leave the source out"
    ],
    "*, missing interface": [
      "InvalidArgument",
      "This host has no interface of index {index}",
      "Look up the index again, because an interface that is made anew has another one"
    ],
    ECONNREFUSED: refusedEarlier,
    ECONNRESET: refusedEarlier,
    EACCES: [
      "PermissionDenied",
      "A broadcast address requires withBroadcast(), some control messages require a privilege, and a firewall or the mode of a file may forbid it",
      "Declare the option, grant the privilege, or change the rule"
    ],
    EPERM: ["PermissionDenied", "The kernel or a firewall forbids it", "Grant the privilege, or change the rule"],
    EINVAL: [
      "InvalidArgument",
      "The kernel refuses the combination of address and control data",
      "Check the source, the interface and the destination"
    ],
    ENODEV: ["InvalidArgument", "There is no interface with that index", "Look up the index again"],
    ENOTCONN: [
      "ConnectionRefused",
      "The peer closed its socket, which ended the connection",
      "Connect again when the peer is back"
    ],
    EPROTOTYPE: ["InvalidArgument", notForDatagrams, "Use the path of one"],
    EMFILE: ["Other", "The process has too many sockets and files open", "Close some, or raise its limit (ulimit -n)"],
    EAFNOSUPPORT: [
      "InvalidArgument",
      "The destination has another address family than this socket",
      "Bind a socket of that family, or use Datagram.dual"
    ],
    EDESTADDRREQ: ["InvalidArgument", "The datagram has no destination", "Give `to`"],
    ENOENT: ["ConnectionRefused", noSocketThere, "Start the receiver first"],
    ENOBUFS: ["BufferFull", "The system has no buffer left", "Send more slowly"],
    EBADF: ["Other", "Other code closed the descriptor of the socket", "Only the scope of the socket may close it"],
    ETOOMANYREFS: ["BufferFull", "Too many descriptors are in flight", "Let their receivers read first"]
  },
  receive: {
    ECONNREFUSED: earlierRefused,
    ECONNRESET: earlierRefused,
    ENETRESET: ["Unreachable", "The hop limit of an earlier datagram reached 0 on its way", readOn],
    EHOSTUNREACH: earlierLost,
    ENETUNREACH: earlierLost,
    EHOSTDOWN: earlierLost,
    ENETDOWN: earlierLost,
    ENONET: earlierLost,
    EACCES: ["Unreachable", "A firewall or a router rejected an earlier datagram", readOn],
    ENOPROTOOPT: earlierUnknown,
    EOPNOTSUPP: earlierUnknown,
    ENOTSUP: earlierUnknown,
    EPROTO: earlierUnknown,
    EMSGSIZE: [
      "MessageTooLarge",
      "An earlier datagram was larger than its path allows",
      "Send smaller ones, and receive again"
    ]
  },
  interfaces: {}
}
var unknownCause = ["Other", "The library has no advice for this code", "Look it up in the manual page of the call"]
var bare = (code) => code.replace(/^WSA/, "")
var knownCause = (situation, { code, syscall }) => {
  const table = causes[situation]
  const plain = bare(code)
  return table[`${syscall} ${code}`] ?? table[`${syscall} ${plain}`] ?? table[plain]
}
var causeOf = (situation, fault3) => knownCause(situation, fault3) ?? unknownCause

// packages/engine/dist/errors/DatagramError.js
var make = (_tag, { code, errno, syscall }, message, rest) => ({ _tag, syscall, code, errno, message, ...rest })
var showFault = ({ code, errno, syscall }) => `(${syscall}: ${code} ${errno})`
var explain = (what, fault3, [, cause, remedy]) => `${what} failed ${showFault(fault3)}. ${cause}. ${remedy}.`
var fill = (text2, values) => text2.replaceAll(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole)
var refusedBefore = (syscall) => ({ syscall, code: "INVALID", errno: 0 })
var closed = { syscall: "close", code: "CLOSED", errno: 0 }
var bindAnother = "The socket is closed. Bind another one to go on."
var sendCall = (platform) => (platform === "winsock" ? "WSASendMsg" : "sendmsg")
var receiveCall = (platform) => (platform === "winsock" ? "WSARecvMsg" : "recvmsg")
var bindFailure = (fault3, what, option2, cause) =>
  make("DatagramBindError", fault3, explain(what, fault3, cause), { reason: cause[0], option: option2 })
var bindError = (fault3, what, option2, known) => {
  const cause = causeOf("open", fault3)
  return bindFailure(fault3, what, option2, known === void 0 ? cause : [cause[0], ...known])
}
var unixError = (fault3, what, leftOver) =>
  bindFailure(
    fault3,
    what,
    void 0,
    leftOver ? causes.unix["bind EADDRINUSE, left over"] : (knownCause("unix", fault3) ?? causeOf("open", fault3))
  )
var pingError = (fault3, feature2) =>
  bindFailure(fault3, `${feature2}: opening the socket`, void 0, knownCause("ping", fault3) ?? causeOf("open", fault3))
var noPortError = (fault3, local) =>
  bindFailure(fault3, `Binding to ${local}`, void 0, causes.open["EADDRINUSE, port 0"])
var unsharedPort = (fault3, feature2) =>
  bindFailure(fault3, `Setting ${feature2}`, feature2, causes.open["setsockopt *, port 0"])
var otherFamilies = (fault3, what, family) =>
  bindFailure(
    fault3,
    what,
    void 0,
    causes.open[family === "dual" ? "setsockopt *, adopted as dual" : "setsockopt *, adopted as ipv6"]
  )
var invalidBind = (message, option2) =>
  make("DatagramBindError", refusedBefore("bind"), message, { reason: "InvalidArgument", option: option2 })
var unsupported8 = (feature2, why, remedy, fault3) =>
  make(
    "DatagramUnsupportedError",
    fault3 ?? refusedBefore("bind"),
    `${feature2}: ${why}${fault3 === void 0 ? "" : ` ${showFault(fault3)}`}. ${remedy}.`,
    { feature: feature2, why, remedy }
  )
var leaveItOut = "Leave it out on this system"
var optionCause = (fault3, privilege) => {
  const [reason, cause, remedy] = causeOf("option", fault3)
  return [
    reason,
    fill(cause, { privilege: privilege === void 0 ? "a privilege" : `the privilege ${privilege}` }),
    remedy
  ]
}
var settingError = (fault3, feature2, privilege) => {
  const [reason, ...texts] = optionCause(fault3, privilege)
  if (reason === "Unsupported")
    return unsupported8(feature2, "this system does not have the option", leaveItOut, fault3)
  return bindFailure(fault3, `Setting ${feature2}`, feature2, [reason === "Closed" ? "Other" : reason, ...texts])
}
var optionError = (fault3, option2, privilege) => {
  const cause = optionCause(fault3, privilege)
  const what = `${fault3.syscall === "getsockopt" ? "Getting" : "Setting"} ${option2}`
  return make("DatagramOptionError", fault3, explain(what, fault3, cause), { reason: cause[0], option: option2 })
}
var invalidOption = (option2, why, reason, syscall = "setsockopt") =>
  make("DatagramOptionError", refusedBefore(syscall), `${option2}: ${why}.`, { reason, option: option2 })
var unknownValue = (option2, malformed3) =>
  make(
    "DatagramOptionError",
    refusedBefore("getsockopt"),
    `${option2}: getsockopt returned an unknown value (${malformed3}). Use a codec that can decode it.`,
    { reason: "Other", option: option2 }
  )
var optionClosed = (option2) => make("DatagramOptionError", closed, bindAnother, { reason: "Closed", option: option2 })
var membershipError = (fault3, what, group) => {
  const cause = causeOf("membership", fault3)
  return make("DatagramMembershipError", fault3, explain(what, fault3, cause), { reason: cause[0], group })
}
var notJoined = (fault3, group, what) => {
  const cause = causes.membership["*, never joined"]
  return make("DatagramMembershipError", fault3, explain(what, fault3, cause), { reason: cause[0], group })
}
var invalidMembership = (group, message, reason = "InvalidArgument") =>
  make("DatagramMembershipError", refusedBefore("setsockopt"), message, { reason, group })
var membershipClosed = (group) => make("DatagramMembershipError", closed, bindAnother, { reason: "Closed", group })
var wentBefore = (bytes3, none6 = "") => (bytes3 === 0 ? none6 : ` The ${bytes3} bytes before it went out.`)
var sendError = (fault3, what, control = [], sentBytes = 0, known) => {
  const code = bare(fault3.code)
  const [reason, cause, remedy] = causeOf("send", fault3)
  const explaining = control.filter(({ faults }) => faults?.[code] !== void 0)
  const forbidden = code === "EPERM" || code === "EACCES" ? control.filter(({ privilege }) => privilege !== void 0) : []
  const suspects = [...explaining, ...forbidden]
  const concerned = suspects.length > 0 ? suspects : /^(EPERM|EACCES|EINVAL)$/.test(code) ? control : []
  const required = forbidden.map(({ key, privilege }) => `'${key}' requires ${privilege}`).join(", ")
  const remedies = [
    ...explaining.map(({ faults }) => faults?.[code]),
    ...(forbidden.length > 0 ? [`${required}. Grant it to this process, or send without it`] : [])
  ]
  const advice = known?.join(". ") ?? (remedies.length > 0 ? remedies.join(". Or: ") : `${cause}. ${remedy}`)
  const names4 = concerned.map(({ key }) => `'${key}'`).join(" and ")
  const [only] = concerned
  return make(
    "DatagramSendError",
    fault3,
    `${what}${names4 === "" ? "" : ` with ${names4}`} failed ${showFault(fault3)}. ${advice}.${wentBefore(sentBytes)}`,
    {
      // A message that explains a code without a cause of its own explains it by its value.
      reason: explaining.length > 0 && reason === "Other" ? "InvalidArgument" : reason,
      field: concerned.length === 1 && only !== void 0 ? `control.${only.key}` : void 0,
      sentBytes
    }
  )
}
var sendWouldBlock = (what, waiting2, sentBytes, full = "the send buffer is full", platform) =>
  make(
    "DatagramSendError",
    { syscall: sendCall(platform), code: "WOULDBLOCK", errno: 0 },
    `${what} would have to wait: ${full}. Send it again later, drop it, or ${waiting2}.${wentBefore(sentBytes)}`,
    { reason: "WouldBlock", field: void 0, sentBytes }
  )
var explainField = (fault3, field, [, cause, remedy], values, sentBytes) => {
  const why = fill(cause.charAt(0).toLowerCase() + cause.slice(1), values)
  return `${field}: ${why} ${showFault(fault3)}. ${remedy}.${wentBefore(sentBytes, " Nothing was sent.")}`
}
var sourceNotOurs = (fault3, source, sentBytes = 0) => {
  const field = "control.pktInfo"
  const cause = causes.send["*, foreign source"]
  return make("DatagramSendError", fault3, explainField(fault3, field, cause, { source }, sentBytes), {
    reason: cause[0],
    field,
    sentBytes
  })
}
var noSuchInterface = (fault3, field, index, sentBytes = 0) => {
  const cause = causes.send["*, missing interface"]
  return make("DatagramSendError", fault3, explainField(fault3, field, cause, { index: String(index) }, sentBytes), {
    reason: cause[0],
    field,
    sentBytes
  })
}
var invalidSend = (field, why, reason = "InvalidArgument", platform) =>
  make("DatagramSendError", refusedBefore(sendCall(platform)), `${field}: ${why}. Nothing was sent.`, {
    reason,
    field,
    sentBytes: 0
  })
var sendClosed = (sentBytes = 0) =>
  make("DatagramSendError", closed, `${bindAnother}${wentBefore(sentBytes)}`, {
    reason: "Closed",
    field: void 0,
    sentBytes
  })
var receiveError = (fault3, ends = false) => {
  const cause = ends ? unknownCause : causeOf("receive", fault3)
  return make("DatagramReceiveError", fault3, explain("Receiving", fault3, cause), { reason: cause[0] })
}
var invalidReceive = (argument, why, platform) =>
  make("DatagramReceiveError", refusedBefore(receiveCall(platform)), `${argument}: ${why}. Nothing was read.`, {
    reason: "InvalidArgument"
  })
var receiveClosed = () => make("DatagramReceiveError", closed, bindAnother, { reason: "Closed" })

// packages/effect3/dist/DatagramError.js
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
var DatagramBindError = class extends Data.TaggedError("DatagramBindError") {}
var DatagramUnsupportedError = class extends Data.TaggedError("DatagramUnsupportedError") {}
var DatagramSendError = class extends Data.TaggedError("DatagramSendError") {}
var DatagramReceiveError = class extends Data.TaggedError("DatagramReceiveError") {}
var DatagramInterfaceError = class extends Data.TaggedError("DatagramInterfaceError") {}
var DatagramOptionError = class extends Data.TaggedError("DatagramOptionError") {}
var DatagramMembershipError = class extends Data.TaggedError("DatagramMembershipError") {}
var DescriptorUnavailableError = class extends Data.TaggedError("DescriptorUnavailableError") {}
var errorOf = (record2) => make2(record2)
var make2 = (record2) => {
  switch (record2._tag) {
    case "DatagramBindError":
      return new DatagramBindError({ ...record2, option: Option.fromNullable(record2.option) })
    case "DatagramUnsupportedError":
      return new DatagramUnsupportedError(record2)
    case "DatagramSendError":
      return new DatagramSendError({ ...record2, field: Option.fromNullable(record2.field) })
    case "DatagramReceiveError":
      return new DatagramReceiveError(record2)
    case "DatagramInterfaceError":
      return new DatagramInterfaceError(record2)
    case "DatagramOptionError":
      return new DatagramOptionError(record2)
    default:
      return new DatagramMembershipError(record2)
  }
}
var fail2 = (record2) => Effect.fail(errorOf(record2))
var unsupported9 = (feature2, why, remedy) => errorOf(unsupported8(feature2, why, remedy))

// packages/effect3/dist/DatagramSockets.js
var DatagramSockets = class _DatagramSockets extends Context.Tag("@ancillary/effect3/DatagramSockets")() {
  /**
   * Makes a driver as an effect. `make` is the `driver` function of a driver's package. Fails with `DatagramUnsupportedError` if the driver
   * cannot run on this machine, or if `make` throws.
   */
  static driver = (make7) =>
    Effect2.flatten(
      Effect2.tryPromise({
        try: async () => {
          const made2 = await make7()
          if (isUnavailable(made2)) return Effect2.fail(unsupported9(made2.feature, made2.why, made2.remedy))
          return Effect2.succeed(made2)
        },
        catch: (cause) =>
          unsupported9(
            "DatagramSockets.driver",
            `the driver cannot be made (${Codec_exports.format(cause)})`,
            "Give a function that returns a driver"
          )
      })
    )
  /**
   * Makes the layer of a driver, with the capabilities of its platform. The type of a layer is its list of features.
   *
   * @example
   * ```ts
   * import { LinuxSockets } from "@ancillary/posix"
   * import { DatagramSockets } from "@ancillary/effect3"
   *
   * const driver = DatagramSockets.driver(() => LinuxSockets.driver({ guarded: true }))
   * const layer = DatagramSockets.layer(driver, ["timestamp", "dropCount"])
   * // Layer<DatagramSockets | Capability<"timestamp"> | Capability<"dropCount">>
   * ```
   */
  static layer = (driver5, capabilities4) =>
    Layer.effectContext(
      Effect2.map(driver5, (driver6) => {
        const sockets = Context.make(_DatagramSockets, { driver: driver6 })
        return capabilities4.reduce(
          (context, name) =>
            Context.add(context, Context.GenericTag(`@ancillary/Capability/${name}`), {
              _: "Capability",
              name
            }),
          sockets
        )
      })
    )
}

// packages/posix/dist/DarwinSockets.js
var DarwinSockets_exports = {}
__export(DarwinSockets_exports, {
  capabilities: () => capabilities,
  driver: () => driver
})

// packages/posix/dist/internal/driver.js
import { endianness } from "node:os"
import { isMainThread as isMainThread2 } from "node:worker_threads"

// packages/engine/dist/driver/payloadBlocks.js
var inHeap = 64
var large = 4096
var most = 8
var Payloads = class {
  #make
  /** Indexed by the number of leading zero bits of a length, so alternating sizes do not end each other's blocks. */
  #classes
  constructor(make7) {
    this.#make = make7 ?? ((bytes3) => new ArrayBuffer(bytes3))
    const none6 = new ArrayBuffer(0)
    this.#classes = Array.from({ length: 32 }, () => ({ buffer: none6, bytes: 0, used: 0 }))
  }
  /**
   * Returns memory for a payload that does not overlap other payloads. It starts at a multiple of 8, so a program may view it as wider
   * numbers.
   */
  room(length3) {
    const current2 = length3 <= inHeap || length3 > large ? void 0 : this.#classes[Math.clz32(length3)]
    if (current2 === void 0) return new Uint8Array(length3)
    const size2 = (length3 + 7) & ~7
    if (current2.used + length3 > current2.bytes || current2.bytes > most * length3) {
      current2.bytes = Math.floor(((most - 1) * length3) / size2) * size2 + length3
      current2.buffer = this.#make(current2.bytes)
      current2.used = 0
    }
    const at = current2.used
    current2.used += size2
    return new Uint8Array(current2.buffer, at, length3)
  }
}

// packages/engine/dist/driver/payload.js
var own = (key) => {
  const prototype = Reflect.getPrototypeOf(Uint8Array.prototype) ?? {}
  const getter = Reflect.getOwnPropertyDescriptor(prototype, key)?.get
  if (getter === void 0) throw new TypeError(`This engine has no getter %TypedArray%.prototype.${String(key)}.`)
  return getter
}
var tag = own(Symbol.toStringTag)
var length2 = own("length")
var offset = own("byteOffset")
var buffer = own("buffer")
var isBytes2 = (value) => tag.call(value) === "Uint8Array"
var sizeOf = (bytes3) => length2.call(bytes3)
var sizeOfAll = (pieces) => {
  let size2 = 0
  for (const piece of pieces) size2 += sizeOf(piece)
  return size2
}
var part = (bytes3, from, to) => new Uint8Array(buffer.call(bytes3), offset.call(bytes3) + from, to - from)
var nothing = new Uint8Array(0)
var lost = (bytes3) => {
  try {
    nothing.set(bytes3)
    return void 0
  } catch {
    return "the memory of the payload is detached or was shrunk: send a copy of what is transferred or resized"
  }
}
var notBytes = "the payload is a Uint8Array, or an array of them"
var piecesOf = (data2) => {
  if (isBytes2(data2)) return (sizeOf(data2) === 0 ? lost(data2) : void 0) ?? [data2]
  if (!Array.isArray(data2)) return notBytes
  const given = data2
  const pieces = []
  const count2 = given.length
  for (let i = 0; i < count2; i++) {
    const piece = given[i]
    if (!isBytes2(piece)) return notBytes
    const why = sizeOf(piece) === 0 ? lost(piece) : void 0
    if (why !== void 0) return why
    pieces.push(piece)
  }
  return pieces
}

// packages/engine/dist/driver/Arena.js
var ReceiveFlags = {
  /** The payload was longer than its slot (`MSG_TRUNC`). */
  dataTruncated: 1,
  /** Control data was lost (`MSG_CTRUNC`). */
  controlTruncated: 2,
  /** Winsock: `MSG_BCAST`, `MSG_MCAST`. */
  broadcast: 4,
  multicast: 8
}
var gatheredBytes = 1536
var hasAddress2 = 1
var hasControl = 2
var isOwn = 4
var align2 = (bytes3) => (bytes3 + 15) & ~15
var guardBytes = 16
var canary = 202
var poison = 165
var make4 = (abi, layout, options) => {
  const { iovec, mmsghdr, msghdr } = abi
  const { controlBytes, addressBytes: addressBytes2, iovecs: iovecsPerSlot, slots: slots2 } = layout
  const { addressOf: addressOf4 } = options
  const isSmall = layout.purpose === "send" && slots2 > 1 && addressOf4 !== void 0
  const dataBytes = isSmall ? Math.min(layout.dataBytes, gatheredBytes) : layout.dataBytes
  const guard = options.guarded ? guardBytes : 0
  const stride = mmsghdr?.size ?? msghdr.size
  const iovecs = align2(slots2 * stride)
  const addresses = iovecs + align2(slots2 * iovecsPerSlot * iovec.size)
  const addressStride = align2(addressBytes2 + guard)
  const controls = addresses + slots2 * addressStride
  const controlStride = align2(controlBytes + guard)
  const payloads = controls + slots2 * controlStride
  const dataStride = align2(dataBytes + guard)
  const { address: address2, bytes: bytes3 } = options.allocate(
    payloads + slots2 * dataStride,
    layout.purpose === "borrow"
  )
  const view = new DataView(bytes3.buffer, bytes3.byteOffset, bytes3.byteLength)
  const pointer = { at: 0, bytes: abi.pointerBytes }
  const addressAt2 = (slot) => addresses + slot * addressStride
  const controlAt = (slot) => controls + slot * controlStride
  const dataAt2 = (slot) => payloads + slot * dataStride
  const iovecAt = (slot, index) => iovecs + (slot * iovecsPerSlot + index) * iovec.size
  const parts = [
    ["address", addressAt2, addressBytes2],
    ["control buffer", controlAt, controlBytes],
    ["payload", dataAt2, dataBytes]
  ]
  for (let slot = 0; slot < slots2; slot++) {
    const header = slot * stride
    const first = iovecAt(slot, 0)
    ControlBuffer_exports.writeField(view, first + iovec.base, pointer, address2 + dataAt2(slot))
    ControlBuffer_exports.writeField(view, first, iovec.length, dataBytes)
    ControlBuffer_exports.writeField(view, header + msghdr.name, pointer, address2 + addressAt2(slot))
    ControlBuffer_exports.writeField(view, header + msghdr.buffers, pointer, address2 + first)
    ControlBuffer_exports.writeField(view, header, msghdr.bufferCount, 1)
    ControlBuffer_exports.writeField(
      view,
      header + msghdr.control,
      pointer,
      controlBytes === 0 ? 0 : address2 + controlAt(slot)
    )
    if (guard > 0) for (const [, at, size2] of parts) bytes3.fill(canary, at(slot) + size2, at(slot) + size2 + guard)
  }
  const lengths = new Uint32Array(slots2)
  const flags = new Uint8Array(slots2)
  const borrowed = new Array(slots2)
  const payload = (slot, length3) => {
    const known = borrowed[slot]
    if (known?.length === length3) return known
    const at = dataAt2(slot)
    return (borrowed[slot] = bytes3.subarray(at, at + length3))
  }
  const payloadsOfReaders = new Payloads(options.block)
  const copy = (slot, length3) => {
    const own2 = payloadsOfReaders.room(length3)
    own2.set(payload(slot, length3))
    return own2
  }
  const keeps = mmsghdr !== void 0 && guard === 0
  let prepared2 = 0
  let touched = 0
  const shapes = new Uint8Array(slots2).fill(hasAddress2 | (controlBytes === 0 ? 0 : hasControl) | isOwn)
  const joined2 = new Array(slots2)
  const gather = (slot, buffers) => {
    let used = 0
    let length3 = 0
    let copied = 0
    let own2
    const point = (to, size2) => {
      ControlBuffer_exports.writeField(view, iovecAt(slot, used) + iovec.base, pointer, to)
      ControlBuffer_exports.writeField(view, iovecAt(slot, used), iovec.length, size2)
      used++
    }
    for (const buffer2 of buffers) {
      const size2 = sizeOf(buffer2)
      length3 += size2
      if (size2 === 0) continue
      if (addressOf4 !== void 0 && used < iovecsPerSlot - 1) point(addressOf4(buffer2), size2)
      else {
        if (own2 === void 0 && addressOf4 !== void 0 && copied + size2 > dataBytes) {
          own2 = new Uint8Array(layout.dataBytes)
          own2.set(bytes3.subarray(dataAt2(slot), dataAt2(slot) + copied))
        }
        if (own2 === void 0) bytes3.set(buffer2, dataAt2(slot) + copied)
        else own2.set(buffer2, copied)
        copied += size2
      }
    }
    joined2[slot] = own2
    if (own2 !== void 0 && addressOf4 !== void 0) point(addressOf4(own2), copied)
    else if (copied > 0 || used === 0) point(address2 + dataAt2(slot), copied)
    ControlBuffer_exports.writeField(view, slot * stride, msghdr.bufferCount, used)
    lengths[slot] = length3
  }
  const addressLengthAt = msghdr.nameLength.at
  const controlLengthAt = msghdr.controlLength.at
  const flagsAt = msghdr.flags.at
  const reset = (from, to, inputFlags) => {
    for (let slot = from; slot < to; slot++) {
      const header = slot * stride
      view.setUint32(header + addressLengthAt, addressBytes2, true)
      view.setUint32(header + controlLengthAt, controlBytes, true)
      view.setUint32(header + flagsAt, inputFlags, true)
      if (guard > 0) for (const [, at, size2] of parts) bytes3.fill(poison, at(slot), at(slot) + Math.min(size2, 4096))
    }
  }
  return {
    layout,
    bytes: bytes3,
    view,
    addressAt: addressAt2,
    controlAt,
    dataAt: dataAt2,
    headerAddress: (slot) => address2 + slot * stride,
    prepare: (count2, inputFlags) => {
      reset(0, keeps ? Math.min(touched, count2) : count2, inputFlags)
      if (keeps) reset(prepared2, count2, inputFlags)
      if (count2 > prepared2) prepared2 = count2
      if (count2 >= touched) touched = 0
    },
    received: (slot, count2, mark) => {
      if (slot + 2 > touched) touched = slot + 2
      lengths[slot] = count2
      flags[slot] = mark
    },
    addressLength: (slot) => view.getUint32(slot * stride + addressLengthAt, true),
    controlLength: (slot) => Math.min(view.getUint32(slot * stride + controlLengthAt, true), controlBytes),
    dataLength: (slot) => lengths[slot] ?? 0,
    flags: (slot) => flags[slot] ?? 0,
    copy,
    borrow: (slot, length3) =>
      guard > 0 ? bytes3.slice(dataAt2(slot), dataAt2(slot) + length3) : payload(slot, length3),
    giveBack: ({ buffer: buffer2 }) => {
      if (guard > 0 && buffer2 instanceof ArrayBuffer && buffer2.byteLength > 0) options.detach?.(buffer2)
    },
    fill: (slot, addressLength, control, buffers) => {
      const header = slot * stride
      const given = (addressLength === 0 ? 0 : hasAddress2) | (control === 0 ? 0 : hasControl)
      const shape = shapes[slot] ?? 0
      if ((shape & (hasAddress2 | hasControl)) !== given) {
        ControlBuffer_exports.writeField(
          view,
          header + msghdr.name,
          pointer,
          addressLength === 0 ? 0 : address2 + addressAt2(slot)
        )
        ControlBuffer_exports.writeField(
          view,
          header + msghdr.control,
          pointer,
          control === 0 ? 0 : address2 + controlAt(slot)
        )
      }
      view.setUint32(header + addressLengthAt, addressLength, true)
      view.setUint32(header + controlLengthAt, control, true)
      view.setUint32(header + flagsAt, 0, true)
      const buffer2 = buffers.length === 1 ? buffers[0] : void 0
      const size2 = buffer2 === void 0 ? 0 : sizeOf(buffer2)
      if (buffer2 !== void 0 && (size2 < gatheredBytes || addressOf4 === void 0)) {
        bytes3.set(buffer2, dataAt2(slot))
        if ((shape & isOwn) === 0) {
          ControlBuffer_exports.writeField(view, iovecAt(slot, 0) + iovec.base, pointer, address2 + dataAt2(slot))
          ControlBuffer_exports.writeField(view, header, msghdr.bufferCount, 1)
        }
        view.setUint32(iovecAt(slot, 0) + iovec.length.at, size2, true)
        lengths[slot] = size2
        shapes[slot] = given | isOwn
      } else {
        shapes[slot] = given
        gather(slot, buffers)
      }
    },
    damage: (count2) => {
      for (let slot = 0; slot < count2 && guard > 0; slot++) {
        for (const [name, at, size2] of parts) {
          for (let i = at(slot) + size2; i < at(slot) + size2 + guard; i++) {
            if (bytes3[i] !== canary) return `slot ${slot}: a write behind its ${name} of ${size2} bytes`
          }
        }
      }
      return void 0
    },
    free: options.free
  }
}
var shared = (abi, options) => {
  const inUse = /* @__PURE__ */ new Map()
  return (layout) => {
    const { addressBytes: addressBytes2, controlBytes, dataBytes, iovecs, purpose, slots: slots2 } = layout
    const key = `${purpose} ${slots2} ${iovecs} ${addressBytes2} ${controlBytes} ${dataBytes}`
    const known = inUse.get(key)
    if (known !== void 0) {
      known.uses++
      return known.arena
    }
    const free = () => {
      entry2.uses--
      if (entry2.uses === 0) inUse.delete(key)
    }
    const entry2 = { arena: make4(abi, layout, { ...options, free }), uses: 1 }
    inUse.set(key, entry2)
    return entry2.arena
  }
}

// packages/native/dist/loading.js
var loadNative = (feature2, load3) => {
  try {
    return load3()
  } catch (cause) {
    return {
      feature: feature2,
      why: `koffi could not be loaded (${cause instanceof Error ? cause.message.split("\n")[0] : String(cause)})`,
      remedy:
        "Install koffi with its native part: its package for this machine is an optional dependency, which --omit=optional leaves out"
    }
  }
}
var unavailableInWorker = (feature2) => ({
  feature: feature2,
  why: "a worker thread that ends while a socket waits would end the process",
  remedy: "Open the sockets in the main thread, or serve in processes with DatagramWorkers"
})
var readGuarded = (feature2, options) => {
  const refused2 = {
    feature: `${feature2}, guarded`,
    why: "it is neither true nor false",
    remedy: "Give a boolean, or leave it out"
  }
  try {
    const guarded = options?.guarded ?? false
    return typeof guarded === "boolean" ? guarded : refused2
  } catch {
    return refused2
  }
}

// packages/native/dist/memory.js
var memory_exports = {}
__export(memory_exports, {
  addressOf: () => addressOf,
  allocate: () => allocate,
  block: () => block,
  detach: () => detach,
  read: () => read5,
  text: () => text
})
import { markAsUntransferable } from "node:worker_threads"

// packages/native/dist/koffi.js
import { createRequire as requireFrom } from "node:module"
var loaded
var koffi = () => (loaded ??= requireFrom(import.meta.url)("koffi"))

// packages/native/dist/memory.js
var allocate = (size2, lent = false) => {
  const bytes3 = new Uint8Array(lent ? untransferable(size2) : new ArrayBuffer(size2), 0, size2)
  return { bytes: bytes3, address: Number(koffi().address(bytes3)) }
}
var untransferable = (size2) => {
  const pages = Math.ceil(size2 / 65536)
  try {
    return new WebAssembly.Memory({ initial: pages, maximum: pages }).buffer
  } catch {
    return refusing(new ArrayBuffer(size2))
  }
}
var block = (size2) => {
  if (size2 > filled) return refusing(Buffer.allocUnsafeSlow(size2).buffer)
  const buffer2 = new Block(size2)
  markAsUntransferable(buffer2)
  return buffer2
}
var filled = 1024
var refusing = (buffer2) => {
  markAsUntransferable(buffer2)
  Object.setPrototypeOf(buffer2, Block.prototype)
  return buffer2
}
var Block = class extends ArrayBuffer {
  transfer() {
    throw new TypeError(
      "The buffer has payloads of other datagrams and cannot be transferred. Transfer a copy of this one: datagram.data.slice().buffer."
    )
  }
  transferToFixedLength() {
    return this.transfer()
  }
}
var detach = (buffer2) => void structuredClone(buffer2, { transfer: [buffer2] })
var addressOf = (bytes3) => Number(koffi().address(bytes3))
var read5 = (address2, size2) => {
  const bytes3 = Uint8Array.from(koffi().decode(BigInt(address2), "uint8_t", size2))
  return new DataView(bytes3.buffer)
}
var text = (address2) => koffi().decode.string(BigInt(address2))

// packages/posix/dist/internal/errno.js
import { constants } from "node:os"

// packages/native/dist/faults.js
var makeFaults = (names4) => {
  const errorName3 = (errno) => names4.get(errno) ?? `errno ${errno}`
  return { errorName: errorName3, fault: (syscall, errno) => ({ syscall, code: errorName3(errno), errno }) }
}

// packages/posix/dist/internal/errno.js
var unnamed = {
  linux: [
    [64, "ENONET"],
    [94, "ESOCKTNOSUPPORT"],
    [95, "EOPNOTSUPP"],
    [96, "EPFNOSUPPORT"],
    [108, "ESHUTDOWN"],
    [109, "ETOOMANYREFS"],
    [112, "EHOSTDOWN"],
    [121, "EREMOTEIO"],
    [126, "ENOKEY"],
    [129, "EKEYREJECTED"],
    [131, "ENOTRECOVERABLE"],
    [132, "ERFKILL"]
  ],
  darwin: [
    [44, "ESOCKTNOSUPPORT"],
    [46, "EPFNOSUPPORT"],
    [58, "ESHUTDOWN"],
    [59, "ETOOMANYREFS"],
    [64, "EHOSTDOWN"],
    [104, "ENOTRECOVERABLE"]
  ]
}
var names = new Map(unnamed[process.platform])
for (const [name, number2] of Object.entries(constants.errno)) if (!names.has(number2)) names.set(number2, name)
var { errorName, fault } = makeFaults(names)
var { EAGAIN, EBADF, EEXIST, EPROTOTYPE } = constants.errno
var lastError = () => koffi().errno()
var lastFault = (syscall) => fault(syscall, lastError())
var closed2 = (syscall) => fault(syscall, constants.errno.EBADF)

// packages/posix/dist/internal/interfaces.js
var entry = ({ pointerBytes }, at) => {
  const words = read5(at, 5 * pointerBytes)
  const word2 = (index) =>
    pointerBytes === 8 ? Number(words.getBigUint64(8 * index, true)) : words.getUint32(4 * index, true)
  return {
    next: word2(0),
    name: text(word2(1)),
    flags: words.getUint32(2 * pointerBytes, true),
    address: word2(3),
    mask: word2(4)
  }
}
var interfaces = (host) => {
  const { abi, libc, numbers: numbers3 } = host
  const list2 = new DataView(new ArrayBuffer(8))
  if (libc.getifaddrs(new Uint8Array(list2.buffer)) < 0) return lastFault("getifaddrs")
  const first = Number(list2.getBigUint64(0, true))
  try {
    const indices = /* @__PURE__ */ new Map()
    const found3 = /* @__PURE__ */ new Map()
    for (let at = first; at !== 0;) {
      const { address: address2, flags, mask, name, next } = entry(abi, at)
      at = next
      const index = indices.get(name) ?? libc.if_nametoindex(name)
      indices.set(name, index)
      if (index === 0) continue
      let one2 = found3.get(index)
      if (one2 === void 0) {
        const has = (flag2) => (flags & flag2) !== 0
        one2 = {
          index,
          name,
          addresses: [],
          up: has(numbers3.IFF_UP),
          loopback: has(numbers3.IFF_LOOPBACK),
          multicast: has(numbers3.IFF_MULTICAST)
        }
        found3.set(index, one2)
      }
      one2.addresses.push(...addressesOf(abi, address2, mask))
    }
    return [...found3.values()]
  } finally {
    libc.freeifaddrs(first)
  }
}
var addressesOf = (abi, at, mask) => {
  if (at === 0) return []
  const family = familyOf(abi, at)
  if (family === void 0) return []
  const size2 = abi.sockaddr[family]
  const named2 = SocketAddress_exports.read(abi, read5(at, size2), 0, size2)
  if (Codec_exports.isMalformed(named2) || named2.family === "unix") return []
  return [{ address: named2.address, prefix: mask === 0 ? widths[family] : prefixOf(abi, family, mask) }]
}
var widths = { ipv4: 32, ipv6: 128 }
var addressAt = { ipv4: 4, ipv6: 8 }
var familyOf = ({ family, sockaddr }, at) => {
  const head = read5(at, 2)
  const number2 = sockaddr.lengthByte ? head.getUint8(1) : head.getUint16(0, true)
  return number2 === family.ipv4 ? "ipv4" : number2 === family.ipv6 ? "ipv6" : void 0
}
var prefixOf = ({ sockaddr }, family, mask) => {
  const from = addressAt[family]
  const whole = from + widths[family] / 8
  const length3 = sockaddr.lengthByte ? Math.min(read5(mask, 1).getUint8(0), whole) : whole
  const bytes3 = read5(mask, length3)
  let bits = 0
  for (let at = from; at < length3; at++) bits += ones(bytes3.getUint8(at))
  return bits
}
var ones = (byte) => byte.toString(2).replaceAll("0", "").length

// packages/posix/dist/internal/routing.js
var routing_exports = {}
__export(routing_exports, {
  interfaces: () => interfaces2,
  observe: () => observe
})
import { constants as constants2 } from "node:os"

// packages/posix/dist/internal/text.js
var decoder = new TextDecoder("utf-8", { fatal: true })
var rawByte2 = 56320
var bytesAsText = (bytes3) => {
  try {
    return decoder.decode(bytes3)
  } catch {
    return String.fromCharCode(...Array.from(bytes3, (byte) => (byte < 128 ? byte : rawByte2 + byte)))
  }
}

// packages/posix/dist/internal/netlink.js
var RTM = { newLink: 16, delLink: 17, getLink: 18, newAddress: 20, delAddress: 21, getAddress: 22 }
var NLMSG = { error: 2, done: 3 }
var NLM_F = { request: 1, dumpInterrupted: 16, dump: 768 }
var headerBytes = 16
var IFLA = { address: 1, name: 3, mtu: 4, master: 10, linkInfo: 18 }
var IFLA_INFO_KIND = 1
var IFA = { address: 1, local: 2, flags: 8 }
var IFA_F = { temporary: 1, optimistic: 4, duplicate: 8, deprecated: 32, tentative: 64 }
var IFF = { up: 1, loopback: 8, running: 64, multicast: 4096 }
var AF = { unspecified: 0, ipv4: 2, ipv6: 10 }
var smallestMtu = { ipv4: 68, ipv6: 1280 }
var linkLayers = {
  1: "ethernet",
  32: "infiniband",
  512: "ppp",
  768: "tunnel",
  769: "tunnel6",
  772: "loopback",
  776: "sit",
  778: "gre",
  801: "wlan",
  803: "wlan",
  823: "gre6",
  824: "netlink",
  65534: "none"
}
var noticesName = () => {
  const view = new DataView(new ArrayBuffer(12))
  view.setUint16(0, 16, true)
  view.setUint32(8, 1 | 16 | 256, true)
  return new Uint8Array(view.buffer)
}
var dumpRequest = (type) => {
  const view = new DataView(new ArrayBuffer(headerBytes + 16))
  view.setUint32(0, view.byteLength, true)
  view.setUint16(4, type, true)
  view.setUint16(6, NLM_F.request | NLM_F.dump, true)
  view.setUint32(8, 1, true)
  return new Uint8Array(view.buffer)
}
var messages = (bytes3) => {
  const view = new DataView(bytes3.buffer, bytes3.byteOffset, bytes3.byteLength)
  const found3 = []
  for (let at = 0; at + headerBytes <= view.byteLength;) {
    const length3 = view.getUint32(at, true)
    if (length3 < headerBytes || at + length3 > view.byteLength) break
    found3.push({
      type: view.getUint16(at + 4, true),
      interrupted: (view.getUint16(at + 6, true) & NLM_F.dumpInterrupted) !== 0,
      body: new DataView(bytes3.buffer, bytes3.byteOffset + at + headerBytes, length3 - headerBytes)
    })
    at += aligned(length3)
  }
  return found3
}
var endOf = ({ body, type }) => {
  if (type === NLMSG.done) {
    const errno = body.byteLength >= 4 ? -body.getInt32(0, true) : 0
    return errno > 0 ? errno : "done"
  }
  return type === NLMSG.error && body.byteLength >= 4 ? -body.getInt32(0, true) : void 0
}
var aligned = (length3) => (length3 + 3) & ~3
var attributes = (body, from) => {
  const found3 = /* @__PURE__ */ new Map()
  for (let at = from; at + 4 <= body.byteLength;) {
    const length3 = body.getUint16(at, true)
    if (length3 < 4 || at + length3 > body.byteLength) break
    found3.set(body.getUint16(at + 2, true) & 16383, new DataView(body.buffer, body.byteOffset + at + 4, length3 - 4))
    at += aligned(length3)
  }
  return found3
}
var number = (view) => (view === void 0 || view.byteLength < 4 ? void 0 : view.getUint32(0, true))
var string = (view) => {
  if (view === void 0) return void 0
  const bytes3 = new Uint8Array(view.buffer, view.byteOffset, view.byteLength)
  const end = bytes3.indexOf(0)
  return bytesAsText(end < 0 ? bytes3 : bytes3.subarray(0, end))
}
var link = ({ body, type }) => {
  if (type !== RTM.newLink || body.byteLength < 16 || body.getUint8(0) !== AF.unspecified) return void 0
  const found3 = attributes(body, 16)
  const name = string(found3.get(IFLA.name))
  if (name === void 0) return void 0
  const flags = body.getUint32(8, true)
  const up = (flags & IFF.up) !== 0
  const info = found3.get(IFLA.linkInfo)
  const layer2 = body.getUint16(2, true)
  return {
    index: body.getInt32(4, true),
    name,
    up,
    running: up && (flags & IFF.running) !== 0,
    loopback: (flags & IFF.loopback) !== 0,
    multicast: (flags & IFF.multicast) !== 0,
    mtu: number(found3.get(IFLA.mtu)),
    kind:
      string(info === void 0 ? void 0 : attributes(info, 0).get(IFLA_INFO_KIND)) ??
      linkLayers[layer2] ??
      `link layer ${layer2}`,
    hardwareAddress: hardware(found3.get(IFLA.address)),
    master: number(found3.get(IFLA.master))
  }
}
var hardware = (view) => {
  if (view === void 0) return void 0
  const bytes3 = Array.from(new Uint8Array(view.buffer, view.byteOffset, view.byteLength))
  return bytes3.some((byte) => byte !== 0) ? bytes3.map((byte) => byte.toString(16).padStart(2, "0")).join(":") : void 0
}
var address = ({ body, type }) => {
  if (type !== RTM.newAddress || body.byteLength < 8) return void 0
  const index = body.getUint32(4, true)
  const found3 = attributes(body, 8)
  const bytes3 = found3.get(IFA.local) ?? found3.get(IFA.address)
  const one2 = bytes3 === void 0 ? void 0 : addressOf2(body.getUint8(0), bytes3, index)
  if (one2 === void 0) return void 0
  const flags = number(found3.get(IFA.flags)) ?? body.getUint8(2)
  const has = (flag2) => (flags & flag2) !== 0
  return {
    index,
    address: {
      address: one2,
      prefix: body.getUint8(1),
      // Linux: an optimistic address can be used during duplicate address detection.
      tentative: has(IFA_F.tentative) && !has(IFA_F.optimistic),
      duplicate: has(IFA_F.duplicate),
      deprecated: has(IFA_F.deprecated),
      temporary: one2.family === "ipv6" && has(IFA_F.temporary)
    }
  }
}
var addressOf2 = (family, bytes3, index) => {
  if (family === AF.ipv4 && bytes3.byteLength >= 4) return new Ipv4Address(bytes3.getUint32(0))
  if (family !== AF.ipv6 || bytes3.byteLength < 16) return void 0
  const one2 = readIpv6(bytes3, 0)
  return one2.isLinkLocal ? one2.withZone(index) : one2
}
var ended = ({ body, type }) => {
  if ((type !== RTM.newLink && type !== RTM.delLink) || body.byteLength < 16) return []
  if (body.getUint8(0) !== AF.unspecified) return []
  const index = body.getInt32(4, true)
  if (type === RTM.delLink) return [{ index }]
  const mtu = number(attributes(body, 16).get(IFLA.mtu)) ?? Infinity
  return ["ipv4", "ipv6"].flatMap((family) => (mtu < smallestMtu[family] ? [{ index, family }] : []))
}

// packages/native/dist/readiness.js
var startPoll = (descriptor2, interest, callback) => koffi().node.poll(descriptor2, interest, callback)
var poll = (start, descriptor2, onReady) => {
  let readable3 = false
  let writable2 = false
  let failed = false
  let closed4 = false
  let keepsAlive = true
  let handle = void 0
  const report2 = (isReadable, isWritable, isFailed) => {
    try {
      onReady(isReadable, isWritable, isFailed)
    } catch (defect) {
      queueMicrotask(() => {
        throw defect
      })
    }
  }
  const callback = (status, events) => {
    if (closed4) return
    if (status >= 0) return report2(events.readable, events.writable, false)
    readable3 = false
    writable2 = false
    failed = false
    handle?.stop()
    report2(true, true, true)
  }
  return {
    update: (wantReadable, wantWritable, wantFailed = false) => {
      if (closed4 || (wantReadable === readable3 && wantWritable === writable2 && wantFailed === failed)) return
      readable3 = wantReadable
      writable2 = wantWritable
      failed = wantFailed
      const interest = { readable: readable3, writable: writable2, disconnect: failed }
      if (!readable3 && !writable2 && !failed) handle?.stop()
      else if (handle === void 0) {
        handle = start(descriptor2, interest, callback)
        if (!keepsAlive) handle.unref()
      } else handle.start(interest, callback)
    },
    keepAlive: (keeps) => {
      if (closed4 || keeps === keepsAlive) return
      keepsAlive = keeps
      if (keeps) handle?.ref()
      else handle?.unref()
    },
    close: () => {
      if (closed4) return
      closed4 = true
      handle?.close()
      handle = void 0
    }
  }
}

// packages/posix/dist/internal/carrier.js
import { createSocket } from "node:dgram"
import { isMainThread } from "node:worker_threads"
var carry = (libc, epoll, descriptor2, onReady) =>
  isMainThread ? polled(libc, descriptor2, onReady) : disguised(libc, epoll, descriptor2, onReady)
var polled = (libc, descriptor2, onReady) => {
  const handle = startPoll(descriptor2, { readable: true, writable: false, disconnect: false }, (status) => {
    if (status >= 0) onReady()
  })
  return {
    descriptor: descriptor2,
    ref: () => handle.ref(),
    unref: () => handle.unref(),
    close: () => {
      handle.close()
      libc.close(descriptor2)
    }
  }
}
var [AF_INET, SOCK_DGRAM, SOCK_CLOEXEC, O_CLOEXEC] = [2, 2, 524288, 524288]
var disguised = (libc, epoll, descriptor2, onReady) => {
  const fd = libc.socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)
  if (fd < 0) return lastFault("socket")
  const socket = createSocket("udp4")
  socket.on("error", onReady)
  try {
    socket.bind({ fd, exclusive: true })
  } catch {
    socket.close()
    libc.close(fd)
    return fault("poll", EBADF)
  }
  if (epoll.duplicate(descriptor2, fd, O_CLOEXEC) < 0) {
    const failed = lastFault("dup3")
    socket.close()
    return failed
  }
  libc.close(descriptor2)
  return {
    descriptor: fd,
    ref: () => void socket.ref(),
    unref: () => void socket.unref(),
    close: () => void socket.close()
  }
}

// packages/posix/dist/internal/epoll.js
var EPOLL_CLOEXEC = 524288
var [EPOLL_CTL_ADD, EPOLL_CTL_DEL, EPOLL_CTL_MOD] = [1, 2, 3]
var EPOLLIN = 1
var EPOLLOUT = 4
var EPOLLERR = 8
var EPOLLHUP = 16
var EPOLLRDHUP = 8192
var quiet = 2147483648
var dataAt = process.arch === "x64" || process.arch === "ia32" ? 4 : 8
var eventBytes = dataAt + 8
var most2 = 64
var turn = 0.1
var patience = 64
var Watch = class {
  /**
   * Interest of the program, and interest that is set in the kernel. The kernel's is reduced only after a report that nothing waited for.
   */
  wanted = 0
  #armed = quiet
  /** True if the event loop continues while the program waits. */
  #keepsAlive = true
  #closed = false
  id
  fd
  #poller
  #onReady
  constructor(poller, id, fd, onReady) {
    this.#poller = poller
    this.id = id
    this.fd = fd
    this.#onReady = onReady
  }
  update(readable3, writable2, failed = false) {
    const events = (readable3 ? EPOLLIN : 0) | (writable2 ? EPOLLOUT : 0) | (failed ? EPOLLRDHUP : 0)
    if (this.#closed || events === this.wanted) return
    this.#want(events, this.#keepsAlive)
    if (events !== 0) this.#arm(events)
  }
  keepAlive(keeps) {
    if (!this.#closed) this.#want(this.wanted, keeps)
  }
  close() {
    if (this.#closed) return
    this.#want(0, this.#keepsAlive)
    this.#closed = true
    this.#poller.remove(this)
  }
  /** Removes the interest in events that nothing waits for. */
  disarm() {
    this.#arm(quiet)
  }
  /** Reports events to the program. An exception must not end the reports of other descriptors. */
  report(events) {
    const { wanted } = this
    if ((events & EPOLLERR) !== 0) return this.#fail()
    const hungUp = (events & EPOLLHUP) !== 0
    const readable3 = (wanted & EPOLLIN) !== 0 && (hungUp || (events & EPOLLIN) !== 0)
    const writable2 = (wanted & EPOLLOUT) !== 0 && (hungUp || (events & EPOLLOUT) !== 0)
    this.#call(readable3, writable2, false)
  }
  /** The program starts the next interest again. */
  #fail() {
    this.#want(0, this.#keepsAlive)
    this.#call(true, true, true)
  }
  #call(readable3, writable2, failed) {
    try {
      this.#onReady(readable3, writable2, failed)
    } catch (defect) {
      queueMicrotask(() => {
        throw defect
      })
    }
  }
  #want(events, keepsAlive) {
    const counted = this.wanted !== 0 && this.#keepsAlive
    const counts = events !== 0 && keepsAlive
    this.wanted = events
    this.#keepsAlive = keepsAlive
    if (counted !== counts) this.#poller.count(counts ? 1 : -1)
  }
  #arm(events) {
    if (this.#armed === events) return
    this.#armed = events
    if (this.#poller.modify(this, events)) return
    this.#armed = -1
    setImmediate(() => {
      if (!this.#closed) this.#fail()
    })
  }
}
var Poller = class {
  #descriptor
  #epoll
  #libc
  #carrier
  /** True until libuv has added the epoll, which it does when it next polls for events. */
  #pending = true
  /** An epoll that has a watch for libuv. */
  #reserved
  #watches = /* @__PURE__ */ new Map()
  /** Number of the next watch. An event of a closed watch then matches none. */
  #next = 1
  /** Checks in a row that found nothing, and reports since then without a check. */
  #vain = 0
  #skipped = 0
  #closed = false
  /** Watches with a waiting program that keep the process running. The event loop continues as long as there is one. */
  #waiting = 0
  #events = allocate(most2 * eventBytes)
  #view = new DataView(this.#events.bytes.buffer)
  #event = allocate(16)
  #eventView = new DataView(this.#event.bytes.buffer)
  constructor(libc, epoll, descriptor2) {
    this.#descriptor = descriptor2
    this.#libc = libc
    this.#epoll = epoll
  }
  add(fd, onReady) {
    const id = this.#next++
    if (this.#control(EPOLL_CTL_ADD, fd, id, quiet) < 0) return lastFault("epoll_ctl")
    const refused2 = this.#begin() ?? (this.#pending ? this.#reserve() : void 0)
    if (refused2 !== void 0) {
      this.#control(EPOLL_CTL_DEL, fd, id, 0)
      return refused2
    }
    const watch = new Watch(this, id, fd, onReady)
    this.#watches.set(id, watch)
    return watch
  }
  /** Sets the interest of a watch in the kernel. Returns false if that fails. */
  modify({ fd, id }, events) {
    return this.#control(EPOLL_CTL_MOD, fd, id, events) >= 0
  }
  remove({ fd, id }) {
    this.#watches.delete(id)
    this.#control(EPOLL_CTL_DEL, fd, id, 0)
    if (this.#watches.size === 0) this.close()
  }
  /** Changes the number of watches that keep the process running. */
  count(by2) {
    this.#waiting += by2
    if (by2 > 0 && this.#waiting === 1) this.#carrier?.ref()
    if (this.#waiting === 0) this.#carrier?.unref()
  }
  /** Registers once with libuv for all sockets of the thread. The registration never changes. */
  #begin() {
    if (this.#carrier !== void 0) return void 0
    const refused2 = this.#reserve()
    if (refused2 !== void 0) return refused2
    this.#release()
    const carrier = carry(this.#libc, this.#epoll, this.#descriptor, () => this.#report())
    if (isFault(carrier)) return carrier
    this.#carrier = carrier
    this.#descriptor = carrier.descriptor
    carrier.unref()
    setImmediate(() => setImmediate(() => (this.#pending = false)))
    return void 0
  }
  /**
   * Keeps the watch that libuv takes when it next polls, because libuv aborts if it gets none. Another epoll has it until this run of
   * the program ends. Returns the reason if there is no watch left.
   */
  #reserve() {
    if (this.#reserved !== void 0) return void 0
    const other = this.#epoll.create(EPOLL_CLOEXEC)
    if (other < 0) return lastFault("epoll_create1")
    if (this.#epoll.control(other, EPOLL_CTL_ADD, this.#descriptor, this.#event.address) < 0) {
      const errno = lastError()
      this.#libc.close(other)
      return fault("epoll_ctl", errno)
    }
    this.#reserved = other
    process.nextTick(() => this.#release())
    return void 0
  }
  #release() {
    if (this.#reserved !== void 0) this.#libc.close(this.#reserved)
    this.#reserved = void 0
  }
  #control(operation, fd, id, events) {
    this.#eventView.setUint32(0, events, true)
    this.#eventView.setUint32(dataAt, id, true)
    return this.#epoll.control(this.#descriptor, operation, fd, this.#event.address)
  }
  #report() {
    const until = performance.now() + turn
    this.#dispatch(true)
    while (!this.#closed && (this.#vain < 2 || ++this.#skipped % patience === 0) && performance.now() < until)
      this.#vain = this.#dispatch(false) > 0 ? 0 : this.#vain + 1
  }
  /** Calls all waiting callbacks and returns their number. With `first`, the interest in events that nothing waits for is removed. */
  #dispatch(first) {
    let called = 0
    const count2 = this.#epoll.wait(this.#descriptor, this.#events.address, most2, 0)
    for (let i = 0; i < count2; i++) {
      const watch = this.#watches.get(this.#view.getUint32(i * eventBytes + dataAt, true))
      if (watch === void 0) continue
      if (watch.wanted === 0) {
        if (first) watch.disarm()
        continue
      }
      called++
      watch.report(this.#view.getUint32(i * eventBytes, true))
    }
    return called
  }
  /** Called when no socket is left in it. */
  close() {
    this.#closed = true
    if (current === this) current = void 0
    this.#release()
    if (this.#carrier === void 0) this.#libc.close(this.#descriptor)
    else this.#carrier.close()
  }
}
var current
var register = (libc, epoll, fd, onReady) => {
  if (current !== void 0) return current.add(fd, onReady)
  const descriptor2 = epoll.create(EPOLL_CLOEXEC)
  if (descriptor2 < 0) return lastFault("epoll_create1")
  const poller = new Poller(libc, epoll, descriptor2)
  const registration = poller.add(fd, onReady)
  if (isFault(registration)) poller.close()
  else current = poller
  return registration
}

// packages/posix/dist/internal/readiness.js
var poll2 = (libc, descriptor2, onReady) =>
  // Darwin: kqueue accepts a descriptor any number of times, and has no limit for each user.
  libc.epoll === void 0 ? poll(startPoll, descriptor2, onReady) : register(libc, libc.epoll, descriptor2, onReady)

// packages/posix/dist/internal/routing.js
var AF_NETLINK = 16
var socketType = 3 | 2048 | 524288
var NETLINK_ROUTE = 0
var MSG_TRUNC = 32
var pieceBytes = 32 * 1024
var tries = 8
var { EIO, ENOBUFS } = constants2.errno
var open = ({ libc }) => {
  const fd = libc.socket(AF_NETLINK, socketType, NETLINK_ROUTE)
  return fd < 0 ? lastFault("socket") : fd
}
var receive = ({ libc }, fd, into2) => {
  const size2 = libc.recv(fd, into2, into2.length, MSG_TRUNC)
  if (size2 < 0) {
    const errno = lastError()
    return errno === EAGAIN ? void 0 : fault("recv", errno)
  }
  return size2 > into2.length ? fault("recv", constants2.errno.EMSGSIZE) : into2.subarray(0, size2)
}
var dump = (host, fd, type) => {
  const request = dumpRequest(type)
  if (host.libc.send(fd, request, request.length, 0) < 0) return lastFault("send")
  const found3 = []
  let interrupted = false
  for (;;) {
    const piece = receive(host, fd, new Uint8Array(pieceBytes))
    if (piece === void 0) return fault("recv", EIO)
    if (isFault(piece)) return piece
    for (const message of messages(piece)) {
      interrupted ||= message.interrupted
      const end = endOf(message)
      if (end === "done") return { messages: found3, interrupted }
      if (end !== void 0) return fault("recv", end)
      found3.push(message)
    }
  }
}
var interfaces2 = (host) => {
  const fd = open(host)
  if (isFault(fd)) return fd
  try {
    for (let left4 = tries; ; left4--) {
      const links = dump(host, fd, RTM.getLink)
      if (isFault(links)) return links
      const addresses = dump(host, fd, RTM.getAddress)
      if (isFault(addresses)) return addresses
      if (left4 > 1 && (links.interrupted || addresses.interrupted)) continue
      return joined(links.messages, addresses.messages)
    }
  } finally {
    host.libc.close(fd)
  }
}
var joined = (links, addresses) => {
  const found3 = /* @__PURE__ */ new Map()
  for (const message of links) {
    const one2 = link(message)
    if (one2 !== void 0) found3.set(one2.index, { ...one2, addresses: [] })
  }
  for (const message of addresses) {
    const one2 = address(message)
    if (one2 !== void 0) found3.get(one2.index)?.addresses.push(one2.address)
  }
  return [...found3.values()]
}
var observe = (host) => {
  const fd = open(host)
  if (isFault(fd)) return fd
  const name = noticesName()
  if (host.libc.bind(fd, name, name.length) < 0) {
    const failed = lastFault("bind")
    host.libc.close(fd)
    return failed
  }
  let isOpen = true
  const into2 = new Uint8Array(pieceBytes)
  const take2 = () => {
    let changed = false
    let lost2 = false
    const ended2 = []
    while (isOpen) {
      const piece = receive(host, fd, into2)
      if (piece === void 0) break
      changed = true
      if (!isFault(piece)) for (const message of messages(piece)) ended2.push(...ended(message))
      else if (piece.errno === ENOBUFS) lost2 = true
      else return { changed, lost: true, ended: ended2 }
    }
    return { changed, lost: lost2, ended: ended2 }
  }
  return {
    take: take2,
    poll: (onReady) => (isOpen ? poll2(host.libc, fd, onReady) : closed2("poll")),
    close: () => {
      if (!isOpen) return
      isOpen = false
      host.libc.close(fd)
    }
  }
}

// packages/posix/dist/internal/libc.js
var load = (platform) => {
  const library = koffi().load(platform === "darwin" ? "/usr/lib/libSystem.B.dylib" : null)
  const linux6 = platform === "linux"
  const ioctl2 = library.func("int ioctl(int fd, unsigned long request, ...)")
  return {
    name: nameOf(library),
    socket: library.func("socket", "int", ["int", "int", "int"]),
    socketpair: library.func("socketpair", "int", ["int", "int", "int", "void *"]),
    close: library.func("close", "int", ["int"]),
    closingThreads: linux6 ? closingThreads(library) : void 0,
    ioctl: (fd, request, argument) => Number(ioctl2(fd, request, "void *", argument)),
    bind: library.func("bind", "int", ["int", "void *", "uint32_t"]),
    connect: library.func("connect", "int", ["int", "void *", "uint32_t"]),
    getsockname: library.func("getsockname", "int", ["int", "void *", "void *"]),
    setsockopt: library.func("setsockopt", "int", ["int", "int", "int", "void *", "uint32_t"]),
    getsockopt: library.func("getsockopt", "int", ["int", "int", "int", "void *", "void *"]),
    send: library.func("send", "int64_t", ["int", "void *", "size_t", "int"]),
    recv: library.func("recv", "int64_t", ["int", "void *", "size_t", "int"]),
    getsockoptAt: library.func("getsockopt", "int", ["int", "int", "int", "uintptr_t", "uintptr_t"]),
    setsockoptAt: library.func("setsockopt", "int", ["int", "int", "int", "uintptr_t", "uint32_t"]),
    bindAt: library.func("bind", "int", ["int", "uintptr_t", "uint32_t"]),
    getsocknameAt: library.func("getsockname", "int", ["int", "uintptr_t", "uintptr_t"]),
    getpeernameAt: library.func("getpeername", "int", ["int", "uintptr_t", "uintptr_t"]),
    getifaddrs: library.func("getifaddrs", "int", ["void *"]),
    freeifaddrs: library.func("freeifaddrs", "void", ["uintptr_t"]),
    if_nametoindex: library.func("if_nametoindex", "uint32_t", ["str"]),
    recvmsg: library.func("recvmsg", "int64_t", ["int", "uintptr_t", "int"]),
    sendmsg: library.func("sendmsg", "int64_t", ["int", "uintptr_t", "int"]),
    recvmmsg: linux6 ? library.func("recvmmsg", "int", ["int", "uintptr_t", "uint32_t", "int", "uintptr_t"]) : void 0,
    sendmmsg: linux6 ? library.func("sendmmsg", "int", ["int", "uintptr_t", "uint32_t", "int"]) : void 0,
    epoll: linux6
      ? {
          create: library.func("epoll_create1", "int", ["int"]),
          control: library.func("epoll_ctl", "int", ["int", "int", "int", "uintptr_t"]),
          wait: library.func("epoll_wait", "int", ["int", "uintptr_t", "int", "int"]),
          duplicate: library.func("dup3", "int", ["int", "int", "int"])
        }
      : void 0
  }
}
var closingThreads = (library) => {
  const create = library.func("pthread_create", "int", ["void *", "void *", "uintptr_t", "uintptr_t"])
  const tryJoin = library.func("pthread_tryjoin_np", "int", ["uintptr_t", "uintptr_t"])
  const start = Number(library.func("dlsym", "uintptr_t", ["uintptr_t", "str"])(0, "close"))
  const attributes2 = new Uint8Array(256)
  library.func("pthread_attr_init", "int", ["void *"])(attributes2)
  library.func("pthread_attr_setstacksize", "int", ["void *", "size_t"])(attributes2, 65536)
  const made2 = new DataView(new ArrayBuffer(8))
  const thread = new Uint8Array(made2.buffer)
  return {
    begin: (fd) => (create(thread, attributes2, start, fd) === 0 ? Number(made2.getBigUint64(0, true)) : void 0),
    hasEnded: (each) => tryJoin(each, 0) === 0
  }
}
var nameOf = (library) => {
  try {
    library.func("gnu_get_libc_version", "str", [])
    return "glibc"
  } catch {
    const report2 = process.report.getReport()
    const objects =
      typeof report2 === "object" && report2 !== null && "sharedObjects" in report2 ? report2.sharedObjects : void 0
    return Array.isArray(objects) && objects.some((path) => /ld-musl|libc\.musl/.test(String(path)))
      ? "musl"
      : "unknown"
  }
}

// packages/native/dist/arena.js
var nativeArena = (arena) => arena
var checkBounds = (arena, slots2) => {
  const damage = arena.damage(slots2)
  if (damage !== void 0) throw new Error(`Memory behind an arena's slot was overwritten: ${damage}.`)
}

// packages/posix/dist/internal/closing.js
var maximumThreads = 64
var perTurn = 64
var patience2 = 100
var Closing = class {
  #threads
  #running = []
  #waiting = []
  #scheduled = false
  constructor(threads) {
    this.#threads = threads
  }
  close(fd) {
    this.#waiting.push(fd)
    if (!this.#scheduled) this.#turn()
  }
  #turn() {
    let begun = 0
    while (this.#waiting.length > 0 && begun < perTurn && this.#begin()) begun++
    if (this.#waiting.length > 0) this.#later(begun === 0)
  }
  /** Starts to close the first waiting descriptor. */
  #begin() {
    const [fd] = this.#waiting
    if (this.#running.length >= maximumThreads)
      this.#running = this.#running.filter((each) => !this.#threads.hasEnded(each))
    if (fd === void 0 || this.#running.length >= maximumThreads) return false
    const thread = this.#threads.begin(fd)
    if (thread === void 0) return false
    this.#running.push(thread)
    this.#waiting.shift()
    return true
  }
  /** The timer does not keep the process running, because the system closes the remaining descriptors with it. */
  #later(blocked) {
    this.#scheduled = true
    const next = () => {
      this.#scheduled = false
      this.#turn()
    }
    if (blocked) setTimeout(next, patience2).unref()
    else setImmediate(next)
  }
}
var closings = /* @__PURE__ */ new WeakMap()
var closeAside = (libc, fd) => {
  const { closingThreads: closingThreads2 } = libc
  if (closingThreads2 === void 0) return libc.close(fd)
  let closing = closings.get(libc)
  if (closing === void 0) {
    closing = new Closing(closingThreads2)
    closings.set(libc, closing)
  }
  closing.close(fd)
  return 0
}

// packages/posix/dist/internal/peering.js
var none = new Uint8Array(0)
var portAt = 2
var nameBytes = 16
var peering = ({ abi, libc, numbers: numbers3 }, fd, family) => {
  const { SO_BINDTODEVICE, SO_ERROR: SO_ERROR2, SOL_SOCKET: SOL_SOCKET5 } = numbers3
  let before2 = none
  let after = none
  const device = () => {
    if (family === "unix" || SO_BINDTODEVICE === void 0) return none
    const name = new Uint8Array(nameBytes)
    const length3 = Uint32Array.of(nameBytes)
    const failed = libc.getsockopt(fd, SOL_SOCKET5, SO_BINDTODEVICE, name, new Uint8Array(length3.buffer)) < 0
    return failed ? none : name.subarray(0, length3[0])
  }
  const localAddress = () => {
    const name = new Uint8Array(abi.sockaddr.ipv6)
    const length3 = Uint32Array.of(name.length)
    return libc.getsockname(fd, name, new Uint8Array(length3.buffer)) < 0
      ? lastFault("getsockname")
      : name.subarray(0, length3[0])
  }
  const restore = (device2, local) => {
    if (
      SO_BINDTODEVICE !== void 0 &&
      device2.length > 0 &&
      libc.setsockopt(fd, SOL_SOCKET5, SO_BINDTODEVICE, device2, device2.length) < 0
    )
      return lastFault("setsockopt")
    const left4 = localAddress()
    if (!(left4 instanceof Uint8Array)) return left4
    if (left4[portAt] !== 0 || left4[portAt + 1] !== 0) return void 0
    left4.set(local.subarray(portAt, portAt + 2), portAt)
    return libc.bind(fd, left4, left4.length) < 0 ? lastFault("bind") : void 0
  }
  return {
    connect: (name) => {
      const had = device()
      if (libc.connect(fd, name, name.length) < 0) return lastFault("connect")
      before2 = had
      after = device()
      return void 0
    },
    disconnect: () => {
      const local = family === "unix" ? none : localAddress()
      if (!(local instanceof Uint8Array)) return local
      const now = device()
      const nobody = new Uint8Array(abi.sockaddr.ipv4)
      if (libc.connect(fd, nobody, nobody.length) < 0) return lastFault("connect")
      libc.getsockopt(fd, SOL_SOCKET5, SO_ERROR2, new Uint8Array(4), new Uint8Array(Uint32Array.of(4).buffer))
      const isAsConnected = now.length === after.length && now.every((byte, i) => byte === after[i])
      return family === "unix" ? void 0 : restore(isAsConnected ? before2 : now, local)
    }
  }
}

// packages/posix/dist/internal/polled.js
import { fstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs"
var isPolled = (descriptor2) => {
  try {
    const inode = fstatSync(descriptor2, { bigint: true }).ino.toString(16)
    return readdirSync("/proc/self/fd").some((name) => lists(name, descriptor2, inode))
  } catch {
    return false
  }
}
var lists = (name, descriptor2, inode) => {
  try {
    if (!readlinkSync(`/proc/self/fd/${name}`).includes("[eventpoll]")) return false
    const lines = readFileSync(`/proc/self/fdinfo/${name}`, "utf8").matchAll(/^tfd:\s*(\d+)(?:.*\bino:([0-9a-f]+))?/gm)
    for (const [, number2, file = inode] of lines) if (Number(number2) === descriptor2 && file === inode) return true
    return false
  } catch {
    return false
  }
}

// packages/posix/dist/internal/socketFile.js
import { lstatSync, realpathSync, unlinkSync } from "node:fs"
import { sep } from "node:path"
var pathAt = 2
var made = (name) => {
  const end = name.indexOf(0, pathAt)
  const path = name.subarray(pathAt, end < 0 ? name.length : end)
  if (path.length === 0) return void 0
  const given = Buffer.from(path)
  const own2 = statusOf(given)
  if (own2 === void 0) return void 0
  const files = [resolved(given), given]
  return () => {
    const file = files.find((file2) => {
      const now = statusOf(file2)
      return now !== void 0 && now.ino === own2.ino && now.dev === own2.dev
    })
    if (file === void 0) return
    try {
      unlinkSync(file)
    } catch {}
  }
}
var resolved = (path) => {
  const end = path.lastIndexOf(sep) + 1
  const folder = end === 0 ? Buffer.from(".") : path.subarray(0, end)
  try {
    return Buffer.concat([realpathSync.native(folder, { encoding: "buffer" }), Buffer.from(sep), path.subarray(end)])
  } catch {
    return path
  }
}
var statusOf = (path) => {
  try {
    return lstatSync(path, { bigint: true, throwIfNoEntry: false })
  } catch {
    return void 0
  }
}

// packages/posix/dist/internal/socket.js
var smallBytes = 256
var valueAt = 16
var small
var smallMemory = () => {
  if (small !== void 0) return small
  const { address: address2, bytes: bytes3 } = allocate(valueAt + smallBytes)
  return (small = { address: address2, bytes: bytes3, view: new DataView(bytes3.buffer) })
}
var place = (value) => {
  const { address: address2, bytes: bytes3 } = smallMemory()
  bytes3.set(value, valueAt)
  return address2 + valueAt
}
var getSmall = (libc, fd, level, option2, into2) => {
  const { address: address2, bytes: bytes3, view } = smallMemory()
  view.setUint32(0, into2.length, true)
  bytes3.set(into2, valueAt)
  if (libc.getsockoptAt(fd, level, option2, address2 + valueAt, address2) < 0) return lastFault("getsockopt")
  for (let i = 0; i < into2.length; i++) into2[i] = bytes3[valueAt + i] ?? 0
  return view.getUint32(0, true)
}
var setOption = (libc, fd, level, option2, value) =>
  answer(
    "setsockopt",
    value.length > smallBytes
      ? libc.setsockopt(fd, level, option2, value, value.length)
      : libc.setsockoptAt(fd, level, option2, place(value), value.length)
  )
var open2 = (host, kind) => {
  const { abi, libc, numbers: numbers3 } = host
  const fd = libc.socket(abi.family[kind.family], numbers3.SOCK_DGRAM | numbers3.openFlags, protocolOf(host, kind))
  if (fd < 0) return lastFault("socket")
  return prepared(fromDescriptor(host, fd, kind), numbers3.openRequests)
}
var protocolOf = ({ numbers: numbers3 }, { family, protocol }) =>
  protocol === "icmp" ? (family === "ipv4" ? numbers3.IPPROTO_ICMP : numbers3.IPPROTO_ICMPV6) : 0
var prepared = (socket, requests) => {
  let failed = "thrown"
  try {
    failed = prepare(socket, requests)
  } finally {
    if (failed !== void 0) socket.close()
  }
  return failed ?? socket
}
var prepare = (socket, requests) => {
  for (const request of requests) {
    const answer3 = socket.ioctl(request, Uint8Array.of(1, 0, 0, 0), new Uint8Array(0))
    if (isFault(answer3)) return answer3
  }
  return void 0
}
var pair = (host) => {
  const { abi, libc, numbers: numbers3 } = host
  const descriptors2 = new Int32Array(2)
  const type = numbers3.SOCK_DGRAM | numbers3.openFlags
  if (libc.socketpair(abi.family.unix, type, 0, new Uint8Array(descriptors2.buffer)) < 0) return lastFault("socketpair")
  const kind = { family: "unix", protocol: "unix" }
  const [first, second] = [0, 1].map((i) => fromDescriptor(host, descriptors2[i] ?? -1, kind))
  const one2 = prepared(first, numbers3.openRequests)
  const other = prepared(second, numbers3.openRequests)
  if (!isFault(one2) && !isFault(other)) return [one2, other]
  first.close()
  second.close()
  return isFault(one2) ? one2 : other
}
var adopt = (host, fd, kind) => {
  const { abi, numbers: numbers3 } = host
  const socket = fromDescriptor(host, fd, kind)
  const is = (option2, expected) => {
    const value = new Uint8Array(4)
    const told = socket.getOption(numbers3.SOL_SOCKET, option2, value)
    if (isFault(told)) return told
    return value[0] === expected ? void 0 : fault("adopt", EPROTOTYPE)
  }
  const other = is(numbers3.SO_TYPE, numbers3.SOCK_DGRAM)
  if (other !== void 0) return other
  const name = new Uint8Array(128)
  const length3 = socket.localAddress(name)
  if (isFault(length3)) return length3
  if (name[abi.sockaddr.lengthByte ? 1 : 0] !== abi.family[kind.family]) return fault("adopt", EPROTOTYPE)
  const protocol = kind.protocol === "udp" ? numbers3.IPPROTO_UDP : protocolOf(host, kind)
  const spoken = numbers3.SO_PROTOCOL === void 0 ? void 0 : is(numbers3.SO_PROTOCOL, protocol)
  if (spoken !== void 0) return spoken
  if (isPolled(fd)) return fault("adopt", EEXIST)
  return { ...socket, poll: (onReady) => prepare(socket, numbers3.adoptRequests) ?? socket.poll(onReady) }
}
var release = ({ libc }, fd) => (closeAside(libc, fd) < 0 ? lastFault("close") : void 0)
var answer = (syscall, result) => (result < 0 ? lastFault(syscall) : void 0)
var nameOf2 = (libc, fd, syscall, into2) => {
  const { address: address2, bytes: bytes3, view } = smallMemory()
  view.setUint32(0, into2.length, true)
  if (libc[`${syscall}At`](fd, address2 + valueAt, address2) < 0) return lastFault(syscall)
  const length3 = view.getUint32(0, true)
  into2.set(bytes3.subarray(valueAt, valueAt + Math.min(length3, into2.length)))
  return length3
}
var received2 = ({ abi, numbers: numbers3 }, arena, slot, bytes3) => {
  const stride = abi.mmsghdr?.size ?? abi.msghdr.size
  const marks = ControlBuffer_exports.readField(arena.view, slot * stride, abi.msghdr.flags)
  const data2 = (marks & numbers3.MSG_TRUNC) === 0 ? 0 : ReceiveFlags.dataTruncated
  arena.received(slot, bytes3, data2 | ((marks & numbers3.MSG_CTRUNC) === 0 ? 0 : ReceiveFlags.controlTruncated))
}
var receiveMany = (host, fd, arena, slots2, flags) => {
  const { abi, libc } = host
  const { mmsghdr } = abi
  if (mmsghdr === void 0 || libc.recvmmsg === void 0) return receiveOneByOne(host, fd, arena, slots2, flags)
  const count2 = libc.recvmmsg(fd, arena.headerAddress(0), slots2, flags, 0)
  if (count2 < 0) {
    const errno = lastError()
    return errno === EAGAIN ? 0 : fault("recvmmsg", errno)
  }
  for (let slot = 0; slot < count2; slot++)
    received2(host, arena, slot, arena.view.getUint32(slot * mmsghdr.size + mmsghdr.length, true))
  return count2
}
var receiveOneByOne = (host, fd, arena, slots2, flags) => {
  for (let slot = 0; slot < slots2; slot++) {
    const bytes3 = host.libc.recvmsg(fd, arena.headerAddress(slot), flags)
    if (bytes3 < 0) {
      const errno = lastError()
      if (errno === EAGAIN) return slot
      return slot === 0 ? fault("recvmsg", errno) : { slots: slot, failed: fault("recvmsg", errno) }
    }
    received2(host, arena, slot, bytes3)
  }
  return slots2
}
var fromDescriptor = (host, fd, { family }) => {
  const { libc, numbers: numbers3 } = host
  let peers
  const peer = () => (peers ??= peering(host, fd, family))
  let open5 = true
  let removeFile
  let pending
  return {
    descriptor: fd,
    setOption: (level, option2, value) => (open5 ? setOption(libc, fd, level, option2, value) : closed2("setsockopt")),
    getOption: (level, option2, into2) => {
      if (!open5) return closed2("getsockopt")
      if (into2.length <= smallBytes) return getSmall(libc, fd, level, option2, into2)
      const length3 = new Uint32Array([into2.length])
      return (
        answer("getsockopt", libc.getsockopt(fd, level, option2, into2, new Uint8Array(length3.buffer))) ??
        length3[0] ??
        0
      )
    },
    ioctl: (code, input, output) => {
      if (!open5) return closed2("ioctl")
      const argument = new Uint8Array(Math.max(input.length, output.length, 4))
      argument.set(input)
      const failed = answer("ioctl", libc.ioctl(fd, code, argument))
      if (failed !== void 0) return failed
      output.set(argument.subarray(0, output.length))
      return output.length
    },
    bind: (name) => {
      if (!open5) return closed2("bind")
      const failed = answer("bind", libc.bindAt(fd, place(name), name.length))
      if (failed === void 0 && family === "unix") removeFile = made(name)
      return failed
    },
    connect: (name) => {
      if (!open5) return closed2("connect")
      return name === void 0 ? peer().disconnect() : peer().connect(name)
    },
    localAddress: (into2) => (open5 ? nameOf2(libc, fd, "getsockname", into2) : closed2("getsockname")),
    peerAddress: (into2) => (open5 ? nameOf2(libc, fd, "getpeername", into2) : closed2("getpeername")),
    receive: (shared3, slots2, peek2) => {
      if (!open5) return closed2("recvmmsg")
      if (pending !== void 0) {
        const failed = pending
        pending = void 0
        return failed
      }
      const arena = nativeArena(shared3)
      const wanted = peek2 ? Math.min(slots2, 1) : slots2
      arena.prepare(wanted, 0)
      const count2 = receiveMany(host, fd, arena, wanted, numbers3.receiveFlags | (peek2 ? numbers3.MSG_PEEK : 0))
      checkBounds(arena, wanted)
      if (typeof count2 !== "object" || isFault(count2)) return count2
      pending = count2.failed
      return count2.slots
    },
    receiveErrors: (shared3, slots2) => {
      if (!open5) return closed2("recvmmsg")
      if (numbers3.MSG_ERRQUEUE === void 0 || family === "unix") return 0
      const arena = nativeArena(shared3)
      arena.prepare(slots2, 0)
      const count2 = receiveMany(host, fd, arena, slots2, numbers3.receiveFlags | numbers3.MSG_ERRQUEUE)
      checkBounds(arena, slots2)
      return typeof count2 === "object" && !isFault(count2) ? count2.slots : count2
    },
    send: (shared3, first, slots2) => {
      if (!open5) return closed2("sendmsg")
      const arena = nativeArena(shared3)
      checkBounds(arena, first + slots2)
      if (libc.sendmmsg !== void 0 && slots2 > 1) {
        const count2 = libc.sendmmsg(fd, arena.headerAddress(first), slots2, numbers3.sendFlags)
        if (count2 >= 0) return count2
        const errno = lastError()
        return errno === EAGAIN ? 0 : fault("sendmmsg", errno)
      }
      for (let slot = first; slot < first + slots2; slot++) {
        if (libc.sendmsg(fd, arena.headerAddress(slot), numbers3.sendFlags) >= 0) continue
        const errno = lastError()
        return slot > first || errno === EAGAIN ? slot - first : fault("sendmsg", errno)
      }
      return slots2
    },
    poll: (onReady) => (open5 ? poll2(libc, fd, onReady) : closed2("poll")),
    close: () => {
      if (!open5) return closed2("close")
      open5 = false
      removeFile?.()
      return answer("close", libc.close(fd))
    }
  }
}

// packages/posix/dist/internal/driver.js
var makeDriver = (target) => {
  const { layer: feature2, numbers: numbers3, options, platform } = target
  const guarded = readGuarded(feature2, options)
  if (isUnavailable(guarded)) return guarded
  if (process.platform !== platform)
    return {
      feature: feature2,
      why: `this is ${process.platform}, and the layer is for ${platform}`,
      remedy: "NodeSockets.layer picks the layer of the system at hand"
    }
  const bits = pointerBits()
  if (bits === void 0)
    return {
      feature: feature2,
      why: `the layout of structures on ${process.arch} is not known`,
      remedy: "Run it on a little-endian 32- or 64-bit processor"
    }
  const libc = loadNative(feature2, () => load(platform))
  if (isUnavailable(libc)) return libc
  const name = platform === "darwin" ? "libSystem" : libc.name
  const abi = target.abi(bits, name)
  if (abi === void 0)
    return {
      feature: feature2,
      why: `the C library of this process (${name}) is not known`,
      remedy: "Run Node on glibc or musl"
    }
  if (!isMainThread2 && libc.epoll === void 0) return unavailableInWorker(feature2)
  const host = { abi, libc, numbers: numbers3 }
  return {
    abi,
    batches: libc.recvmmsg !== void 0,
    arena: shared(abi, { ...memory_exports, guarded }),
    open: (kind) => open2(host, kind),
    pair: () => pair(host),
    adopt: (descriptor2, kind) => adopt(host, descriptor2, kind),
    interfaces: () => (platform === "linux" ? routing_exports.interfaces(host) : interfaces(host)),
    // macOS reports changes by a routing socket, whose messages were not tested here. Changes are polled instead.
    ...(platform === "linux" ? { observeInterfaces: () => routing_exports.observe(host) } : {}),
    release: (descriptor2) => release(host, descriptor2),
    interfaceIndex: (name2) => libc.if_nametoindex(name2) || void 0,
    errorName
  }
}
var pointerBits = () => {
  if (endianness() !== "LE") return void 0
  if (["x64", "arm64", "riscv64", "loong64", "ppc64"].includes(process.arch)) return 64
  return ["ia32", "arm"].includes(process.arch) ? 32 : void 0
}

// packages/posix/dist/internal/platform.js
var MSG_DONTWAIT = { linux: 64, darwin: 128 }
var linux4 = {
  SOCK_DGRAM: 2,
  IPPROTO_ICMP: 1,
  IPPROTO_ICMPV6: 58,
  MSG_PEEK: 2,
  MSG_TRUNC: 32,
  MSG_CTRUNC: 8,
  // SOCK_NONBLOCK | SOCK_CLOEXEC
  openFlags: 2048 | 524288,
  openRequests: [],
  adoptRequests: [21537, 21585],
  SOL_SOCKET: 1,
  SO_TYPE: 3,
  SO_ERROR: 4,
  SO_BINDTODEVICE: 25,
  SO_PROTOCOL: 38,
  IPPROTO_UDP: 17,
  MSG_ERRQUEUE: 8192,
  IFF_UP: 1,
  IFF_LOOPBACK: 8,
  IFF_MULTICAST: 4096,
  // MSG_TRUNC as an input returns the true size. MSG_CMSG_CLOEXEC closes received descriptors on exec.
  receiveFlags: MSG_DONTWAIT.linux | 32 | 1073741824,
  // MSG_NOSIGNAL: a closed Unix peer is an error, not a signal that ends the process.
  sendFlags: MSG_DONTWAIT.linux | 16384
}
var darwin4 = {
  SOCK_DGRAM: 2,
  IPPROTO_ICMP: 1,
  IPPROTO_ICMPV6: 58,
  MSG_PEEK: 2,
  MSG_TRUNC: 16,
  MSG_CTRUNC: 32,
  openFlags: 0,
  // FIONBIO, FIOCLEX
  openRequests: [2147772030, 536897025],
  adoptRequests: [2147772030, 536897025],
  SOL_SOCKET: 65535,
  SO_TYPE: 4104,
  SO_ERROR: 4103,
  SO_BINDTODEVICE: void 0,
  SO_PROTOCOL: void 0,
  IPPROTO_UDP: 17,
  MSG_ERRQUEUE: void 0,
  IFF_UP: 1,
  IFF_LOOPBACK: 8,
  IFF_MULTICAST: 32768,
  receiveFlags: MSG_DONTWAIT.darwin,
  sendFlags: MSG_DONTWAIT.darwin
}

// packages/posix/dist/DarwinSockets.js
var capabilities = [
  // Messages.
  "timestamp",
  "routingHeader",
  "sentRoutingHeader",
  "hopByHopOptions",
  "destinationOptions",
  "nextHop",
  "pathMtuReports",
  "rights",
  // Options.
  "stickyHeaders",
  "reusePort",
  "defaultTrafficClass"
]
var driver = (options) =>
  makeDriver({
    platform: "darwin",
    layer: "DarwinSockets.layer",
    numbers: darwin4,
    options,
    abi: (bits) => (bits === 64 ? Abi.darwin64 : void 0)
  })

// packages/posix/dist/LinuxSockets.js
var LinuxSockets_exports = {}
__export(LinuxSockets_exports, {
  capabilities: () => capabilities2,
  driver: () => driver2
})
var capabilities2 = [
  // Messages.
  "timestamp",
  "timestamping",
  "dropCount",
  "originalDestination",
  "segmentation",
  "coalescing",
  "fragmentSize",
  "checksum",
  "flowLabel",
  "mark",
  "priority",
  "transmitTime",
  "ipOptions",
  "routingHeader",
  "hopByHopOptions",
  "destinationOptions",
  "errorReports",
  "pathMtuReports",
  "transmitTimestamps",
  "rights",
  "credentials",
  "pidFd",
  // Options.
  "stickyHeaders",
  "bindToDevice",
  "unicastInterface",
  "reusePort",
  "freebind",
  "transparent",
  "multicastAll",
  "defaultTrafficClass",
  "defaultPriority",
  "defaultMark",
  "autoFlowLabel",
  "pathMtuDiscovery"
]
var driver2 = (options) =>
  makeDriver({
    platform: "linux",
    layer: "LinuxSockets.layer",
    numbers: linux4,
    options,
    abi: (bits, libc) => abis2[`${libc} ${bits}`]
  })
var abis2 = {
  "glibc 64": Abi.linuxGlibc64,
  "glibc 32": Abi.linuxGlibc32,
  "musl 64": Abi.linuxMusl64,
  "musl 32": Abi.linuxMusl32
}

// packages/engine/dist/receive/DatagramFault.js
var inspect3 = /* @__PURE__ */ Symbol.for("nodejs.util.inspect.custom")
var DatagramFault = class {
  _tag = "DatagramFault"
  reason
  /** The control message concerned. */
  key
  /** The sender, if its address could be read. */
  from
  #sender
  #why
  constructor(reason, key, from, sender, why) {
    this.reason = reason
    this.key = key
    this.from = from
    this.#sender = sender
    this.#why = why
  }
  /** One sentence. It is made on the first read, because a peer decides how many faults there are. */
  get message() {
    if (typeof this.#why !== "string") this.#why = this.#why()
    return `${this.#sender === void 0 ? "A datagram" : `A datagram from ${this.#sender}`}: ${this.#why}`
  }
  toString() {
    return `DatagramFault: ${this.message}`
  }
  toJSON() {
    return { _tag: this._tag, reason: this.reason, key: this.key, from: this.from, message: this.message }
  }
  [inspect3]() {
    return this.toString()
  }
}
var faultOf = ({ none: none6, some: some3 }, reason, key, from, why) =>
  new DatagramFault(reason, key === void 0 ? none6 : some3(key), from === void 0 ? none6 : some3(from), from, why)
var tooLarge = (maybe, from, size2, room, remedy = "raise withMaximumDatagramSize") =>
  faultOf(maybe, "DataTruncated", void 0, from, () => {
    const bytes3 = size2 === void 0 ? `more than ${room} bytes` : `${size2} bytes`
    return `a datagram of ${bytes3} did not fit into ${room}: ${remedy}, or declare withTruncation("deliver")`
  })

// packages/engine/dist/receive/descriptors.js
var carriedBy = /* @__PURE__ */ new WeakMap()
var none2 = []
var owners = /* @__PURE__ */ new WeakMap()
var Descriptors = class {
  #driver
  #cursor
  #carriers
  /** Untaken descriptors, and whether the next read closes them. */
  #untaken = /* @__PURE__ */ new Map()
  #maybe
  constructor(driver5, maybe) {
    this.#driver = driver5
    this.#maybe = maybe
    this.#cursor = new ControlBuffer_exports.Cursor(driver5.abi)
    this.#carriers = carriersOf(driver5.abi)
  }
  /** Assigns the descriptors of a control buffer. The socket owns those that the datagram holds; the others are closed. */
  settle(carried, view, at, bytes3) {
    let installed
    this.#cursor.reset(view, at, bytes3)
    while (this.#cursor.next()) {
      for (const { level, payload, type } of this.#carriers) {
        if (type !== this.#cursor.type || level !== this.#cursor.level) continue
        installed ??= /* @__PURE__ */ new Set()
        const value = payload.read(view, this.#cursor.payloadAt, this.#cursor.payloadLength)
        for (const { number: number2 } of descriptorsIn(value)) installed.add(number2)
      }
    }
    if (installed === void 0) return
    if (carried !== void 0) {
      const descriptors2 = Object.values(carried)
        .flatMap((value) => descriptorsIn(this.#maybe.get(value)))
        .filter(({ number: number2 }) => installed.delete(number2))
      for (const descriptor2 of descriptors2) {
        this.#untaken.set(descriptor2, "until the next read")
        owners.set(descriptor2, this)
      }
      carriedBy.set(carried, descriptors2)
    }
    for (const number2 of installed) this.#driver.release(number2)
  }
  /** True if there are untaken descriptors. */
  get some() {
    return this.#untaken.size > 0
  }
  /** Starts a read: closes the untaken descriptors of earlier datagrams. */
  next() {
    for (const [descriptor2, how] of this.#untaken) if (how === "until the next read") this.#close(descriptor2)
  }
  /**
   * Sets the lifetime of a datagram's untaken descriptors. Those of a datagram that was put back or is being handled outlive the next read.
   */
  keep(carried, how) {
    for (const descriptor2 of carriedBy.get(carried) ?? none2)
      if (this.#untaken.has(descriptor2)) this.#untaken.set(descriptor2, how)
  }
  /** Transfers a descriptor to its taker. Returns the function that closes it, or `undefined` if the socket does not own it any more. */
  give(descriptor2) {
    if (!this.#untaken.delete(descriptor2)) return void 0
    descriptor2.become("taken")
    return () => {
      descriptor2.become("closed")
      this.#driver.release(descriptor2.number)
    }
  }
  /** Closes these descriptors if the socket still owns them. */
  drop(carried) {
    for (const descriptor2 of carriedBy.get(carried) ?? none2) this.#close(descriptor2)
  }
  /** Closes the descriptors that are neither taken nor held, after the callback of a loop has returned. */
  handled(carried) {
    if (this.#untaken.size === 0) return
    for (const descriptor2 of carriedBy.get(carried) ?? none2)
      if (this.#untaken.get(descriptor2) === "until the next read") this.#close(descriptor2)
  }
  close() {
    for (const descriptor2 of this.#untaken.keys()) this.#close(descriptor2)
  }
  #close(descriptor2) {
    if (!this.#untaken.delete(descriptor2)) return
    descriptor2.become("closed")
    this.#driver.release(descriptor2.number)
  }
}
var carriersOf = (abi) =>
  [Rights, PidFd].flatMap((message) => {
    const cell = message.cell(abi.platform, "unix")
    return isUnsupported(cell) || cell.receive === void 0 || isUnsupported(cell.receive) ? [] : cell.receive
  })
var descriptorsIn = (value) => {
  if (value instanceof Descriptor) return [value]
  return Array.isArray(value) ? value.filter((each) => each instanceof Descriptor) : none2
}

// packages/engine/dist/plan/mergeRequests.js
var ask = (options, asker, request) => {
  const call = toCall(request)
  const at = options.findIndex((other) => other.requestedBy.some(({ key }) => key !== void 0) && sameCall(other, call))
  const before2 = older(stricter(options[at], call), call)
  if (before2 === void 0) {
    options.push({ requestedBy: [asker], ...call })
    return void 0
  }
  const requestedBy = before2.requestedBy.some(({ key }) => key === asker.key)
    ? before2.requestedBy
    : [...before2.requestedBy, asker]
  const [one2, two] = "ioctl" in before2 ? [before2.input, inputOf(call)] : [before2.value, inputOf(call)]
  if ("flags" in request && request.flags === true && "value" in before2) {
    const length3 = Math.max(one2.length, two.length)
    const value = Uint8Array.from({ length: length3 }, (_, i) => (one2[i] ?? 0) | (two[i] ?? 0))
    options[at] = { ...before2, requestedBy, value }
    return void 0
  }
  options[at] = { ...before2, requestedBy }
  return sameBytes(one2, two)
    ? void 0
    : `it wants of the socket what ${before2.requestedBy.map(({ feature: feature2 }) => feature2).join(" and ")} sets to another value`
}
var toCall = (request) =>
  "ioctl" in request
    ? request
    : {
        level: request.level,
        option: request.option,
        privilege: request.privilege,
        ...(request.dispensable === true ? { dispensable: true } : {}),
        ...(request.instead === void 0 ? {} : { instead: request.instead }),
        value: typeof request.value === "number" ? int322(request.value) : request.value
      }
var stricter = (before2, call) =>
  before2 === void 0 || !("dispensable" in before2) || "dispensable" in call
    ? before2
    : { ...before2, dispensable: void 0 }
var older = (before2, call) =>
  before2 === void 0 || !("option" in before2) || "instead" in before2 || !("instead" in call)
    ? before2
    : { ...before2, instead: call.instead }
var inputOf = (call) => ("ioctl" in call ? call.input : call.value)
var int322 = (value) => {
  const bytes3 = new Uint8Array(4)
  new DataView(bytes3.buffer).setInt32(0, value, true)
  return bytes3
}
var sameCall = (a, b) =>
  "ioctl" in a ? "ioctl" in b && a.ioctl === b.ioctl : "option" in b && a.level === b.level && a.option === b.option
var sameBytes = (a, b) => a.length === b.length && a.every((byte, index) => byte === b[index])

// packages/engine/dist/spec/families.js
var families = (family) => (family === "dual" ? ["ipv6", "ipv4"] : [family])
var constructorOf = ({ family, protocol }) =>
  protocol === "icmp" ? `Datagram.icmp${family === "ipv4" ? 4 : 6}` : `Datagram.${family}`

// packages/engine/dist/plan/layout.js
var largestOf = (size2) => (typeof size2 === "number" ? size2 : size2.maximum)
var smallestOf = (size2) => (typeof size2 === "number" ? size2 : Math.max(1, size2.minimum ?? 1))
var validateRoom = ({ maximumBytes }, size2) =>
  maximumBytes === void 0 || Codec_exports.isInteger(maximumBytes, smallestOf(size2), 65535)
    ? void 0
    : `maximumBytes of ${Codec_exports.format(maximumBytes)} is not an integer from ${smallestOf(size2)} to 65535`
var receiveLayout = (abi, arrivals) =>
  layOut(
    arrivals
      .filter(({ format: format2 }) => format2.event !== "errorQueue" || format2.mayAccompanyDatagram === true)
      .map((planned) => toArrivingPlace(abi, planned))
  )
var errorLayout = (abi, arrivals) => {
  const isQueued = ({ format: format2 }) => format2.event === "errorQueue"
  const queued = arrivals.filter(isQueued).map((planned) => ({ ...toArrivingPlace(abi, planned), apart: true }))
  const others = arrivals.filter((planned) => !isQueued(planned)).map((planned) => toArrivingPlace(abi, planned))
  return layOut(queued.length === 0 ? [] : [...others, ...queued])
}
var toArrivingPlace = (abi, { format: format2, declaration, family }) => {
  const { message } = declaration
  const { size: size2 } = format2.payload
  const maximumBytes = validateRoom(declaration, size2) === void 0 ? declaration.maximumBytes : void 0
  if (message.presence !== "repeated" || format2.multiple === true) {
    const bound2 = typeof size2 === "number" ? size2 : Math.min(size2.maximum, maximumBytes ?? size2.maximum)
    return toPlace(abi, message.key, family, format2, bound2)
  }
  const room = maximumBytes ?? largestOf(size2)
  const place2 = toPlace(abi, message.key, family, format2, room)
  const many = Math.floor(room / smallestOf(size2)) * ControlBuffer_exports.space(abi, smallestOf(size2))
  return { ...place2, space: Math.max(place2.space, many) }
}
var toDepartingPlace = (abi, { declaration, format: format2, family }) =>
  toPlace(abi, declaration.message.key, family, format2, largestOf(format2.payload.size))
var toPlace = (abi, key, family, { level, type }, payload) => ({
  keys: [key],
  family,
  level,
  type,
  types: [type],
  payload,
  length: ControlBuffer_exports.length(abi, payload),
  space: ControlBuffer_exports.space(abi, payload)
})
var layOut = (wanted) => {
  const places = []
  for (const place2 of wanted) {
    const shared3 = places.findIndex(
      (other2) =>
        (other2.level === place2.level && other2.types.includes(place2.type)) ||
        (place2.apart !== true &&
          other2.family === place2.family &&
          other2.level === place2.level &&
          other2.keys.some((key) => place2.keys.includes(key)))
    )
    const other = places[shared3]
    if (other === void 0) places.push(place2)
    else {
      const larger = place2.space > other.space ? place2 : other
      const keys = [.../* @__PURE__ */ new Set([...other.keys, ...place2.keys])]
      const types2 = [.../* @__PURE__ */ new Set([...other.types, ...place2.types])]
      places[shared3] = { ...larger, type: other.type, types: types2, keys }
    }
  }
  let at = 0
  const placed = places.map(({ apart: _apart, types: _types, ...place2 }) => {
    const next = { ...place2, at }
    at += place2.space
    return next
  })
  return { bytes: at, messages: placed }
}
var sendLayout = (abi, family, departures) => {
  const layouts = families(family).map((each) =>
    layOut(departures.filter((planned) => planned.family === each).map((planned) => toDepartingPlace(abi, planned)))
  )
  return {
    bytes: Math.max(0, ...layouts.map(({ bytes: bytes3 }) => bytes3)),
    messages: layouts.flatMap(({ messages: messages2 }) => messages2)
  }
}

// packages/engine/dist/plan/segmentMessage.js
var segmentMessage = ({ abi, kind }) => {
  if (kind.protocol !== "udp") return void 0
  const cell = Segmentation.cell(abi.platform, kind.family)
  return isUnsupported(cell) || isUnsupported(cell.send) ? void 0 : cell.send
}
var segmentSpace = (plan) => {
  const message = segmentMessage(plan)
  return message === void 0 ? 0 : ControlBuffer_exports.space(plan.abi, sizeOf2(message))
}
var sizeOf2 = ({ payload: { size: size2 } }) => (typeof size2 === "number" ? size2 : size2.maximum)

// packages/engine/dist/spec/formatCall.js
var shown = (value) => (typeof value === "string" ? `"${value}"` : Codec_exports.format(value))
var nameOf3 = (name) => (typeof name === "string" ? name : Codec_exports.format(name))
var written = (name, options) => {
  const fields = Object.entries(options ?? {}).filter(([, value]) => value !== void 0)
  const list2 = fields.map(([key, value]) => `${key}: ${shown(value)}`)
  return list2.length === 0 ? `${name}()` : `${name}({ ${list2.join(", ")} })`
}
var record = (name, given) => {
  if ((typeof given !== "object" && typeof given !== "function") || given === null)
    throw new TypeError(`${name}: its argument is a record, not ${Codec_exports.format(given)}.`)
  return given
}

// packages/engine/dist/spec/option/definition.js
var define2 = (definition) => {
  const why = contradictionIn(definition)
  if (why !== void 0) throw new TypeError(why)
  const { name } = definition
  const table = definition.table
  const refuse = (value) => definition.validate?.(value)
  const cell = (platform, family) => table[platform][family]
  return { name, cell, validate: refuse }
}
var contradictionIn = (definition) => {
  try {
    const { name, table } = definition
    for (const platform of ["linux", "darwin", "winsock"])
      if (typeof Reflect.get(table, platform) !== "object")
        return `Option ${nameOf3(name)}: its table lacks ${platform}.`
    for (const [platform, rows2] of Object.entries(table))
      for (const [family, cell] of Object.entries(rows2)) {
        const contradiction2 = contradictionOf2(cell)
        if (contradiction2 !== void 0) return `Option ${nameOf3(name)}, ${platform}, ${family}: ${contradiction2}.`
      }
    return void 0
  } catch (cause) {
    return `The definition of an option cannot be read (${Codec_exports.format(cause)}).`
  }
}
var contradictionOf2 = (cell) => {
  if (cell === void 0) return "there is neither a row nor an absence"
  if (isUnsupported(cell)) return cell.unsupported.trim() === "" ? "an absence without a reason" : void 0
  if (!Number.isInteger(cell.level) || !Number.isInteger(cell.option)) return "level and option are integers"
  const { maximum, minimum } = sizeOf3(cell.codec)
  return Number.isInteger(maximum) && minimum >= 0 && minimum <= maximum && maximum <= 65535
    ? void 0
    : `a value of ${minimum} to ${maximum} bytes`
}
var sizeOf3 = ({ size: size2 }) =>
  typeof size2 === "number"
    ? { minimum: size2, maximum: size2 }
    : { minimum: size2.minimum ?? 0, maximum: size2.maximum }
var rowsOf = (option2, platform, family) => {
  const rows2 = []
  for (const each of families(family)) {
    const cell = option2.cell(platform, each)
    if (isUnsupported(cell)) return cell
    if (cell !== void 0 && !rows2.some((row7) => row7.level === cell.level && row7.option === cell.option))
      rows2.push(cell)
  }
  return rows2.length > 0 ? rows2 : { unsupported: `${option2.name} does not exist for ${family} sockets` }
}
var encode2 = (option2, value, platform, family) => {
  try {
    return encodeRows(option2, value, platform, family)
  } catch (cause) {
    return { invalid: `its definition cannot write the value (${Codec_exports.format(cause)}): correct it` }
  }
}
var encodeRows = (option2, value, platform, family) => {
  const impossible = textOf(option2.validate(value))
  if (impossible !== void 0) return { invalid: impossible }
  const rows2 = rowsOf(option2, platform, family)
  if (isUnsupported(rows2)) return rows2
  const calls = []
  for (const { codec, unsupportedValue, level, option: number2, privilege } of rows2) {
    const invalid = textOf(codec.validate?.(value))
    if (invalid !== void 0) return { invalid }
    const absent2 = textOf(unsupportedValue?.(value))
    if (absent2 !== void 0) return { unsupported: absent2 }
    const { maximum, minimum } = sizeOf3(codec)
    const bytes3 = new Uint8Array(maximum)
    const length3 = codec.write(new DataView(bytes3.buffer), 0, value)
    if (!Codec_exports.isInteger(length3, minimum, maximum)) {
      const declared = minimum === maximum ? maximum : `${minimum} to ${maximum}`
      const claimed = `its definition claims to have written ${Codec_exports.format(length3)} bytes, and declares ${declared}`
      return { invalid: `${claimed}: return the bytes written` }
    }
    calls.push({ level, option: number2, value: bytes3.subarray(0, length3), privilege })
  }
  return calls
}
var textOf = (why) =>
  why === void 0 || typeof why === "string" ? why : `its definition refuses it with ${Codec_exports.format(why)}`
var optionValue = (option2, value, feature2) => ({
  name: option2.name,
  feature: feature2,
  encode: (platform, family) => encode2(option2, value, platform, family)
})

// packages/engine/dist/spec/option/values.js
var flag = (bytes3 = 4) => ({
  size: { minimum: 1, maximum: 4 },
  read: (view, at, length3) => integerAt(view, at, length3) !== 0,
  write: (view, at, value) => {
    view.setUint8(at, value ? 1 : 0)
    return bytes3
  },
  validate: (value) =>
    typeof value === "boolean" ? void 0 : `${Codec_exports.format(value)} is neither true nor false`
})
var integer = (what, minimum, maximum, bytes3 = 4) => ({
  size: { minimum: 1, maximum: 4 },
  read: integerAt,
  write: (view, at, value) => {
    if (bytes3 === 1) view.setUint8(at, value)
    else view.setInt32(at, value, true)
    return bytes3
  },
  validate: (value) =>
    Codec_exports.isInteger(value, minimum, maximum)
      ? void 0
      : `${Codec_exports.format(value)} is not ${what}: an integer from ${minimum} to ${maximum}`
})
var integerAt = (view, at, length3) => (length3 < 4 ? view.getUint8(at) : view.getInt32(at, true))
var validateIndex = (value) =>
  value === void 0 || Codec_exports.isInteger(value, 1, 2147483647)
    ? void 0
    : `${Codec_exports.format(value)} is not the index of an interface: an integer from 1`
var enumeration = (numbers3) => {
  const isWord2 = (word2) => Object.hasOwn(numbers3, word2)
  const known = Object.keys(numbers3).filter(isWord2)
  const entry2 = (word2) => numbers3[word2]
  return {
    unsupportedValue: (word2) => {
      const found3 = entry2(word2)
      return typeof found3 === "number" ? void 0 : found3.unsupported
    },
    codec: {
      size: 4,
      read: (view, at) => {
        const number2 = view.getInt32(at, true)
        return (
          known.find((word2) => entry2(word2) === number2) ?? {
            malformed: `${number2} is none of ${known.join(", ")}`,
            offset: at
          }
        )
      },
      write: (view, at, word2) => {
        const found3 = entry2(word2)
        view.setInt32(at, typeof found3 === "number" ? found3 : 0, true)
        return 4
      },
      validate: (word2) =>
        isWord2(word2)
          ? void 0
          : `${Codec_exports.format(word2)} is none of ${known.map((each) => `"${each}"`).join(", ")}`
    }
  }
}

// packages/engine/dist/spec/option/ipv6Only.js
var ipv6Only = define2({
  name: "IPV6_V6ONLY",
  table: {
    linux: { ipv6: { level: IPPROTO_IPV62, option: IPV6_V6ONLY2, codec: flag() } },
    darwin: { ipv6: { level: IPPROTO_IPV6, option: IPV6_V6ONLY, codec: flag() } },
    winsock: { ipv6: { level: IPPROTO_IPV63, option: IPV6_V6ONLY3, codec: flag() } }
  }
})

// packages/engine/dist/spec/option/stripHeader.js
var bare2 = { unsupported: "only macOS hands over the IPv4 header with an ICMP message" }
var stripHeader = define2({
  name: "IP_STRIPHDR",
  table: {
    linux: { ipv4: bare2 },
    darwin: { ipv4: { level: IPPROTO_IP, option: IP_STRIPHDR, codec: flag() } },
    winsock: { ipv4: bare2 }
  }
})

// packages/engine/dist/spec/Maybe.js
var shapeOf = (shape) => shape
var orUndefined = shapeOf({
  some: (value) => value,
  none: void 0,
  get: (maybe) => maybe
})

// packages/engine/dist/plan/Plan.js
var maximumPayload = { ipv4: 65507, ipv6: 65527, dual: 65527, unix: 212960 }
var maximumPingPayload = { ipv4: 65515, ipv6: 65535 }
var slotBytes = { ipv4: 65535, ipv6: 65535, dual: 65535, unix: 212960 }
var compile = (spec2, abi, maybe = orUndefined) => {
  const known = plans.get(spec2)?.get(abi)?.get(maybe)
  if (known !== void 0) return known
  if (
    typeof spec2 !== "object" ||
    spec2 === null ||
    !Array.isArray(spec2.optionValues) ||
    !Array.isArray(spec2.declarations)
  )
    throw new TypeError(
      `${Codec_exports.format(spec2)} is not a spec: give one that begins with Datagram.ipv4 or its like.`
    )
  if (
    typeof abi !== "object" ||
    abi === null ||
    abis.every(({ platform }) => platform !== abi.platform) ||
    abi.cmsghdr === void 0
  )
    throw new TypeError(`${Codec_exports.format(abi)} is not an ABI: give one of Abi, such as Abi.linuxGlibc64.`)
  const plan = derive(spec2, abi, maybe)
  const byAbi = plans.get(spec2) ?? /* @__PURE__ */ new WeakMap()
  plans.set(spec2, byAbi.set(abi, (byAbi.get(abi) ?? /* @__PURE__ */ new WeakMap()).set(maybe, plan)))
  return plan
}
var plans = /* @__PURE__ */ new WeakMap()
var derive = (spec2, abi, maybe) => {
  const options = []
  const arrivals = []
  const departures = []
  const declined = []
  const refused2 = []
  const invalid = []
  const { family, protocol } = spec2
  const set2 = ({ encode: encode3, feature: feature2, name }) => {
    const encoded = encode3(abi.platform, family)
    if ("invalid" in encoded) invalid.push({ option: name, why: encoded.invalid })
    else if ("unsupported" in encoded)
      refused2.push({ feature: feature2, why: encoded.unsupported, remedy: "Leave it out on this platform" })
    else
      for (const call of encoded)
        options.push({ requestedBy: [{ feature: feature2, key: void 0, optional: false }], ...call })
  }
  const asked = ({ feature: feature2, message, optional }, requests) => {
    for (const request of requests) {
      const why = ask(options, { feature: feature2, key: message.key, optional }, request)
      if (why !== void 0) invalid.push({ option: feature2, why })
    }
  }
  if (family === "ipv6" || family === "dual") set2(optionValue(ipv6Only, family === "ipv6", constructorOf(spec2)))
  if (protocol === "icmp" && family === "ipv4" && abi.platform === "darwin")
    set2(optionValue(stripHeader, true, constructorOf(spec2)))
  for (const each of spec2.optionValues) set2(each)
  const received3 = []
  for (const declaration of spec2.declarations) {
    const { direction, feature: feature2, invalid: why, message, optional } = declaration
    if (why !== void 0) invalid.push({ option: feature2, why })
    const lacks = lacking(declaration, abi, spec2)
    if (direction !== "send" && message.deliveredAs === "withDatagrams") received3.push(declaration)
    if (lacks !== void 0) {
      if (optional) declined.push({ key: message.key, why: lacks.why })
      else refused2.push({ feature: feature2, ...lacks })
      continue
    }
    for (const each of families(family)) {
      const cell = message.cell(abi.platform, each)
      if (isUnsupported(cell)) continue
      if (direction !== "send") {
        asked(declaration, cell.request)
        if (cell.receive !== void 0 && !isUnsupported(cell.receive)) {
          for (const arrival of cell.receive) {
            const why2 = validateRoom(declaration, arrival.payload.size)
            if (why2 !== void 0) invalid.push({ option: feature2, why: why2 })
            arrivals.push({ declaration, family: each, format: arrival })
          }
        }
      }
      if (direction !== "receive" && cell.send !== void 0 && !isUnsupported(cell.send)) {
        asked(declaration, cell.send.request ?? [])
        departures.push({ declaration, family: each, format: cell.send })
      }
    }
  }
  const limit = spec2.maximumDatagramSize
  if (limit !== void 0 && !(Number.isInteger(limit) && limit >= 1 && limit <= slotBytes[family])) {
    invalid.push({ option: "maximum datagram size", why: `${limit} is not an integer from 1 to ${slotBytes[family]}` })
  }
  const { scatter } = spec2
  const scattered2 = scatter?.reduce((sum, bytes3) => sum + bytes3, 0)
  const isPart = (bytes3) => Number.isInteger(bytes3) && bytes3 >= 1
  if (scatter !== void 0 && !(scatter.length > 0 && scatter.every(isPart) && (scattered2 ?? 0) <= slotBytes[family])) {
    const why = `[${scatter.join(", ")}] are not sizes of parts: one integer from 1 or more, at most ${slotBytes[family]} together`
    invalid.push({ option: "withScatter", why })
  }
  const datagramBytes = Math.min(scattered2 ?? limit ?? slotBytes[family], slotBytes[family])
  return {
    abi,
    maybe,
    family,
    kind: { family: family === "dual" ? "ipv6" : family, protocol },
    options,
    receive: receiveLayout(abi, arrivals),
    errors: errorLayout(abi, arrivals),
    send: sendLayout(abi, family, departures),
    receiveEntries: arrivals,
    sendEntries: departures,
    received: received3,
    declined,
    refused: refused2,
    invalid,
    receiveBytes: spec2.splitCoalesced ? slotBytes[family] : datagramBytes,
    datagramBytes,
    sendBytes: Math.min(
      limit ?? Infinity,
      protocol === "icmp" ? maximumPingPayload[family === "ipv4" ? "ipv4" : "ipv6"] : maximumPayload[family]
    ),
    truncation: spec2.truncation,
    backpressure: spec2.backpressure,
    scatter,
    splitCoalesced: spec2.splitCoalesced
  }
}
var receiveArena = (plan, slots2) => ({
  purpose: "receive",
  slots: slots2,
  iovecs: 1,
  addressBytes: SocketAddress_exports.size(plan.abi, plan.kind.family),
  controlBytes: plan.receive.bytes,
  dataBytes: plan.receiveBytes
})
var quotedBytes = 1280
var errorArena = (plan, slots2) => ({
  purpose: "receive",
  slots: slots2,
  iovecs: 1,
  addressBytes: SocketAddress_exports.size(plan.abi, plan.kind.family),
  controlBytes: plan.errors.bytes,
  dataBytes: quotedBytes
})
var gathered = 16
var sendArena = (plan, slots2) => ({
  purpose: "send",
  slots: slots2,
  iovecs: gathered,
  addressBytes: SocketAddress_exports.size(plan.abi, plan.kind.family),
  controlBytes: plan.send.bytes + (slots2 === 1 ? 0 : segmentSpace(plan)),
  dataBytes: slots2 === 1 || plan.kind.protocol === "icmp" ? plan.sendBytes : maximumPayload[plan.family]
})
var isOfUdp = ({ receive: receive3, send: send2 }) =>
  [receive3 ?? [], send2 ?? []].flat().some((part2) => "level" in part2 && part2.level === IPPROTO_UDP)
var lacking = (declaration, abi, { family, protocol }) => {
  const optional = `withOptional(${declaration.feature})`
  const cells = families(family).map((each) => declaration.message.cell(abi.platform, each))
  const wanted = declaration.message.deliveredAs === "asEvent" ? cells.filter((cell) => !isUnsupported(cell)) : cells
  for (const cell of wanted.length === 0 ? cells : wanted) {
    if (isUnsupported(cell))
      return { why: cell.unsupported, remedy: `Declare ${optional} to go without where it is lacking` }
    if (protocol === "icmp" && isOfUdp(cell))
      return { why: "a ping socket does not speak UDP", remedy: `Leave it out, or declare ${optional}` }
    if (declaration.direction !== "send" && isUnsupported(cell.receive)) {
      return { why: cell.receive.unsupported, remedy: `Declare it with { only: "send" }, or ${optional}` }
    }
    if (declaration.direction !== "receive" && isUnsupported(cell.send)) {
      return { why: cell.send.unsupported, remedy: `Declare it with { only: "receive" }, or ${optional}` }
    }
  }
  return void 0
}

// packages/engine/dist/plan/memoize.js
var oncePerPlan = (compile2) => {
  const compiled = /* @__PURE__ */ new WeakMap()
  return (plan) => {
    const known = compiled.get(plan)
    if (known !== void 0) return known.value
    const value = compile2(plan)
    compiled.set(plan, { value })
    return value
  }
}

// packages/engine/dist/receive/decoder.js
var ControlFault = class {
  reason
  key
  why
  constructor(reason, key, why) {
    this.reason = reason
    this.key = key
    this.why = why
  }
  get message() {
    return typeof this.why === "string" ? this.why : this.why()
  }
}
var absent = /* @__PURE__ */ Symbol("absent")
var decoder2 = oncePerPlan((plan) => {
  const fields = plan.received.map(({ message, optional }) => ({
    key: message.key,
    presence: optional && message.presence === "required" ? "optional" : message.presence
  }))
  const readers = (family) =>
    plan.receiveEntries
      .filter((planned) => planned.family === family && planned.format.event === void 0)
      .map(({ format: { level, payload, multiple, type }, declaration: { maximumBytes, message } }) => {
        const slot = fields.findIndex(({ key }) => key === message.key)
        const { size: size2 } = payload
        const largest2 = typeof size2 === "number" ? size2 : size2.maximum
        const room = typeof size2 === "number" ? size2 : Math.min(size2.maximum, maximumBytes ?? size2.maximum)
        return {
          slot,
          key: message.key,
          presence: message.presence,
          level,
          type,
          minimum: typeof size2 === "number" ? size2 : (size2.minimum ?? 0),
          maximum: room,
          declared: room < largest2,
          several: multiple === true,
          read: payload.read
        }
      })
  const byFamily = { ipv4: readers("ipv4"), ipv6: readers("ipv6"), unix: readers("unix") }
  const cursor = new ControlBuffer_exports.Cursor(plan.abi)
  const { none: none6, some: some3 } = plan.maybe
  const values = new Array(fields.length)
  const record2 = recordOf(fields.map(({ key }) => key))
  const perhaps = fields.map(({ presence }) => presence === "optional")
  const { length: lengthAt, level: levelAt, type: typeAt } = plan.abi.cmsghdr
  const wide = lengthAt.bytes === 8
  const learns = fields.every(({ presence }) => presence !== "repeated")
  const courses = {
    ipv4: void 0,
    ipv6: void 0,
    unix: void 0
  }
  let current2
  const follow = ({ absent: missing, steps }, view, at) => {
    for (let i = 0; i < missing.length; i++) values[missing[i] ?? 0] = none6
    for (let i = 0; i < steps.length; i++) {
      const step = steps[i]
      if (step === void 0) return false
      const header = at + step.at
      if (
        view.getUint32(header + lengthAt.at, true) !== step.declared ||
        (wide && view.getUint32(header + lengthAt.at + 4, true) !== 0) ||
        view.getInt32(header + levelAt, true) !== step.level ||
        view.getInt32(header + typeAt, true) !== step.type
      )
        return false
      const { reader } = step
      if (reader === void 0) continue
      current2 = reader
      const value = reader.read(view, at + step.payloadAt, step.payloadLength)
      if (value === void 0 || Codec_exports.isMalformed(value)) return false
      values[reader.slot] = perhaps[reader.slot] === true ? some3(value) : value
    }
    return true
  }
  const decode3 = (view, at, bytes3, peer, cut2) => {
    const course = courses[peer]
    if (course !== void 0 && course.bytes === bytes3 && !cut2 && follow(course, view, at)) return record2(values)
    const wanted = byFamily[peer]
    const steps = []
    let once = learns
    for (let i = 0; i < fields.length; i++) values[i] = fields[i]?.presence === "repeated" ? [] : absent
    cursor.reset(view, at, bytes3)
    while (cursor.next()) {
      let read7
      for (const reader of wanted) {
        if (reader.type !== cursor.type || reader.level !== cursor.level) continue
        const length3 = cursor.payloadLength
        if (reader.declared && length3 > reader.maximum) return exceeding(reader, length3)
        if (length3 < reader.minimum || length3 > reader.maximum) return ofWrongLength(reader, length3, cut2)
        current2 = reader
        const value = reader.read(view, cursor.payloadAt, length3)
        if (Codec_exports.isMalformed(value)) return malformed2(reader, value.malformed)
        if (value === void 0) {
          once = false
          continue
        }
        const list2 = values[reader.slot]
        if (read7 !== void 0 || list2 !== absent) once = false
        read7 = reader
        if (reader.presence !== "repeated" || !Array.isArray(list2)) values[reader.slot] = value
        else if (reader.several && Array.isArray(value)) for (const each of value) list2.push(each)
        else list2.push(value)
      }
      if (once) {
        steps.push({
          at: cursor.header - at,
          payloadAt: cursor.payloadAt - at,
          payloadLength: cursor.payloadLength,
          declared: cursor.payloadAt - cursor.header + cursor.payloadLength,
          level: cursor.level,
          type: cursor.type,
          reader: read7
        })
      }
    }
    const complete =
      peer === "unix" && fields.every((field, i) => field.presence !== "repeated" && values[i] !== absent)
    if (cut2 && !complete)
      return new ControlFault(
        "ControlTruncated",
        void 0,
        "the kernel had more control data than fits into the derived buffer"
      )
    if (cursor.tail !== void 0) return endingWrong(cursor.tail, at)
    const missing = []
    for (let i = 0; i < fields.length; i++) {
      const value = values[i]
      if (perhaps[i] === true) {
        if (value === absent) missing.push(i)
        values[i] = value === absent ? none6 : some3(value)
      } else if (value === absent) {
        return notArrived(fields[i]?.key)
      }
    }
    if (once && !cut2) courses[peer] = { bytes: bytes3, steps, absent: missing }
    return record2(values)
  }
  return (view, at, bytes3, peer, cut2) => {
    try {
      return decode3(view, at, bytes3, peer, cut2)
    } catch (error) {
      return unreadable(current2, error)
    }
  }
})
var ofWrongLength = ({ key, maximum }, length3, cut2) =>
  cut2
    ? new ControlFault("ControlTruncated", key, () => `'${key}' was cut to ${length3} bytes`)
    : new ControlFault("ControlMalformed", key, () => `'${key}' came with ${length3} bytes instead of ${maximum}`)
var malformed2 = ({ key }, why) => {
  const text2 = String(why)
  return new ControlFault("ControlMalformed", key, () => `'${key}' is malformed: ${text2}`)
}
var endingWrong = (end, at) =>
  new ControlFault("ControlMalformed", void 0, () => `at byte ${end.offset - at}, ${end.malformed}`)
var notArrived = (key) => new ControlFault("ControlMissing", key, () => `'${key}' is declared, and did not arrive`)
var unreadable = (reader, error) => {
  const why = error instanceof Error ? error.message : Codec_exports.format(error)
  return new ControlFault(
    "ControlMalformed",
    reader?.key,
    `the definition of '${reader?.key}' threw while it read its message (${why}): let it return Codec.malformed instead`
  )
}
var recordOf = (keys) => {
  const [first, second, third, fourth] = keys
  return (values) => {
    const record2 = {}
    if (first !== void 0) record2[first] = values[0]
    if (second !== void 0) record2[second] = values[1]
    if (third !== void 0) record2[third] = values[2]
    if (fourth !== void 0) record2[fourth] = values[3]
    for (let i = 4; i < keys.length; i++) {
      const key = keys[i]
      if (key !== void 0) record2[key] = values[i]
    }
    return record2
  }
}
var exceeding = ({ key, maximum, minimum, several }, length3) =>
  new ControlFault("ControlTruncated", key, () =>
    several
      ? `'${key}' came with ${length3 / minimum} values, more than the ${maximum / minimum} that are declared: raise its maximum`
      : `'${key}' came with ${length3} bytes, more than the ${maximum} that are declared: raise maximumBytes`
  )

// packages/engine/dist/receive/incoming.js
var ReceivedDatagram = class _ReceivedDatagram {
  data
  from
  control
  delivery
  truncated
  constructor(data2, from, control, delivery, truncated) {
    this.data = data2
    this.from = from
    this.control = control
    this.delivery = delivery
    this.truncated = truncated
  }
  /** Returns the datagram with a copy of its payload, if the payload is borrowed. */
  copied() {
    return new _ReceivedDatagram(this.data.slice(), this.from, this.control, this.delivery, this.truncated)
  }
}
var batchSlots = 64
var Incoming = class {
  arena
  #plan
  #decode
  #connection
  #names
  /** The last packet information and its delivery. While the bytes are unchanged, datagrams get the same object. */
  #info
  #delivery = "unknown"
  constructor(options) {
    const { connection, driver: driver5, plan, purpose } = options
    this.#plan = plan
    this.#decode = decoder2(plan)
    this.#connection = connection
    this.#names = new Names(plan.abi)
    this.arena = driver5.arena({ ...receiveArena(plan, batchSlots), purpose })
  }
  /**
   * Decodes a slot. Returns its datagram, its fault, or `undefined` if the spec drops it. With `borrowed` the payload is a view, valid
   * until the next receive.
   */
  read(slot, borrowed) {
    const { arena } = this
    const { peer, sender } = this.#connection
    const { family, maybe, receiveBytes, scatter, splitCoalesced: splitCoalesced2, truncation } = this.#plan
    const addressLength = arena.addressLength(slot)
    const from =
      addressLength > 0 || family === "unix"
        ? this.#names.read(arena.view, arena.addressAt(slot), addressLength)
        : (sender ?? { malformed: "the system reported no sender address", offset: 0 })
    if (Codec_exports.isMalformed(from)) return faultOf(maybe, "ControlMalformed", void 0, void 0, from.malformed)
    if (peer !== void 0 && sender?.equals(from) === false) return void 0
    const flags = arena.flags(slot)
    const length3 = arena.dataLength(slot)
    const cut2 = (flags & ReceiveFlags.dataTruncated) !== 0
    if (cut2 && truncation === "drop") return void 0
    if (cut2 && truncation === "fail") {
      return tooLarge(maybe, from, length3 > receiveBytes ? length3 : void 0, receiveBytes)
    }
    const lost2 = (flags & ReceiveFlags.controlTruncated) !== 0
    const control = this.#decode(arena.view, arena.controlAt(slot), arena.controlLength(slot), from.family, lost2)
    if (control instanceof ControlFault) return faultOf(maybe, control.reason, control.key, from, control.why)
    const kept2 = Math.min(length3, receiveBytes)
    const data2 = borrowed ? arena.borrow(slot, kept2) : arena.copy(slot, kept2)
    if (scatter !== void 0 && !splitCoalesced2) control["parts"] = split(data2, scatter)
    const truncated = cut2
      ? maybe.some({ size: length3 > receiveBytes ? maybe.some(length3) : maybe.none })
      : maybe.none
    return new ReceivedDatagram(data2, from, control, this.#deliveryOf(flags, control), truncated)
  }
  #deliveryOf(flags, control) {
    if ((flags & ReceiveFlags.multicast) !== 0) return "multicast"
    if ((flags & ReceiveFlags.broadcast) !== 0) return "broadcast"
    const given = control["pktInfo"]
    if (given !== void 0 && given === this.#info) return this.#delivery
    const info = this.#plan.maybe.get(given)
    if (info === void 0 || info !== this.#info) {
      this.#info = info
      this.#delivery = deliveryBy(this.#plan.abi, info)
    }
    return this.#delivery
  }
}
var deliveryBy = ({ platform }, info) => {
  if (info?.destination === void 0) return platform === "winsock" ? "unicast" : "unknown"
  const { destination, local } = info
  if (destination.isMulticast) return "multicast"
  if (!(destination instanceof Ipv4Address)) return "unicast"
  if (destination.equals(Ipv4Address.broadcast)) return "broadcast"
  if (local === void 0) return platform === "winsock" ? "unicast" : "unknown"
  return local.equals(destination) ? "unicast" : "broadcast"
}
var Names = class {
  #abi
  /** Made for the first address, because many sockets wait for years. */
  #bytes
  #length = 0
  #last
  constructor(abi) {
    this.#abi = abi
  }
  read(view, at, length3) {
    const words = length3 >> 2
    const bytes3 = (this.#bytes ??= new Int32Array(7))
    if (this.#last !== void 0 && length3 === this.#length) {
      let word2 = 0
      while (word2 < words && view.getInt32(at + word2 * 4, true) === bytes3[word2]) word2++
      if (word2 === words) return this.#last
    }
    const name = SocketAddress_exports.read(this.#abi, view, at, length3)
    this.#last = Codec_exports.isMalformed(name) || words * 4 !== length3 || words > bytes3.length ? void 0 : name
    this.#length = length3
    for (let word2 = 0; word2 < words && word2 < bytes3.length; word2++)
      bytes3[word2] = view.getInt32(at + word2 * 4, true)
    return name
  }
}
var split = (data2, sizes) => {
  let at = 0
  return sizes.map((size2) => data2.subarray(at, (at += size2)))
}

// packages/engine/dist/receive/receiveInvalid.js
var receiveInvalid = ({ plan }, argument, why) => invalidReceive(argument, why, plan.abi.platform)

// packages/engine/dist/receive/scattered.js
var largestPart = 2 ** 31 - 1
var refusedSizes = (core, sizes) => {
  const wrong = sizes.findIndex((size2) => !Codec_exports.isInteger(size2, 1, largestPart))
  if (sizes.length > 0 && wrong === -1) return void 0
  const why =
    sizes.length === 0 ? "there are none" : `${Codec_exports.format(sizes[wrong])} at position ${wrong} is not a size`
  return receiveInvalid(core, "sizes", `${why}: give one integer or more from 1 to ${largestPart}`)
}
var ScatteredDatagram = class extends ReceivedDatagram {
  parts
  constructor(data2, { control, delivery, from }, truncated, sizes) {
    super(data2, from, control, delivery, truncated)
    this.parts = split(data2, sizes)
  }
}
var scattered = ({ maybe, truncation }, datagram, sizes) => {
  const { data: data2, from, truncated } = datagram
  const { length: length3 } = data2
  const room = sizes.reduce((sum, size2) => sum + size2, 0)
  if (length3 <= room) return new ScatteredDatagram(data2, datagram, truncated, sizes)
  if (truncation === "drop") return void 0
  if (truncation === "fail") return tooLarge(maybe, from, length3, room, "give receiveScattered larger sizes")
  const whole = maybe.get(truncated) === void 0 ? maybe.some({ size: maybe.some(length3) }) : truncated
  return new ScatteredDatagram(data2.subarray(0, room), datagram, whole, sizes)
}

// packages/engine/dist/send/notSent.js
var notSent = (core, field, why, reason) => invalidSend(field, why, reason, core?.plan.abi.platform)

// packages/engine/dist/send/ownAddress.js
var isItself = (socket, local, from) => {
  if (local.family === "unix") return from.family === "unix" && local.path !== void 0 && local.path === from.path
  if (from.family === "unix") return false
  return from.port === local.port && isOwn2(socket, local.address, from.address)
}
var isOwn2 = (socket, local, from) => {
  if (from.isUnspecified) return true
  if (!local.isUnspecified) return local.equals(from)
  return from.isLoopback || socket?.isHostAddress(from) === true
}
var validateSource = (socket, local, from) => {
  if (!isItself(socket, local, from)) return void 0
  if (socket !== void 0) socket.served.fromItself++
  return notSent(socket, "to", `${from} is this socket's own address, so its source is forged: drop the datagram`)
}

// packages/engine/dist/send/ping.js
var validatePing = (family, pieces) => {
  const head = new Uint8Array(IcmpEcho_exports.headerSize)
  let size2 = 0
  for (const piece of pieces) {
    const bytes3 = Math.min(sizeOf(piece), head.length - size2)
    if (bytes3 > 0) head.set(part(piece, 0, bytes3), size2)
    size2 += bytes3
    if (size2 === head.length) break
  }
  const echo = IcmpEcho_exports.decode(family, head.subarray(0, size2))
  const why = Codec_exports.isMalformed(echo)
    ? echo.malformed
    : echo.kind === "reply"
      ? "replies are the kernel's"
      : void 0
  return why === void 0 ? void 0 : `${why}: a ping socket sends echo requests alone, as IcmpEcho.encode makes them`
}
var hostOf = (peer) => {
  switch (peer.family) {
    case "ipv4":
      return new InternetEndpoint("ipv4", peer.address, 0)
    case "ipv6":
      return new InternetEndpoint("ipv6", peer.address, 0)
    default:
      return peer
  }
}

// packages/engine/dist/driver/interfaceTable.js
var patienceMillis = 1e3
var patiencePerCost = 1e3
var InterfaceTable = class {
  #interfaces
  #until = Number.NEGATIVE_INFINITY
  #sources = /* @__PURE__ */ new Map()
  #broadcasts = /* @__PURE__ */ new Set()
  constructor(interfaces4) {
    this.#interfaces = interfaces4
  }
  /**
   * Winsock: adds an address of the interface to a packet source that names an interface and no address.
   *
   * `IN_PKTINFO` with an interface and the address 0 is reported to send from 0.0.0.0, which no network forwards
   * (bltavares/multicast-socket, pull request 5). Its documentation does not describe that case. Wine ignores control data that is sent, so
   * the case did not run on Windows. With an address of the interface the datagram is sent correctly in either case. Linux and macOS choose
   * the address themselves.
   */
  complete(value) {
    const { interfaceIndex = 0, source } = value
    if (source !== void 0 || interfaceIndex === 0) return { source, interfaceIndex }
    this.#refresh()
    return { source: this.#sources.get(interfaceIndex), interfaceIndex }
  }
  /** True if an IPv4 address is the broadcast address of one of this host's networks: 192.0.2.255, and 192.0.2.0 for older systems. */
  isBroadcast(address2) {
    if (!mayBeBroadcast(address2)) return false
    this.#refresh()
    return this.#broadcasts.has(address2.value)
  }
  #refresh() {
    const now = performance.now()
    if (now < this.#until) return
    const interfaces4 = this.#interfaces()
    if (!isFault(interfaces4)) {
      this.#sources.clear()
      this.#broadcasts.clear()
      for (const one2 of interfaces4) this.#add(one2)
    }
    const after = performance.now()
    this.#until = after + Math.max(patienceMillis, (after - now) * patiencePerCost)
  }
  #add({ addresses, index }) {
    for (const { address: address2, duplicate, prefix, tentative } of addresses) {
      if (!(address2 instanceof Ipv4Address)) continue
      const known = this.#sources.get(index)
      if (tentative !== true && duplicate !== true && (known === void 0 || isLinkLocal(known)))
        this.#sources.set(index, address2)
      if (prefix === 0 || prefix > 30) continue
      const hosts = 2 ** (32 - prefix) - 1
      this.#broadcasts.add((address2.value | hosts) >>> 0)
      this.#broadcasts.add((address2.value & ~hosts) >>> 0)
    }
  }
}
var isLinkLocal = ({ value }) => value >>> 16 === 43518
var mayBeBroadcast = ({ value }) => (value & 3) === 0 || (value & 3) === 3

// packages/engine/dist/send/reply.js
var withoutSource = /* @__PURE__ */ Symbol("@ancillary/engine/withoutSource")
var byTheKernel = { code: "ENETUNREACH", control: { pktInfo: {} } }
var withoutPacketInfo = { code: "WSAEINVAL", control: {} }
var answerTo = (socket, asked) => {
  const { control, delivery, from } = asked
  const { destination, interfaceIndex } = control.pktInfo
  const { address: address2 } = from
  const kind = address2 instanceof Ipv4Address ? kindOf4(socket, address2) : kindOf6(address2)
  if (kind !== "unique" && kind !== "link-local") return toNoHost(socket, asked, kind)
  if (delivery === "unknown")
    return {
      to: from,
      pktInfo: { source: destination },
      otherwise: byTheKernel
    }
  if (delivery !== "unicast") return { to: from, pktInfo: { interfaceIndex }, otherwise: void 0 }
  return {
    to: from,
    pktInfo: kind === "link-local" ? { source: destination, interfaceIndex } : { source: destination },
    otherwise:
      address2 instanceof Ipv4Address
        ? withoutPacketInfo
        : { code: "WSAEINVAL", control: { pktInfo: { interfaceIndex } } }
  }
}
var kindOf4 = (socket, address2) => {
  const { value } = address2
  const first = value >>> 24
  if (value === 0) return "unspecified"
  if (value === 4294967295) return "broadcast"
  if (first >= 224 && first < 240) return "group"
  if (mayBeBroadcast(address2) && socket?.isBroadcastAddress(address2) === true) return "broadcast"
  return isLinkLocal(address2) ? "link-local" : "unique"
}
var kindOf6 = (address2) => {
  if (address2.isMulticast) return "group"
  if (address2.isLinkLocal) return "link-local"
  return address2.isUnspecified ? "unspecified" : "unique"
}
var toNoHost = (socket, { control, delivery, from }, kind) => {
  const { destination, interfaceIndex } = control.pktInfo
  if (kind !== "unspecified")
    return notSent(
      socket,
      "to",
      `${from} is the address of ${kind === "group" ? "a group" : "every host"} and not of a peer: drop the datagram`
    )
  if (from.address instanceof Ipv6Address)
    return notSent(
      socket,
      "to",
      `the peer has no address (${from}): send to ff02::1 on the interface asked if it is to hear you`
    )
  if (interfaceIndex === 0)
    return notSent(
      socket,
      "to",
      `the peer has no address (${from}), and the interface that it asked on is not known: drop the datagram`
    )
  if (socket?.mayBroadcast() !== true)
    return notSent(
      socket,
      "to",
      `the peer has no address (${from}): declare withBroadcast(), and the reply is broadcast on the interface asked`
    )
  return {
    to: new InternetEndpoint("ipv4", Ipv4Address.broadcast, from.port),
    pktInfo: delivery === "unicast" ? { source: destination, interfaceIndex } : { interfaceIndex },
    otherwise: void 0
  }
}

// packages/engine/dist/send/sentControl.js
var SentControl = class {
  view
  /** Four bytes for the part of a shared number. */
  scratch = new DataView(new ArrayBuffer(4))
  /** The first `count` belong to this message, in the program's order. The array is not emptied, because it would be allocated again. */
  given = []
  values = []
  count = 0
  /** Number of written bytes. */
  length = 0
  /** The stamp that is requested with the datagram, read once. */
  stamp
  constructor(size2) {
    this.view = new DataView(new ArrayBuffer(size2))
  }
  /** Returns the value of a message, as the program gave it. */
  value(key) {
    for (let i = 0; i < this.count; i++) if (this.given[i]?.key === key) return this.values[i]
    return void 0
  }
  /** Adds a value. It is called before anything is written. */
  add(writer2, value) {
    this.given[this.count] = writer2
    this.values[this.count++] = value
    if (writer2.key === TransmitTimestamp.key) this.stamp = stampOf(value)
  }
  /** Copies the written bytes. */
  copy(into2, at) {
    for (let i = 0; i < this.length; i += 4) into2.setInt32(at + i, this.view.getInt32(i))
  }
  /** Resets it, and releases the values of the program. */
  clear() {
    for (let i = 0; i < this.count; i++) this.values[i] = void 0
    this.count = 0
    this.length = 0
    this.stamp = void 0
  }
}
var stampOf = (value) => {
  if (typeof value === "number") return { id: value }
  if (typeof value !== "object" || value === null) return void 0
  const { id, scheduled } = value
  return { id, scheduled: scheduled === true }
}

// packages/engine/dist/send/message.js
var Letter = class {
  /** Position among the messages of one call. */
  index
  to
  pieces
  size
  /** GSO, USO: size in bytes of each of its datagrams. If absent, the payload is one datagram. */
  segmentSize
  control
  /** Fallback that is tried once if the system refuses its source. */
  otherwise
  #bytesSent = 0
  #isDone = false
  #gsoError
  constructor(index, to, control, pieces, size2, segmentSize, otherwise) {
    this.index = index
    this.to = to
    this.control = control
    this.pieces = pieces
    this.size = size2
    this.segmentSize = segmentSize
    this.otherwise = otherwise
  }
  /** Number of bytes that were sent. */
  get bytesSent() {
    return this.#bytesSent
  }
  /** True if all bytes were sent, or if no more will be sent. */
  get isDone() {
    return this.#isDone
  }
  /** Error of the kernel when it was to split the payload. The segments are then sent one by one. */
  get gsoError() {
    return this.#gsoError
  }
  /** Marks the bytes before `end` as sent. */
  markSent(end) {
    this.#bytesSent = end
    this.#gsoError = void 0
    if (end >= this.size) this.#isDone = true
  }
  /** Marks the message as done; no more bytes are sent. */
  finish() {
    this.#isDone = true
  }
  /** Records that the kernel does not split the payload. */
  cutRefused(error) {
    this.#gsoError = error
  }
  /** Takes the fallback after the system refused its source. It can be taken once. */
  takeFallback(fault3) {
    const { otherwise } = this
    if (otherwise?.code !== fault3.code) return void 0
    this.otherwise = void 0
    return otherwise
  }
  /** Returns `bytes` bytes from an offset. */
  part(from, bytes3) {
    return bytes3 === this.size ? this.pieces : cut(this.pieces, from, from + bytes3)
  }
  /** Returns the reason if the payload has changed since it was validated, because it may have waited. */
  changed() {
    const size2 = sizeOfAll(this.pieces)
    if (size2 === this.size) return void 0
    const why = `the payload had ${this.size} bytes and has ${size2}: its memory was detached or resized before it was sent; send a copy`
    return { field: "data", why, unsupported: false }
  }
  /** Returns the number of datagrams between two offsets. */
  datagrams(from, to) {
    const raw = this.control?.value(Segmentation.key)
    const size2 = this.segmentSize ?? (typeof raw === "number" ? raw : void 0)
    return size2 === void 0 ? 1 : Math.max(1, Math.ceil((to - from) / size2))
  }
}
var letter = (core, index, message, encoder2) => {
  if (typeof message !== "object" || message === null)
    return notSent(core, "message", `${Codec_exports.format(message)} is not a message: give { data, to }`)
  const given = message
  let pieces
  let to
  let control
  let segmentSize
  let otherwise
  let field = "data"
  try {
    pieces = piecesOf(given.data)
    field = "to"
    to = given.to
    field = "control"
    control = given.control
    otherwise = given[withoutSource]
    field = "segmentSize"
    segmentSize = given.segmentSize
  } catch (cause) {
    return notSent(core, field, `it cannot be read (${Codec_exports.format(cause)}): give a plain value`)
  }
  if (typeof pieces === "string") return notSent(core, "data", pieces)
  let destination
  if (core.peer === void 0) {
    const parsed2 = core.outgoing.destinations.of(to)
    if (typeof parsed2 === "string") return notSent(core, "to", parsed2)
    destination = parsed2
  } else if (to !== void 0)
    return notSent(core, "to", `this socket is connected to ${core.peer} and sends only to that peer`)
  const size2 = sizeOfAll(pieces)
  const peer = destination ?? core.peer
  const most3 = core.outgoing.largest(peer?.family)
  if (control !== void 0 && (typeof control !== "object" || control === null))
    return notSent(core, "control", `${Codec_exports.format(control)} is not a record of control messages`)
  if (segmentSize !== void 0) {
    const why = refuseSegments(core, segmentSize, most3)
    if (why !== void 0) return notSent(core, "segmentSize", why)
  } else if (size2 > most3) {
    const why = `${size2} bytes are more than the ${most3} that fit into a datagram of this socket`
    return notSent(core, "data", why, "MessageTooLarge")
  }
  const { family, protocol } = core.plan.kind
  const noPing = protocol === "icmp" && family !== "unix" ? validatePing(family, pieces) : void 0
  if (noPing !== void 0) return notSent(core, "data", noPing)
  const sent2 = control === void 0 || peer === void 0 ? void 0 : encoder2.encode(control, peer.family)
  if (sent2 !== void 0 && !(sent2 instanceof SentControl)) return refused(core, sent2)
  if (segmentSize !== void 0 && sent2?.value(Segmentation.key) !== void 0)
    return notSent(core, "segmentSize", "it is given in 'control', too: give one of them")
  return new Letter(index, destination, sent2, pieces, size2, segmentSize, otherwise)
}
var refused = (core, { field, unsupported: unsupported10, why }) =>
  notSent(core, field, why, unsupported10 ? "Unsupported" : "InvalidArgument")
var refuseSegments = ({ plan }, size2, most3) => {
  if (plan.kind.protocol === "icmp") return "an echo request is one datagram: leave it out"
  return Codec_exports.isInteger(size2, 1, most3)
    ? void 0
    : `${Codec_exports.format(size2)} is not a size of segments: an integer from 1 to ${most3}`
}
var cut = (pieces, from, to) => {
  const views = []
  let at = 0
  for (const piece of pieces) {
    const size2 = sizeOf(piece)
    const [begin2, end] = [Math.max(from - at, 0), Math.min(to - at, size2)]
    if (begin2 < end) views.push(part(piece, begin2, end))
    at += size2
    if (at >= to) break
  }
  return views
}

// packages/engine/dist/driver/closing.js
var closeAll = (steps) => {
  let failed
  for (const step of steps) {
    try {
      step()
    } catch (defect) {
      failed ??= { defect }
    }
  }
  if (failed !== void 0) throw failed.defect
}
var undoing = (undo, make7) => {
  try {
    return make7()
  } catch (defect) {
    try {
      undo()
    } catch {}
    throw defect
  }
}

// packages/engine/dist/socket/wakeUps.js
var sections = 0
var due = []
var hold = () => void sections++
var release2 = () => void sections--
var callOut = (call) => {
  if (sections === 0) call()
  else callOutLater(call)
}
var callOutLater = (call) => {
  due.push(call)
  if (due.length === 1) queueMicrotask(flush)
}
var flush = () => {
  for (const call of due.splice(0)) {
    try {
      call()
    } catch (defect) {
      queueMicrotask(() => {
        throw defect
      })
    }
  }
}

// packages/engine/dist/driver/zones.js
var withIndex = (driver5, text2) => {
  const percent = text2.indexOf("%")
  const zone = text2.slice(percent + 1)
  if (percent < 0 || /^[0-9]*$/.test(zone)) return text2
  const index = indexOf2(driver5, zone)
  return index === void 0
    ? {
        malformed: `the zone ${Codec_exports.format(zone)} is not an interface of this host: give the name or the index of one that is`,
        offset: percent + 1
      }
    : `${text2.slice(0, percent + 1)}${index}`
}
var indexOf2 = (driver5, name) => {
  if (driver5.interfaceIndex !== void 0) return driver5.interfaceIndex(name)
  const interfaces4 = driver5.interfaces()
  return isFault(interfaces4) ? void 0 : interfaces4.find((one2) => one2.name === name)?.index
}
var inZone = (driver5, input) => {
  try {
    return replaced(driver5, input)
  } catch (cause) {
    return { malformed: `the endpoint cannot be read (${Codec_exports.format(cause)})`, offset: 0 }
  }
}
var replaced = (driver5, input) => {
  if (typeof input !== "object" || input === null || !("address" in input)) return input
  const { address: address2 } = input
  if (typeof address2 !== "string" || !address2.includes("%")) return input
  const text2 = withIndex(driver5, address2)
  if (typeof text2 !== "string") return text2
  return text2 === address2 ? input : { address: text2, port: "port" in input ? input.port : void 0 }
}

// packages/engine/dist/send/addressCache.js
var maximumKnown = 4096
var Destinations = class {
  #plan
  #names
  /** The last endpoint for each text, because programs send to the same peers repeatedly, mostly at the same port. */
  #known = /* @__PURE__ */ new Map()
  /** The last endpoint that was made from an address object. */
  #last
  constructor(plan, names4) {
    this.#plan = plan
    this.#names = names4
  }
  /**
   * Returns the endpoint, or the reason why it is invalid. Each field is read once. The endpoint is the engine's own, so no code of the
   * program runs while it is written into memory that is being filled.
   */
  of(to) {
    if (typeof to !== "object" || to === null) return this.#read(to)
    try {
      return this.#plan.family === "unix" ? this.#unix(to) : this.#internet(to)
    } catch (cause) {
      return `the destination cannot be read (${Codec_exports.format(cause)})`
    }
  }
  #unix(to) {
    const { path } = to
    if (typeof path !== "string") return this.#read(path === void 0 ? to : { path })
    return this.#known.get(path) ?? this.#learn(path, { path })
  }
  #internet({ address: address2, port }) {
    if (typeof address2 === "string") {
      const known = this.#known.get(address2)
      return known !== void 0 && known.family !== "unix" && known.port === port ? known : this.#named(address2, port)
    }
    const last = this.#last
    if (last !== void 0 && last.port === port && last.address.equals(address2)) return last
    const endpoint2 = this.#read({ address: address2, port })
    if (typeof endpoint2 !== "string" && endpoint2.family !== "unix") this.#last = endpoint2
    return endpoint2
  }
  /** A zone name is looked up each time, because the interface may have been made again with another index. */
  #named(address2, port) {
    const text2 = address2.includes("%") ? withIndex(this.#names, address2) : address2
    if (Codec_exports.isMalformed(text2)) return text2.malformed
    return text2 === address2
      ? this.#learn(address2, { address: address2, port })
      : this.#read({ address: text2, port })
  }
  #learn(text2, to) {
    const endpoint2 = this.#read(to)
    if (typeof endpoint2 === "string") return endpoint2
    if (this.#known.size === maximumKnown) this.#known.clear()
    this.#known.set(text2, endpoint2)
    return endpoint2
  }
  #read(to) {
    const endpoint2 = endpoint(this.#plan.family, to)
    return Codec_exports.isMalformed(endpoint2) ? endpoint2.malformed : (this.#unreachable(endpoint2) ?? endpoint2)
  }
  /** Returns the reason why an endpoint cannot have a receiver. */
  #unreachable(to) {
    if (to.family !== "unix") {
      return to.port === 0 && this.#plan.kind.protocol !== "icmp"
        ? "port 0 is no destination: use a port from 1 to 65535"
        : void 0
    }
    return to.path === void 0
      ? "a socket without a name cannot be sent to"
      : SocketAddress_exports.validateUnixPath(this.#plan.abi, to.path)
  }
}

// packages/engine/dist/send/encoder.js
var writer = ({ declaration, format: format2, family }, abi) => {
  const { excludes, writeLast, level, payload, shared: shared3, type } = format2
  const size2 = typeof payload.size === "number" ? payload.size : payload.size.maximum
  const header = new DataView(new ArrayBuffer(ControlBuffer_exports.headerSize(abi)))
  ControlBuffer_exports.writeHeader(abi, header, 0, level, type, size2)
  return {
    key: declaration.message.key,
    level,
    type,
    size: size2,
    header,
    space: ControlBuffer_exports.space(abi, size2),
    least: typeof payload.size === "number" ? payload.size : (payload.size.minimum ?? 0),
    mask: shared3?.mask,
    own:
      shared3 === void 0
        ? void 0
        : { level: shared3.level, option: shared3.option, whole: shared3.whole ?? 4294967295 },
    agrees: format2.mustMatchOption,
    excludes: excludes ?? [],
    last: writeLast ?? false,
    isCompleted: abi.platform !== "darwin" && family === "ipv4" && declaration.message.key === PktInfo.key,
    refuse: (value) => textOf2(payload.validate?.(value)),
    write: (view, at, value) => payload.write(view, at, value)
  }
}
var textOf2 = (why) =>
  why === void 0 || typeof why === "string" ? why : `its definition refuses it with ${Codec_exports.format(why)}`
var areRivals = (one2, two) =>
  (one2.type === two.type && one2.level === two.level && ((one2.mask ?? -1) & (two.mask ?? -1)) !== 0) ||
  one2.excludes.includes(two.key) ||
  two.excludes.includes(one2.key)
var encoder = oncePerPlan((plan) => {
  const { abi } = plan
  const declined = new Map(
    plan.declined.map(({ key, why }) => [key, `'${key}' is optional, and this platform lacks it: ${why}`])
  )
  const of = (family) =>
    new Map(
      plan.sendEntries
        .filter((planned) => planned.family === family && !declined.has(planned.declaration.message.key))
        .map((planned) => [planned.declaration.message.key, writer(planned, abi)])
    )
  const byFamily = { ipv4: of("ipv4"), ipv6: of("ipv6"), unix: of("unix") }
  const refusal2 = (key, why, unsupported10 = false) => ({
    field: `control.${key}`,
    why,
    unsupported: unsupported10
  })
  const undeclared = (key) =>
    refusal2(key, `'${key}' cannot be sent on this socket: its spec does not declare it for sending`)
  const bits = (each, value, scratch) => {
    scratch.setUint32(0, 0, true)
    each.write(scratch, 0, value)
    return scratch.getUint32(0, true) & (each.mask ?? 0)
  }
  const write5 = (into2, index, socket) => {
    const { given, length: at, values, view } = into2
    const each = given[index]
    if (each === void 0) return void 0
    const { level, mask, own: own2, size: size2, space: space2, type } = each
    if (own2 === void 0 || mask === void 0) {
      const payloadAt2 = writeHeader2(each, view, at)
      for (let i = at + space2 - 4; i >= payloadAt2; i -= 4) view.setInt32(i, 0)
      const bytes3 = each.write(view, payloadAt2, values[index])
      if (bytes3 === size2) {
        into2.length = pad(view, payloadAt2 + size2, at + space2)
        return void 0
      }
      if (!Codec_exports.isInteger(bytes3, each.least, size2)) return refusal2(each.key, wroteOtherwise(each, bytes3))
      ControlBuffer_exports.writeField(view, at, abi.cmsghdr.length, ControlBuffer_exports.length(abi, bytes3))
      into2.length = pad(view, payloadAt2 + bytes3, at + ControlBuffer_exports.space(abi, bytes3))
      return void 0
    }
    let masks = 0
    let number2 = 0
    for (let i = 0; i < into2.count; i++) {
      const other = given[i]
      if (other?.type !== type || other.level !== level) continue
      if (i < index) return void 0
      masks |= other.mask ?? 0
      number2 |= bits(other, values[i], into2.scratch)
    }
    if ((own2.whole & ~masks) !== 0) number2 |= socket.own(own2.level, own2.option) & ~masks
    const payloadAt = writeHeader2(each, view, at)
    for (let i = 0; i < size2; i++) view.setUint8(payloadAt + i, (number2 >>> (8 * i)) & 255)
    into2.length = pad(view, payloadAt + size2, at + space2)
    return void 0
  }
  const read7 = (control, key, peer, into2, socket) => {
    const value = Object.hasOwn(control, key) ? control[key] : void 0
    if (value === void 0) return void 0
    const each = byFamily[peer].get(key)
    if (each === void 0) {
      const lacking3 = declined.get(key)
      return lacking3 === void 0 ? undeclared(key) : refusal2(key, lacking3, true)
    }
    const { agrees } = each
    let why = each.refuse(value)
    if (why === void 0 && agrees !== void 0 && agrees.concerns?.(value) !== false)
      why = textOf2(agrees.validate(value, socket.own(agrees.level, agrees.option)))
    if (why !== void 0) return refusal2(key, why)
    for (let i = 0; i < into2.count; i++) {
      const other = into2.given[i]
      if (other !== void 0 && areRivals(other, each))
        return refusal2(key, `'${key}' and '${other.key}' are the same bits: give one of them`)
    }
    into2.add(each, each.isCompleted ? socket.complete(value) : value)
    return void 0
  }
  return (control, peer, into2, socket) => {
    let key = ""
    let how = "it cannot be read"
    try {
      for (key in control) {
        const refused2 = read7(control, key, peer, into2, socket)
        if (refused2 !== void 0) return refused2
      }
      how = "its definition cannot write it"
      const { count: count2, given } = into2
      let behind = false
      for (let i = 0; i < count2; i++) {
        const each = given[i]
        if (each?.last === true) behind = true
        else if (each !== void 0) {
          key = each.key
          const refused2 = write5(into2, i, socket)
          if (refused2 !== void 0) return refused2
        }
      }
      for (let i = 0; behind && i < count2; i++) {
        const each = given[i]
        if (each?.last !== true) continue
        key = each.key
        const refused2 = write5(into2, i, socket)
        if (refused2 !== void 0) return refused2
      }
    } catch (cause) {
      return {
        field: key === "" ? "control" : `control.${key}`,
        why: `${how} (${Codec_exports.format(cause)})`,
        unsupported: false
      }
    }
    if (into2.length <= (abi.controlLimit ?? into2.length)) return void 0
    const why = `${into2.length} bytes of control data are more than the ${abi.controlLimit} that this system's C library takes with one datagram`
    return { field: "control", why, unsupported: false }
  }
})
var wroteOtherwise = ({ least, size: size2 }, bytes3) =>
  `its definition claims to have written ${Codec_exports.format(bytes3)} bytes, and declares ${least === size2 ? size2 : `${least} to ${size2}`}: return the bytes written`
var writeHeader2 = ({ header }, view, at) => {
  const { byteLength } = header
  for (let i = 0; i < byteLength; i += 4) view.setInt32(at + i, header.getInt32(i))
  return at + byteLength
}
var pad = (view, from, to) => {
  for (let i = from; i < to; i++) view.setUint8(i, 0)
  return to
}

// packages/engine/dist/send/nonLocalSource.js
var foreignSource = (driver5, family, control, failed) => {
  if (!/^(WSA)?E(NETUNREACH|INVAL|ADDRNOTAVAIL)$/.test(failed.code)) return void 0
  const source = sourceOf2(control?.value(PktInfo.key))
  if (source === void 0 || family === "unix") return void 0
  const at = endpoint(family, { address: source, port: 0 })
  if (Codec_exports.isMalformed(at)) return void 0
  const socket = driver5.open({ family: at.family, protocol: "udp" })
  if (isFault(socket)) return void 0
  const name = new Uint8Array(SocketAddress_exports.size(driver5.abi, at.family))
  SocketAddress_exports.write(driver5.abi, at, new DataView(name.buffer), 0)
  const refused2 = undoing(
    () => socket.close(),
    () => socket.bind(name)
  )
  socket.close()
  return refused2 !== void 0 && /^(WSA)?EADDRNOTAVAIL$/.test(refused2.code) ? String(at.address) : void 0
}
var sourceOf2 = (pktInfo) => {
  try {
    return typeof pktInfo === "object" && pktInfo !== null && "source" in pktInfo ? pktInfo.source : void 0
  } catch {
    return void 0
  }
}

// packages/engine/dist/send/missingInterface.js
var missingInterface = (driver5, to, control, { code }) => {
  if (!/^(WSA)?E(NODEV|NXIO|NETUNREACH|HOSTUNREACH|INVAL|ADDRNOTAVAIL)$/.test(code)) return void 0
  const named2 = []
  const zone = to === void 0 || to.family !== "ipv6" ? 0 : to.address.zone
  if (zone !== 0) named2.push({ field: "to", index: zone })
  for (const index of indexesOf(control?.value(PktInfo.key))) named2.push({ field: "control.pktInfo", index })
  if (named2.length === 0) return void 0
  const interfaces4 = driver5.interfaces()
  return isFault(interfaces4) ? void 0 : named2.find((each) => interfaces4.every(({ index }) => index !== each.index))
}
var indexesOf = (pktInfo) => {
  try {
    if (typeof pktInfo !== "object" || pktInfo === null) return []
    const { interfaceIndex, source } = pktInfo
    const address2 = readAddress(source)
    const zone = address2 instanceof Ipv6Address ? address2.zone : 0
    return [interfaceIndex, zone].flatMap((index) => (typeof index === "number" && index !== 0 ? [index] : []))
  } catch {
    return []
  }
}

// packages/engine/dist/socket/sockaddr.js
var nameOf4 = ({ abi, family, kind }, endpoint2) => {
  const bytes3 = new Uint8Array(SocketAddress_exports.size(abi, kind.family))
  return bytes3.subarray(
    0,
    SocketAddress_exports.write(abi, endpoint2, new DataView(bytes3.buffer), 0, family === "dual")
  )
}
var named = ({ abi, kind }, ask2) => {
  const bytes3 = new Uint8Array(SocketAddress_exports.size(abi, kind.family))
  const length3 = ask2(bytes3)
  if (isFault(length3)) return length3
  const endpoint2 = SocketAddress_exports.read(abi, new DataView(bytes3.buffer), 0, length3)
  return Codec_exports.isMalformed(endpoint2) ? { syscall: "getsockname", code: "EINVAL", errno: 0 } : endpoint2
}

// packages/engine/dist/plan/windowsBuilds.js
var breaksOffload = 20348
var breaking = ({ abi, family, options }, build) => {
  if (abi.platform !== "winsock" || build !== breaksOffload) return []
  const requests = [HopLimit, TrafficClass].flatMap((message) =>
    families(family).flatMap((each) => {
      const cell = message.cell(abi.platform, each)
      return isUnsupported(cell) ? [] : cell.request
    })
  )
  const asks = (planned) =>
    requests.some(
      (request) =>
        "option" in planned &&
        "option" in request &&
        planned.level === request.level &&
        planned.option === request.option
    )
  return [
    ...new Set(options.filter(asks).flatMap(({ requestedBy }) => requestedBy.map(({ feature: feature2 }) => feature2)))
  ]
}
var breaksSegments = (plan, build) => breaking(plan, build).length > 0
var onBuild = (plan, build) => {
  const by2 = breaking(plan, build)
  if (by2.length === 0) return plan
  const broken = new Map(
    [...plan.receiveEntries, ...plan.sendEntries]
      .map(({ declaration }) => [declaration.message.key, declaration])
      .filter(([key]) => key === Coalescing.key || key === Segmentation.key)
  )
  const names4 = by2.join(", ")
  const why = `build ${build} of Windows (Server 2022) breaks it where ${names4} is received, says microsoft/msquic`
  const remedy = ({ feature: feature2 }) => `Leave out either there, or declare withOptional(${feature2})`
  const all = [...broken.values()]
  return {
    ...plan,
    options: plan.options.filter(
      ({ requestedBy }) => !requestedBy.every(({ key }) => key !== void 0 && broken.has(key))
    ),
    declined: [
      ...plan.declined,
      ...all.filter(({ optional }) => optional).map(({ message }) => ({ key: message.key, why }))
    ],
    refused: [
      ...plan.refused,
      ...all.filter(({ optional }) => !optional).map((each) => ({ feature: each.feature, why, remedy: remedy(each) }))
    ]
  }
}

// packages/engine/dist/send/segments.js
var maximumSegments = 64
var maximumRefusals = 256
var trust = 1024
var refusals = /* @__PURE__ */ new Set(["EIO", "EINVAL", "EMSGSIZE", "EOPNOTSUPP", "ENOTSUP", "ENOPROTOOPT"])
var Segments = class {
  #plan
  #native
  #message
  #space
  #cuts
  /** Refused segment sizes by host. */
  #refused = /* @__PURE__ */ new Map()
  constructor(plan, native, build) {
    this.#plan = plan
    this.#native = native
    this.#message = segmentMessage(plan)
    this.#space = segmentSpace(plan)
    if (breaksSegments(plan, build)) this.#cuts = false
  }
  /** Maximum number of segments for one call. It is 1 if the kernel does not split payloads. */
  get most() {
    return this.#kernelCuts() ? maximumSegments : 1
  }
  /** Returns the bytes of the next call, of `rest` bytes in segments of `size`: one segment, or several that the kernel splits. */
  take(rest, size2, to) {
    const largest2 = maximumPayload[to?.family ?? "ipv4"]
    if (rest <= size2 || !this.#kernelCuts() || this.#isRefused(to, size2)) return Math.min(rest, size2)
    return Math.min(rest, size2 * Math.max(1, Math.min(maximumSegments, Math.floor(largest2 / size2))))
  }
  /** Writes the message after `length` bytes of others. Returns the total bytes, or `undefined` if the C library accepts no more. */
  write(view, at, length3, size2) {
    const { abi } = this.#plan
    const total = length3 + this.#space
    if (this.#message === void 0 || total > (abi.controlLimit ?? total)) return void 0
    const { level, payload, type } = this.#message
    const from = ControlBuffer_exports.writeHeader(abi, view, at + length3, level, type, sizeOf2(this.#message))
    for (let i = from + payload.write(view, from, size2); i < at + total; i++) view.setUint8(i, 0)
    return total
  }
  /**
   * Marks a datagram as whole, after `length` bytes of other messages. Returns the total bytes. Otherwise an option that the program or the
   * socket's maker set would make the kernel split it.
   */
  keepWhole(view, at, length3, size2, isPart, to) {
    if (!this.#kernelCuts()) return length3
    if (this.#plan.abi.platform === "linux") return this.write(view, at, length3, 0) ?? length3
    return isPart || this.#refused.has(hostOf2(to)) ? length3 : (this.write(view, at, length3, size2) ?? length3)
  }
  /** True if the split was the reason why a call with several segments failed. */
  isRefusal({ code }) {
    return refusals.has(bare(code))
  }
  /** Remembers a host whose segments are sent one by one from now on. If only the size was wrong, a smaller size may still be accepted. */
  remember(to, size2, { code }) {
    const host = hostOf2(to)
    const from = Math.min(bare(code) === "EMSGSIZE" ? size2 : 1, this.#refused.get(host)?.from ?? size2)
    this.#refused.delete(host)
    this.#refused.set(host, { from, left: trust })
    if (this.#refused.size <= maximumRefusals) return
    for (const longest of this.#refused.keys()) {
      this.#refused.delete(longest)
      return
    }
  }
  #isRefused(to, size2) {
    if (this.#refused.size === 0) return false
    const host = hostOf2(to)
    const refused2 = this.#refused.get(host)
    if (refused2 === void 0 || size2 < refused2.from) return false
    if (--refused2.left > 0) return true
    this.#refused.delete(host)
    return false
  }
  // Linux before 4.18, Windows before 10 2004, Wine: the message is ignored, and the payload would be sent as one datagram. A system that
  // supports it has an option of the same number.
  #kernelCuts() {
    if (this.#message === void 0) return false
    const { level, type } = this.#message
    return (this.#cuts ??= !isFault(this.#native.getOption(level, type, new Uint8Array(4))))
  }
}
var hostOf2 = (to) => (to === void 0 || to.family === "unix" ? "" : String(to.address))

// packages/engine/dist/send/outgoing.js
var sendSlots = 64
var maximumSpare = 64
var fillings = 0
var Outgoing = class {
  destinations
  segments
  counters
  #driver
  #plan
  #connection
  #calls
  /** For one datagram, and for many after the first batch, because most sockets need no batch. */
  #single
  #many
  #arena
  #encode
  #live
  #spare = []
  constructor(options) {
    this.counters = options.counters
    const { calls, connection, driver: driver5, live, native, plan } = options
    this.#driver = driver5
    this.#plan = plan
    this.#connection = connection
    this.#calls = calls
    this.destinations = new Destinations(plan, driver5)
    this.segments = new Segments(plan, native, driver5.build)
    this.#encode = encoder(plan)
    this.#live = live
    this.#single = driver5.arena(sendArena(plan, 1))
    this.#arena = this.#single
  }
  /** Maximum payload to a peer of that family, in bytes. */
  largest(peer) {
    const { kind, sendBytes } = this.#plan
    return peer === void 0 || kind.protocol === "icmp" ? sendBytes : Math.min(sendBytes, maximumPayload[peer])
  }
  /** Starts a call that sends, so that the socket's options are read again. */
  begin() {
    this.#live.forget()
  }
  /**
   * Encodes control data in memory of its own, or returns the reason why it cannot be sent. The caller returns the memory with `recycle`
   * after its last use.
   */
  encode(control, family) {
    const into2 = this.#spare.pop() ?? new SentControl(this.#plan.send.bytes)
    const refused2 = this.#encode(control, family, into2, this.#live)
    if (refused2 === void 0) return into2
    this.recycle(into2)
    return refused2
  }
  recycle(control) {
    control.clear()
    if (this.#spare.length < maximumSpare) this.#spare.push(control)
  }
  /** Takes the memory of one slot, or of `sendSlots`, to be filled next. Returns the number that `send` requires. */
  use(slots2) {
    this.#arena = slots2 === 1 ? this.#single : (this.#many ??= this.#driver.arena(sendArena(this.#plan, sendSlots)))
    return ++fillings
  }
  /** Fills a slot with the next part of a letter, from an offset. Returns its bytes, or the reason why it cannot be sent. */
  fill(slot, letter2, from) {
    const changed = letter2.changed()
    if (changed !== void 0) return changed
    const arena = this.#arena
    const { abi, family } = this.#plan
    const { control, segmentSize, to } = letter2
    const addressBytes2 =
      to === void 0 ? 0 : SocketAddress_exports.write(abi, to, arena.view, arena.addressAt(slot), family === "dual")
    let controlBytes = 0
    if (control !== void 0) {
      controlBytes = control.length
      control.copy(arena.view, arena.controlAt(slot))
    }
    if (segmentSize === void 0) {
      arena.fill(slot, addressBytes2, controlBytes, letter2.pieces)
      return letter2.size
    }
    const peer = to ?? this.#connection.peer
    const rest = letter2.size - from
    let bytes3 = letter2.gsoError === void 0 ? this.segments.take(rest, segmentSize, peer) : Math.min(rest, segmentSize)
    const at = arena.controlAt(slot)
    const withSize = bytes3 > segmentSize ? this.segments.write(arena.view, at, controlBytes, segmentSize) : void 0
    if (withSize === void 0) {
      bytes3 = Math.min(bytes3, segmentSize)
      const isPart = letter2.size > segmentSize
      controlBytes = this.segments.keepWhole(arena.view, at, controlBytes, segmentSize, isPart, peer)
    } else controlBytes = withSize
    arena.fill(slot, addressBytes2, controlBytes, letter2.part(from, bytes3))
    return bytes3
  }
  /**
   * Sends slots that were filled from letters. Returns their number (0 if the buffer is full), or the reason why the first failed. Returns
   * `undefined` if the memory was filled again after `use` returned that number.
   */
  send(filling, letters, first, slots2) {
    if (filling !== fillings) return void 0
    hold()
    try {
      return this.#calls.send(this.#arena, first, slots2, letters)
    } finally {
      release2()
    }
  }
  /** Returns the source address that a send failed with, if this host does not have it. */
  foreignSource(control, failed) {
    return foreignSource(this.#driver, this.#plan.family, control, failed)
  }
  /** Returns the interface index that a send failed with, if this host does not have it. */
  missingInterface({ control, to }, failed) {
    return missingInterface(this.#driver, to ?? this.#connection.peer, control, failed)
  }
  /** Opens another socket that is connected to a receiver of this socket's datagrams. Returns `undefined` if that is refused. */
  connected(to) {
    const socket = this.#driver.open(this.#plan.kind)
    if (isFault(socket)) return socket
    const refused2 = undoing(
      () => socket.close(),
      () => socket.connect(nameOf4(this.#plan, to))
    )
    if (refused2 === void 0) return socket
    socket.close()
    return void 0
  }
  close() {
    fillings++
    closeAll([() => this.#single.free(), () => this.#many?.free()])
  }
}

// packages/engine/dist/send/sentMessages.js
var sentMessages = ({ peer, plan }, { control, to }) =>
  plan.sendEntries.flatMap(({ declaration: { message }, format: { errorHints, privilege }, family }) =>
    family === (to ?? peer)?.family && control?.value(message.key) !== void 0
      ? [{ key: message.key, privilege, faults: errorHints }]
      : []
  )

// packages/engine/dist/send/unusable.js
var unusable = (driver5, { code }, local) => {
  const remedy = interfaceRemedy({ code }, local)
  if (remedy !== void 0) return remedy
  if (!/^(WSA)?EADDRNOTAVAIL$/.test(code) || local === void 0 || local.family === "unix") return void 0
  const interfaces4 = driver5.interfaces()
  if (isFault(interfaces4)) return void 0
  for (const { addresses, name } of interfaces4)
    for (const { address: address2, duplicate, tentative } of addresses) {
      if (!address2.equals(local.address)) continue
      if (duplicate === true)
        return [
          `Another host has this address, so ${name} does not use it (duplicate)`,
          "Give one of the two another address"
        ]
      if (tentative === true)
        return [
          `${name} still checks this address for duplicates (tentative)`,
          "Bind again in a second or two, or declare withFreebind() on Linux"
        ]
    }
  return void 0
}
var interfaceRemedy = ({ code }, at) =>
  at?.family === "ipv6" && at.address.isLinkLocal && at.address.zone === 0 && /^(WSA)?E(INVAL|ADDRNOTAVAIL)$/.test(code)
    ? ["A link-local address requires its interface", `Write ${at.address}%eth0, with the name or the index of yours`]
    : void 0

// packages/engine/dist/send/queue.js
var callsATurn = 16
var SendQueue = class _SendQueue {
  sent = 0
  unsent = 0
  failed = []
  #core
  #messages
  #count
  #slots = sendSlots
  #isRunning = false
  /** Number of this batch's filling of the shared memory. */
  #filling = 0
  #next = 0
  /** Validated messages that are not done. */
  #open = []
  /** For each filled slot: its message, and the message's offset after the slot is sent. */
  #letters = []
  #ends = []
  /** Encoded control data except the last; and the last, because many messages have equal control data. */
  #controls
  #encoded
  #control
  #family
  /** Result of the call for the first slot, made before there was a batch. */
  #result
  constructor(core, messages2) {
    this.#core = core
    this.#messages = messages2
    this.#count = this.#countOf(messages2)
  }
  /** Makes a batch of one message, with its progress. */
  static of(core, { filling, letter: letter2, message, result }) {
    const batch = new _SendQueue(core, [message])
    batch.#next = 1
    batch.#open = [letter2]
    batch.#letters = [letter2]
    batch.#ends = [letter2.size]
    batch.#encoded = letter2.control
    batch.#filling = filling
    batch.#result = result
    return batch
  }
  /** Sends messages until a wait is due. Returns `undefined` if all are done. */
  run() {
    if (this.#isRunning) return "its next turn"
    this.#isRunning = true
    try {
      return this.#run()
    } finally {
      this.#isRunning = false
    }
  }
  #run() {
    const { outgoing } = this.#core
    for (let calls = 0; calls < callsATurn;) {
      if (this.#core.closed) return this.#close()
      const slots2 = this.#result === void 0 ? this.#fill() : 1
      if (this.#core.closed) return this.#close()
      if (slots2 === 0) return this.#end()
      for (let first = 0; first < slots2; calls++) {
        const count2 = this.#result ?? outgoing.send(this.#filling, this.#letters, first, slots2 - first)
        this.#result = void 0
        const letter2 = this.#letters[first]
        if (count2 === void 0 || letter2 === void 0) break
        if (isFault(count2)) {
          if (this.#goesOtherwise(letter2, first, count2)) break
          this.#fail(letter2, this.#errorOf(letter2, count2))
        } else if (count2 === 0) {
          if (this.#core.plan.backpressure === "wait") return { roomAt: letter2.to }
          this.#giveUp(letter2)
        }
        for (const end = first + (isFault(count2) ? 0 : count2); first < end; first++) this.#went(first)
        while (first < slots2 && this.#letters[first]?.isDone === true) first++
      }
    }
    return "its next turn"
  }
  /** Fails the waiting message, because the wait cannot succeed. */
  refuse(error) {
    const letter2 = this.#open.find(({ isDone }) => !isDone)
    if (letter2 !== void 0 && !this.#core.closed) this.#fail(letter2, error)
  }
  /** Drops and counts the waiting datagram, because its sender has stopped waiting. */
  giveUp() {
    const letter2 = this.#open.find(({ isDone }) => !isDone)
    if (letter2 !== void 0) this.#giveUp(letter2)
  }
  /** Fails the waiting message, because this sender cannot wait, although its spec requires it. */
  refuseWait() {
    const letter2 = this.#open.find(({ isDone }) => !isDone)
    if (letter2 !== void 0)
      this.#fail(
        letter2,
        sendWouldBlock(
          this.#what(letter2),
          "use send, which waits",
          letter2.bytesSent,
          this.#full(),
          this.#core.plan.abi.platform
        )
      )
  }
  /** Encodes the control data of a message for `letter`. */
  encode(control, family) {
    const last = this.#encoded
    if (last !== void 0 && control === this.#control && family === this.#family) return last
    const encoded = this.#core.outgoing.encode(control, family)
    if (!(encoded instanceof SentControl)) return encoded
    if (last !== void 0) (this.#controls ??= []).push(last)
    this.#encoded = encoded
    this.#control = control
    this.#family = family
    return encoded
  }
  /**
   * Fills slots with the waiting letters in their order, then with the next messages. All are validated first. That runs the program's own
   * code, which may send from the same memory.
   */
  #fill() {
    const waiting2 = this.#open
    this.#open = []
    for (const letter2 of waiting2) if (!letter2.isDone) this.#open.push(letter2)
    this.#control = void 0
    this.#core.outgoing.begin()
    while (this.#open.length < sendSlots && this.#next < this.#count) {
      const index = this.#next++
      const checked = this.#check(index)
      if (checked instanceof Letter) this.#open.push(checked)
      else this.failed.push({ index, error: checked })
    }
    const [first] = this.#open
    if (first === void 0 || this.#core.closed) return 0
    this.#slots = this.#count === 1 && first.segmentSize === void 0 ? 1 : sendSlots
    this.#filling = this.#core.outgoing.use(this.#slots)
    let slots2 = 0
    for (const letter2 of this.#open) {
      if (slots2 === this.#slots) break
      slots2 = this.#stage(letter2, slots2)
    }
    return slots2
  }
  #check(index) {
    let message
    try {
      message = this.#messages[index]
    } catch (cause) {
      return notSent(
        this.#core,
        "messages",
        `message ${index} cannot be read (${Codec_exports.format(cause)}): give an array of messages`
      )
    }
    return letter(this.#core, index, message, this)
  }
  /** Number of messages. A value that is not an array is one message, which cannot be sent. */
  #countOf(messages2) {
    try {
      if (Array.isArray(messages2)) return messages2.length
    } catch {}
    const why = `${Codec_exports.format(messages2)} is not an array of messages: give one`
    this.failed.push({ index: 0, error: notSent(this.#core, "messages", why) })
    return 0
  }
  /** Fills the free slots with the rest of a letter. */
  #stage(letter2, from) {
    let slots2 = from
    let at = letter2.bytesSent
    while (slots2 < this.#slots) {
      const bytes3 = this.#core.outgoing.fill(slots2, letter2, at)
      if (typeof bytes3 !== "number") {
        this.#fail(letter2, refused(this.#core, bytes3))
        return from
      }
      at += bytes3
      this.#letters[slots2] = letter2
      this.#ends[slots2] = at
      slots2++
      if (at === letter2.size) break
    }
    return slots2
  }
  #went(slot) {
    const letter2 = this.#letters[slot]
    const end = this.#ends[slot]
    if (letter2 === void 0 || end === void 0) return
    const { outgoing } = this.#core
    outgoing.counters.send(letter2.datagrams(letter2.bytesSent, end))
    if (letter2.gsoError !== void 0 && letter2.segmentSize !== void 0)
      outgoing.segments.remember(letter2.to ?? this.#core.peer, letter2.segmentSize, letter2.gsoError)
    letter2.markSent(end)
    if (letter2.isDone) this.sent++
  }
  /** True if a failed send may succeed in another way. */
  #goesOtherwise(letter2, slot, fault3) {
    const { outgoing } = this.#core
    const isCut = (this.#ends[slot] ?? 0) - letter2.bytesSent > (letter2.segmentSize ?? Infinity)
    if (isCut && outgoing.segments.isRefusal(fault3)) {
      letter2.cutRefused(fault3)
      return true
    }
    const fallback = letter2.takeFallback(fault3)
    if (fallback === void 0) return false
    const encoded = this.encode(fallback.control, (letter2.to ?? this.#core.peer)?.family ?? "ipv4")
    if (!(encoded instanceof SentControl)) return false
    outgoing.counters.refuseSource()
    letter2.control = encoded
    return true
  }
  /** Fails or drops a letter, because there is no room and the spec does not wait for it. */
  #giveUp(letter2) {
    if (this.#core.plan.backpressure === "fail")
      return this.#fail(
        letter2,
        sendWouldBlock(
          this.#what(letter2),
          'declare withBackpressure("wait")',
          letter2.bytesSent,
          this.#full(),
          this.#core.plan.abi.platform
        )
      )
    this.#core.outgoing.counters.drop(letter2.datagrams(letter2.bytesSent, letter2.size))
    letter2.finish()
    this.unsent++
  }
  /** Returns the name of the full queue. On a Unix socket it may be the receiver's. */
  #full() {
    return this.#core.plan.family === "unix" ? "the receiver's queue or the send buffer is full" : void 0
  }
  #fail(letter2, error) {
    letter2.finish()
    this.failed.push({ index: letter2.index, error })
  }
  #errorOf(letter2, fault3) {
    const { outgoing } = this.#core
    const source = outgoing.foreignSource(letter2.control, fault3)
    if (source !== void 0) return sourceNotOurs(fault3, source, letter2.bytesSent)
    const missing = outgoing.missingInterface(letter2, fault3)
    if (missing !== void 0) return noSuchInterface(fault3, missing.field, missing.index, letter2.bytesSent)
    const remedy = interfaceRemedy(fault3, letter2.to)
    return sendError(fault3, this.#what(letter2), sentMessages(this.#core, letter2), letter2.bytesSent, remedy)
  }
  #what({ bytesSent, segmentSize, size: size2, to }) {
    const how = segmentSize === void 0 ? "" : ` in segments of ${segmentSize}`
    return `Sending ${size2 - bytesSent} bytes${how} to ${to ?? this.#core.peer}`
  }
  #close() {
    for (const letter2 of this.#open) if (!letter2.isDone) this.#fail(letter2, sendClosed(letter2.bytesSent))
    const error = sendClosed()
    while (this.#next < this.#count) this.failed.push({ index: this.#next++, error })
    return this.#end()
  }
  /** Marks the queue as finished. */
  #end() {
    const { outgoing } = this.#core
    if (this.#encoded !== void 0) outgoing.recycle(this.#encoded)
    for (const control of this.#controls ?? []) outgoing.recycle(control)
    this.#encoded = void 0
    this.#controls = void 0
  }
}

// packages/engine/dist/send/replying.js
var replyOf = ({ localAddress, socket }, asked, data2) => {
  try {
    const refused2 = validateSource(socket, localAddress, asked.from)
    if (refused2 !== void 0) return refused2
    const answered = answerTo(socket, asked)
    if ("syscall" in answered) return answered
    const { otherwise, pktInfo, to } = answered
    const message = { data: data2, to, control: { pktInfo }, [withoutSource]: otherwise }
    return message
  } catch {
    return notSent(
      socket,
      "asked",
      "it is not a datagram as a socket delivers it, with packet information: give one that is"
    )
  }
}
var notASocket = () => invalidSend("socket", "it is not a socket: give one that is bound")

// packages/engine/dist/spec/option/cells.js
var internet = (cell) => ({ ipv4: cell, ipv6: cell })
var anywhere = (cell) => ({
  ipv4: cell,
  ipv6: cell,
  unix: cell
})

// packages/engine/dist/spec/option/sharing.js
var reuseAddress = define2({
  name: "SO_REUSEADDR",
  table: {
    linux: internet({ level: SOL_SOCKET2, option: SO_REUSEADDR2, codec: flag() }),
    darwin: internet({ level: SOL_SOCKET, option: SO_REUSEADDR, codec: flag() }),
    winsock: internet({ level: SOL_SOCKET3, option: SO_REUSEADDR3, codec: flag() })
  }
})
var reusePort = define2({
  name: "SO_REUSEPORT",
  table: {
    linux: internet({ level: SOL_SOCKET2, option: SO_REUSEPORT2, codec: flag() }),
    darwin: internet({ level: SOL_SOCKET, option: SO_REUSEPORT, codec: flag() }),
    winsock: internet({
      unsupported:
        "Windows does not spread peers over sockets; its SO_REUSEADDR lets another program take over the address"
    })
  }
})
var exclusiveUse = define2({
  name: "SO_EXCLUSIVEADDRUSE",
  table: {
    linux: internet({ unsupported: "on Linux an address is exclusive unless its socket allows sharing" }),
    darwin: internet({ unsupported: "on macOS an address is exclusive unless its socket allows sharing" }),
    winsock: internet({ level: SOL_SOCKET3, option: SO_EXCLUSIVEADDRUSE, codec: flag() })
  }
})
var linuxOnly = { unsupported: "only Linux lets a socket have an address that the host does not have" }
var freebind = define2({
  name: "IP_FREEBIND/IPV6_FREEBIND",
  table: {
    linux: {
      ipv4: { level: IPPROTO_IP2, option: IP_FREEBIND, codec: flag() },
      ipv6: { level: IPPROTO_IPV62, option: IPV6_FREEBIND, codec: flag() }
    },
    darwin: internet(linuxOnly),
    winsock: internet(linuxOnly)
  }
})
var transparent = define2({
  name: "IP_TRANSPARENT/IPV6_TRANSPARENT",
  table: {
    linux: {
      ipv4: {
        level: IPPROTO_IP2,
        option: IP_TRANSPARENT,
        codec: flag(),
        privilege: "CAP_NET_ADMIN"
      },
      ipv6: {
        level: IPPROTO_IPV62,
        option: IPV6_TRANSPARENT,
        codec: flag(),
        privilege: "CAP_NET_ADMIN"
      }
    },
    darwin: internet(linuxOnly),
    winsock: internet(linuxOnly)
  }
})

// packages/engine/dist/socket/connection.js
var Connection = class {
  /** Peer as the program wrote it. Absent if the socket is not connected. */
  peer
  /** The peer's address as received datagrams have it. A program may write a path or an address differently. */
  sender
  constructor(peer, sender) {
    this.peer = peer
    this.sender = sender
  }
}

// packages/engine/dist/driver/eventLoop.js
var later = (milliseconds, task) => {
  if (milliseconds === 0 && typeof setImmediate === "function") {
    const immediate = setImmediate(task)
    return () => clearImmediate(immediate)
  }
  const timer = setTimeout(task, milliseconds)
  return () => clearTimeout(timer)
}

// packages/engine/dist/receive/loop.js
var callsPerTurn = 64
var runLoop = (socket, read7, f, onEnd) => {
  let isStopped = false
  let leave2 = () => {}
  const stop = (end) => {
    if (isStopped) return
    isStopped = true
    onEnd(end)
  }
  let defect
  const hand = (outcome) => {
    if (!(outcome instanceof ReceivedDatagram)) return true
    try {
      f(outcome)
    } catch (cause) {
      defect = { defect: cause }
    }
    return defect === void 0 && !isStopped && !socket.closed
  }
  const isRunning = () => !isStopped
  const turn2 = (closed4) => {
    if (isStopped) return
    if (closed4) return stop({ error: receiveClosed() })
    for (let call = 0; call < callsPerTurn && !socket.isPauseDue && !socket.isTurnSpent; call++) {
      if (socket.closed) return stop({ error: receiveClosed() })
      const more = read7(hand, isRunning)
      if (defect !== void 0) return stop(defect)
      if (isStopped) return
      if (typeof more !== "boolean") return stop({ error: more })
      if (!more) break
    }
    if (socket.closed) return stop({ error: receiveClosed() })
    const pause = socket.takePause()
    leave2 = pause > 0 || socket.hasUnread ? socket.afterPause(pause, turn2) : socket.onReadable(turn2)
  }
  turn2(socket.closed)
  return () => {
    isStopped = true
    leave2()
  }
}

// packages/engine/dist/send/single.js
var sendOne = (core, message) => {
  if (core.closed) return sendClosed()
  const { outgoing } = core
  outgoing.begin()
  const letter2 = letter(core, 0, message, outgoing)
  if (!(letter2 instanceof Letter)) return letter2
  if (core.closed || letter2.segmentSize !== void 0)
    return SendQueue.of(core, { message, letter: letter2, filling: 0, result: void 0 })
  const filling = outgoing.use(1)
  const bytes3 = outgoing.fill(0, letter2, 0)
  if (typeof bytes3 === "number") {
    const result = outgoing.send(filling, [letter2], 0, 1)
    if (result !== 1) return SendQueue.of(core, { message, letter: letter2, filling, result })
    outgoing.counters.send(letter2.datagrams(0, letter2.size))
  }
  if (letter2.control !== void 0) outgoing.recycle(letter2.control)
  return typeof bytes3 === "number" ? void 0 : refused(core, bytes3)
}

// packages/engine/dist/spec/option/headers.js
var broadcast = define2({
  name: "SO_BROADCAST",
  table: {
    linux: { ipv4: { level: SOL_SOCKET2, option: SO_BROADCAST2, codec: flag() } },
    darwin: { ipv4: { level: SOL_SOCKET, option: SO_BROADCAST, codec: flag() } },
    winsock: { ipv4: { level: SOL_SOCKET3, option: SO_BROADCAST3, codec: flag() } }
  }
})
var hops2 = integer("a hop limit", 1, 255)
var defaultHopLimit = define2({
  name: "IP_TTL/IPV6_UNICAST_HOPS",
  table: {
    linux: {
      ipv4: { level: IPPROTO_IP2, option: IP_TTL2, codec: hops2 },
      ipv6: { level: IPPROTO_IPV62, option: IPV6_UNICAST_HOPS2, codec: hops2 }
    },
    darwin: {
      ipv4: { level: IPPROTO_IP, option: IP_TTL, codec: hops2 },
      ipv6: { level: IPPROTO_IPV6, option: IPV6_UNICAST_HOPS, codec: hops2 }
    },
    winsock: {
      ipv4: { level: IPPROTO_IP3, option: IP_TTL3, codec: hops2 },
      ipv6: { level: IPPROTO_IPV63, option: IPV6_UNICAST_HOPS3, codec: hops2 }
    }
  }
})
var trafficClass = integer("a traffic class", 0, 255)
var defaultTrafficClass = define2({
  name: "IP_TOS/IPV6_TCLASS",
  table: {
    linux: {
      ipv4: { level: IPPROTO_IP2, option: IP_TOS2, codec: trafficClass },
      ipv6: { level: IPPROTO_IPV62, option: IPV6_TCLASS2, codec: trafficClass }
    },
    darwin: {
      ipv4: { level: IPPROTO_IP, option: IP_TOS, codec: trafficClass },
      ipv6: { level: IPPROTO_IPV6, option: IPV6_TCLASS, codec: trafficClass }
    },
    // Winsock: IP_TOS succeeds and has no effect unless the registry enables it (IPPROTO_IP socket options: "do not use"). A request is
    // never dropped silently, so the option is absent here. Documentation only; Wine applies it.
    winsock: internet({
      unsupported: "Windows marks traffic by policy and ignores IP_TOS: withDscp() sends it with a datagram"
    })
  }
})
var linuxOnly2 = (what) => ({ unsupported: `only Linux ${what}` })
var autoFlowLabel = define2({
  name: "IPV6_AUTOFLOWLABEL",
  table: {
    linux: { ipv6: { level: IPPROTO_IPV62, option: IPV6_AUTOFLOWLABEL, codec: flag() } },
    darwin: { ipv6: linuxOnly2("has a switch for flow labels") },
    winsock: { ipv6: linuxOnly2("has a switch for flow labels") }
  }
})
var defaultPriority = define2({
  name: "SO_PRIORITY",
  table: {
    linux: anywhere({
      level: SOL_SOCKET2,
      option: SO_PRIORITY,
      codec: Codec_exports.uint32,
      privilege: "CAP_NET_ADMIN"
    }),
    darwin: anywhere(linuxOnly2("queues by a socket's priority")),
    winsock: anywhere(linuxOnly2("queues by a socket's priority"))
  }
})
var defaultMark = define2({
  name: "SO_MARK",
  table: {
    linux: internet({
      level: SOL_SOCKET2,
      option: SO_MARK,
      codec: Codec_exports.uint32,
      privilege: "CAP_NET_ADMIN"
    }),
    darwin: internet(linuxOnly2("marks packets")),
    winsock: internet(linuxOnly2("marks packets"))
  }
})

// packages/engine/dist/socket/connecting.js
var connect = (socket, receiver, peer) => {
  const { connection, plan } = socket
  const { native } = socket.live
  const lacking3 = refusePlan(plan)
  if (lacking3 !== void 0) return lacking3
  const to = socket.outgoing.destinations.of(peer)
  if (typeof to === "string") return invalidBind(`peer: ${to}.`)
  const wrong = refusePeer(to)
  if (wrong !== void 0) return invalidBind(`peer: ${wrong}.`)
  if (socket.closed)
    return invalidBind("Connecting failed: the scope of the socket has ended. Connect it while its scope is open.")
  const present2 = connection.peer ?? named(plan, native.peerAddress)
  if (!isFault(present2))
    return invalidBind(
      `Connecting to ${to} failed: the socket is connected to ${present2}. End the scope of that connection first.`
    )
  const refused2 = native.connect(nameOf4(plan, to))
  const what = `Connecting to ${to}`
  if (refused2 !== void 0) return plan.family === "unix" ? unixError(refused2, what, false) : bindError(refused2, what)
  const sender = named(plan, native.peerAddress)
  const local = named(plan, native.localAddress)
  if (isFault(sender)) return undone2(native, sender, what)
  if (isFault(local)) return undone2(native, local, what)
  connection.peer = to
  connection.sender = sender
  receiver.dropOthers(sender)
  return { local, peer: to }
}
var undone2 = (native, failed, what) => {
  native.connect(void 0)
  return bindError(failed, what)
}
var disconnect = (socket, receiver, events, peer) => {
  const { connection } = socket
  if (socket.closed) return void 0
  if (socket.plan.family === "unix") receiver.keepQueued()
  const failed = socket.live.native.connect(void 0)
  connection.peer = void 0
  connection.sender = void 0
  events.takePending()
  if (failed === void 0) return void 0
  socket.close()
  return `Disconnecting ${socket.localAddress} from ${peer} failed ${showFault(failed)}, so the socket was closed. Bind another one; a port other than 0 is not lost.`
}
var feature = "connect"
var alternative = "Open a socket for this peer with Datagram.connect"
var refusePlan = ({ abi, kind }) => {
  if (kind.protocol === "icmp")
    return unsupported8(feature, "the kernel delivers replies to a ping socket from any host", alternative)
  if (abi.platform === "darwin")
    return unsupported8(feature, "macOS takes its local address away from a socket that is disconnected", alternative)
  if (abi.platform === "linux" && kind.family === "ipv6")
    return unsupported8(
      feature,
      "after an IPv6 socket is disconnected, Linux still drops datagrams from other addresses than that of the peer",
      alternative
    )
  return void 0
}
var refusePeer = (to) => {
  if (to.family === "unix") return void 0
  if (to.address.isUnspecified)
    return `${to} is not the address of a host: give the address that its datagrams come from`
  return to.address.isMulticast
    ? `${to} is a group, and datagrams come from its members: join it, and send to it without connecting`
    : void 0
}

// packages/engine/dist/socket/groups.js
var joinGroup = (core, group, options) => begin(core, group, () => readGroup(group, options))
var blockSource = (core, group, source, options) =>
  begin(core, group, () => {
    const given = read6(group, options)
    return typeof given === "string" ? given : { ...given, source, kind: "block" }
  })
var leaveGroup = (core, group, options) => {
  const asked = check2(core, group, () => readGroup(group, options))
  if (!("request" in asked)) return asked
  const { kind, request, shown: shown2 } = asked
  const refused2 = core.memberships.leave(request)
  if (refused2 === void 0) return void 0
  const what = describe(kind, request, "Leaving")
  return /^(WSA)?E(ADDRNOTAVAIL|INVAL)$/.test(refused2.code)
    ? notJoined(refused2, shown2, what)
    : membershipError(refused2, what, shown2)
}
var readGroup = (group, options) => {
  const given = read6(group, options)
  return typeof given === "string" ? given : { ...given, kind: given.source === void 0 ? "group" : "source" }
}
var begin = (core, group, given) => {
  const asked = check2(core, group, given)
  if (!("request" in asked)) return asked
  const { kind, request, shown: shown2 } = asked
  const held2 = core.memberships.begin(kind, request)
  if (isFault(held2)) return membershipError(held2, describe(kind, request), shown2)
  if ("why" in held2) return invalidMembership(shown2, `${held2.why}.`, held2.reason)
  let isHeld = true
  return {
    end: () => {
      if (isHeld) core.memberships.end(held2)
      isHeld = false
    }
  }
}
var check2 = (core, group, given) => {
  const shown2 = typeof group === "string" ? group : attempt(() => Codec_exports.format(group))
  if (core.closed) return membershipClosed(shown2)
  const written2 = attempt(given)
  if (typeof written2 === "string") return invalidMembership(shown2, `${written2}.`)
  const request = attempt(() => requestOf(core.plan.family, core.memberships.names, written2))
  return typeof request === "string"
    ? invalidMembership(shown2, `${request}.`)
    : { kind: written2.kind, request, shown: shown2 }
}
var attempt = (f) => {
  try {
    return f()
  } catch {
    return "An argument throws when it is read: give addresses as texts, and the index as a number"
  }
}
var read6 = (group, options) => {
  if (options === void 0) return { group, source: void 0, interfaceIndex: void 0 }
  if (typeof options !== "object" || options === null)
    return `${Codec_exports.format(options)} is not a record of options: give { interfaceIndex, source }`
  const { interfaceIndex, source } = options
  return { group, source, interfaceIndex }
}
var describe = (kind, { group, interfaceIndex, source }, what = "Joining") => {
  const where = interfaceIndex === void 0 ? "" : ` on interface ${interfaceIndex}`
  if (kind === "block") return `Blocking ${source} in ${group}${where}`
  return `${what} ${group}${source === void 0 ? "" : ` from ${source}`}${where}`
}
var requestOf = (family, names4, given) => {
  if (family === "unix") return "A Unix socket joins no groups"
  const group = addressOf3(family, names4, given.group)
  if (typeof group === "string") return group
  if (!group.isMulticast)
    return `${group} is no group: those are 224.0.0.0 to 239.255.255.255, and addresses of ff00::/8`
  const source = given.kind === "group" ? void 0 : addressOf3(family, names4, given.source)
  if (typeof source === "string") return source
  if (source !== void 0 && source.family !== group.family)
    return `The source ${source} is of another address family than the group ${group}`
  if (source?.isMulticast === true || source?.isUnspecified === true)
    return `${source} cannot be a source: give a unicast address`
  const refused2 = validateIndex(given.interfaceIndex)
  if (refused2 !== void 0) return refused2
  const index = typeof given.interfaceIndex === "number" ? given.interfaceIndex : void 0
  const zone = group instanceof Ipv6Address && group.zone !== 0 ? group.zone : void 0
  if (zone !== void 0 && index !== void 0 && zone !== index)
    return `${group} names interface ${zone}, and interfaceIndex ${index}: give one of them`
  return { group: unzoned(group), source: source && unzoned(source), interfaceIndex: index ?? zone }
}
var unzoned = (address2) =>
  address2 instanceof Ipv6Address ? new Ipv6Address(address2.a, address2.b, address2.c, address2.d) : address2
var addressOf3 = (family, names4, given) => {
  const text2 = typeof given === "string" ? withIndex(names4, given) : given
  const address2 = typeof text2 === "string" ? parseAddress(text2) : text2
  if (typeof given === "string" && Codec_exports.isMalformed(address2)) return address2.malformed
  if (address2 instanceof Ipv4Address)
    return family === "ipv6" ? `${address2} is an IPv4 address, this socket speaks IPv6 only` : address2
  if (address2 instanceof Ipv6Address) {
    if (family === "ipv4") return `${address2} is an IPv6 address, this socket speaks IPv4 only`
    return (family === "dual" ? address2.toIpv4() : void 0) ?? address2
  }
  return `${Codec_exports.format(given)} is not an IP address`
}

// packages/engine/dist/spec/option/buffers.js
var bytes2 = integer("a size in bytes", 1, 1073741823)
var noUnixSockets = { unsupported: "Windows has no Unix datagram sockets" }
var receiveBufferSize = define2({
  name: "SO_RCVBUF",
  table: {
    linux: anywhere({ level: SOL_SOCKET2, option: SO_RCVBUF2, codec: bytes2 }),
    darwin: anywhere({ level: SOL_SOCKET, option: SO_RCVBUF, codec: bytes2 }),
    winsock: {
      ...internet({ level: SOL_SOCKET3, option: SO_RCVBUF3, codec: bytes2 }),
      unix: noUnixSockets
    }
  }
})
var sendBufferSize = define2({
  name: "SO_SNDBUF",
  table: {
    linux: anywhere({ level: SOL_SOCKET2, option: SO_SNDBUF2, codec: bytes2 }),
    darwin: anywhere({ level: SOL_SOCKET, option: SO_SNDBUF, codec: bytes2 }),
    winsock: {
      ...internet({ level: SOL_SOCKET3, option: SO_SNDBUF3, codec: bytes2 }),
      unix: noUnixSockets
    }
  }
})

// packages/engine/dist/spec/option/fragmentation.js
var linuxModes = enumeration({ dont: 0, want: 1, do: 2, probe: 3, interface: 4, omit: 5 })
var lacking2 = (mode) => ({
  unsupported: `Windows has no mode "${mode}": it has "dont", "want", "do" and "probe"`
})
var winsockModes = enumeration({
  dont: 2,
  want: 0,
  do: 1,
  probe: 3,
  interface: lacking2("interface"),
  omit: lacking2("omit")
})
var pathMtuDiscovery = define2({
  name: "IP_MTU_DISCOVER/IPV6_MTU_DISCOVER",
  table: {
    linux: {
      ipv4: { level: IPPROTO_IP2, option: IP_MTU_DISCOVER, ...linuxModes },
      ipv6: { level: IPPROTO_IPV62, option: IPV6_MTU_DISCOVER, ...linuxModes }
    },
    darwin: internet({
      unsupported: "macOS has no modes of path MTU discovery: withDontFragment() forbids fragmenting"
    }),
    winsock: {
      // Winsock: these numbers differ from Linux's, although one header may be a copy of the other. Documentation only; Wine 8 lacks the
      // option.
      ipv4: { level: IPPROTO_IP3, option: IP_MTU_DISCOVER2, ...winsockModes },
      ipv6: { level: IPPROTO_IPV63, option: IPV6_MTU_DISCOVER2, ...winsockModes }
    }
  }
})
var asMode = {
  ...flag(),
  size: 4,
  read: (view, at) => [2, 3].includes(view.getInt32(at, true)),
  write: (view, at, value) => {
    view.setInt32(at, value ? 2 : 0, true)
    return 4
  }
}
var dontFragment = define2({
  name: "IP_DONTFRAGMENT/IPV6_DONTFRAG",
  table: {
    linux: {
      ipv4: { level: IPPROTO_IP2, option: IP_MTU_DISCOVER, codec: asMode },
      ipv6: { level: IPPROTO_IPV62, option: IPV6_DONTFRAG2, codec: flag() }
    },
    darwin: {
      ipv4: { level: IPPROTO_IP, option: IP_DONTFRAG, codec: flag() },
      ipv6: { level: IPPROTO_IPV6, option: IPV6_DONTFRAG, codec: flag() }
    },
    winsock: {
      ipv4: { level: IPPROTO_IP3, option: IP_DONTFRAGMENT, codec: flag() },
      ipv6: { level: IPPROTO_IPV63, option: IPV6_DONTFRAG3, codec: flag() }
    }
  }
})

// packages/engine/dist/socket/options.js
var sameReads = 16
var callsPerRead = 64
var optionsSet = 0
var into = new Uint8Array(4)
var intoView = new DataView(into.buffer)
var Live = class {
  plan
  native
  /** Level and option in one number are the key. */
  #own
  #call = 0
  /** True while the end of the synchronous run is awaited. */
  #runs = false
  #interfaces
  #list
  /** The IPv4 address that the socket is bound to, unless it is bound to all addresses. */
  #bound
  constructor(plan, native, interfaces4, local) {
    this.plan = plan
    this.native = native
    this.#list = interfaces4
    const { address: address2 } = local
    this.#bound = address2 instanceof Ipv4Address && !address2.isUnspecified ? address2 : void 0
  }
  get interfaces() {
    return (this.#interfaces ??= new InterfaceTable(this.#list))
  }
  /** Linux: `ipi_spec_dst` 0 replaces the address that the socket is bound to, and the route decides (`ip_cmsg_send`). IPv6 keeps it. */
  complete(value) {
    if (this.plan.abi.platform === "winsock") return this.interfaces.complete(value)
    if (this.#bound === void 0) return value
    const { interfaceIndex, source } = value
    return { interfaceIndex, source: source ?? this.#bound }
  }
  /** Returns the system's value of an option that is needed to send a datagram. docs/design.md has its maximum age. */
  own(level, option2) {
    const key = level * 65536 + option2
    const known = this.#own?.get(key)
    if (known !== void 0 && known.set === optionsSet) {
      if (known.call === this.#call) return known.value
      if (known.left > 0) {
        known.left--
        known.call = this.#call
        return known.value
      }
    }
    const read7 = this.#read(level, option2)
    const value = typeof read7 === "number" ? read7 : 0
    if (known === void 0) {
      this.#own ??= /* @__PURE__ */ new Map()
      this.#own.set(key, { value, same: 1, left: 0, call: this.#call, set: optionsSet })
      return value
    }
    known.same = known.value === value ? known.same + 1 : 1
    known.value = value
    known.call = this.#call
    known.set = optionsSet
    if (known.same >= sameReads) {
      known.left = callsPerRead - 1
      void this.#untilRunEnds()
    }
    return value
  }
  /** Starts a call that sends. Another owner of the descriptor may have set an option since the last call. */
  forget() {
    this.#call++
  }
  /** Another thread or process can report a changed option to this one only after the synchronous run has ended. */
  async #untilRunEnds() {
    if (this.#runs) return
    this.#runs = true
    await Promise.resolve()
    this.#runs = false
    for (const own2 of this.#own?.values() ?? []) {
      if (own2.left === callsPerRead - 1) own2.same = 0
      own2.left = 0
    }
  }
  /** Returns a fault if the socket's own values cannot be read. */
  readOwn() {
    for (const { format: format2 } of this.plan.sendEntries)
      for (const own2 of [format2.shared, format2.mustMatchOption]) {
        const value = own2 === void 0 ? 0 : this.#read(own2.level, own2.option)
        if (isFault(value)) return value
      }
    return void 0
  }
  #read(level, option2) {
    into.fill(0)
    const length3 = this.native.getOption(level, option2, into)
    if (!isFault(length3)) return intoView.getUint32(0, true)
    return /^(WSA)?ENOPROTOOPT$/.test(length3.code) ? 0 : length3
  }
}
var setOption2 = (core, option2, value) => {
  const wrong = validateOption(option2)
  if (wrong !== void 0) return wrong
  if (core.closed) return optionClosed(option2.name)
  const { native, plan } = core.live
  const encoded = encode2(option2, value, plan.abi.platform, plan.family)
  if ("invalid" in encoded) return invalidOption(option2.name, encoded.invalid, "InvalidArgument")
  if ("unsupported" in encoded)
    return invalidOption(option2.name, `${encoded.unsupported}. ${leaveItOut}`, "Unsupported")
  if (core.closed) return optionClosed(option2.name)
  optionsSet++
  for (const { level, option: number2, privilege, value: bytes3 } of encoded) {
    const refused2 = native.setOption(level, number2, bytes3)
    if (refused2 !== void 0) return optionError(refused2, option2.name, privilege)
  }
  return void 0
}
var getOption = (core, option2) => {
  const wrong = validateOption(option2)
  if (wrong !== void 0) return { error: wrong }
  if (core.closed) return { error: optionClosed(option2.name) }
  const { native, plan } = core.live
  const refused2 = (why, reason) => ({
    error: invalidOption(option2.name, why, reason, "getsockopt")
  })
  const asked = attempt2(() => readable(option2, plan))
  if ("thrown" in asked)
    return refused2(`its definition cannot be read (${asked.thrown}): correct it`, "InvalidArgument")
  const { got } = asked
  if ("why" in got) return refused2(got.why, "Unsupported")
  if (core.closed) return { error: optionClosed(option2.name) }
  const { into: into2, minimum, row: row7 } = got
  const length3 = native.getOption(row7.level, row7.option, into2)
  if (isFault(length3)) return { error: optionError(length3, option2.name, row7.privilege) }
  const read7 =
    length3 < minimum || length3 > into2.length
      ? { got: { malformed: `a value of ${length3} bytes`, offset: 0 } }
      : attempt2(() => row7.codec.read(new DataView(into2.buffer), 0, length3))
  const value = "thrown" in read7 ? { malformed: `its definition throws ${read7.thrown}`, offset: 0 } : read7.got
  return Codec_exports.isMalformed(value) ? { error: unknownValue(option2.name, value.malformed) } : { value }
}
var readable = (option2, plan) => {
  const rows2 = rowsOf(option2, plan.abi.platform, plan.family)
  if (isUnsupported(rows2)) return { why: `${rows2.unsupported}. ${leaveItOut}` }
  const row7 = rows2.find(({ writeOnly }) => writeOnly === void 0)
  if (row7 === void 0) return { why: `${rows2.map(({ writeOnly }) => writeOnly).join("; ")}. Keep what was set` }
  const { maximum, minimum } = sizeOf3(row7.codec)
  return { row: row7, minimum, into: new Uint8Array(maximum) }
}
var validateOption = (option2) => {
  try {
    const { cell, name } = option2
    if (typeof cell === "function" && typeof name === "string") return void 0
  } catch {}
  return invalidOption(
    "option",
    `${Codec_exports.format(option2)} is not a socket option: give one of SocketOption`,
    "InvalidArgument"
  )
}
var attempt2 = (f) => {
  try {
    return { got: f() }
  } catch (cause) {
    return { thrown: Codec_exports.format(cause) }
  }
}

// packages/engine/dist/socket/limits.js
var limitsOf = (socket) => {
  const send2 = getOption(socket, sendBufferSize)
  if ("error" in send2) return send2.error
  const receive3 = getOption(socket, receiveBufferSize)
  if ("error" in receive3) return receive3.error
  const { receiveEntries, declined, family } = socket.plan
  const fragments = family === "unix" ? false : mayFragment(socket)
  if (typeof fragments !== "boolean") return fragments
  return {
    segments: socket.outgoing.segments.most,
    coalescing: receiveEntries.some(
      ({ declaration: { message } }) =>
        message.key === Coalescing.key && declined.every(({ key }) => key !== message.key)
    ),
    mayFragment: fragments,
    sendBufferBytes: send2.value,
    receiveBufferBytes: receive3.value
  }
}
var mayFragment = (socket) => {
  const dontFragment2 = getOption(socket, dontFragment)
  if ("error" in dontFragment2) return dontFragment2.error
  if (dontFragment2.value) return false
  const mode = getOption(socket, pathMtuDiscovery)
  if ("error" in mode) return mode.error.reason === "Unsupported" ? true : mode.error
  return mode.value === "want" || mode.value === "dont" || mode.value === "omit"
}

// packages/engine/dist/socket/sendSpace.js
var onSendSpace = (socket, to, done) => {
  if (socket.plan.family !== "unix") return whenWritable(socket, done)
  const receiver = to ?? socket.peer
  const elsewhere = receiver?.family === "unix" && receiver.path !== void 0 ? whenRoomAt(receiver) : whenWritable
  const full = isFull(socket)
  if (full === void 0) return to === void 0 ? whenWritable(socket, done) : both(whenWritable, elsewhere)(socket, done)
  return (full ? whenOwnRoom : elsewhere)(socket, done)
}
var whenWritable = (socket, done) => {
  if (socket.closed) {
    done(sendClosed())
    return () => {}
  }
  const waiter = (closed4) => done(closed4 ? sendClosed() : void 0)
  socket.waiters.write(waiter)
  socket.watch()
  return () => socket.waiters.leave(waiter)
}
var both = (first, second) => (socket, done) => {
  let isCancelled = false
  let cancel = () => {}
  const begun = first(socket, (error) => {
    if (isCancelled) return
    if (error !== void 0) done(error)
    else cancel = second(socket, done)
  })
  return () => {
    isCancelled = true
    begun()
    cancel()
  }
}
var SIOCOUTQ = 21521
var isFull = ({ live: { native }, plan }) => {
  const row7 = sendBufferSize.cell(plan.abi.platform, "unix")
  if (plan.abi.platform !== "linux" || row7 === void 0 || isUnsupported(row7)) return void 0
  const [unread, size2] = [new Int32Array(1), new Int32Array(1)]
  const queued = native.ioctl(SIOCOUTQ, new Uint8Array(4), new Uint8Array(unread.buffer))
  const limit = native.getOption(row7.level, row7.option, new Uint8Array(size2.buffer))
  return isFault(queued) || isFault(limit) ? void 0 : (unread[0] ?? 0) >= (size2[0] ?? 0)
}
var firstLook = 1
var lastLook = 64
var whenOwnRoom = (socket, done) => {
  let cancelLook = () => {}
  const cancelPoll = whenWritable(socket, (error) => {
    cancelLook()
    done(error)
  })
  const look = (pause) => {
    cancelLook = later(pause, () => {
      if (isFull(socket) === true) return look(Math.min(2 * pause, lastLook))
      cancelPoll()
      done(void 0)
    })
  }
  if (!socket.closed) look(firstLook)
  return () => {
    cancelLook()
    cancelPoll()
  }
}
var whenRoomAt = (to) => (socket, done) => {
  if (socket.closed) {
    done(sendClosed())
    return () => {}
  }
  const probe = socket.outgoing.connected(to)
  if (probe === void 0 || isFault(probe)) {
    done(probe === void 0 ? void 0 : sendError(probe, `Waiting for room at ${to}`))
    return () => {}
  }
  const poll3 = undoing(
    () => probe.close(),
    () =>
      probe.poll((_, writable2) => {
        if (writable2) end(void 0)
      })
  )
  const leave2 = () => {
    socket.waiters.leave(waiter)
    if (!isFault(poll3)) poll3.close()
    probe.close()
  }
  const end = (error) => {
    leave2()
    done(error)
  }
  const waiter = () => end(sendClosed())
  if (isFault(poll3)) {
    end(sendError(poll3, `Waiting for room at ${to}`))
    return () => {}
  }
  socket.waiters.waitElsewhere(waiter)
  poll3.update(false, true)
  return leave2
}

// packages/engine/dist/events/eventReader.js
var queueReader = oncePerPlan((plan) => eventReader(plan, "errorQueue"))
var pseudoReader = oncePerPlan((plan) => eventReader(plan, "pseudoDatagram"))
var ofPackets = [
  [PktInfo, (value) => ({ info: value })],
  [HopLimit, (value) => ({ hopLimit: value })],
  [TrafficClass, (value) => ({ trafficClass: value })],
  [Timestamp, (value) => ({ timestamp: value })],
  // Linux: delivered after the other stamp, and correct if that one is the time of the read.
  [
    Timestamping,
    (value) => {
      const { software } = value
      return software === void 0 ? {} : { timestamp: software }
    }
  ]
]
var fieldsOf = ({ abi, family }) =>
  ofPackets.flatMap(([message, toPacket]) =>
    families(family).flatMap((each) => {
      const cell = message.cell(abi.platform, each)
      return isUnsupported(cell) || cell.receive === void 0 || isUnsupported(cell.receive)
        ? []
        : cell.receive.map((arrival) => ({ format: arrival, family: each, toPacket }))
    })
  )
var eventReader = (plan, way) => {
  const wanted = plan.receiveEntries.filter(({ format: format2 }) => format2.event === way)
  const fields = fieldsOf(plan)
  const cursor = new ControlBuffer_exports.Cursor(plan.abi)
  const value = ({ level, payload, type }, view) => {
    if (type !== cursor.type || level !== cursor.level || !fits(payload.size, cursor.payloadLength)) return void 0
    try {
      const read7 = payload.read(view, cursor.payloadAt, cursor.payloadLength)
      return Codec_exports.isMalformed(read7) ? void 0 : read7
    } catch {
      return void 0
    }
  }
  return (arena, slot, peer) => {
    const parts = []
    let packet = {}
    cursor.reset(arena.view, arena.controlAt(slot), arena.controlLength(slot))
    while (cursor.next()) {
      for (const { format: format2, declaration } of wanted) {
        const read7 = value(format2, arena.view)
        if (read7 !== void 0) parts.push({ message: declaration.message, value: read7 })
      }
      for (const { format: format2, family, toPacket } of fields) {
        const read7 = family === peer ? value(format2, arena.view) : void 0
        if (read7 !== void 0) packet = { ...packet, ...toPacket(read7) }
      }
    }
    return { parts, packet }
  }
}
var fits = (size2, bytes3) =>
  typeof size2 === "number" ? bytes3 === size2 : bytes3 >= (size2.minimum ?? 0) && bytes3 <= size2.maximum

// packages/engine/dist/events/quoted.js
var ipHeader = { icmp: 20, icmp6: 40 }
var udpHeader = 8
var filled2 = 128
var extensible = { icmp: [3, 11, 12], icmp6: [1, 3] }
var takeApart = (error, quote, { largest: largest2, protocol }) => {
  const { extension, origin, type } = error
  if (origin !== "icmp" && origin !== "icmp6") return { datagram: quote, extensions: [] }
  if (extension !== void 0) {
    const read8 = extension.valid ? IcmpExtension_exports.decode(quote.subarray(extension.at)) : []
    return {
      datagram: withoutFilling(quote, extension.at, largest2),
      extensions: Codec_exports.isMalformed(read8) ? [] : read8
    }
  }
  const at = filled2 - ipHeader[origin] - (protocol === "udp" ? udpHeader : 0)
  const mayBe =
    extensible[origin].some((each) => each === type) && quote.length > at + 2 * IcmpExtension_exports.headerSize
  const read7 = mayBe ? IcmpExtension_exports.decode(quote.subarray(at)) : []
  if (Codec_exports.isMalformed(read7) || read7.length === 0 || (quote[at + 2] === 0 && quote[at + 3] === 0))
    return { datagram: quote, extensions: [] }
  return { datagram: withoutFilling(quote, at, largest2), extensions: read7 }
}
var withoutFilling = (quote, end, largest2) => {
  let length3 = Math.min(end, quote.length)
  while (length3 > largest2 && quote[length3 - 1] === 0) length3--
  return quote.slice(0, length3)
}

// packages/engine/dist/receive/receivedMemory.js
var receivedMemory = { isRead: false }

// packages/engine/dist/events/transmitStamps.js
var maximumSends = 1024
var maximumWaiting = 64
var StampIds = class {
  #sends = []
  #now = { minimum: 0, maximum: 0, least: 0, most: 0 }
  /** A stamp with a lower number may belong to a forgotten send. */
  #forgotten = this.#now
  #waiting = []
  /** Stamps that belong to no known send, or exceed the limit. */
  lost = 0
  /** Records a send that requested stamps, and whether it succeeded. */
  sent(id, scheduled, went) {
    while (this.#waiting.length === 0 && this.#sends[0]?.failed === true) this.#sends.shift()
    if (this.#sends.length === maximumSends) this.#forgotten = this.#sends.shift()?.after ?? this.#forgotten
    const { least, maximum, minimum, most: most3 } = this.#now
    const surely = went ? 1 : 0
    const after = { minimum: minimum + surely, maximum: maximum + 1, least: least + surely, most: most3 + 1 }
    const stages2 = new Set(scheduled ? ["scheduled"] : [])
    if (went) stages2.add("sent")
    this.#sends.push({ id, before: this.#now, after, stages: stages2, failed: !went })
    this.#now = after
  }
  /** Records a stamp. Returns the stamps that are now assigned: its own, and perhaps some that waited. */
  tell(stamp) {
    const known = []
    this.#waiting.push(stamp)
    for (let before2 = -1; before2 !== known.length;) {
      before2 = known.length
      this.#waiting = this.#waiting.filter((each) => {
        const fitting = this.#sends.filter((send3) => (numberOf2(send3, each) ?? -1) >= this.#forgotten.maximum)
        const [send2] = fitting
        if (send2 === void 0) this.lost++
        if (send2 === void 0 || fitting.length > 1) return send2 !== void 0
        this.#settle(send2, each)
        known.push({ id: send2.id, stage: each.stage, timestamp: each.timestamp })
        return false
      })
    }
    if (this.#waiting.length > maximumWaiting) this.lost += this.#waiting.splice(0, 1).length
    return known
  }
  /** The send's number is now known. Narrows the possible numbers of its neighbours by their distance from it. */
  #settle(send2, stamp) {
    const number2 = numberOf2(send2, stamp) ?? 0
    const positions = new Set(this.#sends.flatMap(({ after, before: before2 }) => [before2, after]))
    positions.add(this.#forgotten).add(this.#now)
    for (const position of positions) {
      narrow(position, send2.before, number2)
      narrow(position, send2.after, number2 + 1)
    }
    send2.stages.delete(stamp.stage)
    if (send2.stages.size === 0) this.#sends.splice(this.#sends.indexOf(send2), 1)
  }
}
var narrow = (position, from, value) => {
  const [near, far] = [position.least - from.least, position.most - from.most]
  const isBehind = far >= 0
  position.minimum = Math.max(position.minimum, value + (isBehind ? near : far))
  position.maximum = Math.min(position.maximum, value + (isBehind ? far : near))
}
var numberOf2 = ({ after, before: before2, stages: stages2 }, { number: number2, stage }) => {
  const whole = before2.minimum + ((number2 - before2.minimum) | 0)
  const fits2 = whole >= before2.minimum && whole <= before2.maximum && whole + 1 <= after.maximum
  return fits2 && whole + 1 >= after.minimum && stages2.has(stage) ? whole : void 0
}

// packages/engine/dist/events/events.js
var capacity = 256
var slots = 16
var rounds = 64
var stampedUnread = 32
var draining = false
var none3 = []
var declaredEvents = oncePerPlan((plan) => {
  const declined = new Set(plan.declined.map(({ key }) => key))
  const events = plan.receiveEntries.filter(
    ({ format: format2, declaration }) => format2.event !== void 0 && !declined.has(declaration.message.key)
  )
  return {
    declared: events.length > 0,
    reports: events.some(({ declaration }) => declaration.message === ErrorReports),
    inPlaceOfDatagrams: events.some(({ format: format2 }) => format2.event === "pseudoDatagram")
  }
})
var Events = class {
  taken = 0n
  received = 0n
  dropped = 0n
  ignored = 0n
  /** True if the program declared any events. */
  declared
  /** True if the kernel reports errors that are not the peer's. */
  reports
  /** True if some events arrive in place of a datagram. The poll does not report them. */
  inPlaceOfDatagrams
  #driver
  #native
  #plan
  #connection
  #waiters
  #incoming
  #arena
  #waiting = none3
  #stamps
  #stamped = 0
  #pending
  /** Size of the largest payload that was sent, in bytes. */
  #largest
  constructor(options) {
    const { adopted, connection, driver: driver5, incoming, native, plan, waiters } = options
    this.#driver = driver5
    this.#native = native
    this.#plan = plan
    this.#connection = connection
    this.#waiters = waiters
    this.#incoming = incoming
    this.#largest = adopted ? Infinity : 0
    const { declared, inPlaceOfDatagrams, reports } = declaredEvents(plan)
    this.declared = declared
    this.reports = reports
    this.inPlaceOfDatagrams = inPlaceOfDatagrams
  }
  get unread() {
    return this.#waiting.length
  }
  /** Takes all waiting events, for one reader. */
  take() {
    if (this.#waiting.length === 0 && this.declared) this.drain()
    const events = this.#waiting
    this.#waiting = none3
    this.received += BigInt(events.length)
    return events
  }
  /** Drains the error queue. `to` is the destination of a send that has just failed, for the report of its error. */
  drain(to) {
    if (draining) return { entries: 0, others: 0, local: 0 }
    draining = true
    hold()
    try {
      return this.#drain(to)
    } finally {
      draining = false
      release2()
    }
  }
  #drain(to) {
    const arena = (this.#arena ??= this.#driver.arena(errorArena(this.#plan, slots)))
    const kinds = { others: 0, local: 0, stamp: 0 }
    let entries = 0
    this.#stamped = 0
    for (let round = 0; round < rounds; round++) {
      const count2 = this.#native.receiveErrors(arena, slots)
      if (isFault(count2) || count2 === 0) break
      entries += count2
      for (let slot = 0; slot < count2; slot++) kinds[this.#enter(arena, slot, to)]++
    }
    return { entries, ...kinds }
  }
  /**
   * Attributes a fault by the error queue: to an earlier send to another peer, or to the call that it failed. A peer's refusal on a
   * connected socket also belongs to the call. Returns `undefined` if the queue does not explain it.
   */
  attributeError(to) {
    const { local, others } = this.drain(to)
    if (this.#connection.peer === void 0) return others > 0 ? "another's" : local > 0 ? "its own" : void 0
    if (local === 0) this.#pending = void 0
    return "its own"
  }
  /** Returns the fault that the next call of a connected socket would have failed with if the queue had not been drained. */
  takePending() {
    const pending = this.#pending
    this.#pending = void 0
    return pending
  }
  /** Handles an error that the event loop reported. Returns true if it was only of the queue, so no call has to fetch it. */
  attend() {
    const { entries } = this.drain()
    if (entries === 0 && !this.#waiters.reading && !this.#waiters.writing) this.look()
    return entries > 0 && this.#pending === void 0
  }
  /** Peeks for an event in place of a datagram, which the poll does not report. Datagrams stay in the queue. */
  look() {
    if (receivedMemory.isRead) return
    const arena = this.#incoming.receiver.arena
    const count2 = this.#native.receive(arena, 1, true)
    receivedMemory.isRead = true
    hold()
    try {
      if (count2 === 1) this.isInPlaceOfDatagram(arena, 0)
    } finally {
      receivedMemory.isRead = false
      release2()
    }
    if (!isFault(count2)) return
    const { entries } = this.drain()
    if (this.#connection.peer !== void 0 || (entries === 0 && !this.reports)) this.#pending = count2
  }
  /** Returns true if a received slot holds an event in place of a datagram, and takes the event. */
  isInPlaceOfDatagram(arena, slot) {
    if (!this.inPlaceOfDatagrams || arena.dataLength(slot) !== 0) return false
    const { parts } = pseudoReader(this.#plan)(arena, slot, "ipv6")
    for (const { message, value } of parts) {
      if (message === PathMtuReports) {
        const { destination, mtu } = value
        this.#offer({ _tag: "PathMtuReport", destination, mtu })
      } else this.#offer({ _tag: "UserEvent", key: message.key, value })
    }
    return parts.length > 0
  }
  /** Records a send call: the datagrams of its slots, and the number that it sent. */
  stamped(sent2, first, slots2, went) {
    if (!this.declared) return
    for (let slot = first; slot < first + Math.min(went + 1, slots2); slot++) {
      const { control, size: size2 = 0 } = sent2[slot] ?? {}
      if (size2 > this.#largest) this.#largest = size2
      const stamp = control?.stamp
      if (stamp === void 0) continue
      this.#stamps ??= new StampIds()
      this.#stamps.sent(stamp.id, stamp.scheduled === true, slot < first + went)
      if (slot < first + went) this.#stamped++
    }
    if (went > 0 && this.#stamped >= stampedUnread) this.drain()
  }
  close() {
    this.#arena?.free()
    this.#arena = void 0
    this.dropped += BigInt(this.#waiting.length)
    this.#waiting = none3
  }
  #enter(arena, slot, to) {
    const length3 = arena.addressLength(slot)
    const name =
      length3 === 0 ? void 0 : SocketAddress_exports.read(this.#plan.abi, arena.view, arena.addressAt(slot), length3)
    const known = name !== void 0 && "family" in name ? name : void 0
    const entry2 = queueReader(this.#plan)(arena, slot, known?.family ?? this.#plan.kind.family)
    let kind
    let stamp = {}
    for (const { message, value } of entry2.parts) {
      if (message === ErrorReports) {
        const error = value
        kind = error.origin === "local" ? "local" : "others"
        const at = arena.dataAt(slot)
        const quote = arena.bytes.slice(at, at + Math.min(arena.dataLength(slot), arena.layout.dataBytes))
        this.#offer(
          this.#toReport(error, kind === "local" ? (to ?? this.#connection.peer ?? known) : known, quote, entry2)
        )
      } else if (message === TransmitTimestamp) stamp = { ...stamp, ...value }
      else {
        kind ??= "others"
        this.#offer({ _tag: "UserEvent", key: message.key, value })
      }
    }
    const { number: number2, stage, timestamp } = stamp
    if (number2 !== void 0 && timestamp !== void 0 && (stage === "sent" || stage === "scheduled")) {
      const stamps2 = (this.#stamps ??= new StampIds())
      this.#name(stamps2, stamps2.tell({ number: number2, stage, timestamp }))
      return "stamp"
    }
    if (kind === void 0) this.#ignore(1)
    return kind ?? "others"
  }
  #toReport(error, destination, quote, { packet }) {
    const { code, errno, info: mtu, offender, origin, type } = error
    const name = this.#driver.errorName(errno)
    const { info } = packet
    const { none: none6, some: some3 } = this.#plan.maybe
    const maybe = (value) => (value === void 0 ? none6 : some3(value))
    const byIcmp = origin === "icmp" || origin === "icmp6"
    if (byIcmp && this.#connection.peer !== void 0) this.#pending = { syscall: "recvmsg", code: name, errno }
    return {
      _tag: "ErrorReport",
      origin: byIcmp ? origin : "local",
      code: name,
      errno,
      icmp: byIcmp ? some3({ type, code }) : none6,
      mtu: name === "EMSGSIZE" && mtu > 0 ? some3(mtu) : none6,
      offender: maybe(offender),
      // Linux: if this host reports the error, an IPv4 destination has port 0.
      destination:
        destination === void 0 || destination.family === "unix" || destination.port === 0 ? none6 : some3(destination),
      ...takeApart(error, quote, { largest: this.#largest, protocol: this.#plan.kind.protocol }),
      arrival: info === void 0 ? none6 : some3({ localAddress: info.destination, interfaceIndex: info.interfaceIndex }),
      hopLimit: maybe(packet.hopLimit),
      trafficClass: maybe(packet.trafficClass),
      // Linux: an error of this host has the time of the read.
      timestamp: byIcmp ? maybe(packet.timestamp) : none6
    }
  }
  #name(stamps2, named2) {
    for (const stamp of named2) this.#offer({ _tag: "TransmitTimestamp", ...stamp })
    this.#ignore(stamps2.lost)
    stamps2.lost = 0
  }
  #ignore(entries) {
    this.taken += BigInt(entries)
    this.ignored += BigInt(entries)
  }
  #offer(event2) {
    this.taken++
    if (this.#waiting.length === capacity) {
      this.#waiting.shift()
      this.dropped++
    }
    if (this.#waiting === none3) this.#waiting = []
    this.#waiting.push(event2)
    this.#waiters.wakeAttending()
  }
}

// packages/engine/dist/receive/counters.js
var ReceiveCounters = class {
  #taken = 0
  #received = 0
  #dropped = 0
  #errors = 0n
  #shortages = 0n
  #served = 0
  #servedBefore = 0
  #faults = { DataTruncated: 0, ControlTruncated: 0, ControlMissing: 0, ControlMalformed: 0 }
  /** Datagrams that were taken from the kernel. */
  get taken() {
    return this.#taken
  }
  /** Datagrams that were delivered. */
  get received() {
    return this.#received
  }
  /** Datagrams that the spec drops, and those that were unread when the socket was closed. */
  get dropped() {
    return this.#dropped
  }
  /** Datagrams that could not be delivered as declared, by reason. */
  get faults() {
    return this.#faults
  }
  /** Errors of earlier datagrams that were skipped. */
  get errors() {
    return this.#errors
  }
  /** Receives that were repeated because the system lacked memory or descriptors. */
  get shortages() {
    return this.#shortages
  }
  /** Datagrams that readers got in this turn of the event loop, including faults and dropped ones. */
  get servedInTurn() {
    return this.#served - this.#servedBefore
  }
  /** Identifies the turn of the event loop. */
  get turn() {
    return this.#servedBefore
  }
  take() {
    this.#taken++
  }
  hand() {
    this.#received++
  }
  fault(reason) {
    this.#faults[reason]++
  }
  drop(datagrams = 1) {
    this.#dropped += datagrams
  }
  passOver() {
    this.#errors++
  }
  lack() {
    this.#shortages++
  }
  serve(datagrams) {
    this.#served += datagrams
  }
  beginTurn() {
    this.#servedBefore = this.#served
  }
}

// packages/engine/dist/receive/coalesced.js
var isSizeless = (outcome) => outcome instanceof DatagramFault && outcome.reason === "ControlMissing"
var apart = (plan, merged) => {
  const { [Coalescing.key]: size2, ...control } = merged.control
  const told = plan.maybe.get(size2)
  const { length: length3 } = merged.data
  const why = "a payload of several datagrams came without their size: withCoalescing is switched off"
  if (told === void 0 && length3 > plan.datagramBytes && plan.abi.platform === "winsock" && merges(plan))
    return [faultOf(plan.maybe, "ControlMissing", Coalescing.key, merged.from, why)]
  const each = typeof told === "number" ? told : Math.max(length3, 1)
  const outcomes = []
  for (let at = 0; at === 0 || at < length3; at += each)
    outcomes.push(one(plan, merged, control, merged.data.subarray(at, at + each)))
  return outcomes
}
var merges = ({ declined }) => declined.every(({ key }) => key !== Coalescing.key)
var one = ({ datagramBytes, maybe, scatter, truncation }, { delivery, from, truncated }, control, whole) => {
  const cut2 = whole.length > datagramBytes
  if (cut2 && truncation === "drop") return void 0
  if (cut2 && truncation === "fail") return tooLarge(maybe, from, whole.length, datagramBytes)
  const data2 = cut2 ? whole.subarray(0, datagramBytes) : whole
  return new ReceivedDatagram(
    data2,
    from,
    scatter === void 0 ? control : { ...control, parts: split(data2, scatter) },
    delivery,
    cut2 ? maybe.some({ size: maybe.some(whole.length) }) : truncated
  )
}

// packages/engine/dist/receive/unread.js
var Unread = class {
  #items = []
  #next = 0
  get length() {
    return this.#items.length - this.#next
  }
  get first() {
    return this.#items[this.#next]
  }
  push(outcome) {
    this.#items.push(outcome)
  }
  shift() {
    const outcome = this.#items[this.#next]
    if (outcome === void 0) return void 0
    this.#items[this.#next++] = void 0
    if (this.#next === this.#items.length) this.clear()
    return outcome
  }
  /** Takes at most `most` datagrams. */
  take(most3) {
    const taken2 = this.#items.slice(this.#next, this.#next + most3)
    if (taken2.length === this.length) this.clear()
    else this.#next += taken2.length
    return taken2
  }
  /** Puts datagrams before the others. */
  putBack(outcomes) {
    this.#items = [...outcomes, ...this.#items.slice(this.#next)]
    this.#next = 0
  }
  clear() {
    this.#items = []
    this.#next = 0
  }
}

// packages/engine/dist/receive/receiver.js
var singlesBeforeProbing = 2
var probeInterval = 4
var mostDropped = 64
var mostBatches = 64
var perTurn2 = 256
var event = /* @__PURE__ */ Symbol("event")
var lending = false
var Receiver = class {
  counters
  /** Datagrams that readers put back. They are returned before the kernel is called. */
  #unread = new Unread()
  /** Number of datagrams in batches that are being read or delivered. */
  #held = 0
  #plan
  #driver
  #native
  #connection
  #events
  #calls
  #waiters
  #incoming
  /** Memory of lent payloads. Absent before the first loan. */
  #lent
  #descriptors
  /** True if the last receive found the queue empty, or if the event loop will report the next datagram. */
  #drained = false
  /** Wake-ups in a row with one datagram. Those that requested only one are counted beyond `singlesBeforeProbing`. */
  #single = 0
  #closed = false
  constructor(options) {
    const { connection, driver: driver5, plan } = options
    this.counters = options.counters
    this.#plan = plan
    this.#driver = driver5
    this.#native = options.native
    this.#connection = connection
    this.#events = options.events
    this.#calls = options.calls
    this.#waiters = options.waiters
    this.#incoming = new Incoming({ driver: driver5, plan, connection, purpose: "receive" })
    this.#descriptors = plan.family === "unix" ? new Descriptors(driver5, plan.maybe) : void 0
  }
  /** The arena that datagrams are received in. */
  get arena() {
    return this.#incoming.arena
  }
  /** Number of datagrams that were taken and not delivered. */
  get unread() {
    return this.#unread.length + this.#held
  }
  /** True if there are unread datagrams for the next reader, which the event loop does not report. */
  get hasUnread() {
    return this.#unread.length > 0
  }
  /** True if the socket has used up its turn of the event loop. */
  get isTurnSpent() {
    return this.counters.servedInTurn >= perTurn2
  }
  /**
   * Returns the wait that is due before the next receive. It is a pause after receives that failed, or the next turn of the event loop. The
   * poll reports the next turn within microseconds, but does not report unread datagrams.
   */
  due() {
    const pause = this.#calls.takePause()
    if (pause > 0) return pause
    if (!this.isTurnSpent) return void 0
    return this.hasUnread ? 0 : "readable"
  }
  /** Takes one datagram, or returns `undefined` if the queue is empty. The caller accounts for it with `count` or `drop`. */
  one() {
    this.#descriptors?.next()
    let outcome
    if (this.hasUnread) {
      this.counters.serve(1)
      outcome = this.#unread.shift()
    } else {
      const batch = this.#fill(1, true)
      if (isFault(batch)) return batch
      this.#held -= batch.length
      outcome = batch[0]
      if (batch.length > 1) this.#putBack(batch.slice(1))
    }
    if (outcome !== void 0) this.#retain(outcome, "until the next read")
    return outcome
  }
  /** Takes and counts the datagrams of one call, at most `most`, including those that the kernel merged. */
  batch(most3) {
    this.#descriptors?.next()
    const limit = most3 ?? batchSlots
    let taken2
    if (this.hasUnread) {
      taken2 = this.#unread.take(limit)
      this.counters.serve(taken2.length)
    } else {
      taken2 = this.#fill(Math.min(limit, batchSlots), most3 !== void 0)
      if (isFault(taken2)) return taken2
      this.#held -= taken2.length
      if (most3 !== void 0 && taken2.length > most3) {
        this.#putBack(taken2.slice(most3))
        taken2 = taken2.slice(0, most3)
      }
    }
    for (const outcome of taken2) {
      this.#retain(outcome, "until the next read")
      this.count(outcome)
    }
    return taken2
  }
  /**
   * Passes the datagrams of one call to `f` until it returns false or throws. The rest is kept for the next reader. Returns whether there
   * may be more. `isWanted` is called before each datagram, because a definition that decodes it may end the reader.
   */
  each(f, isWanted) {
    this.#descriptors?.next()
    this.#drained = false
    const wanted = this.#slotsToRequest()
    let batch
    if (this.hasUnread) {
      batch = this.#unread.take(batchSlots)
      this.#held += batch.length
      this.counters.serve(batch.length)
    } else {
      batch = this.#fill(wanted, false)
      if (isFault(batch) || batch.length === 0) return isFault(batch) ? batch : false
    }
    this.#noteBatch(batch.length)
    let next = 0
    try {
      for (let goesOn = true; goesOn && next < batch.length;) {
        if (isWanted?.() === false) break
        const outcome = batch[next++]
        this.#held--
        if (outcome !== void 0) goesOn = this.#hand(outcome, f)
      }
    } finally {
      this.#held -= batch.length - next
      if (next < batch.length) this.#putBack(batch.slice(next))
    }
    return this.hasUnread || (!this.#drained && wanted > 1)
  }
  /**
   * Passes the datagrams of one call to `f` with borrowed payloads, which are valid while `f` runs. All sockets share the memory, so a loan
   * within another's `f` finds nothing. The event loop reports the datagrams again.
   */
  borrow(f, isWanted) {
    if (lending || receivedMemory.isRead) return false
    if (this.hasUnread) return this.each(f, isWanted)
    this.#descriptors?.next()
    const incoming = (this.#lent ??= new Incoming({
      driver: this.#driver,
      plan: this.#plan,
      connection: this.#connection,
      purpose: "borrow"
    }))
    const before2 = this.counters.taken
    const rest = []
    const lendable = { f, isWanted, rest }
    lending = true
    hold()
    try {
      const count2 = this.#calls.receive(incoming.arena, this.#slotsToRequest(), false)
      if (isFault(count2) || count2 === 0) return isFault(count2) ? count2 : false
      this.#noteBatch(count2)
      let slot = 0
      let isOver = true
      try {
        for (; slot < count2; slot++) {
          isOver = true
          if (!this.#lendSlot(incoming, slot, lendable)) break
          isOver = false
        }
      } finally {
        if (isOver) while (++slot < count2) this.#enter(incoming, slot, rest)
        this.counters.serve(Math.max(count2, this.counters.taken - before2))
      }
      return rest.length > 0 || count2 === batchSlots || !this.#driver.batches
    } finally {
      lending = false
      release2()
      this.#held -= rest.length
      if (rest.length > 0) this.#putBack(rest)
      if (this.#closed) this.#descriptors?.close()
    }
  }
  /**
   * Returns the next datagram and leaves it in the queue. Datagrams that the spec drops are taken. Returns `later` if they used up the turn
   * of the event loop.
   */
  peek() {
    this.#descriptors?.next()
    if (receivedMemory.isRead) return "later"
    for (let dropped = 0; dropped < mostDropped; dropped++) {
      const { first } = this.#unread
      if (first !== void 0) return first
      const seen = this.#calls.receive(this.arena, 1, true)
      if (isFault(seen)) return seen
      if (seen === 0) return void 0
      const outcome = this.#read(this.#incoming, 0, false)
      if (outcome === event) continue
      const next =
        this.#plan.splitCoalesced && outcome instanceof ReceivedDatagram ? apart(this.#plan, outcome)[0] : outcome
      if (next !== void 0) return next
      const taken2 = this.#fill(1, true, 1)
      if (isFault(taken2)) return taken2
      this.#append(taken2)
    }
    return "later"
  }
  /** Counts a datagram that is delivered. */
  count(outcome) {
    if (outcome instanceof DatagramFault) this.counters.fault(outcome.reason)
    else this.counters.hand()
  }
  /** Closes the untaken descriptors of a datagram whose callback has returned, or that is not delivered. */
  handled(outcome) {
    if (outcome instanceof ReceivedDatagram) this.#descriptors?.handled(outcome.control)
  }
  /** True if a receive would return a datagram or a permanent error. It receives with no room, so no descriptor is installed. */
  isWaiting() {
    if (this.#events.inPlaceOfDatagrams) this.#events.look()
    const arena = this.#driver.arena({
      purpose: "receive",
      slots: 1,
      iovecs: 1,
      addressBytes: 0,
      controlBytes: 0,
      dataBytes: 0
    })
    try {
      for (let passed = 0; passed < mostDropped; passed++) {
        const count2 = this.#native.receive(arena, 1, true)
        if (!isFault(count2)) return count2 === 1
        const kind = this.#calls.classOf(count2)
        if (kind === "end") return false
        if (kind === "earlier" || kind === "prohibition") this.counters.passOver()
      }
      return true
    } finally {
      arena.free()
    }
  }
  /**
   * Takes the datagrams that are queued in the kernel, at most 64 batches, and keeps them for the next reader. It is not a read, so
   * descriptors stay open.
   */
  keepQueued() {
    for (let batch = 0; batch < mostBatches; batch++) {
      const before2 = this.counters.taken
      const filled3 = this.#fill(batchSlots, false, 1)
      if (isFault(filled3)) {
        if (this.#calls.after(filled3) === "end") break
        continue
      }
      this.#append(filled3)
      if (this.counters.taken === before2) break
    }
  }
  /** Drops unread datagrams that did not come from `sender`. */
  dropOthers(sender) {
    const kept2 = []
    for (const outcome of this.#unread.take(Infinity)) {
      if (outcome instanceof ReceivedDatagram && !sender.equals(outcome.from)) {
        this.counters.drop()
        this.#descriptors?.drop(outcome.control)
      } else kept2.push(outcome)
    }
    this.#unread.putBack(kept2)
  }
  close() {
    this.#closed = true
    this.counters.drop(this.#unread.length)
    this.#unread.clear()
    closeAll([() => this.#descriptors?.close(), () => this.#incoming.arena.free(), () => this.#lent?.arena.free()])
  }
  /** Puts back the datagrams that a reader did not reach, for the next reader. */
  #putBack(rest) {
    if (this.#closed) return this.counters.drop(rest.length)
    for (const outcome of rest) this.#retain(outcome, "until told")
    this.#unread.putBack(rest)
    this.#waiters.wakeReaders()
  }
  /** Keeps datagrams that were taken without a reader, after the unread ones. */
  #append(outcomes) {
    this.#held -= outcomes.length
    if (this.#closed) return this.counters.drop(outcomes.length)
    for (const outcome of outcomes) this.#unread.push(outcome)
    if (outcomes.length > 0) this.#waiters.wakeReaders()
  }
  /**
   * Takes and holds the datagrams of one call. Returns an empty batch if the queue is empty. With `exactly`, merged datagrams count as one,
   * because the others are returned later.
   */
  #fill(slots2, exactly, most3 = mostBatches) {
    const outcomes = []
    if (receivedMemory.isRead) return outcomes
    const { arena } = this
    hold()
    try {
      for (let batch = 0; batch < most3 && outcomes.length === 0; batch++) {
        const count2 = this.#calls.receive(arena, slots2, false)
        if (isFault(count2)) return count2
        if (count2 === 0) break
        this.#drained = count2 < slots2 && this.#driver.batches
        const before2 = this.counters.taken
        receivedMemory.isRead = true
        try {
          for (let slot = 0; slot < count2; slot++) this.#enter(this.#incoming, slot, outcomes)
        } finally {
          receivedMemory.isRead = false
        }
        if (this.#closed) this.#descriptors?.close()
        this.counters.serve(Math.max(count2, exactly ? 0 : this.counters.taken - before2))
      }
    } finally {
      release2()
    }
    return outcomes
  }
  /** Decodes a slot and assigns the descriptors that came with it. A definition of the program may run. */
  #read(incoming, slot, borrowed) {
    const { arena } = incoming
    const nested = receivedMemory.isRead
    receivedMemory.isRead = true
    try {
      if (this.#events.isInPlaceOfDatagram(arena, slot)) return event
      const outcome = incoming.read(slot, borrowed)
      if (this.#descriptors !== void 0) {
        const carried = outcome instanceof ReceivedDatagram ? outcome.control : void 0
        this.#descriptors.settle(carried, arena.view, arena.controlAt(slot), arena.controlLength(slot))
      }
      return outcome
    } finally {
      receivedMemory.isRead = nested
    }
  }
  /** Reads a slot into a batch: one datagram, or all that were merged into it. */
  #enter(incoming, slot, into2) {
    const whole = this.#read(incoming, slot, false)
    if (whole !== event) this.#keepWhole(whole, into2)
  }
  #keepWhole(whole, into2) {
    if (this.#plan.splitCoalesced && whole instanceof ReceivedDatagram)
      for (const piece of this.#split(whole)) this.#keep(piece, into2)
    else this.#keep(whole, into2)
  }
  #split(merged) {
    const pieces = apart(this.#plan, merged)
    if (isSizeless(pieces[0])) this.#stopMerging()
    return pieces
  }
  #keep(outcome, into2) {
    this.counters.take()
    if (outcome === void 0) return this.counters.drop()
    into2.push(outcome)
    this.#held++
    this.#retain(outcome, "until told")
  }
  /** Lends the datagrams of a slot. Copies of those that `f` did not reach go into `rest`. Returns whether `f` accepts more. */
  #lendSlot(incoming, slot, { f, isWanted, rest }) {
    const whole = this.#read(incoming, slot, true)
    if (whole === event) return true
    if (isWanted?.() === false) {
      this.#keepWhole(whole instanceof ReceivedDatagram ? whole.copied() : whole, rest)
      if (whole instanceof ReceivedDatagram) incoming.arena.giveBack(whole.data)
      return false
    }
    const pieces = this.#plan.splitCoalesced && whole instanceof ReceivedDatagram ? this.#split(whole) : void 0
    let next = 0
    try {
      if (pieces === void 0) return this.#lendOne(whole, f)
      while (next < pieces.length) if (!this.#lendOne(pieces[next++], f)) return false
      return true
    } finally {
      for (; pieces !== void 0 && next < pieces.length; next++) {
        const piece = pieces[next]
        this.#keep(piece instanceof ReceivedDatagram ? piece.copied() : piece, rest)
      }
      if (whole instanceof ReceivedDatagram) incoming.arena.giveBack(whole.data)
    }
  }
  #lendOne(outcome, f) {
    this.counters.take()
    if (outcome !== void 0) return this.#hand(outcome, f)
    this.counters.drop()
    return true
  }
  /** Descriptors of a datagram belong to its reader until the next read, or are kept until the datagram is delivered. */
  #retain(outcome, how) {
    if (this.#descriptors?.some === true && outcome instanceof ReceivedDatagram)
      this.#descriptors.keep(outcome.control, how)
  }
  /** Counts a datagram and calls `f` with it. Afterwards descriptors that `f` did not take are closed. */
  #hand(outcome, f) {
    this.count(outcome)
    if (this.#descriptors === void 0) return f(outcome)
    this.#retain(outcome, "until the next read")
    try {
      return f(outcome)
    } finally {
      this.handled(outcome)
    }
  }
  #slotsToRequest() {
    return this.#single < singlesBeforeProbing || this.#single === singlesBeforeProbing + probeInterval ? batchSlots : 1
  }
  #noteBatch(count2) {
    if (!this.#driver.batches) return
    if (count2 > 1) this.#single = 0
    else this.#single = this.#single === singlesBeforeProbing + probeInterval ? singlesBeforeProbing : this.#single + 1
  }
  /** Turns merging (GRO, URO) off. If the system refuses, each such payload is a fault. */
  #stopMerging() {
    for (const { requestedBy, ...call } of this.#plan.options)
      if ("level" in call && requestedBy.some(({ key }) => key === Coalescing.key))
        this.#native.setOption(call.level, call.option, new Uint8Array(call.value.length))
  }
}

// packages/engine/dist/send/counters.js
var SendCounters = class {
  #sent = 0
  #unsent = 0
  #sourceRefused = 0
  #resent = 0n
  /** Datagrams that the kernel accepted. */
  get sent() {
    return this.#sent
  }
  /** Datagrams that were dropped because there was no room. */
  get unsent() {
    return this.#unsent
  }
  /** Replies that were sent without their intended source. */
  get sourceRefused() {
    return this.#sourceRefused
  }
  /** Calls that failed with the error of another datagram, and succeeded when they were repeated. */
  get resent() {
    return this.#resent
  }
  send(datagrams) {
    this.#sent += datagrams
  }
  drop(datagrams) {
    this.#unsent += datagrams
  }
  refuseSource() {
    this.#sourceRefused++
  }
  resend() {
    this.#resent++
  }
}

// packages/engine/dist/spec/option/membership.js
var linux5 = {
  group: { begin: MCAST_JOIN_GROUP2, end: MCAST_LEAVE_GROUP2 },
  source: { begin: MCAST_JOIN_SOURCE_GROUP2, end: MCAST_LEAVE_SOURCE_GROUP2 },
  block: { begin: MCAST_BLOCK_SOURCE2, end: MCAST_UNBLOCK_SOURCE2 }
}
var darwin5 = {
  group: { begin: MCAST_JOIN_GROUP, end: MCAST_LEAVE_GROUP },
  source: { begin: MCAST_JOIN_SOURCE_GROUP, end: MCAST_LEAVE_SOURCE_GROUP },
  block: { begin: MCAST_BLOCK_SOURCE, end: MCAST_UNBLOCK_SOURCE }
}
var winsock5 = {
  group: { begin: MCAST_JOIN_GROUP3, end: MCAST_LEAVE_GROUP3 },
  source: { begin: MCAST_JOIN_SOURCE_GROUP3, end: MCAST_LEAVE_SOURCE_GROUP3 },
  block: { begin: MCAST_BLOCK_SOURCE3, end: MCAST_UNBLOCK_SOURCE3 }
}
var numbers2 = { linux: linux5, darwin: darwin5, winsock: winsock5 }
var names2 = { group: "MCAST_JOIN_GROUP", source: "MCAST_JOIN_SOURCE_GROUP", block: "MCAST_BLOCK_SOURCE" }
var levels = {
  linux: { ipv4: IPPROTO_IP2, ipv6: IPPROTO_IPV62 },
  darwin: { ipv4: IPPROTO_IP, ipv6: IPPROTO_IPV6 },
  winsock: { ipv4: IPPROTO_IP3, ipv6: IPPROTO_IPV63 }
}
var older2 = {
  ipv4: {
    name: "IP_ADD_MEMBERSHIP",
    level: IPPROTO_IP3,
    begin: IP_ADD_MEMBERSHIP,
    end: IP_DROP_MEMBERSHIP,
    encode: (_, request) => GroupRequest_exports.writeMreq(request)
  },
  ipv6: {
    name: "IPV6_ADD_MEMBERSHIP",
    level: IPPROTO_IPV63,
    begin: IPV6_ADD_MEMBERSHIP,
    end: IPV6_DROP_MEMBERSHIP,
    encode: (_, request) => GroupRequest_exports.writeMreq(request)
  }
}
var membershipRows = (platform, family, kind) => {
  const row7 = {
    name: names2[kind],
    level: levels[platform][family],
    encode: GroupRequest_exports.write,
    ...numbers2[platform][kind]
  }
  return platform === "winsock" && kind === "group" ? [row7, older2[family]] : [row7]
}

// packages/engine/dist/driver/interfaceNotices.js
var shared2 = /* @__PURE__ */ new WeakMap()
var Notices = class _Notices {
  #driver
  #observer
  #poll
  #followers = /* @__PURE__ */ new Set()
  #attending = 0
  /** Returns the shared notices of a driver. */
  static of(driver5) {
    const known = shared2.get(driver5) ?? new _Notices(driver5)
    shared2.set(driver5, known)
    return known
  }
  constructor(driver5) {
    this.#driver = driver5
  }
  /** Passes each later batch of notices to a function. Returns false if this system has no notices. */
  follow(follower) {
    if (this.#observer === void 0) {
      const observer = this.#driver.observeInterfaces?.()
      if (observer === void 0 || isFault(observer)) return false
      this.#observer = observer
    }
    this.#followers.add(follower)
    return true
  }
  /** Removes a follower. The observer is closed with the last one. */
  leave(follower) {
    if (!this.#followers.delete(follower) || this.#followers.size > 0) return
    this.#poll?.close()
    this.#observer?.close()
    this.#poll = void 0
    this.#observer = void 0
  }
  /** Takes the queued notices without waiting, and passes them to all followers. */
  take() {
    const notices = this.#observer?.take()
    if (notices?.changed !== true) return
    const rest = Array.from(this.#followers, (follower) => follower(notices))
    for (const then of rest) then?.()
  }
  /** Lets the event loop take the notices until `unattend` is called as often as this. The process keeps running in that time. */
  attend() {
    if (this.#observer === void 0) return void 0
    if (this.#poll === void 0) {
      const poll3 = this.#observer.poll(() => {
        this.take()
        this.#poll?.update(this.#attending > 0, false)
      })
      if (isFault(poll3)) return poll3
      this.#poll = poll3
    }
    this.#attending++
    this.#poll?.update(true, false)
    return void 0
  }
  unattend() {
    this.#attending--
    if (this.#attending === 0) this.#poll?.update(false, false)
  }
}

// packages/engine/dist/socket/memberships.js
var Memberships = class {
  #driver
  #native
  #held = []
  #notices
  #isFollowing = false
  constructor(driver5, native) {
    this.#driver = driver5
    this.#native = native
    this.#notices = Notices.of(driver5)
  }
  /** Finds the interface that the zone of a group names. */
  get names() {
    return this.#driver
  }
  begin(kind, request) {
    this.#look()
    const stale = this.#held.find((other) => other.state !== "joined" && isSame(other.request, request, true))
    const failed = stale === void 0 ? void 0 : (this.#missing(request) ?? this.#renew(stale))
    if (failed !== void 0) return failed
    const held2 = this.#held.find((other) => other.kind === kind && isSame(other.request, request))
    if (held2 !== void 0) {
      held2.count++
      return held2
    }
    const refused2 = this.#conflict(kind, request) ?? this.#missing(request)
    if (refused2 !== void 0) return refused2
    this.#follow()
    const row7 = this.#call(kind, request)
    if (isFault(row7)) {
      this.#unfollow()
      return row7
    }
    const begun = { kind, request, row: row7, count: 1, state: "joined" }
    this.#held.push(begun)
    return begun
  }
  end(held2) {
    held2.count--
    if (held2.count > 0 || !this.#held.includes(held2)) return
    this.#look()
    const over = (other) =>
      other === held2 ||
      (held2.kind === "group" && other.kind === "block" && isSame(other.request, held2.request, true))
    this.#held = this.#held.filter((other) => !over(other))
    if (held2.state !== "over")
      this.#native.setOption(held2.row.level, held2.row.end, held2.row.encode(this.#driver.abi, held2.request))
    this.#unfollow()
  }
  /** Leaves a membership of one source for all scopes that hold it. Without a source it leaves the whole group on that interface. */
  leave(request) {
    this.#look()
    const one2 = request.source !== void 0
    const left4 = this.#held.filter(
      ({ kind: kind2, request: held2 }) => (one2 ? kind2 === "source" : true) && isSame(held2, request, !one2)
    )
    this.#held = this.#held.filter((held2) => !left4.includes(held2))
    this.#unfollow()
    if (left4.length > 0 && left4.every(({ state }) => state === "over")) return void 0
    const kind = one2 ? "source" : "group"
    const row7 = left4.find((held2) => held2.kind === kind)?.row
    return this.#end(row7 === void 0 ? this.#rows(kind, request) : [row7], request)
  }
  /** Drops all memberships, because the socket is closed. */
  close() {
    this.#held = []
    this.#unfollow()
  }
  #follow() {
    this.#isFollowing ||= this.#notices.follow(this.#follower)
  }
  #unfollow() {
    if (!this.#isFollowing || this.#held.length > 0) return
    this.#isFollowing = false
    this.#notices.leave(this.#follower)
  }
  #look() {
    if (this.#isFollowing) this.#notices.take()
  }
  /**
   * Linux: a socket keeps the entry of a group after its interface ends. If another interface gets the index, the socket does not receive
   * the group there, and joining again fails with EADDRINUSE. Leaving then removes the group from whichever socket has joined it there.
   * Therefore every socket of this process leaves when it takes the notice. After that, sockets whose interface exists again join.
   */
  #follower = ({ ended: ended2, lost: lost2 }) => {
    const gone = this.#held.filter(
      ({ request, state }) => state === "joined" && ended2.some((each) => isOn(each, request))
    )
    const groups = gone.map(({ request }) => request)
    for (const held2 of gone) held2.state = "over"
    for (const request of groups) this.#leaveGroup(request)
    for (const held2 of this.#held)
      if (held2.state === "joined" && (lost2 || (held2.request.interfaceIndex === void 0 && ended2.length > 0)))
        held2.state = "doubtful"
    return gone.length === 0
      ? void 0
      : () => {
          for (const held2 of gone) if (held2.state === "over") this.#renew(held2)
        }
  }
  /** Joins again after an interface took the memberships with it: the group, its sources, and its blocked sources. */
  #renew(held2) {
    const ofGroup = this.#held.filter(({ request }) => isSame(request, held2.request, true))
    if (held2.state === "doubtful") this.#leaveGroup(held2.request)
    const begins = (kind) => (kind === "block" ? 1 : 0)
    for (const each of ofGroup) each.state = "over"
    for (const each of ofGroup.toSorted((a, b) => begins(a.kind) - begins(b.kind))) {
      const row7 = this.#call(each.kind, each.request)
      if (isFault(row7)) return row7
      each.row = row7
      each.state = "joined"
    }
    return void 0
  }
  /** Leaves the whole group. Linux requires no interface for that, while leaving a single source requires the interface that is gone. */
  #leaveGroup(request) {
    const group = { ...request, source: void 0 }
    this.#end(this.#rows("group", group), group)
  }
  /** Calls the first option that the system supports. */
  #end(rows2, request) {
    let answer3
    for (const row7 of rows2) {
      answer3 = this.#native.setOption(row7.level, row7.end, row7.encode(this.#driver.abi, request))
      if (answer3 === void 0 || !isUnknown(answer3)) return answer3
    }
    return answer3
  }
  #rows(kind, { group }) {
    return membershipRows(this.#driver.abi.platform, group instanceof Ipv4Address ? "ipv4" : "ipv6", kind)
  }
  /**
   * Linux: if a group is joined from any source, joining one source of it succeeds and restricts the group to it. When that source is left,
   * nothing is received any more. Shown by memberships.test.ts. The reverse order fails with EADDRINUSE. If one request names an interface
   * and the other leaves it to the routes, they may mean the same interface.
   */
  #conflict(kind, request) {
    const same = this.#held.filter(({ request: { group } }) => group.equals(request.group))
    if (kind === "block") {
      const joined2 = same.some((other) => other.kind === "group" && isSame(other.request, request, true))
      const why2 = "is not joined on that interface: join it first, then block sources in it"
      return joined2 ? void 0 : { reason: "NotJoined", why: `${request.group} ${why2}` }
    }
    const rival = kind === "group" ? "source" : "group"
    const meets = ({ request: { interfaceIndex } }) =>
      interfaceIndex === request.interfaceIndex || interfaceIndex === void 0 || request.interfaceIndex === void 0
    if (!same.some((other) => other.kind === rival && meets(other))) return void 0
    const why =
      kind === "group"
        ? "is joined from single sources: leave them first, or join the group on another socket"
        : "is joined from whoever sends, and the system would narrow that to this one source: leave it first, or join the source on another socket"
    return { reason: "AlreadyJoined", why: `${request.group} ${why}` }
  }
  /** Each system has its own error for an interface that does not exist. If the system does not list its interfaces, that error is used. */
  #missing({ interfaceIndex }) {
    if (interfaceIndex === void 0) return void 0
    const interfaces4 = this.#driver.interfaces()
    if (isFault(interfaces4) || interfaces4.some(({ index }) => index === interfaceIndex)) return void 0
    const there = interfaces4.map(({ index, name }) => `${index} (${name})`).join(", ")
    return { reason: "NoSuchInterface", why: `There is no interface ${interfaceIndex}: this host has ${there}` }
  }
  /** Returns the first row that the system supports, or the fault of the last one. */
  #call(kind, request) {
    let answer3 = { syscall: "setsockopt", code: "ENOPROTOOPT", errno: 0 }
    for (const row7 of this.#rows(kind, request)) {
      const fault3 = this.#native.setOption(row7.level, row7.begin, row7.encode(this.#driver.abi, request))
      if (fault3 === void 0) return row7
      answer3 = fault3
      if (!isUnknown(fault3)) break
    }
    return answer3
  }
}
var isUnknown = ({ code }) => /^(WSA)?ENOPROTOOPT$/.test(code)
var isOn = ({ family, index }, { group, interfaceIndex }) =>
  interfaceIndex === index && (family === void 0 || family === group.family)
var isSame = (a, b, ofAnySource = false) =>
  a.group.equals(b.group) &&
  a.interfaceIndex === b.interfaceIndex &&
  (ofAnySource || (a.source === void 0 ? b.source === void 0 : a.source.equals(b.source)))

// packages/engine/dist/socket/served.js
var Served = class {
  started = 0
  succeeded = 0
  failed = 0
  interrupted = 0
  /** Datagrams that were skipped, and replies that were refused, because their source is the socket's own address. */
  fromItself = 0
  get running() {
    return this.started - this.succeeded - this.failed - this.interrupted
  }
}

// packages/engine/dist/receive/receiveFaults.js
var classes = [
  [
    "earlier",
    [
      "ENONET",
      "EPROTO",
      "EMSGSIZE",
      "ENOPROTOOPT",
      "EOPNOTSUPP",
      "ENETDOWN",
      "ENETUNREACH",
      "ENETRESET",
      "ECONNRESET",
      "ECONNREFUSED",
      "EHOSTDOWN",
      "EHOSTUNREACH"
    ],
    {
      linux: [64, 71, 90, 92, 95, 100, 101, 102, 104, 111, 112, 113],
      darwin: [40, 42, 45, 50, 51, 52, 54, 61, 64, 65, 100, 102],
      // Windows: 1231 to 1234 are the system's own numbers for unreachable networks, hosts, protocols and ports.
      winsock: [1231, 1232, 1233, 1234, 10040, 10042, 10045, 10050, 10051, 10052, 10054, 10061, 10064, 10065]
    }
  ],
  ["prohibition", ["EACCES"], { linux: [13], darwin: [13], winsock: [10013] }],
  ["interrupted", ["EINTR"], { linux: [4], darwin: [4], winsock: [10004] }],
  [
    "shortage",
    ["ENOMEM", "ENOBUFS", "EMFILE", "ENFILE"],
    // Windows: 8, 1450 and 1453 are the system's own numbers for too little memory, system resources and quota.
    { linux: [12, 23, 24, 105], darwin: [12, 23, 24, 55], winsock: [8, 1450, 1453, 10024, 10055] }
  ]
]
var byNumber = new Map(
  classes.flatMap(([kind, , numbers3]) =>
    Object.entries(numbers3).flatMap(([platform, each]) => each.map((number2) => [`${platform} ${number2}`, kind]))
  )
)
var byName = new Map(classes.flatMap(([kind, names4]) => names4.map((name) => [name, kind])))
var classOf = (platform, { code, errno }) => byNumber.get(`${platform} ${errno}`) ?? byName.get(bare(code)) ?? "end"

// packages/engine/dist/socket/syscalls.js
var maximumPassed = 64
var longestPause = 100
var Calls = class {
  #native
  #events
  #platform
  #connection
  #received
  #sent
  /** Receives in a row that failed, that failed by a prohibition, and that failed for a shortage. */
  #failed = 0
  #prohibited = 0
  #short = 0
  #pause = 0
  constructor(options) {
    this.#native = options.native
    this.#events = options.events
    this.#platform = options.platform
    this.#connection = options.connection
    this.#received = options.received
    this.#sent = options.sent
  }
  receive(arena, slots2, peek2) {
    const pending = this.#events.takePending()
    if (pending !== void 0) return pending
    for (let passed = 0; passed < maximumPassed; passed++) {
      const count2 = this.#native.receive(arena, slots2, peek2)
      if (!isFault(count2)) {
        this.#failed = 0
        this.#prohibited = 0
        this.#short = 0
        return count2
      }
      if (!this.#isAnothers(count2, this.#events.attributeError())) return count2
      this.#received.passOver()
    }
    return 0
  }
  /**
   * Sends filled slots from `first`. Returns their number, 0 if the first would have to wait, or the fault of the first. It sends fewer if
   * a later one fails; the call that begins with that one returns its fault.
   *
   * Linux: sendmmsg forgets the error of a datagram after the first. A pending error of another peer is consumed with it, and the datagram
   * is sent with the next call.
   */
  send(arena, first, slots2, sent2) {
    const pending = this.#events.takePending()
    if (pending !== void 0) return { ...pending, syscall: "sendmsg" }
    for (let again = 0; ; again++) {
      const count2 = this.#native.send(arena, first, slots2)
      this.#events.stamped(sent2, first, slots2, isFault(count2) ? 0 : count2)
      if (!isFault(count2)) {
        if (again > 0 && count2 > 0) this.#sent.resend()
        return count2
      }
      const whose = this.#events.attributeError(sent2[first]?.to)
      if (this.#events.inPlaceOfDatagrams && count2.code === "EMSGSIZE") this.#events.look()
      if (!this.#isAnothers(count2, whose) || again >= (whose === void 0 ? 1 : maximumPassed)) return count2
    }
  }
  /**
   * Classifies a fault of `receive` for its reader, and counts it. If it may occur again immediately, a pause is due before the next
   * receive. Without a pause the reader would block the event loop.
   */
  after(fault3) {
    const kind = this.classOf(fault3)
    if (kind === "shortage") {
      this.#received.lack()
      this.#pause = Math.min(2 ** this.#short++, longestPause)
      return "again"
    }
    if (kind === "end") return "end"
    if (kind === "prohibition" && ++this.#prohibited > maximumPassed) return "end"
    if (++this.#failed > maximumPassed) this.#pause = Math.min(2 ** (this.#failed - maximumPassed - 1), longestPause)
    return kind === "interrupted" ? "again" : "passed"
  }
  classOf(fault3) {
    return classOf(this.#platform, fault3)
  }
  /** True if a pause is due before the next receive. */
  get isPauseDue() {
    return this.#pause > 0
  }
  /** Returns the pause in milliseconds that is due before the next receive. The caller performs it. */
  takePause() {
    const pause = this.#pause
    this.#pause = 0
    return pause
  }
  #isAnothers(fault3, whose) {
    if (whose !== void 0) return whose === "another's"
    if (this.#connection.peer !== void 0 || !this.#events.reports) return false
    const kind = this.classOf(fault3)
    return kind === "earlier" || kind === "prohibition"
  }
}

// packages/engine/dist/socket/parts.js
var Parts = class {
  plan
  native
  live
  waiters
  connection
  events
  calls
  receiver
  sent = new SendCounters()
  #driver
  #poll
  #outgoing
  #memberships
  #served
  #addresses
  #closed = false
  constructor(making) {
    const { connection, driver: driver5, live, native, poll: poll3, waiters } = making
    const plan =
      making.declined.length === making.plan.declined.length
        ? making.plan
        : { ...making.plan, declined: making.declined }
    this.plan = plan
    this.native = native
    this.live = live
    this.waiters = waiters
    this.connection = connection
    this.#driver = driver5
    this.#poll = poll3
    const received3 = new ReceiveCounters()
    this.events = new Events({ ...making, plan, incoming: this })
    const { events } = this
    this.calls = new Calls({
      native,
      events,
      platform: plan.abi.platform,
      connection,
      received: received3,
      sent: this.sent
    })
    const { calls } = this
    this.receiver = new Receiver({
      driver: driver5,
      plan,
      native,
      connection,
      events,
      calls,
      counters: received3,
      waiters
    })
  }
  get outgoing() {
    return (this.#outgoing ??= this.#makeOutgoing())
  }
  #makeOutgoing() {
    const { calls, connection, live, native, plan, sent: sent2 } = this
    const made2 = new Outgoing({ driver: this.#driver, plan, native, connection, calls, live, counters: sent2 })
    if (this.#closed) made2.close()
    return made2
  }
  get memberships() {
    return (this.#memberships ??= new Memberships(this.#driver, this.native))
  }
  get served() {
    return (this.#served ??= new Served())
  }
  /** Returns the addresses of the host, read once in a turn of the event loop, because a flood of forged datagrams looks them up. */
  hostAddresses() {
    const { turn: turn2 } = this.receiver.counters
    if (this.#addresses?.turn !== turn2) this.#addresses = { turn: turn2, addresses: addressesOf2(this.#driver) }
    return this.#addresses.addresses
  }
  get closed() {
    return this.#closed
  }
  /** Sets the interest while there are waits, and clears it after a report that no wait needs. */
  watch() {
    const { attending, reading, writing } = this.waiters
    if (!this.#closed) this.#poll.update(reading, writing, attending && this.events.declared)
  }
  close() {
    if (this.#closed) return
    this.#closed = true
    closeAll([
      () => this.#memberships?.close(),
      () => this.#poll.close(),
      () => this.native.close(),
      () => this.receiver.close(),
      () => this.#outgoing?.close(),
      () => this.events.close(),
      () => this.waiters.close()
    ])
  }
}
var addressesOf2 = (driver5) => {
  const interfaces4 = driver5.interfaces()
  return isFault(interfaces4) ? [] : interfaces4.flatMap((each) => each.addresses.map((one2) => one2.address))
}

// packages/engine/dist/socket/waiters.js
var none4 = /* @__PURE__ */ new Set()
var Waiters = class {
  #readers = none4
  #writers = none4
  #attending = none4
  #others = none4
  /** Made once, because each wake-up calls it. */
  #wake
  get reading() {
    return this.#readers.size > 0
  }
  get writing() {
    return this.#writers.size > 0
  }
  get attending() {
    return this.#attending.size > 0
  }
  read(waiter) {
    if (this.#readers === none4) this.#readers = /* @__PURE__ */ new Set()
    this.#readers.add(waiter)
  }
  write(waiter) {
    if (this.#writers === none4) this.#writers = /* @__PURE__ */ new Set()
    this.#writers.add(waiter)
  }
  attend(waiter) {
    if (this.#attending === none4) this.#attending = /* @__PURE__ */ new Set()
    this.#attending.add(waiter)
  }
  waitElsewhere(waiter) {
    if (this.#others === none4) this.#others = /* @__PURE__ */ new Set()
    this.#others.add(waiter)
  }
  leave(waiter) {
    this.#readers.delete(waiter)
    this.#writers.delete(waiter)
    this.#attending.delete(waiter)
    this.#others.delete(waiter)
  }
  /** Wakes the reader that has waited longest. */
  wakeReader() {
    callOut((this.#wake ??= () => this.#wakeOne()))
  }
  #wakeOne() {
    for (const waiter of this.#readers) {
      this.#readers.delete(waiter)
      return waiter(false)
    }
  }
  /** Wakes all readers for datagrams that the event loop does not report, after their current holder has received its own. */
  wakeReaders() {
    if (this.#readers.size > 0) callOutLater(() => wake(this.#readers, false))
  }
  wakeWriters() {
    if (this.#writers.size > 0) callOut(() => wake(this.#writers, false))
  }
  wakeAttending() {
    if (this.#attending.size > 0) callOut(() => wake(this.#attending, false))
  }
  close() {
    callOut(() => {
      for (const waiters of [this.#readers, this.#writers, this.#attending, this.#others]) wake(waiters, true)
    })
  }
}
var wake = (waiters, closed4) => {
  for (const waiter of Array.from(waiters)) if (waiters.delete(waiter)) waiter(closed4)
}
var OwnWaiters = class {
  #waiters
  /** Maps a waiter to the function that the socket wakes. */
  #own = /* @__PURE__ */ new Map()
  constructor(waiters) {
    this.#waiters = waiters
  }
  read(waiter) {
    this.#waiters.read(this.#enter(waiter))
  }
  write(waiter) {
    this.#waiters.write(this.#enter(waiter))
  }
  attend(waiter) {
    this.#waiters.attend(this.#enter(waiter))
  }
  waitElsewhere(waiter) {
    this.#waiters.waitElsewhere(this.#enter(waiter))
  }
  leave(waiter) {
    const own2 = this.#own.get(waiter)
    if (own2 === void 0) return
    this.#own.delete(waiter)
    this.#waiters.leave(own2)
  }
  end() {
    callOut(() => {
      for (const waiter of Array.from(this.#own.keys())) {
        if (!this.#own.has(waiter)) continue
        this.leave(waiter)
        waiter(true)
      }
    })
  }
  #enter(waiter) {
    const own2 = (closed4) => {
      this.#own.delete(waiter)
      waiter(closed4)
    }
    this.#own.set(waiter, own2)
    return own2
  }
}

// packages/engine/dist/socket/openSocket.js
var Conversation = class {
  plan
  /** Options and messages that the system lacks and the spec does not require. */
  declined
  /** The file descriptor, or the SOCKET. */
  descriptor
  localAddress
  /** Destination of every datagram that is sent. Absent if each message names its own. */
  peer
  counters
  live
  parts
  constructor(parts, localAddress, peer) {
    this.parts = parts
    this.plan = parts.plan
    this.declined = parts.plan.declined
    this.descriptor = parts.native.descriptor
    this.localAddress = localAddress
    this.peer = peer
    this.counters = { receive: parts.receiver.counters, send: parts.sent, events: parts.events }
    this.live = parts.live
  }
  get served() {
    return this.parts.served
  }
  get outgoing() {
    return this.parts.outgoing
  }
  /** Number of datagrams that were taken and not delivered. */
  get unread() {
    return this.parts.receiver.unread
  }
  get hasUnread() {
    return this.parts.receiver.hasUnread
  }
  get isTurnSpent() {
    return this.parts.receiver.isTurnSpent
  }
  get isPauseDue() {
    return this.parts.calls.isPauseDue
  }
  takePause() {
    return this.parts.calls.takePause()
  }
  /** Returns the wait that is due before the next receive, so that the event loop has its turns. `wait` performs it. */
  due() {
    return this.parts.receiver.due()
  }
  /**
   * Takes one datagram and counts it as delivered. Returns `undefined` if the queue is empty, and `"again"` after a signal or a shortage.
   * Returns the error of an earlier datagram or of the socket.
   */
  receive() {
    const outcome = this.#one()
    if (outcome instanceof ReceivedDatagram || outcome instanceof DatagramFault) this.parts.receiver.count(outcome)
    return outcome
  }
  /** Takes one datagram in parts of `sizes` bytes. */
  receiveScattered(sizes) {
    const refused2 = refusedSizes(this, sizes)
    if (refused2 !== void 0) return refused2
    const whole = this.#one()
    if (!(whole instanceof ReceivedDatagram)) {
      if (whole instanceof DatagramFault) this.parts.receiver.count(whole)
      return whole
    }
    const outcome = scattered(this.plan, whole, sizes)
    if (!(outcome instanceof ScatteredDatagram)) this.parts.receiver.handled(whole)
    if (outcome === void 0) {
      this.counters.receive.drop()
      return "again"
    }
    this.parts.receiver.count(outcome)
    return outcome
  }
  #one() {
    if (this.closed) return receiveClosed()
    const taken2 = this.parts.receiver.one()
    if (!isFault(taken2)) return taken2
    const what = this.parts.calls.after(taken2)
    return what === "again" ? what : receiveError(taken2, what === "end")
  }
  /**
   * Takes the datagrams of one call and their faults, at most `maximum` if it is given. Returns an empty array if the queue is empty or a
   * wait is due. Errors of earlier datagrams are counted and skipped.
   */
  tryReceive(maximum) {
    for (;;) {
      if (this.closed) return receiveClosed()
      const taken2 = this.parts.receiver.batch(maximum)
      if (!isFault(taken2)) return taken2
      const ended2 = this.#passOver(taken2)
      if (ended2 !== void 0) return ended2
      if (this.isPauseDue || this.isTurnSpent) return []
    }
  }
  /**
   * Calls `f` for each datagram of one call, until it returns false or throws. The rest is kept for the next reader. Returns whether there
   * may be more, or the error that ends reading. `isWanted` is called before each datagram, because a definition that decodes it may end
   * the reader. `onPassed` is called with an error of an earlier datagram, which is counted and skipped.
   */
  receiveEach(f, isWanted, onPassed) {
    if (this.closed) return receiveClosed()
    const more = this.parts.receiver.each(f, isWanted)
    return isFault(more) ? (this.#passOver(more, onPassed) ?? true) : more
  }
  /**
   * Calls `f` for each datagram of one call without a copy: `data` is the kernel's buffer, and valid until `f` returns. Otherwise it is
   * like `receiveEach`.
   */
  receiveBorrowed(f, isWanted) {
    if (this.closed) return receiveClosed()
    const more = this.parts.receiver.borrow(f, isWanted)
    return isFault(more) ? (this.#passOver(more) ?? true) : more
  }
  /** Counts the error of an earlier datagram; returns one that ends reading. */
  #passOver(fault3, onPassed) {
    const what = this.parts.calls.after(fault3)
    if (what === "end") return receiveError(fault3, true)
    if (what === "passed") {
      this.counters.receive.passOver()
      onPassed?.(receiveError(fault3))
    }
    return void 0
  }
  /** Returns the next datagram and leaves it in the queue. Returns `"later"` if datagrams that the spec drops used up the turn. */
  peek() {
    if (this.closed) return receiveClosed()
    const outcome = this.parts.receiver.peek()
    if (!isFault(outcome)) return outcome
    const what = this.parts.calls.after(outcome)
    return what === "again" ? what : receiveError(outcome, what === "end")
  }
  /**
   * Calls `f` for each datagram, in the event loop's callback, until `cancel` is called. `onEnd` is called once if the socket failed or was
   * closed, or if `f` threw. With `borrowed` the payloads are those of `receiveBorrowed`.
   */
  forEach(f, onEnd, borrowed = false) {
    const read7 = (each, isWanted) =>
      borrowed ? this.receiveBorrowed(each, isWanted) : this.receiveEach(each, isWanted)
    return runLoop(this, read7, f, onEnd)
  }
  /** Takes all waiting events. */
  takeEvents() {
    return this.closed ? receiveClosed() : this.parts.events.take()
  }
  /** Calls `f` when there may be something to read, or when the socket is closed. If that is already true, it calls `f` immediately. */
  onReadable(f) {
    if (this.closed || this.hasUnread) return callNow(f, this.closed)
    const waiter = (closed4) => {
      this.counters.receive.beginTurn()
      f(closed4)
    }
    this.waiters.read(waiter)
    this.watch()
    return () => this.waiters.leave(waiter)
  }
  /** Calls `f` when there are events, or when the socket is closed. If that is already true, it calls `f` immediately. */
  onEvent(f) {
    if (this.closed || this.parts.events.unread > 0) return callNow(f, this.closed)
    this.waiters.attend(f)
    this.watch()
    return () => this.waiters.leave(f)
  }
  /** Calls `f` when the socket's own buffer has room for a datagram, or with the error if it never will. */
  onWritable(f) {
    return whenWritable(this, f)
  }
  /** Calls `f` when another attempt to send to that endpoint may succeed after one that would have blocked. */
  onSendSpace(to, f) {
    return onSendSpace(this, to, f)
  }
  /** Calls `f` after this number of milliseconds of real time, or when the socket is closed. 0 is the next turn of the event loop. */
  afterPause(milliseconds, f) {
    if (this.closed) return callNow(f, true)
    const cancel = () => {
      cancelTimer()
      this.waiters.leave(waiter)
    }
    const waiter = (closed4) => {
      cancel()
      this.counters.receive.beginTurn()
      f(closed4)
    }
    const cancelTimer = later(milliseconds, () => waiter(false))
    this.waiters.waitElsewhere(waiter)
    return cancel
  }
  /** Performs a wait that is due. */
  wait(due2, f) {
    return due2 === "readable" ? this.onReadable(f) : this.afterPause(due2, f)
  }
  /** Sends a message. Returns the error if it cannot be sent, or a queue that continues with it if one call was not enough. */
  trySend(message) {
    return sendOne(this, message)
  }
  /** Makes a queue of messages that are sent together, in their order. Nothing is sent before `run`. */
  sendQueue(messages2) {
    return new SendQueue(this, messages2)
  }
  /** Sets an option. Returns the error if it was not set. */
  setOption(option2, value) {
    return setOption2(this, option2, value)
  }
  /** Gets the value of an option. */
  getOption(option2) {
    return getOption(this, option2)
  }
  /** Returns the limits that a protocol over datagrams needs for its sizes, as the system has granted them. */
  limits() {
    return limitsOf(this)
  }
  /** Returns true if this host has an address, by its list at the start of the socket's turn of the event loop. */
  isHostAddress(address2) {
    return this.parts.hostAddresses().some((own2) => own2.equals(address2))
  }
  /** Returns true if an address is the broadcast address of one of this host's networks. */
  isBroadcastAddress(address2) {
    return this.live.interfaces.isBroadcast(address2)
  }
  /**
   * Returns true if the socket may broadcast, by the system's value of the option. The spec, a later call or the maker of an adopted socket
   * may have set it.
   */
  mayBroadcast() {
    const rows2 = rowsOf(broadcast, this.plan.abi.platform, this.plan.family)
    const value = new Uint8Array(4)
    return (
      !isUnsupported(rows2) &&
      rows2.some(({ level, option: option2 }) => {
        const length3 = this.live.native.getOption(level, option2, value)
        return !isFault(length3) && value.some((byte) => byte !== 0)
      })
    )
  }
  /** Updates the poll interest for the current waits. */
  watch() {
    this.parts.watch()
  }
}
var callNow = (f, closed4) => {
  f(closed4)
  return () => {}
}
var OpenSocket = class extends Conversation {
  waiters
  /** The current peer. */
  connection
  constructor(making) {
    const parts = new Parts(making)
    super(parts, making.local, making.connection.peer)
    this.waiters = parts.waiters
    this.connection = parts.connection
  }
  get closed() {
    return this.parts.closed
  }
  get memberships() {
    return this.parts.memberships
  }
  /** Returns true if there is something to read, so that `receive` would not return `undefined`. */
  isWaiting() {
    return this.parts.receiver.isWaiting()
  }
  /** Joins a group, from one source if the options name one. */
  join(group, options) {
    return joinGroup(this, group, options)
  }
  /** Blocks one source of a group that was joined. */
  block(group, source, options) {
    return blockSource(this, group, source, options)
  }
  /** Leaves a group for all members that joined it on this socket. Returns the error if the system refuses. */
  leave(group, options) {
    return leaveGroup(this, group, options)
  }
  /** Connects the socket to a peer, until the connection is ended. */
  connect(peer) {
    const { receiver } = this.parts
    const connected = connect(this, receiver, peer)
    return "local" in connected ? new ConnectedSocket(this, this.parts, connected.local, connected.peer) : connected
  }
  /** Ends a connection. Returns the sentence to log if that failed; the socket is closed then. */
  disconnect(from) {
    return disconnect(this, this.parts.receiver, this.parts.events, from)
  }
  /** Handles a report of the event loop. `failed`: an error is pending, or the error queue has an entry. */
  ready(readable3, writable2, failed) {
    if (!failed || !this.parts.events.attend()) {
      if (readable3) this.waiters.wakeReader()
      if (writable2) this.waiters.wakeWriters()
    }
    this.watch()
  }
  close() {
    this.parts.close()
  }
}
var ConnectedSocket = class extends Conversation {
  waiters
  #socket
  #to
  #ended = false
  constructor(socket, parts, local, peer) {
    super(parts, local, peer)
    this.#socket = socket
    this.#to = peer
    this.waiters = new OwnWaiters(socket.waiters)
  }
  get closed() {
    return this.#ended || this.#socket.closed
  }
  /** Ends the connection. Waiting readers and senders fail with `Closed`. Returns the sentence to log if that failed. */
  disconnect() {
    if (this.#ended) return void 0
    this.#ended = true
    const failed = this.#socket.disconnect(this.#to)
    this.waiters.end()
    return failed
  }
}

// packages/engine/dist/socket/open.js
var openNew = (driver5, plan) => driver5.open(plan.kind)
var open3 = (driver5, plan, opening2) => make5(driver5, onBuild(plan, driver5.build), opening2)
var openPair = (driver5, plan) => {
  const refused2 = refusal(plan)
  if (refused2 !== void 0) return refused2
  const pair3 = driver5.pair()
  if (isFault(pair3)) return openError(pair3, plan)
  const connected = new UnixEndpoint(void 0)
  const half = (native) => open3(driver5, plan, { native: () => native, local: void 0, peer: void 0, connected })
  const closeSecond = () => void pair3[1].close()
  const first = undoing(closeSecond, () => half(pair3[0]))
  if (!(first instanceof OpenSocket)) {
    closeSecond()
    return first
  }
  const closeFirst = () => first.close()
  const second = undoing(closeFirst, () => half(pair3[1]))
  if (second instanceof OpenSocket) return [first, second]
  closeFirst()
  return second
}
var refusal = (plan) => {
  const refused2 = plan.refused[0]
  if (refused2 !== void 0) return unsupported8(refused2.feature, refused2.why, refused2.remedy)
  const invalid = plan.invalid[0]
  return invalid === void 0 ? void 0 : invalidBind(`${invalid.option}: ${invalid.why}.`, invalid.option)
}
var make5 = (driver5, plan, opening2) => {
  const refused2 = refusal(plan)
  if (refused2 !== void 0) return refused2
  const native = opening2.native(driver5, plan)
  if (isFault(native)) return openError(native, plan, opening2.adopted)
  const release4 = () => void (opening2.adopted === void 0 ? native.close() : native.disown?.())
  const core = undoing(release4, () => setUp(driver5, plan, native, opening2))
  if (!(core instanceof OpenSocket)) release4()
  return core
}
var setUp = (driver5, plan, native, { adopted, connected, local, peer }) => {
  const declined = [...plan.declined]
  const anyPort = local !== void 0 && local.family !== "unix" && local.port === 0
  const sharing = anyPort ? sharingOf(plan) : void 0
  for (const planned of plan.options) {
    if (sharing?.has(planned) === true) continue
    const fault3 = set(native, planned)
    if (fault3 === void 0 || isDispensable(planned, fault3) || (adopted !== void 0 && isSet(native, planned))) continue
    if (adopted !== void 0 && isIpv6Only(plan, planned)) return otherFamilies(fault3, adopted, plan.family)
    const required = planned.requestedBy.find(({ optional }) => !optional)
    if (required !== void 0) return refusedOption(planned, required, fault3)
    for (const { feature: feature2, key } of planned.requestedBy)
      if (key !== void 0 && declined.every((each) => each.key !== key))
        declined.push({ key, why: `${feature2}: ${fault3.code}` })
  }
  if (local !== void 0) {
    const name = nameOf4(plan, local)
    const failed = native.bind(name)
    if (failed !== void 0 && anyPort && bare(failed.code) === "EADDRINUSE") return noPortError(failed, local)
    if (failed !== void 0) return nameError(driver5, plan, failed, `Binding to ${local}`, name, local)
  }
  for (const planned of sharing ?? []) {
    const fault3 = set(native, planned)
    const [asker] = planned.requestedBy
    if (fault3 !== void 0 && asker !== void 0) return unsharedPort(fault3, asker.feature)
  }
  if (peer !== void 0) {
    const name = nameOf4(plan, peer)
    const refused2 = native.connect(name)
    if (refused2 !== void 0) return nameError(driver5, plan, refused2, `Connecting to ${peer}`, name, peer)
  }
  const bound2 = named(plan, native.localAddress)
  if (isFault(bound2)) return bindError(bound2, "Reading the local address")
  const live = new Live(plan, native, driver5.interfaces, bound2)
  const unread = live.readOwn()
  if (unread !== void 0) return bindError(unread, "Reading the socket's traffic class")
  const sender = peer !== void 0 || adopted !== void 0 ? named(plan, native.peerAddress) : void 0
  const waiters = new Waiters()
  const poll3 = native.poll((readable3, writable2, failed) => core.ready(readable3, writable2, failed))
  if (isFault(poll3)) return bindError(poll3, "Registering with the event loop")
  const core = undoing(
    () => poll3.close(),
    () =>
      new OpenSocket({
        driver: driver5,
        plan,
        native,
        poll: poll3,
        waiters,
        local: bound2,
        connection: new Connection(peer ?? connected, isFault(sender) ? void 0 : sender),
        declined,
        live,
        adopted: adopted !== void 0
      })
  )
  return core
}
var set = (native, planned) => {
  if ("option" in planned) {
    const { instead, level, option: option2, value } = planned
    const fault3 = native.setOption(level, option2, value)
    return fault3 !== void 0 && instead !== void 0 && /^E(NOPROTOOPT|INVAL)$/.test(bare(fault3.code))
      ? native.setOption(level, instead, value)
      : fault3
  }
  const answer3 = native.ioctl(planned.ioctl, planned.input, new Uint8Array(0))
  return isFault(answer3) ? answer3 : void 0
}
var isDispensable = (planned, { code }) =>
  "dispensable" in planned && planned.dispensable === true && bare(code) === "ENOPROTOOPT"
var sharingOf = oncePerPlan(
  (plan) =>
    new Set(plan.options.filter((planned) => isOf(plan, planned, reuseAddress) || isOf(plan, planned, reusePort)))
)
var isIpv6Only = (plan, planned) => isOf(plan, planned, ipv6Only)
var isOf = ({ abi, kind }, planned, option2) => {
  const cell = option2.cell(abi.platform, kind.family)
  return (
    "option" in planned &&
    cell !== void 0 &&
    !isUnsupported(cell) &&
    cell.level === planned.level &&
    cell.option === planned.option
  )
}
var isSet = (native, planned) => {
  if (!("option" in planned)) return false
  const into2 = new Uint8Array(planned.value.length)
  const length3 = native.getOption(planned.level, planned.option, into2)
  return !isFault(length3) && length3 > 0 && into2.every((byte, i) => byte === planned.value[i])
}
var nameError = (driver5, plan, fault3, what, name, local) =>
  plan.family === "unix"
    ? unixError(fault3, what, isLeftOver(driver5, plan, fault3, name))
    : bindError(fault3, what, void 0, unusable(driver5, fault3, local))
var isLeftOver = (driver5, plan, { code }, name) => {
  if (code !== "EADDRINUSE") return false
  const asking = driver5.open(plan.kind)
  if (isFault(asking)) return false
  const refused2 = undoing(
    () => asking.close(),
    () => asking.connect(name)
  )
  asking.close()
  return refused2?.code === "ECONNREFUSED"
}
var refusedOption = (planned, { feature: feature2, key }, fault3) => {
  if (/^(WSA)?E(NOMEM|NOBUFS|BADF|NOTSOCK)$/.test(fault3.code))
    return bindError(fault3, `Setting ${feature2}`, feature2)
  if (key === void 0 || /^(WSA)?E(PERM|ACCES)$/.test(fault3.code))
    return settingError(fault3, feature2, "privilege" in planned ? planned.privilege : void 0)
  const why = "this system refuses the option that asks for it"
  return unsupported8(feature2, why, `Declare withOptional(${feature2}) to go without where it is lacking`, fault3)
}
var openError = (fault3, plan, adopted) => {
  const feature2 = constructorOf({ family: plan.family, protocol: plan.kind.protocol })
  if (/^(WSA)?E(AFNOSUPPORT|PROTONOSUPPORT|SOCKTNOSUPPORT)$/.test(fault3.code))
    return unsupported8(feature2, "this system has no such sockets", "Choose another family here", fault3)
  return plan.kind.protocol === "icmp" && adopted === void 0
    ? pingError(fault3, feature2)
    : bindError(fault3, adopted ?? "Opening the socket")
}

// packages/engine/dist/socket/openings.js
var openBound = ({ driver: driver5, maybe }, spec2, at) => {
  const plan = compileSpec(spec2, driver5.abi, maybe)
  if ("_tag" in plan) return plan
  const local = parse(spec2, at, driver5)
  return "_tag" in local ? local : open3(driver5, plan, { native: openNew, local, peer: void 0 })
}
var openClient = ({ driver: driver5, maybe }, spec2) => {
  const plan = compileSpec(spec2, driver5.abi, maybe)
  if ("_tag" in plan) return plan
  const local = anywhere2(spec2, driver5)
  return isError(local) ? local : open3(driver5, plan, { native: openNew, local, peer: void 0 })
}
var openConnected = ({ driver: driver5, maybe }, spec2, peer, options) => {
  const plan = compileSpec(spec2, driver5.abi, maybe)
  if ("_tag" in plan) return plan
  const parsed2 = parse(spec2, peer, driver5)
  if ("_tag" in parsed2) return parsed2
  if (parsed2.family === "unix" && parsed2.path === void 0)
    return invalidBind("The address cannot be used: a socket without a name cannot be connected to.")
  const to = spec2.protocol === "icmp" ? hostOf(parsed2) : parsed2
  const given = localOf(options)
  if (isError(given)) return given
  const local = given === void 0 ? anywhere2(spec2, driver5) : parse(spec2, given.local, driver5)
  if (isError(local)) return local
  return open3(driver5, plan, { native: openNew, local, peer: to })
}
var openAdopted = ({ driver: driver5, maybe }, spec2, descriptor2) => {
  const highest = driver5.abi.platform === "winsock" ? Number.MAX_SAFE_INTEGER : 2147483647
  if (!Codec_exports.isInteger(descriptor2, 0, highest))
    return invalidBind(
      `${Codec_exports.format(descriptor2)} is not the descriptor of a socket: an integer from 0 to ${highest}. Give the number of a bound socket.`
    )
  const compiled = compileSpec(spec2, driver5.abi, maybe)
  if ("_tag" in compiled) return compiled
  const plan = withSpareRoom(compiled)
  const native = () => driver5.adopt(descriptor2, plan.kind)
  return open3(driver5, plan, { native, adopted: `Adopting descriptor ${descriptor2}`, local: void 0, peer: void 0 })
}
var openPairOf = ({ driver: driver5, maybe }, spec2) => {
  const plan = compileSpec(spec2, driver5.abi, maybe)
  return "_tag" in plan ? plan : openPair(driver5, plan)
}
var isError = (given) => given !== void 0 && "_tag" in given
var withSpareRoom = (plan) => ({
  ...plan,
  receive: { ...plan.receive, bytes: plan.receive.bytes + 1024 }
})
var compileSpec = (spec2, abi, maybe) => {
  try {
    return compile(spec2, abi, maybe)
  } catch (cause) {
    return invalidBind(
      `spec: it cannot be compiled (${Codec_exports.format(cause)}). Begin with one of Datagram, such as Datagram.ipv4.`
    )
  }
}
var localOf = (options) => {
  try {
    const local = options === void 0 || options === null ? void 0 : Reflect.get(Object(options), "local")
    return local === void 0 ? void 0 : { local }
  } catch (cause) {
    return invalidBind(`options: they cannot be read (${Codec_exports.format(cause)}). Give { local } as plain values.`)
  }
}
var anywhere2 = (spec2, driver5) => {
  if (spec2.family !== "unix")
    return parse(spec2, { address: spec2.family === "ipv4" ? "0.0.0.0" : "::", port: 0 }, driver5)
  return driver5.abi.platform === "linux" ? parse(spec2, new UnixEndpoint(void 0), driver5) : void 0
}
var parse = (spec2, input, driver5) => {
  const given = inZone(driver5, input)
  const parsed2 = Codec_exports.isMalformed(given) ? given : endpoint(spec2.family, given)
  if (Codec_exports.isMalformed(parsed2)) return invalidBind(`The address cannot be used: ${parsed2.malformed}.`)
  const why =
    parsed2.family === "unix" ? SocketAddress_exports.validateUnixPath(driver5.abi, parsed2.path ?? "") : void 0
  return why === void 0 ? parsed2 : invalidBind(`The address cannot be used: ${why}.`)
}

// packages/engine/dist/socket/stats.js
var statsOf = ({ counters: { events, receive: receive3, send: send2 }, served, unread }) => ({
  dequeued: BigInt(receive3.taken),
  delivered: BigInt(receive3.received),
  faults: {
    DataTruncated: BigInt(receive3.faults.DataTruncated),
    ControlTruncated: BigInt(receive3.faults.ControlTruncated),
    ControlMissing: BigInt(receive3.faults.ControlMissing),
    ControlMalformed: BigInt(receive3.faults.ControlMalformed)
  },
  dropped: BigInt(receive3.dropped),
  putBack: BigInt(unread),
  asyncErrors: receive3.errors,
  shortages: receive3.shortages,
  sent: BigInt(send2.sent),
  sendDropped: BigInt(send2.unsent),
  retried: send2.resent,
  sourceRefused: BigInt(send2.sourceRefused),
  fromItself: BigInt(served.fromItself),
  handlers: {
    started: BigInt(served.started),
    succeeded: BigInt(served.succeeded),
    failed: BigInt(served.failed),
    interrupted: BigInt(served.interrupted),
    running: BigInt(served.running)
  },
  events: {
    dequeued: events.taken,
    delivered: events.received,
    dropped: events.dropped,
    ignored: events.ignored,
    queued: BigInt(events.unread)
  }
})

// packages/winsock/dist/WinsockSockets.js
var WinsockSockets_exports = {}
__export(WinsockSockets_exports, {
  capabilities: () => capabilities3,
  driver: () => driver3
})

// packages/winsock/dist/internal/driver.js
import { release as release3 } from "node:os"
import { isMainThread as isMainThread3 } from "node:worker_threads"

// packages/winsock/dist/internal/native.js
var native_exports2 = {}
__export(native_exports2, {
  WSAEAFNOSUPPORT: () => WSAEAFNOSUPPORT,
  WSAEINVAL: () => WSAEINVAL,
  adopt: () => adopt2,
  errorName: () => errorName2,
  fault: () => fault2,
  interfaces: () => interfaces3,
  load: () => load2,
  memory: () => memory_exports,
  open: () => open4
})

// packages/winsock/dist/internal/errno.js
import { constants as constants3 } from "node:os"
var names3 = new Map(
  Object.entries(constants3.errno)
    .filter(([name]) => name.startsWith("WSA"))
    .map(([name, number2]) => [number2, name])
)
for (const [number2, name] of [
  [8, "WSA_NOT_ENOUGH_MEMORY"],
  [1231, "WSAENETUNREACH"],
  [1232, "WSAEHOSTUNREACH"],
  [1233, "WSAENOPROTOOPT"],
  [1234, "WSAECONNREFUSED"],
  [1450, "WSAENOBUFS"],
  [1453, "WSAENOBUFS"]
])
  names3.set(number2, name)
var { errorName: errorName2, fault: fault2 } = makeFaults(names3)
var { WSAEAFNOSUPPORT, WSAEINVAL, WSAEMSGSIZE, WSAENOTSOCK, WSAEPROTONOSUPPORT, WSAEPROTOTYPE, WSAEWOULDBLOCK } =
  constants3.errno
var lastFault2 = (ws2, syscall) => fault2(syscall, ws2.WSAGetLastError())
var closed3 = (syscall) => fault2(syscall, WSAENOTSOCK)

// packages/winsock/dist/internal/iphlpapi.js
var find = () => {
  const library = koffi().load("iphlpapi.dll")
  const pointer = "uintptr_t"
  const number2 = "uint32_t"
  const adapter = koffi().struct({
    Length: number2,
    IfIndex: number2,
    Next: pointer,
    AdapterName: pointer,
    FirstUnicastAddress: pointer,
    FirstAnycastAddress: pointer,
    FirstMulticastAddress: pointer,
    FirstDnsServerAddress: pointer,
    DnsSuffix: pointer,
    Description: pointer,
    FriendlyName: "str16",
    PhysicalAddress: koffi().array("uint8_t", 8, "Typed"),
    PhysicalAddressLength: number2,
    Flags: number2,
    Mtu: number2,
    IfType: number2,
    OperStatus: number2,
    Ipv6IfIndex: number2
  })
  const unicastAddress = koffi().struct({
    Length: number2,
    Flags: number2,
    Next: pointer,
    Address: koffi().struct({ lpSockaddr: pointer, iSockaddrLength: "int" }),
    PrefixOrigin: number2,
    SuffixOrigin: number2,
    DadState: number2,
    ValidLifetime: number2,
    PreferredLifetime: number2,
    LeaseLifetime: number2,
    OnLinkPrefixLength: "uint8_t"
  })
  return {
    GetAdaptersAddresses: library.func("__stdcall", "GetAdaptersAddresses", number2, [
      number2,
      number2,
      pointer,
      "void *",
      "void *"
    ]),
    adapter: (memory, at) => koffi().decode(memory, at, adapter),
    unicastAddress: (memory, at) => koffi().decode(memory, at, unicastAddress)
  }
}
var found
var loadIphlpapi = () => (found ??= find())

// packages/winsock/dist/internal/platform.js
var SOCK_DGRAM2 = 2
var IPPROTO_UDP3 = 17
var SOL_SOCKET4 = 65535
var SO_TYPE = 4104
var SO_ERROR = 4103
var WSA_FLAG_NO_HANDLE_INHERIT = 128
var FIONBIO = 2147772030
var SIO_GET_EXTENSION_FUNCTION_POINTER = 3355443206
var SIO_UDP_CONNRESET = 2550136844
var SIO_UDP_NETRESET = 2550136847
var WSAID_WSARECVMSG = new Uint8Array([200, 215, 137, 246, 31, 111, 107, 67, 138, 83, 229, 79, 227, 81, 195, 34])
var AF_UNSPEC = 0
var GAA_FLAGS = 2 | 4 | 8
var IP_ADAPTER_NO_MULTICAST = 16
var IF_TYPE_SOFTWARE_LOOPBACK = 24
var IfOperStatusUp = 1
var ERROR_BUFFER_OVERFLOW = 111
var ERROR_NO_DATA = 232
var MSG_PEEK = 2
var MSG_TRUNC2 = 256
var MSG_CTRUNC = 512
var MSG_BCAST = 1024
var MSG_MCAST = 2048
var receiveFlags = (dwFlags, cut2) => {
  const control = (dwFlags & MSG_CTRUNC) !== 0
  const data2 = (dwFlags & MSG_TRUNC2) !== 0 || (cut2 && !control)
  return (
    (data2 ? ReceiveFlags.dataTruncated : 0) |
    (control ? ReceiveFlags.controlTruncated : 0) |
    ((dwFlags & MSG_BCAST) === 0 ? 0 : ReceiveFlags.broadcast) |
    ((dwFlags & MSG_MCAST) === 0 ? 0 : ReceiveFlags.multicast)
  )
}
var IpDadStateTentative = 1
var IpDadStateDuplicate = 2
var IpDadStateDeprecated = 3
var interfaceTypes = {
  6: "ethernet",
  23: "ppp",
  24: "loopback",
  71: "wlan",
  131: "tunnel"
}

// packages/winsock/dist/internal/interfaces.js
var firstTry = 15e3
var tries2 = 4
var interfaces3 = ({ abi }) => {
  const library = loadIphlpapi()
  const size2 = Uint32Array.of(firstTry)
  let error = 0
  for (let i = 0; i < tries2; i++) {
    const adapters = new Uint8Array(size2[0] ?? firstTry)
    error = library.GetAdaptersAddresses(AF_UNSPEC, GAA_FLAGS, 0, adapters, new Uint8Array(size2.buffer))
    if (error === ERROR_NO_DATA) return []
    if (error === 0) return list(abi, library, adapters)
    if (error !== ERROR_BUFFER_OVERFLOW) break
  }
  return fault2("GetAdaptersAddresses", error)
}
var list = (abi, library, memory) => {
  const base = addressOf(memory)
  const found3 = []
  for (let at = base; at !== 0;) {
    const adapter = library.adapter(memory, at - base)
    at = adapter.Next
    const isUp = adapter.OperStatus === IfOperStatusUp
    found3.push({
      // Winsock: an interface has an index in each of its protocols. It is the same number if it has both.
      index: adapter.IfIndex || adapter.Ipv6IfIndex,
      name: adapter.FriendlyName,
      addresses: addressesOf3(abi, library, memory, adapter),
      up: isUp,
      // Winsock: "up" means that the interface can pass packets and its cable is plugged in.
      running: isUp,
      loopback: adapter.IfType === IF_TYPE_SOFTWARE_LOOPBACK,
      multicast: (adapter.Flags & IP_ADAPTER_NO_MULTICAST) === 0,
      mtu: adapter.Mtu === 4294967295 || adapter.Mtu === 0 ? void 0 : adapter.Mtu,
      kind: interfaceTypes[adapter.IfType] ?? `IfType ${adapter.IfType}`,
      hardwareAddress: hardwareOf(adapter)
    })
  }
  return found3
}
var hardwareOf = ({ PhysicalAddress, PhysicalAddressLength }) => {
  const bytes3 = Array.from(PhysicalAddress.subarray(0, PhysicalAddressLength))
  return bytes3.some((byte) => byte !== 0) ? bytes3.map((byte) => byte.toString(16).padStart(2, "0")).join(":") : void 0
}
var addressesOf3 = (abi, library, memory, { FirstUnicastAddress }) => {
  const base = addressOf(memory)
  const view = new DataView(memory.buffer)
  const found3 = []
  for (let at = FirstUnicastAddress; at !== 0;) {
    const { Address, DadState, Next, OnLinkPrefixLength } = library.unicastAddress(memory, at - base)
    at = Next
    const named2 = SocketAddress_exports.read(abi, view, Address.lpSockaddr - base, Address.iSockaddrLength)
    if (!Codec_exports.isMalformed(named2) && named2.family !== "unix")
      found3.push({
        address: named2.address,
        prefix: OnLinkPrefixLength,
        tentative: DadState === IpDadStateTentative,
        duplicate: DadState === IpDadStateDuplicate,
        deprecated: DadState === IpDadStateDeprecated
      })
  }
  return found3
}

// packages/winsock/dist/internal/socket.js
var noBytes2 = new Uint8Array(0)
var bool = (value) => Uint8Array.of(value ? 1 : 0, 0, 0, 0)
var zeroes = new Uint8Array(16)
var fourBytes = () => new Uint8Array(Int32Array.of(4).buffer)
var open4 = (host, { family, protocol }) => {
  const { abi, ws2 } = host
  if (family === "unix") return fault2("WSASocketW", WSAEAFNOSUPPORT)
  if (protocol === "icmp") return fault2("WSASocketW", WSAEPROTONOSUPPORT)
  const refused2 = ws2.WSAStartup(514, new Uint8Array(512))
  if (refused2 !== 0) return fault2("WSAStartup", refused2)
  const handle = ws2.WSASocketW(abi.family[family], SOCK_DGRAM2, IPPROTO_UDP3, 0, 0, WSA_FLAG_NO_HANDLE_INHERIT)
  if (handle === -1) {
    const failed = lastFault2(ws2, "WSASocketW")
    ws2.WSACleanup()
    return failed
  }
  return releasing(
    () => {
      ws2.closesocket(handle)
      ws2.WSACleanup()
    },
    () => prepare2(host, handle) ?? receiving(host, handle, void 0)
  )
}
var releasing = (undo, make7) => {
  let made2
  try {
    made2 = make7()
    return made2
  } finally {
    if (made2 === void 0 || isFault(made2)) undo()
  }
}
var adopt2 = (host, handle, { family, protocol }) => {
  const { abi, ws2 } = host
  if (family === "unix") return fault2("adopt", WSAEAFNOSUPPORT)
  if (protocol === "icmp") return fault2("adopt", WSAEPROTONOSUPPORT)
  const refused2 = ws2.WSAStartup(514, new Uint8Array(512))
  if (refused2 !== 0) return fault2("WSAStartup", refused2)
  return releasing(
    () => ws2.WSACleanup(),
    // Winsock: no call returns whether a socket blocks, so it could not be restored. It is changed after everything else has succeeded.
    () => inspect4(host, handle, abi.family[family]) ?? receiving(host, handle, () => prepare2(host, handle))
  )
}
var inspect4 = ({ ws2 }, handle, family) => {
  const type = new Int32Array([0])
  const length3 = new Int32Array([4])
  const lengthBytes = new Uint8Array(length3.buffer)
  if (ws2.getsockopt(handle, SOL_SOCKET4, SO_TYPE, new Uint8Array(type.buffer), lengthBytes) !== 0)
    return lastFault2(ws2, "getsockopt")
  if (type[0] !== SOCK_DGRAM2) return fault2("adopt", WSAEPROTOTYPE)
  const name = new Uint8Array(128)
  length3[0] = name.length
  if (ws2.getsockname(handle, name, lengthBytes) !== 0) return lastFault2(ws2, "getsockname")
  return new DataView(name.buffer).getUint16(0, true) === family ? void 0 : fault2("adopt", WSAEPROTOTYPE)
}
var prepare2 = ({ ws2 }, handle) => {
  const nonBlocking = ioctl(ws2, handle, FIONBIO, bool(true), noBytes2)
  if (isFault(nonBlocking)) return nonBlocking
  const ignoring = ioctl(ws2, handle, SIO_UDP_CONNRESET, bool(false), noBytes2)
  if (isFault(ignoring)) return ignoring
  ioctl(ws2, handle, SIO_UDP_NETRESET, bool(false), noBytes2)
  return void 0
}
var receiving = (host, handle, unprepared) => {
  const { abi, ws2 } = host
  const pointer = new Uint8Array(8)
  const length3 = ioctl(
    ws2,
    handle,
    SIO_GET_EXTENSION_FUNCTION_POINTER,
    WSAID_WSARECVMSG,
    pointer.subarray(0, abi.pointerBytes)
  )
  if (isFault(length3)) return length3
  return fromHandle(host, handle, ws2.receiver(new DataView(pointer.buffer).getBigUint64(0, true)), unprepared)
}
var ioctl = (ws2, handle, code, input, output) => {
  const returned = new Uint32Array(1)
  const result = ws2.WSAIoctl(
    handle,
    code,
    input.length === 0 ? null : input,
    input.length,
    output.length === 0 ? null : output,
    output.length,
    new Uint8Array(returned.buffer),
    0,
    0
  )
  return result === 0 ? (returned[0] ?? 0) : lastFault2(ws2, "WSAIoctl")
}
var fromHandle = ({ abi, ws2 }, handle, recvMsg, unprepared) => {
  let open5 = true
  let connected = ws2.getpeername(handle, new Uint8Array(128), new Uint8Array(Int32Array.of(128).buffer)) === 0
  let pending
  const { moved } = ws2
  const { msghdr } = abi
  const answer3 = (syscall, result) => (result === 0 ? void 0 : lastFault2(ws2, syscall))
  const name = (syscall, into2) => {
    if (!open5) return closed3(syscall)
    const length3 = new Int32Array([into2.length])
    return answer3(syscall, ws2[syscall](handle, into2, new Uint8Array(length3.buffer))) ?? length3[0] ?? 0
  }
  const callReceive = (message) => {
    moved.bytes[0] = 0
    return recvMsg(handle, message, moved.address, 0, 0) === 0 ? 0 : ws2.WSAGetLastError()
  }
  const callSend = (message) => {
    moved.bytes[0] = 0
    return ws2.WSASendMsg(handle, message, 0, moved.address, 0, 0) === 0 ? 0 : ws2.WSAGetLastError()
  }
  const disarm = (arena, slot) => {
    if (arena.layout.addressBytes > 0) arena.view.setUint16(arena.addressAt(slot), 0)
    if (arena.layout.controlBytes >= abi.cmsghdr.size)
      ControlBuffer_exports.writeField(arena.view, arena.controlAt(slot), abi.cmsghdr.length, 0)
  }
  const received3 = (arena, slot, cut2) => {
    const header = slot * msghdr.size
    const { view } = arena
    const flags = receiveFlags(ControlBuffer_exports.readField(view, header, msghdr.flags), cut2)
    if ((flags & ReceiveFlags.controlTruncated) !== 0)
      ControlBuffer_exports.writeField(view, header, msghdr.controlLength, 0)
    if (connected && arena.layout.addressBytes > 0 && view.getUint16(arena.addressAt(slot)) === 0)
      ControlBuffer_exports.writeField(view, header, msghdr.nameLength, 0)
    const bytes3 = moved.bytes[0] ?? 0
    const untold = bytes3 === 0 && (flags & ReceiveFlags.dataTruncated) !== 0
    arena.received(slot, untold ? arena.layout.dataBytes : bytes3, flags)
  }
  const receiveInto = (arena, slots2) => {
    for (let slot = 0; slot < slots2; slot++) {
      disarm(arena, slot)
      const error = callReceive(arena.headerAddress(slot))
      if (error === 0 || error === WSAEMSGSIZE) received3(arena, slot, error !== 0)
      else if (error === WSAEWOULDBLOCK) return slot
      else {
        const failed = fault2("WSARecvMsg", error)
        if (slot === 0) return failed
        pending = failed
        return slot
      }
    }
    return slots2
  }
  return {
    descriptor: handle,
    // Winsock: the calls themselves report the errors of earlier sends.
    receiveErrors: () => (open5 ? 0 : closed3("WSARecvMsg")),
    setOption: (level, option2, value) =>
      open5
        ? answer3("setsockopt", ws2.setsockopt(handle, level, option2, value, value.length))
        : closed3("setsockopt"),
    getOption: (level, option2, into2) => {
      if (!open5) return closed3("getsockopt")
      const length3 = new Int32Array([into2.length])
      const result = ws2.getsockopt(handle, level, option2, into2, new Uint8Array(length3.buffer))
      return answer3("getsockopt", result) ?? length3[0] ?? 0
    },
    ioctl: (code, input, output) => (open5 ? ioctl(ws2, handle, code, input, output) : closed3("WSAIoctl")),
    bind: (name2) => (open5 ? answer3("bind", ws2.bind(handle, name2, name2.length)) : closed3("bind")),
    connect: (name2) => {
      if (!open5) return closed3("connect")
      const target = name2 ?? zeroes
      const failed = answer3("connect", ws2.connect(handle, target, target.length))
      if (failed !== void 0) return failed
      connected = name2 !== void 0
      if (!connected) ws2.getsockopt(handle, SOL_SOCKET4, SO_ERROR, new Uint8Array(4), fourBytes())
      const told = ioctl(ws2, handle, SIO_UDP_CONNRESET, bool(connected), noBytes2)
      return isFault(told) ? told : void 0
    },
    localAddress: (into2) => name("getsockname", into2),
    peerAddress: (into2) => name("getpeername", into2),
    receive: (shared3, slots2, peek2) => {
      if (!open5) return closed3("WSARecvMsg")
      if (pending !== void 0) {
        const failed = pending
        pending = void 0
        return failed
      }
      const arena = nativeArena(shared3)
      const wanted = peek2 ? Math.min(slots2, 1) : slots2
      arena.prepare(wanted, peek2 ? MSG_PEEK : 0)
      const count2 = receiveInto(arena, wanted)
      checkBounds(arena, wanted)
      return count2
    },
    send: (shared3, first, slots2) => {
      if (!open5) return closed3("WSASendMsg")
      const arena = nativeArena(shared3)
      checkBounds(arena, first + slots2)
      for (let slot = first; slot < first + slots2; slot++) {
        const error = callSend(arena.headerAddress(slot))
        if (error === 0) continue
        return slot > first || error === WSAEWOULDBLOCK ? slot - first : fault2("WSASendMsg", error)
      }
      return slots2
    },
    receiveMessage: (message) => {
      if (!open5) return closed3("WSARecvMsg")
      const error = callReceive(message)
      if (error === WSAEWOULDBLOCK) return void 0
      const cut2 = error === WSAEMSGSIZE
      return error === 0 || cut2 ? { bytes: moved.bytes[0] ?? 0, cut: cut2 } : fault2("WSARecvMsg", error)
    },
    sendMessage: (message) => {
      if (!open5) return closed3("WSASendMsg")
      const error = callSend(message)
      if (error === WSAEWOULDBLOCK) return void 0
      return error === 0 ? { bytes: moved.bytes[0] ?? 0, cut: false } : fault2("WSASendMsg", error)
    },
    poll: (onReady) => (open5 ? (unprepared?.() ?? poll(startPoll, handle, onReady)) : closed3("poll")),
    disown: () => {
      if (!open5) return
      open5 = false
      ws2.WSACleanup()
    },
    close: () => {
      if (!open5) return closed3("closesocket")
      open5 = false
      const failed = answer3("closesocket", ws2.closesocket(handle))
      ws2.WSACleanup()
      return failed
    }
  }
}

// packages/winsock/dist/internal/ws2_32.js
var find2 = () => {
  const library = koffi().load("ws2_32.dll")
  const handle = "uintptr_t"
  const address2 = "uintptr_t"
  const memory = "void *"
  const call = (name, result, parameters) => library.func("__stdcall", name, result, parameters)
  const recvMsg = koffi().proto("__stdcall", "int", [handle, address2, address2, address2, address2])
  const receivers = /* @__PURE__ */ new Map()
  const bytes3 = new Uint32Array(1)
  return {
    WSAStartup: call("WSAStartup", "int", ["uint16_t", memory]),
    WSACleanup: call("WSACleanup", "int", []),
    WSAGetLastError: call("WSAGetLastError", "int", []),
    WSASocketW: call("WSASocketW", "intptr_t", ["int", "int", "int", address2, "uint32_t", "uint32_t"]),
    closesocket: call("closesocket", "int", [handle]),
    bind: call("bind", "int", [handle, memory, "int"]),
    connect: call("connect", "int", [handle, memory, "int"]),
    getsockname: call("getsockname", "int", [handle, memory, memory]),
    getpeername: call("getpeername", "int", [handle, memory, memory]),
    setsockopt: call("setsockopt", "int", [handle, "int", "int", memory, "int"]),
    getsockopt: call("getsockopt", "int", [handle, "int", "int", memory, memory]),
    WSAIoctl: call("WSAIoctl", "int", [
      handle,
      "uint32_t",
      memory,
      "uint32_t",
      memory,
      "uint32_t",
      memory,
      address2,
      address2
    ]),
    WSASendMsg: call("WSASendMsg", "int", [handle, address2, "uint32_t", address2, address2, address2]),
    receiver: (pointer) => {
      const known = receivers.get(pointer)
      if (known !== void 0) return known
      const found3 = koffi().decode(pointer, recvMsg)
      receivers.set(pointer, found3)
      return found3
    },
    moved: { bytes: bytes3, address: Number(koffi().address(bytes3)) }
  }
}
var found2
var load2 = () => (found2 ??= find2())

// packages/winsock/dist/internal/driver.js
var loadWinsock = (feature2) => {
  if (process.platform !== "win32")
    return {
      feature: feature2,
      why: `this is ${process.platform}, and Winsock is of Windows`,
      remedy: "NodeSockets.layer picks the layer of the system at hand"
    }
  const abi = abis3[process.arch]
  if (abi === void 0)
    return {
      feature: feature2,
      why: `the layout of structures on ${process.arch} is not known`,
      remedy: "Run it with Node for x64, arm64 or ia32"
    }
  if (!isMainThread3) return unavailableInWorker(feature2)
  return loadNative(feature2, () => ({ native: native_exports2, host: { abi, ws2: load2() } }))
}
var abis3 = {
  x64: Abi.winsockX64,
  arm64: Abi.winsockArm64,
  ia32: Abi.winsockIa32
}
var makeDriver2 = (layer2, options) => {
  const guarded = readGuarded(layer2, options)
  if (isUnavailable(guarded)) return guarded
  const loaded2 = loadWinsock(layer2)
  if (isUnavailable(loaded2)) return loaded2
  const { host } = loaded2
  return {
    abi: host.abi,
    batches: false,
    // Windows: "10.0.20348".
    build: Number(release3().split(".")[2]),
    arena: shared(host.abi, { ...memory_exports, guarded }),
    open: (kind) => open4(host, kind),
    // Winsock: AF_UNIX has only streams, so there is no pair, and no message can bring a handle.
    pair: () => fault2("socketpair", WSAEAFNOSUPPORT),
    adopt: (descriptor2, kind) => adopt2(host, descriptor2, kind),
    interfaces: () => interfaces3(host),
    release: () => fault2("closesocket", WSAEINVAL),
    errorName: errorName2
  }
}

// packages/winsock/dist/WinsockSockets.js
var capabilities3 = [
  // Messages.
  "originalArrivalInterface",
  "counterTimestamp",
  "segmentation",
  "coalescing",
  "routingHeader",
  "sentRoutingHeader",
  "hopByHopOptions",
  // Options.
  "exclusiveUse",
  "unicastInterface",
  "pathMtuDiscovery"
]
var driver3 = (options) => makeDriver2("WinsockSockets.layer", options)

// packages/node/dist/systemDriver.js
var drivers = {
  linux: LinuxSockets_exports.driver,
  darwin: DarwinSockets_exports.driver,
  win32: WinsockSockets_exports.driver
}
var systemDriver = () => {
  const { platform } = process
  return (
    drivers[platform]?.() ?? {
      feature: "NodeSockets.layer",
      why: `there is no driver for ${platform}`,
      remedy: "Run it on Linux, macOS or Windows"
    }
  )
}

// packages/effect3/dist/Datagram.js
var Datagram_exports = {}
__export(Datagram_exports, {
  adopt: () => adopt3,
  bind: () => bind,
  client: () => client,
  combine: () => combine,
  connect: () => connect2,
  dual: () => dual,
  explain: () => explain3,
  icmp4: () => icmp4,
  icmp6: () => icmp6,
  ipv4: () => ipv42,
  ipv6: () => ipv6,
  pair: () => pair2,
  reply: () => reply,
  tryReply: () => tryReply,
  unix: () => unix
})
import * as Effect12 from "effect/Effect"
import * as Either3 from "effect/Either"

// packages/engine/dist/plan/formatTable.js
var columns = (rows2) => {
  const widths2 = rows2.reduce((all, row7) => row7.map((cell, i) => Math.max(cell.length, all[i] ?? 0)), [])
  return rows2.map((row7) =>
    row7
      .map((cell, i) => cell.padEnd((widths2[i] ?? 0) + 2))
      .join("")
      .trimEnd()
  )
}

// packages/engine/dist/plan/explain.js
var explain2 = (plan) => {
  const explanation = {
    abi: plan.abi.name,
    family: plan.family,
    options: plan.options.map(explainOption),
    receive: plan.receive,
    send: plan.send,
    errors: plan.errors,
    declined: plan.declined,
    refused: plan.refused
  }
  return { ...explanation, toString: () => print(plan, explanation.options) }
}
var hex = (bytes3) => Array.from(bytes3, (byte) => byte.toString(16).padStart(2, "0")).join(" ")
var explainOption = (planned) => {
  const feature2 = planned.requestedBy.map((asker) => asker.feature).join(", ")
  return "option" in planned
    ? { feature: feature2, call: setting(planned), value: hex(planned.value) }
    : { feature: feature2, call: `ioctl(0x${planned.ioctl.toString(16)})`, value: hex(planned.input) }
}
var setting = ({ instead, level, option: option2 }) => {
  const first = `setsockopt(${level}, ${option2})`
  return instead === void 0 ? first : `${first}, or (${level}, ${instead}) if the system lacks it`
}
var print = (plan, options) => {
  const { cmsghdr, name } = plan.abi
  const section = (title, lines) => (lines.length === 0 ? [] : ["", title, ...lines.map((line) => `  ${line}`)])
  return [
    `${plan.family} on ${name}: cmsg_len of ${cmsghdr.length.bytes} bytes, headers of ${cmsghdr.size}, aligned to ${cmsghdr.align}`,
    ...section(
      "options, before bind",
      columns(options.map(({ call, feature: feature2, value }) => [feature2, call, value]))
    ),
    ...section(`receive control buffer, ${plan.receive.bytes} bytes`, byteMap(plan, plan.receive)),
    ...section(`send control buffer, ${plan.send.bytes} bytes`, byteMap(plan, plan.send)),
    ...section(`error queue control buffer, ${plan.errors.bytes} bytes`, byteMap(plan, plan.errors)),
    ...section(
      "declined",
      plan.declined.map(({ key, why }) => `${key}: ${why}`)
    ),
    ...section(
      "refused: bind would fail",
      plan.refused.map(({ feature: feature2, remedy, why }) => `${feature2}: ${why}. ${remedy}.`)
    )
  ].join("\n")
}
var byteMap = ({ abi, family }, layout) =>
  columns(
    layout.messages.flatMap((place2) => {
      const { at, keys, length: length3, level, payload, space: space2, type } = place2
      const data2 = at + length3 - payload
      const title = family === "dual" ? `${keys.join(" ")} (${place2.family})` : keys.join(" ")
      return [
        [range(at, at + abi.cmsghdr.size), "header", `${title}: cmsg_len ${length3}, level ${level}, type ${type}`],
        [range(data2, data2 + payload), "payload", count(payload)],
        ...(space2 === length3 ? [] : [[range(at + length3, at + space2), "padding", count(space2 - length3)]])
      ]
    })
  )
var range = (from, to) => `${from}..${to - 1}`
var count = (bytes3) => (bytes3 === 1 ? "1 byte" : `${bytes3} bytes`)

// packages/effect3/dist/internal/sockets.js
var engineSocket = /* @__PURE__ */ Symbol("engineSocket")
var engineSocketOf = (socket) => {
  const core = engineSocket in socket ? socket[engineSocket] : void 0
  return core instanceof OpenSocket ? core : void 0
}

// packages/effect3/dist/internal/opening.js
import * as Context2 from "effect/Context"
import * as DefaultServices from "effect/DefaultServices"
import * as Effect3 from "effect/Effect"
import * as FiberRef from "effect/FiberRef"
import * as Scope from "effect/Scope"
import * as Tracer from "effect/Tracer"
var isFailure = (result) => result instanceof DatagramBindError || result instanceof DatagramUnsupportedError
var orFailure = (opened) => ("_tag" in opened ? errorOf(opened) : opened)
var keepsNothing = Context2.get(DefaultServices.liveServices, Tracer.Tracer)
var opening = (name, open5) =>
  Effect3.withFiberRuntime((fiber) => {
    const context = fiber.getFiberRef(FiberRef.currentContext)
    const { driver: driver5 } = Context2.get(context, DatagramSockets)
    const scope = Context2.get(context, Scope.Scope)
    const isTraced = Context2.get(fiber.getFiberRef(DefaultServices.currentServices), Tracer.Tracer) !== keepsNothing
    const opened = Effect3.uninterruptible(
      Effect3.suspend(() => {
        const result = open5(driver5)
        if (!isFailure(result)) return Effect3.map(Scope.addFinalizer(scope, close(result.sockets)), result.make)
        return isTraced ? Effect3.fail(result) : Effect3.withSpan(Effect3.fail(result), name)
      })
    )
    return isTraced ? Effect3.withSpan(opened, name) : opened
  })
var close = ([first, second]) =>
  Effect3.sync(() => {
    try {
      first.close()
    } finally {
      second?.close()
    }
  })

// packages/effect3/dist/internal/socket.js
import * as Effect11 from "effect/Effect"
import * as Sink2 from "effect/Sink"
import * as Stream from "effect/Stream"

// packages/effect3/dist/internal/connecting.js
import * as Effect4 from "effect/Effect"
var connecting = (socket, peer) =>
  Effect4.acquireRelease(
    Effect4.suspend(() => {
      const connected = socket.connect(peer)
      return connected instanceof ConnectedSocket ? Effect4.succeed(connected) : fail2(connected)
    }),
    (connected) =>
      Effect4.suspend(() => {
        const failed = connected.disconnect()
        return failed === void 0 ? Effect4.void : Effect4.logError(failed)
      })
  )

// packages/effect3/dist/internal/groups.js
import * as Effect5 from "effect/Effect"
var join = (socket, group, options) => held(() => socket.join(group, options))
var block2 = (socket, group, source, options) => held(() => socket.block(group, source, options))
var leave = (socket, group, options) =>
  Effect5.suspend(() => {
    const failed = socket.leave(group, options)
    return failed === void 0 ? Effect5.void : fail2(failed)
  })
var held = (begin2) =>
  Effect5.asVoid(
    Effect5.acquireRelease(
      Effect5.suspend(() => {
        const joined2 = begin2()
        return "end" in joined2 ? Effect5.succeed(joined2) : fail2(joined2)
      }),
      ({ end }) => Effect5.sync(end)
    )
  )

// packages/effect3/dist/internal/options.js
import * as Effect6 from "effect/Effect"
var setOption3 = (socket, option2, value) =>
  Effect6.suspend(() => {
    const failed = socket.setOption(option2, value)
    return failed === void 0 ? Effect6.void : fail2(failed)
  })
var getOption2 = (socket, option2) =>
  Effect6.suspend(() => {
    const got = socket.getOption(option2)
    return "error" in got ? fail2(got.error) : Effect6.succeed(got.value)
  })
var limits = (socket) =>
  Effect6.suspend(() => {
    const granted = socket.limits()
    return "segments" in granted ? Effect6.succeed(granted) : fail2(granted)
  })

// packages/effect3/dist/internal/receiving.js
import * as Chunk from "effect/Chunk"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect8 from "effect/Effect"
import * as Either from "effect/Either"
import * as FiberRef2 from "effect/FiberRef"
import * as Option2 from "effect/Option"

// packages/effect3/dist/internal/waiting.js
import * as Effect7 from "effect/Effect"
var waiting = (begin2) =>
  Effect7.async((resume) => {
    const cancel = begin2((closed4) => resume(closed4 ? fail2(receiveClosed()) : Effect7.void))
    return Effect7.sync(cancel)
  })
var readable2 = (socket) => waiting((f) => socket.onReadable(f))
var eventful = (socket) => waiting((f) => socket.onEvent(f))
var waitFor = (socket, due2) => waiting((f) => socket.wait(due2, f))
var sendable = (begin2) =>
  Effect7.async((resume) => {
    const cancel = begin2((error) => resume(error === void 0 ? Effect7.void : Effect7.fail(error)))
    return Effect7.sync(cancel)
  })
var sendSpace = (socket, to) => sendable((f) => socket.onSendSpace(to, f))
var writable = (socket) => sendable((f) => socket.onWritable(f))

// packages/effect3/dist/internal/receiving.js
var handOver = (take2) =>
  Effect8.withFiberRuntime((fiber) =>
    fiber.currentOpCount + 2 > fiber.getFiberRef(FiberRef2.currentMaxOpsBeforeYield)
      ? Effect8.flatMap(Effect8.yieldNow(), take2)
      : take2()
  )
var present = (taken2) => {
  if (taken2 instanceof DatagramFault) return Effect8.fail(taken2)
  return isFault(taken2) ? fail2(taken2) : Effect8.succeed(taken2)
}
var receiving2 = (core, attemptOne) => {
  const attempt3 = handOver(() => {
    const due2 = core.due()
    if (due2 !== void 0) return Effect8.zipRight(waitFor(core, due2), attempt3)
    const taken2 = attemptOne()
    if (taken2 === void 0) return Effect8.zipRight(readable2(core), attempt3)
    return taken2 === "again" ? attempt3 : present(taken2)
  })
  return attempt3
}
var receive2 = (core) => receiving2(core, () => core.receive())
var receiveScattered = (core, sizes) => receiving2(core, () => core.receiveScattered(sizes))
var peek = (core) => {
  const attempt3 = Effect8.suspend(() => {
    if (core.closed) return fail2(receiveClosed())
    const due2 = core.due()
    if (due2 !== void 0) return Effect8.zipRight(waitFor(core, due2), attempt3)
    const seen = core.peek()
    if (seen === void 0) return Effect8.zipRight(readable2(core), attempt3)
    if (seen === "later") return Effect8.zipRight(waitFor(core, 0), attempt3)
    return seen === "again" ? attempt3 : present(seen)
  })
  return attempt3
}
var monotonic = Effect8.map(Clock.currentTimeNanos, (nanos2) => Number(nanos2) / 1e6)
var receiveWithin = (core, duration) =>
  Effect8.flatMap(monotonic, (start) => {
    const given = Duration.decodeUnknown(duration)
    if (Option2.isNone(given))
      return fail2(
        receiveInvalid(core, "duration", `${Codec_exports.format(duration)} is not a duration: give '2 seconds'`)
      )
    const deadline = start + Duration.toMillis(given.value)
    const waiting2 = (wait, milliseconds) => Effect8.timeoutOption(wait, Duration.millis(Math.max(0, milliseconds)))
    const attempt3 = handOver(() => {
      const taken2 = core.receive()
      if (taken2 !== void 0 && taken2 !== "again") return Effect8.map(present(taken2), Option2.some)
      const due3 = core.due() ?? (taken2 === void 0 ? "readable" : void 0)
      const wait = due3 === void 0 ? Effect8.void : waitFor(core, due3)
      return Effect8.flatMap(monotonic, (now) =>
        now >= deadline ? Effect8.succeedNone : Effect8.zipRight(waiting2(wait, deadline - now), attempt3)
      )
    })
    const due2 = core.due()
    return due2 === void 0 ? attempt3 : Effect8.zipRight(waiting2(waitFor(core, due2), deadline - start), attempt3)
  })
var takeBatch = (core, present2, most3) => {
  const attempt3 = handOver(() => {
    for (;;) {
      const due2 = core.due()
      if (due2 !== void 0) return Effect8.zipRight(waitFor(core, due2), attempt3)
      const taken2 = core.tryReceive(most3)
      if (isFault(taken2)) return fail2(taken2)
      if (taken2.length === 0) return Effect8.zipRight(waitFor(core, core.due() ?? "readable"), attempt3)
      const chunk = Chunk.unsafeFromArray(present2(taken2))
      if (Chunk.isNonEmpty(chunk)) return Effect8.succeed(chunk)
    }
  })
  return attempt3
}
var takeUpTo = (core, maximum) =>
  Codec_exports.isInteger(maximum, 1, Number.MAX_SAFE_INTEGER)
    ? takeBatch(core, datagramsOf, maximum)
    : fail2(
        receiveInvalid(core, "maximum", `${Codec_exports.format(maximum)} is not a number of datagrams: give 1 or more`)
      )
var takeEvents = (core) => {
  const attempt3 = handOver(() => {
    const events = core.takeEvents()
    if (isFault(events)) return fail2(events)
    return events.length === 0
      ? Effect8.zipRight(eventful(core), attempt3)
      : Effect8.succeed(Chunk.unsafeFromArray(events))
  })
  return attempt3
}
var isDatagram = (outcome) => outcome instanceof ReceivedDatagram
var datagramsOf = (outcomes) => (outcomes.every(isDatagram) ? outcomes : outcomes.filter(isDatagram))
var eithersOf = (outcomes) =>
  outcomes.map((outcome) => (outcome instanceof DatagramFault ? Either.left(outcome) : Either.right(outcome)))
var forEach = (core, f, borrowed) => {
  if (typeof f !== "function")
    return fail2(
      receiveInvalid(core, "f", `${Codec_exports.format(f)} is not a function: give one that takes a datagram`)
    )
  return Effect8.async((resume) => {
    const cancel = core.forEach(
      f,
      (end) => resume("error" in end ? fail2(end.error) : Effect8.die(end.defect)),
      borrowed
    )
    return Effect8.sync(cancel)
  })
}

// packages/effect3/dist/internal/sending.js
import * as Chunk2 from "effect/Chunk"
import * as Effect10 from "effect/Effect"
import * as Either2 from "effect/Either"
import * as Sink from "effect/Sink"

// packages/effect3/dist/internal/patience.js
import * as Clock2 from "effect/Clock"
import * as Duration2 from "effect/Duration"
import * as Effect9 from "effect/Effect"
import * as FiberRef3 from "effect/FiberRef"
var patience3 = FiberRef3.unsafeMake(void 0)
var deadlineOf = (core) =>
  core.plan.family !== "unix"
    ? Effect9.succeed(void 0)
    : Effect9.flatMap(FiberRef3.get(patience3), (given) => {
        if (given?.core !== core || !Duration2.isFinite(given.limit)) return Effect9.succeed(void 0)
        if (Duration2.toMillis(given.limit) === 0) return Effect9.succeed(0n)
        const nanos2 = Duration2.unsafeToNanos(given.limit)
        return Effect9.map(Clock2.currentTimeNanos, (now) => now + nanos2)
      })
var before = (deadline, wait) => {
  if (deadline === void 0) return Effect9.as(wait, true)
  if (deadline === 0n) return Effect9.succeed(false)
  return Effect9.flatMap(Clock2.currentTimeNanos, (now) =>
    now >= deadline
      ? Effect9.succeed(false)
      : Effect9.map(Effect9.timeoutOption(wait, Duration2.nanos(deadline - now)), ({ _tag }) => _tag === "Some")
  )
}

// packages/effect3/dist/internal/sending.js
var send = (core, message) =>
  Effect10.suspend(() => {
    const begun = core.trySend(message)
    if (begun === void 0) return Effect10.void
    if (!(begun instanceof SendQueue)) return fail2(begun)
    const pause = begun.run()
    const ended2 = Effect10.suspend(() => {
      const [failure] = begun.failed
      return failure === void 0 ? Effect10.void : fail2(failure.error)
    })
    return pause === void 0 ? ended2 : Effect10.zipRight(goOn(core, begun, pause), ended2)
  })
var trySend = (core, message) => {
  const begun = core.trySend(message)
  if (begun === void 0) return Either2.void
  if (!(begun instanceof SendQueue)) return Either2.left(errorOf(begun))
  for (let pause = begun.run(); pause !== void 0; pause = begun.run()) if (pause !== "its next turn") begun.refuseWait()
  const [failure] = begun.failed
  return failure === void 0 ? Either2.void : Either2.left(errorOf(failure.error))
}
var sendAll = (core, messages2) =>
  Effect10.suspend(() => {
    const batch = core.sendQueue(messages2)
    const report2 = Effect10.sync(() => ({
      sent: batch.sent,
      dropped: batch.unsent,
      failed: failedOf(batch)
    }))
    const pause = batch.run()
    return pause === void 0 ? report2 : Effect10.zipRight(goOn(core, batch, pause), report2)
  })
var failedOf = (queue) => {
  const errors2 = /* @__PURE__ */ new Map()
  return queue.failed
    .toSorted((one2, two) => one2.index - two.index)
    .map(({ error: record2, index }) => {
      const error = errors2.get(record2) ?? errorOf(record2)
      errors2.set(record2, error)
      return { index, error }
    })
}
var sink = (core) =>
  Sink.foldLeftChunksEffect(0, (sum, messages2) =>
    Effect10.flatMap(sendAll(core, Chunk2.toReadonlyArray(messages2)), ({ failed: [first], sent: sent2 }) =>
      first === void 0 ? Effect10.succeed(sum + sent2) : Effect10.fail(first.error)
    )
  )
var goOn = (core, batch, pause) =>
  pause === void 0
    ? Effect10.void
    : Effect10.flatMap(deadlineOf(core), (deadline) => goOnUntil(core, batch, pause, deadline))
var goOnUntil = (core, batch, pause, deadline) => {
  const waits = core.plan.backpressure === "wait" && deadline === void 0
  const wait =
    pause === "its next turn"
      ? waits
        ? writable(core)
        : Effect10.yieldNow()
      : Effect10.map(before(deadline, sendSpace(core, pause.roomAt)), (came) => (came ? void 0 : batch.giveUp()))
  return Effect10.zipRight(
    Effect10.catchAll(wait, (error) => Effect10.sync(() => batch.refuse(error))),
    Effect10.suspend(() => {
      const next = batch.run()
      return next === void 0 ? Effect10.void : goOnUntil(core, batch, next, deadline)
    })
  )
}

// packages/effect3/dist/internal/socket.js
var kept = (socket, key, value) => {
  Object.defineProperty(socket, key, { value, enumerable: true })
  return value
}
var Members = class {
  [engineSocket]
  family
  localAddress
  constructor(core) {
    this[engineSocket] = core
    this.family = core.plan.family
    this.localAddress = core.localAddress
  }
  get receive() {
    return kept(this, "receive", receive2(this[engineSocket]))
  }
  get receiveWithin() {
    const core = this[engineSocket]
    return kept(this, "receiveWithin", (duration) => receiveWithin(core, duration))
  }
  get receiveScattered() {
    const core = this[engineSocket]
    return kept(this, "receiveScattered", (...sizes) => receiveScattered(core, sizes))
  }
  get peek() {
    return kept(this, "peek", peek(this[engineSocket]))
  }
  get receiveBatch() {
    return kept(this, "receiveBatch", takeBatch(this[engineSocket], datagramsOf))
  }
  get receiveUpTo() {
    const core = this[engineSocket]
    return kept(this, "receiveUpTo", (maximum) => takeUpTo(core, maximum))
  }
  get datagrams() {
    const core = this[engineSocket]
    return kept(
      this,
      "datagrams",
      Stream.suspend(() => Stream.repeatEffectChunk(takeBatch(core, datagramsOf)))
    )
  }
  get outcomes() {
    const core = this[engineSocket]
    return kept(
      this,
      "outcomes",
      Stream.suspend(() => Stream.repeatEffectChunk(takeBatch(core, eithersOf)))
    )
  }
  get forEach() {
    const core = this[engineSocket]
    return kept(this, "forEach", (f) => forEach(core, f, false))
  }
  get forEachBorrowed() {
    const core = this[engineSocket]
    return kept(this, "forEachBorrowed", (f) => forEach(core, f, true))
  }
  get events() {
    const core = this[engineSocket]
    return kept(
      this,
      "events",
      Stream.suspend(() => Stream.repeatEffectChunk(takeEvents(core)))
    )
  }
  get stats() {
    const core = this[engineSocket]
    return kept(
      this,
      "stats",
      Effect11.sync(() => statsOf(core))
    )
  }
  get declined() {
    return this[engineSocket].declined
  }
  get descriptor() {
    const core = this[engineSocket]
    return kept(
      this,
      "descriptor",
      Effect11.suspend(() => (core.closed ? fail2(receiveClosed()) : Effect11.succeed(core.descriptor)))
    )
  }
  get send() {
    const core = this[engineSocket]
    return kept(this, "send", (message) => send(core, message))
  }
  get trySend() {
    const core = this[engineSocket]
    return kept(this, "trySend", (message) => trySend(core, message))
  }
  get sendAll() {
    const core = this[engineSocket]
    return kept(this, "sendAll", (messages2) => sendAll(core, messages2))
  }
  get sink() {
    const core = this[engineSocket]
    return kept(
      this,
      "sink",
      Sink2.suspend(() => sink(core))
    )
  }
  get limits() {
    return kept(this, "limits", limits(this[engineSocket]))
  }
  get setOption() {
    const core = this[engineSocket]
    return kept(this, "setOption", (option2, value) => setOption3(core, option2, value))
  }
  get getOption() {
    const core = this[engineSocket]
    return kept(this, "getOption", (option2) => getOption2(core, option2))
  }
}
var Connected = class extends Members {
  peer
  constructor(core, peer) {
    super(core)
    this.peer = peer
  }
}
var Bound = class extends Members {
  get join() {
    const core = this[engineSocket]
    return kept(this, "join", (group, given) => join(core, group, given))
  }
  get block() {
    const core = this[engineSocket]
    return kept(this, "block", (group, source, given) => block2(core, group, source, given))
  }
  get leave() {
    const core = this[engineSocket]
    return kept(this, "leave", (group, given) => leave(core, group, given))
  }
  get connect() {
    const core = this[engineSocket]
    return kept(this, "connect", (peer) =>
      Effect11.map(connecting(core, peer), (connected) => new Connected(connected, connected.peer))
    )
  }
}
var makeSocket = (core) => new Bound(core)
var makeAdopted = (core) => Object.assign(makeSocket(core), { queuedBefore: core.isWaiting() })
var makeConnected = (core, peer) => new Connected(core, peer)

// packages/engine/dist/spec/pipe.js
var passThrough = (self, functions) => functions.reduce((value, f) => f(value), self)

// packages/engine/dist/spec/Spec.js
var TypeId = /* @__PURE__ */ Symbol.for("@ancillary/engine/spec/Spec")
var Proto = {
  pipe(...functions) {
    return passThrough(this, functions)
  }
}
var variance = { family: (_) => _, declared: (_) => _, needs: (_) => _ }
var makeSpec = (recipe) => Object.assign(Object.create(Proto), recipe, { [TypeId]: variance })
var make6 = (family, protocol) =>
  // The type parameters are phantoms, so the value has only plain fields.
  makeSpec({
    family,
    protocol: protocol ?? (family === "unix" ? "unix" : "udp"),
    declarations: [],
    optionValues: [],
    maximumDatagramSize: void 0,
    truncation: "fail",
    backpressure: "wait",
    scatter: void 0,
    splitCoalesced: false
  })
var apply = (self, part2) => {
  if ("declare" in part2) {
    const { key } = part2.declare.message
    if (self.declarations.some(({ message }) => message.key === key))
      throw new TypeError(`'${key}' is already declared by this spec`)
    return { ...self, declarations: [...self.declarations, part2.declare] }
  }
  if ("set" in part2) {
    const others = self.optionValues.filter(({ name }) => name !== part2.set.name)
    return { ...self, optionValues: [...others, part2.set] }
  }
  if ("scatter" in part2) {
    if (self.scatter !== void 0) throw new TypeError("'parts' is already declared by this spec")
    return { ...self, scatter: part2.scatter }
  }
  if ("splits" in part2) return { ...self, splitCoalesced: true }
  if ("backpressure" in part2) return { ...self, backpressure: part2.backpressure }
  return "limit" in part2 ? { ...self, maximumDatagramSize: part2.limit } : { ...self, truncation: part2.truncation }
}
var isList = (parts) => Array.isArray(parts)
var partsOf = (name, given) => {
  const { parts } = record(name, given)
  if (!isList(parts))
    throw new TypeError(`${name}: ${Codec_exports.format(given)} is not a combinator. Give one: withHopLimit().`)
  return parts
}
var combinator = (parts) => Object.assign((self) => makeSpec(parts.reduce(apply, self)), { parts })
var declare = (message, feature2, options) => {
  const direction = options?.direction ?? "both"
  const isDirection = direction === "both" || direction === "receive" || direction === "send"
  return combinator([
    {
      declare: {
        message,
        feature: feature2,
        direction: isDirection ? direction : "both",
        optional: false,
        maximumBytes: options?.maximumBytes,
        invalid: isDirection
          ? options?.invalid
          : `${Codec_exports.format(direction)} is not a direction: give "receive" or "send", or leave it out`
      }
    }
  ])
}
var directed = (message, name) => (options) =>
  options === void 0
    ? declare(message, `${name}()`)
    : declare(message, written(name, record(name, options)), { direction: options.only })
var combine = (...parts) => combinator(parts.flatMap((part2) => partsOf("Datagram.combine", part2)))

// packages/effect3/dist/OptionKind.js
import * as Option3 from "effect/Option"
var option = shapeOf({
  some: Option3.some,
  none: Option3.none(),
  get: (maybe) => (Option3.isOption(maybe) ? Option3.getOrUndefined(maybe) : maybe)
})

// packages/effect3/dist/Datagram.js
var ipv42 = make6("ipv4")
var ipv6 = make6("ipv6")
var dual = make6("dual")
var unix = make6("unix")
var icmp4 = make6("ipv4", "icmp")
var icmp6 = make6("ipv6", "icmp")
var bind = (spec2, at) => opening("Datagram.bind", (driver5) => bound(openBound(by(driver5), spec2, at)))
var client = (spec2) => opening("Datagram.client", (driver5) => bound(openClient(by(driver5), spec2)))
var bound = (opened) => {
  const core = orFailure(opened)
  return isFailure(core) ? core : { sockets: [core], make: () => makeSocket(core) }
}
var by = (driver5) => ({ driver: driver5, maybe: option })
var adopt3 = (spec2, descriptor2) =>
  opening("Datagram.adopt", (driver5) => {
    const core = orFailure(openAdopted(by(driver5), spec2, descriptor2))
    return isFailure(core) ? core : { sockets: [core], make: () => makeAdopted(core) }
  })
var pair2 = (spec2) =>
  opening("Datagram.pair", (driver5) => {
    const sockets = orFailure(openPairOf(by(driver5), spec2))
    if (isFailure(sockets)) return sockets
    const [first, second] = sockets
    const nobody = new UnixEndpoint(void 0)
    const make7 = () => [makeConnected(first, nobody), makeConnected(second, nobody)]
    return { sockets, make: make7 }
  })
var connect2 = (spec2, peer, options) =>
  opening("Datagram.connect", (driver5) => {
    const core = orFailure(openConnected(by(driver5), spec2, peer, options))
    return isFailure(core) ? core : { sockets: [core], make: () => makeConnected(core, core.peer) }
  })
var reply = (socket, asked, data2) => {
  const given = answer2(socket, asked, data2)
  if (isRefusal(given)) return fail2(given)
  const sent2 = socket.send(given)
  return Effect12.isEffect(sent2) ? sent2 : fail2(notASocket())
}
var tryReply = (socket, asked, data2) => {
  const given = answer2(socket, asked, data2)
  return isRefusal(given) ? Either3.left(errorOf(given)) : socket.trySend(given)
}
var answer2 = (socket, asked, data2) => {
  if (!isSender(socket)) return notASocket()
  return replyOf({ socket: engineSocketOf(socket), localAddress: socket.localAddress }, asked, data2)
}
var isSender = (socket) => {
  try {
    const { send: send2, trySend: trySend2 } = socket
    return typeof send2 === "function" && typeof trySend2 === "function"
  } catch {
    return false
  }
}
var isRefusal = (given) => "syscall" in given
var explain3 = (spec2, abi) => explain2(compile(spec2, abi))

// packages/effect3/dist/node/NodeSockets.js
var NodeSockets_exports = {}
__export(NodeSockets_exports, {
  driver: () => driver4,
  layer: () => layer
})
var driver4 = DatagramSockets.driver(systemDriver)
var layer = DatagramSockets.layer(driver4, [])

// packages/engine/dist/spec/combinators/messages.js
var withPktInfo = directed(PktInfo, "withPktInfo")
var withHopLimit = directed(HopLimit, "withHopLimit")
var withEcn = directed(Ecn, "withEcn")
var withDscp = directed(Dscp, "withDscp")
var withTrafficClass = directed(TrafficClass, "withTrafficClass")
var withFlowLabel = directed(FlowLabel, "withFlowLabel")
var withMark = directed(Mark, "withMark")
var withPriority = directed(Priority, "withPriority")
var withIpOptions = directed(IpOptions, "withIpOptions")

// packages/bench/dist/start/sub3.js
import * as Effect13 from "effect/Effect"

// packages/bench/dist/start/report.js
var report = () => {
  const { maxRSS, minorPageFault, systemCPUTime, userCPUTime } = process.resourceUsage()
  const values = [(userCPUTime + systemCPUTime) * 1e3, performance.now() * 1e6, minorPageFault, maxRSS * 1024]
  process.stdout.write(
    `${values.join(" ")}
`,
    () => process.exit(0)
  )
}

// packages/bench/dist/start/sub3.js
var spec = Datagram_exports.ipv4.pipe(withPktInfo(), withHopLimit())
var program = Effect13.gen(function* () {
  yield* Datagram_exports.bind(spec, { address: "127.0.0.1", port: 0 })
  report()
  return yield* Effect13.never
})
await Effect13.runPromise(program.pipe(Effect13.scoped, Effect13.provide(NodeSockets_exports.layer)))
