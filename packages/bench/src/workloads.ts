/**
 * All workloads, in the order of their tables: what a user feels first, then batches.
 */
import type { Workload } from "./workload.ts"
import { allocation } from "./workload/allocation.ts"
import { bulkReceive, bulkSend } from "./workload/bulk.ts"
import { calls } from "./workload/calls.ts"
import { dgramPatterns } from "./workload/dgramPatterns.ts"
import { draining } from "./workload/draining.ts"
import { echo } from "./workload/echo.ts"
import { echoCalls } from "./workload/echoCalls.ts"
import { echoCeiling } from "./workload/echoCeiling.ts"
import { echoOne } from "./workload/echoOne.ts"
import { echoFlood } from "./workload/echoFlood.ts"
import { fairness } from "./workload/fairness.ts"
import { fanOut, fanOutReplay } from "./workload/fanOut.ts"
import { hostile } from "./workload/hostile.ts"
import { idle } from "./workload/idle.ts"
import { memory } from "./workload/memory.ts"
import { openClose } from "./workload/openClose.ts"
import { pingPongs } from "./workload/pingPong.ts"
import { replay } from "./workload/replay.ts"
import { start } from "./workload/start.ts"
import { systemCalls } from "./workload/systemCalls.ts"
import { wakeups } from "./workload/wakeups.ts"
import { workers } from "./workload/workers.ts"

export const workloads: ReadonlyArray<Workload> = [
  echo,
  echoOne,
  echoFlood,
  echoCeiling,
  echoCalls,
  ...pingPongs,
  ...dgramPatterns,
  wakeups,
  openClose,
  start,
  idle,
  workers,
  ...draining,
  replay,
  fanOut,
  fanOutReplay,
  bulkSend,
  bulkReceive,
  hostile,
  fairness,
  memory,
  allocation,
  calls,
  systemCalls
]
