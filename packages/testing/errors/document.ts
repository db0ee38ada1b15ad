/** The errors as a document: each code of the table with its cause and its remedy. */
import { type Cause, causes, type Situation, unknownCause } from "@ancillary/engine/errors/causes"
import { table } from "../catalogue/table.ts"
import { refusals } from "./refusals.ts"

interface Section {
  readonly situation: Situation
  readonly title: string
  /** The errors that have these causes. */
  readonly errors: string
  /** The first sentence of the message. */
  readonly what: string
}

const sections: ReadonlyArray<Section> = [
  {
    situation: "open",
    title: "Opening, binding and connecting a socket",
    errors: "`DatagramBindError`",
    what: "`Binding to 127.0.0.1:5300`, `Connecting to …`, `Setting …`, `Opening the socket`, `Adopting descriptor …`"
  },
  {
    situation: "unix",
    title: "Binding and connecting a Unix socket",
    errors: "`DatagramBindError`",
    what: "`Binding to /run/a.sock`, `Connecting to /run/a.sock`"
  },
  {
    situation: "ping",
    title: "Opening a ping socket",
    errors: "`DatagramBindError`",
    what: "`Datagram.ping: opening the socket`"
  },
  {
    situation: "option",
    title: "Setting and getting an option",
    errors: "`DatagramOptionError`, and `DatagramBindError` while a socket is opened",
    what: "`Setting SO_RCVBUF`, `Getting SO_RCVBUF`, `Setting withReceiveBufferSize(…)`"
  },
  {
    situation: "membership",
    title: "Joining and leaving a group",
    errors: "`DatagramMembershipError`",
    what: "`Joining 239.1.2.3 on interface 2`, `Leaving …`, `Blocking … in …`"
  },
  {
    situation: "send",
    title: "Sending",
    errors: "`DatagramSendError`",
    what: "`Sending 100 bytes to 192.0.2.1:5300`"
  },
  {
    situation: "receive",
    title: "Receiving",
    errors: "`DatagramReceiveError`",
    what: "`Receiving`"
  },
  {
    situation: "interfaces",
    title: "Listing the interfaces",
    errors: "`DatagramInterfaceError`",
    what: "`Listing the interfaces`"
  }
]

/** The parts of a key of the table. */
const partsOf = (key: string): { readonly call: string; readonly code: string; readonly when: string } => {
  const [, call = "", code = "", when = ""] = /^(?:(\w+) )?(\w+|\*)(?:, (.+))?$/.exec(key) ?? []
  if (code === "") throw new Error(`${key} is not a key: [call ]CODE[, case]`)
  return { call, code, when }
}

const entriesOf = (situation: Situation): ReadonlyArray<readonly [string, Cause<string>]> =>
  Object.entries<Cause<string>>(causes[situation])

/** A value that the message has in this place. */
const cell = (text: string): string => text.replaceAll(/\{(\w+)\}/g, "…")

const sectionOf = ({ errors, situation, title, what }: Section): ReadonlyArray<string> => {
  const rows = entriesOf(situation).map(([key, [reason, cause, remedy]]) => {
    const { call, code, when } = partsOf(key)
    return [
      call === "" ? "any" : `\`${call}\``,
      code === "*" ? "any" : `\`${code}\``,
      when,
      `\`${reason}\``,
      `${cell(cause)}.`,
      `${cell(remedy)}.`
    ]
  })
  return [
    `## ${title}`,
    "",
    `${errors}. The message begins with ${what}.`,
    "",
    ...(rows.length === 0
      ? ["No code has a cause of its own.", ""]
      : [...table(["Call", "Code", "Case", "Reason", "Cause", "Remedy"], rows)])
  ]
}

/** Escapes the characters that Markdown would read as markup. */
const literal = (text: string): string => text.replaceAll("|", "\\|").replaceAll("<", "\\<").replaceAll("\n", " ")

/** docs/errors.md. */
export const render = (): string =>
  [
    "# Errors",
    "",
    "Made by `npm run errors` from `packages/engine/src/errors/causes.ts`. Change that file instead of this one.",
    "",
    "The message of a failed call has four parts: the failed action, the fault, the cause and the remedy.",
    "",
    "```",
    "Binding to 127.0.0.1:5300 failed (bind: EADDRINUSE 98). Another socket has this address. Choose another port, …",
    "```",
    "",
    "The fault is the system call, its code and its number on the platform. Winsock puts `WSA` before most codes.",
    "",
    `For a code that is not listed the reason is \`${unknownCause[0]}\`, and the message ends: ${unknownCause[1]}. ${unknownCause[2]}.`,
    "",
    ...sections.flatMap(sectionOf),
    "## Errors without a system call",
    "",
    ...table(
      ["Code", "Reason", "Cause", "Remedy"],
      [
        [
          "`INVALID`",
          "`InvalidArgument`, `Unsupported`, `MessageTooLarge`, `UnknownName`, `UnknownIndex`",
          "An argument was refused before any call. The message begins with the argument.",
          "See [refused arguments](#refused-arguments)."
        ],
        ["`CLOSED`", "`Closed`", "The scope of the socket has ended.", "Bind another socket."],
        [
          "`WOULDBLOCK`",
          "`WouldBlock`",
          "The send buffer is full, and the sender does not wait.",
          "Send it again later, drop it, or wait for room."
        ]
      ]
    ),
    "## Refused arguments",
    "",
    "Texts of the messages of `INVALID`, by the module that refuses, read from the sources. `…` is a value of the program.",
    "Without a remedy of its own: give a value that the rule allows.",
    "",
    ...table(
      ["Module", "Rule", "Remedy"],
      refusals().map(({ module, remedy, rule }) => [`\`${module}\``, literal(rule), literal(remedy)])
    )
  ].join("\n")
