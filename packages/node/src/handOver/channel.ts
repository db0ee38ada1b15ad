/** The Unix socket by which a program hands its sockets to its successor. */
import { lstatSync, renameSync, unlinkSync } from "node:fs"
import { Descriptor, type UnixEndpoint } from "@ancillary/control"
import type { Driver } from "@ancillary/engine/driver/Driver"
import type { DatagramBindError, DatagramUnsupportedError } from "@ancillary/engine/errors/DatagramError"
import { OpenSocket, openBound, ReceivedDatagram, SendQueue } from "@ancillary/engine/socket"
import { withCredentials, withRights } from "@ancillary/engine/spec/combinators/unix"
import { orUndefined } from "@ancillary/engine/spec/Maybe"
import { make, withOptional } from "@ancillary/engine/spec/Spec"

/** Descriptors of one datagram (`SCM_MAX_FD`). */
export const maximumSockets = 253
const greeting = "ancillary hand-over 1"

/** The words of both ends. `sockets` is followed by a name per descriptor. */
export type Word = "take" | "sockets" | "ready" | "refused" | "over" | "serving"

export interface Letter {
  readonly word: Word
  readonly names: ReadonlyArray<string>
  readonly rights: ReadonlyArray<Descriptor>
  /** Path of the sender. */
  readonly from: string
}

const spec = make("unix").pipe(
  withRights({ maximum: maximumSockets }),
  withOptional(withCredentials({ only: "receive" }))
)

export class Channel {
  /** Path at which successors ask. */
  readonly path: string
  readonly #own: string
  readonly #socket: OpenSocket
  #listens = false
  /** Gets each letter before the next one is read. */
  onLetter: (letter: Letter) => void = () => {}

  private constructor(path: string, own: string, socket: OpenSocket) {
    this.path = path
    this.#own = own
    this.#socket = socket
  }

  /** Binds a socket beside the path, because a predecessor may have the path. */
  static open(driver: Driver, path: string): Channel | DatagramBindError | DatagramUnsupportedError {
    const own = `${path}.${process.pid}`
    const socket = openBound({ driver, maybe: orUndefined }, spec, { path: own })
    return socket instanceof OpenSocket ? new Channel(path, own, socket) : socket
  }

  /** Starts to read. */
  read(): void {
    const read = (closed: boolean): void => {
      if (closed) return
      const due = this.#socket.due()
      if (due !== undefined) return void this.#socket.wait(due, read)
      const taken = this.#socket.tryReceive(1)
      if ("syscall" in taken) return
      for (const outcome of taken) {
        const letter = outcome instanceof ReceivedDatagram ? letterOf(outcome) : undefined
        if (letter !== undefined) this.onLetter(letter)
      }
      if (!this.#socket.closed) this.#socket.onReadable(read)
    }
    this.#socket.onReadable(read)
  }

  /** Sends a letter. Returns the code of the error if it was not sent: `ENOENT` or `ECONNREFUSED` if no program has the path. */
  send(
    to: string,
    word: Word,
    sockets: ReadonlyArray<{ readonly name: string; readonly descriptor: number }> = []
  ): string | undefined {
    const data = Buffer.from([greeting, word, ...sockets.map(({ name }) => name)].join("\n"))
    return this.#send(
      to,
      data,
      sockets.map(({ descriptor }) => descriptor)
    )
  }

  /** Sends an empty datagram, which every program ignores. Returns the code of the error as `send` does. */
  probe(to: string): string | undefined {
    return this.#send(to, Buffer.alloc(0), [])
  }

  #send(to: string, data: Uint8Array, rights: ReadonlyArray<number>): string | undefined {
    const sent = this.#socket.trySend({ data, to: { path: to }, control: rights.length === 0 ? {} : { rights } })
    if (!(sent instanceof SendQueue)) return sent?.code
    while (sent.run() !== undefined) sent.failBlocked()
    return sent.failed[0]?.error.code
  }

  /** Gives the socket the path, in one step, also if a file of a program that ended is there. */
  listen(): string | undefined {
    try {
      renameSync(this.#own, this.path)
      this.#listens = true
      return undefined
    } catch (cause) {
      return cause instanceof Error ? cause.message : String(cause)
    }
  }

  close(keepsPath: boolean): void {
    const inode = keepsPath || !this.#listens ? undefined : inodeOf(this.path)
    this.#socket.close()
    if (inode !== undefined && inode === inodeOf(this.path)) unlink(this.path)
  }
}

const inodeOf = (path: string): bigint | undefined => lstatSync(path, { bigint: true, throwIfNoEntry: false })?.ino

const unlink = (path: string): void => {
  try {
    unlinkSync(path)
  } catch {
    // The next program replaces the file.
  }
}

/** Reads a letter of the same user, or of root. Descriptors of others are closed at the next read. */
const letterOf = ({ control, data, from }: ReceivedDatagram): Letter | undefined => {
  const { credentials, rights } = control as {
    readonly credentials?: { readonly uid: number } | undefined
    readonly rights: ReadonlyArray<Descriptor>
  }
  if (credentials !== undefined && credentials.uid !== 0 && credentials.uid !== process.getuid?.()) return undefined
  const [version, word, ...names] = Buffer.from(data).toString().split("\n")
  const { path } = from as UnixEndpoint
  if (version !== greeting || path === undefined || !isWord(word)) return undefined
  return { word, names, rights, from: path }
}

const words: ReadonlySet<string> = new Set<Word>(["take", "sockets", "ready", "refused", "over", "serving"])
const isWord = (word: string | undefined): word is Word => word !== undefined && words.has(word)
