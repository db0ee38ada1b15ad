/** Every function that a package exports, by name, including those of its namespaces, its classes and their members. */
export type AnyFunction = (...args: ReadonlyArray<unknown>) => unknown

const isNamespace = (value: unknown): value is object => Object.prototype.toString.call(value) === "[object Module]"

const isClass = (value: unknown): boolean =>
  typeof value === "function" && Function.prototype.toString.call(value).startsWith("class")

/** Own static members of a class, and members of its instances. */
const membersOf = (name: string, each: AnyFunction): ReadonlyArray<readonly [string, AnyFunction]> => {
  const statics = Object.getOwnPropertyNames(each).flatMap((key) => {
    const value: unknown = Object.getOwnPropertyDescriptor(each, key)?.value
    return typeof value === "function" ? [[`${name}.${key}`, value as AnyFunction] as const] : []
  })
  const { prototype } = each as unknown as { readonly prototype: object }
  const methods = Object.getOwnPropertyNames(prototype).flatMap((key) => {
    const value: unknown = Object.getOwnPropertyDescriptor(prototype, key)?.value
    return key !== "constructor" && typeof value === "function"
      ? [[`${name}#${key}`, value as AnyFunction] as const]
      : []
  })
  return [[`new ${name}`, each], ...statics, ...methods]
}

export const functionsOf = (module: object, prefix: string): ReadonlyArray<readonly [string, AnyFunction]> =>
  Object.entries(module).flatMap(([key, value]: readonly [string, unknown]) => {
    const name = `${prefix}${key}`
    if (isNamespace(value)) return functionsOf(value, `${name}.`)
    if (typeof value !== "function") return []
    return isClass(value) ? membersOf(name, value as AnyFunction) : [[name, value as AnyFunction] as const]
  })
