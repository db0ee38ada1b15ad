/**
 * The order of test files: a tier that takes longest starts first, so that no worker of vitest is alone with it at the end. The files of a project
 * follow each other, because they share processes. The last ones have the shortest files.
 */
import { statSync } from "node:fs"
import { BaseSequencer, type TestSpecification } from "vitest/node"
import { tiers } from "../../vitest.workspace.ts"

const projects = ["posix", "rest", "effect", "rest/slow", "effect/slow", "rest/leaks", "posix/leaks", "posix/slow"]

const rank = ({ moduleId, project }: TestSpecification): number =>
  projects.indexOf(project.name) * tiers.length + tiers.findIndex((tier) => moduleId.endsWith(`.${tier}.test.ts`))

const size = ({ moduleId }: TestSpecification): number => statSync(moduleId).size

export class Order extends BaseSequencer {
  override async sort(files: Array<TestSpecification>): Promise<Array<TestSpecification>> {
    const sorted = [...files]
    sorted.sort((a, b) => rank(a) - rank(b) || size(b) - size(a))
    return sorted
  }
}
