import type { Plan } from "./Plan.ts"

/**
 * Caches a result that is compiled from a plan, for all sockets that share the plan. The result may keep scratch space, because calls on
 * this path never overlap.
 */
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
