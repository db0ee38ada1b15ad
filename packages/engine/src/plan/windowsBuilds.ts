/** What one build of a system breaks, though it takes every call that asks for it: known by the build's number alone. */
import { Coalescing, HopLimit, isUnsupported, Segmentation, TrafficClass } from "@ancillary/control"
import type { Plan, PlannedOption } from "./Plan.ts"
import { families } from "../spec/families.ts"

/**
 * Winsock: on Windows Server 2022 receiving the TTL or the class byte breaks what the kernel merges (URO) and cuts (USO). microsoft/msquic does
 * without them on exactly this build (pull requests 4602 for the TTL, 5130 for the class; datapath_winuser.c).
 */
const breaksOffload = 20348

/** What asks for the header fields that break merging and cutting on that build: as the program wrote it, none elsewhere. */
const breaking = ({ abi, family, options }: Plan, build: number | undefined): ReadonlyArray<string> => {
  if (abi.platform !== "winsock" || build !== breaksOffload) return []
  // By option: ECN, DSCP and the class share one, and so may a message of the program's own.
  const requests = [HopLimit, TrafficClass].flatMap((message) =>
    families(family).flatMap((each) => {
      const cell = message.cell(abi.platform, each)
      return isUnsupported(cell) ? [] : cell.request
    })
  )
  const asks = (planned: PlannedOption) =>
    requests.some(
      (request) =>
        "option" in planned &&
        "option" in request &&
        planned.level === request.level &&
        planned.option === request.option
    )
  return [...new Set(options.filter(asks).flatMap(({ requestedBy }) => requestedBy.map(({ feature }) => feature)))]
}

/** Whether a payload that leaves in segments is better not cut by the kernel. */
export const breaksSegments = (plan: Plan, build: number | undefined): boolean => breaking(plan, build).length > 0

/** The plan on a build: what that breaks beside the rest is declined where it is optional, and refused where it is not. */
export const onBuild = (plan: Plan, build: number | undefined): Plan => {
  const by = breaking(plan, build)
  if (by.length === 0) return plan
  const broken = new Map(
    [...plan.receiveEntries, ...plan.sendEntries]
      .map(({ declaration }) => [declaration.message.key, declaration] as const)
      .filter(([key]) => key === Coalescing.key || key === Segmentation.key)
  )
  const names = by.join(", ")
  const why = `build ${build} of Windows (Server 2022) breaks it where ${names} is received, says microsoft/msquic`
  const remedy = ({ feature }: { readonly feature: string }) =>
    `Leave out either there, or declare withOptional(${feature})`
  const all = [...broken.values()]
  return {
    ...plan,
    options: plan.options.filter(
      ({ requestedBy }) => !requestedBy.every(({ key }) => key !== undefined && broken.has(key))
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
