/** Compares the names of tests before and after, with renames. A name is `path > suite > … > title`. */

/** A rename of one part of a name, of several parts in a row, or of a path. `*` stands for any text, which is kept. */
export interface Rename {
  readonly line: string
  readonly from: RegExp
  readonly to: string
}

const between = " → "

/** Reads lines `old → new`. Empty lines and lines that begin with `#` are comments. */
export const parseRenames = (text: string): ReadonlyArray<Rename> =>
  text
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => {
      const at = line.indexOf(between)
      if (at < 0) throw new Error(`This line has no "${between.trim()}": ${line}. Write: old → new.`)
      const pattern = line
        .slice(0, at)
        .split("*")
        .map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&"))
        .join("(.*?)")
      // Whole parts of a name, so that a short title is not found within another.
      return { line, from: new RegExp(`(?<=^| > )${pattern}(?= > |$)`, "g"), to: line.slice(at + between.length) }
    })

/** Applies every rename to a name, in the order of the lines. */
const renamed = (name: string, renames: ReadonlyArray<Rename>, used: Set<Rename>): string =>
  renames.reduce(
    (name, rename) =>
      name.replace(rename.from, (_, ...groups: Array<unknown>) => {
        used.add(rename)
        const texts = groups.filter((group) => typeof group === "string")
        return rename.to.replaceAll("*", () => texts.shift() ?? "*")
      }),
    name
  )

/** Returns how many tests have each name: two tests may share one. */
const counted = (names: ReadonlyArray<string>): Map<string, number> => {
  const counts = new Map<string, number>()
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1)
  return counts
}

const without = (names: ReadonlyArray<string>, others: ReadonlyArray<string>): ReadonlyArray<string> => {
  const left = counted(others)
  return names.filter((name) => {
    const count = left.get(name) ?? 0
    left.set(name, count - 1)
    return count <= 0
  })
}

/** Returns the tests that are lost, by their names after the renames, those that are new, and the renames that no test has. */
export const compare = (
  before: ReadonlyArray<string>,
  now: ReadonlyArray<string>,
  renames: ReadonlyArray<Rename>
): {
  readonly lost: ReadonlyArray<string>
  readonly added: ReadonlyArray<string>
  readonly unused: ReadonlyArray<string>
} => {
  const used = new Set<Rename>()
  const expected = before.map((name) => renamed(name, renames, used))
  return {
    lost: without(expected, now),
    added: without(now, expected),
    unused: renames.filter((rename) => !used.has(rename)).map(({ line }) => line)
  }
}

/** Pairs lost tests with new ones that differ in one part, and returns a line of each such pair. */
export const suggest = (lost: ReadonlyArray<string>, added: ReadonlyArray<string>): ReadonlyArray<string> => {
  const lines = new Set<string>()
  const left = new Set(added)
  for (const name of lost) {
    const parts = name.split(" > ")
    for (const other of left) {
      const others = other.split(" > ")
      if (others.length !== parts.length) continue
      const different = parts.flatMap((part, index) => (part === others[index] ? [] : [index]))
      const [index] = different
      if (different.length !== 1 || index === undefined) continue
      left.delete(other)
      lines.add(`${parts[index]}${between}${others[index]}`)
      break
    }
  }
  return [...lines]
}
