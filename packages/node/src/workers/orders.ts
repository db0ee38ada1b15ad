/**
 * The channel between a server in several processes and its workers. Both ends have the same version. Messages are cloned as structures, so that
 * counters stay bigints.
 */

/**
 * An address and a port, as both sides write them.
 *
 * @category models
 * @since 0.1.0
 */
export interface At {
  readonly address: string
  readonly port: number
}

/**
 * Counters of a socket, by name, with nested groups.
 *
 * @category models
 * @since 0.1.0
 */
export interface Counters {
  readonly [name: string]: bigint | Counters
}

/**
 * Values that a worker begins with.
 *
 * @category models
 * @since 0.1.0
 */
export interface Begin {
  readonly at: At
  /** The descriptor of the socket that was passed. Absent: the worker binds a socket of its own. */
  readonly descriptor: number | undefined
  /** Maximum number of running handlers. */
  readonly concurrency: number | undefined
  /** Milliseconds that handlers have to finish at the end. */
  readonly shutdown: number
}

/**
 * A worker that serves: its endpoint and its first counters.
 *
 * @category models
 * @since 0.1.0
 */
export interface Began {
  readonly at: At
  readonly counters: Counters
}

/** `begin`: serve. `count`: report the counters. `stop`: read no more, let handlers finish, and report the counters. */
export type Order =
  | { readonly order: "begin"; readonly begin: Begin }
  | { readonly order: "count" }
  | { readonly order: "stop" }

/** A worker could not begin. */
export interface Failed {
  readonly failure: string
}

/** The answer to each order. */
export interface Answers {
  readonly begin: Began | Failed
  readonly count: Counters
  readonly stop: Counters
}

/** The key tells these messages apart from those of the program, which may use the same channel. */
export interface Ordered {
  readonly ancillaryOrder: number
  readonly order: Order
}

/** The answer to the order of the same number. */
export interface Answered {
  readonly ancillaryAnswer: number
  readonly answer: Answers[keyof Answers]
}

const hasKey = (value: unknown, key: string): boolean =>
  typeof value === "object" && value !== null && Object.hasOwn(value, key)

export const isOrdered = (value: unknown): value is Ordered => hasKey(value, "ancillaryOrder")

export const isAnswered = (value: unknown): value is Answered => hasKey(value, "ancillaryAnswer")

export const isFailed = (value: object): value is Failed => hasKey(value, "failure")
