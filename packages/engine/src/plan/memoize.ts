import type { Plan } from "./Plan.ts"

/** What is compiled from a plan, once for all sockets that share it. It may keep scratch space: one call at a time, as everything on this path. */
export const oncePerPlan = <A>(compile: (plan: Plan) => A): ((plan: Plan) => A) => {
  const compiled = new WeakMap<Plan, { readonly value: A }>()
  return (plan) => {
    const known = compiled.get(plan)
    if (known !== undefined) return known.value
    const value = compile(plan)
    compiled.set(plan, { value })
    return value
  }
}
