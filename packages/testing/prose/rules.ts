/** The rules of plain English that a program can check (CONTRIBUTING.md, "English"). */
import { code, type Text } from "./texts.ts"

export const maximumWords = 30
export const maximumTitle = 80

export interface Problem {
  readonly rule: "opener" | "phrase" | "speech" | "sentence length" | "title length"
  readonly line: number
  readonly text: string
}

const openers = /^["'(]?(?:What|Who|Whose|Where|The same)\b(?!.*\?$)/
const phrases =
  /\b(?:nobody|somebody|there and then|at the (?:most|least)|of one's own|is none\b|wants? (?:a|the) privilege)/i

/** Nouns that cannot speak, and the pronouns that stand for them. */
const machine = [
  "addresse?s?|answers?|batch(?:es)?|bits?|buffers?|bytes?|callbacks?|calls?|cards?|cases?|codes?|commands?|compilers?|counters?|datagrams?",
  "descriptors?|drivers?|errors?|events?|fields?|flags?|functions?|handlers?|headers?|hosts?|interfaces?|kernels?|layers?|libraries|library",
  "lines?|lists?|loops?|macros?|messages?|names?|networks?|numbers?|options?|packets?|peers?|platforms?|plans?|ports?|processes|process|programs?",
  "reports?|results?|routers?|routes?|rows?|servers?|sockets?|specs?|stamps?|streams?|structures?|suites?|systems?|tables?|tests?|threads?|titles?",
  "types?|values?|vectors?|versions?|workers?|Darwin|Effect|ICMP|Koffi|koffi|Linux|Node|TypeScript|Unix|Windows|Wine|Winsock|glibc|libc|macOS",
  `musl|vitest|it|that|they|this|which|nothing|neither|${code}`
].join("|")
const between =
  "also|already|alone|always|cannot|can|could|did|do|does|has|have|itself|may|might|must|never|not|often|only|shall|should|still|that|then|which|will|would"
const verbs = "says?|said|tells?|told"
const speech = new RegExp(
  `(?<![\\w])(?:${machine})(?:\\s+(?:${between}))*\\s+(?:${verbs})(?!\\w)|\\b(?:is|are|was|were|be|been|being|not|never)\\s+(?:said|told)\\b|\\b(?:said|told)\\s+by\\b`
)

/** Ends that are no end of a sentence. */
const abbreviations = /\b(?:e\.g|i\.e|etc|vs|cf|no)\.(?=\s)/gi

export const sentences = (text: string): ReadonlyArray<string> =>
  text
    .replaceAll(abbreviations, (found) => found.slice(0, -1))
    .split(/(?<=[.!?]["')\]]?)\s+/)
    .filter((sentence) => sentence !== "")

export const wordsOf = (text: string): ReadonlyArray<string> =>
  text.match(/⟨code⟩|[\p{L}\p{N}_][\p{L}\p{N}_'’.-]*/gu) ?? []

export const problemsOf = ({ kind, line, text }: Text): ReadonlyArray<Problem> => {
  const found: Array<Problem> = []
  const add = (rule: Problem["rule"], at: string) => found.push({ rule, line, text: at })
  if (kind === "title" && text.length > maximumTitle) add("title length", text)
  for (const sentence of sentences(text)) {
    // A title goes on after its subject, so its first letter is small.
    const opener = kind === "title" ? sentence.replace(/^./, (letter) => letter.toUpperCase()) : sentence
    if (openers.test(opener)) add("opener", sentence)
    if (phrases.test(sentence)) add("phrase", sentence)
    if (speech.test(sentence)) add("speech", sentence)
    if (kind !== "title" && wordsOf(sentence).length > maximumWords) add("sentence length", sentence)
  }
  return found
}
