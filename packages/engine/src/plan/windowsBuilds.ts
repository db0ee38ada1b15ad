/** Defects of single Windows builds that accept the calls concerned. Only the build number identifies them. */
import { Coalescing, HopLimit, isUnsupported, Segmentation, TrafficClass } from "@ancillary/control"
import type { Plan, PlannedOption } from "./Plan.ts"
import { families } from "../spec/families.ts"

/**
 * Winsock: on Windows Server 2022, receiving the TTL or the class byte breaks receive coalescing (URO) and segmentation offload (USO).
 * microsoft/msquic avoids them on exactly this build (pull requests 4602 for the TTL, 5130 for the class; datapath_winuser.c).
 */
const breaksOffload = 20348

/** The combinators, as the program wrote them, that request the header fields which break URO and USO. Empty on every other build. */
const breaking = ({ abi, family, options }: Plan, build: number | undefined): ReadonlyArray<string> => {
  if (abi.platform !== "winsock" || build !== breaksOffload) return []
  // Compared by option, because ECN, DSCP and the class share one, and a message of the program may use it too.
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

/** True if the kernel should not split a payload into segments. */
export const breaksSegments = (plan: Plan, build: number | undefined): boolean => breaking(plan, build).length > 0

/** Adapts a plan to a Windows build. A message that the build breaks is declined if it is optional, and refused otherwise. */
export const onBuild = (plan: Plan, build: number | undefined): Plan => {
  const by = breaking(plan, build)
  if (by.length === 0) return plan
  const broken = new Map(
    [...plan.receiveEntries, ...plan.sendEntries]
      .map(({ declaration }) => [declaration.message.key, declaration] as const)
      .filter(([key]) => key === Coalescing.key || key === Segmentation.key)
  )
  const names = by.join(", ")
  const why = `build ${build} of Windows (Server 2022) breaks it if ${names} is received (microsoft/msquic)`
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
