/**
 * The modules that Effect 3 has and Effect 4 lacks. The other modules of this package import them from here, and none
 * imports them itself. The module of errors imports one more from here, so that every module that may fail is linked with this one.
 *
 * Beside Effect 4, Node cannot link this package. Its error then names this file, whose name contains the remedy. Node links every module before it
 * runs the first, so no check of this package could run earlier.
 */
export * as DefaultServices from "effect/DefaultServices"
export * as Either from "effect/Either"
export * as ExecutionStrategy from "effect/ExecutionStrategy"
export * as FiberId from "effect/FiberId"
export * as FiberRef from "effect/FiberRef"
export * as FiberRefs from "effect/FiberRefs"
export * as MetricBoundaries from "effect/MetricBoundaries"
export * as MetricLabel from "effect/MetricLabel"
export * as RuntimeFlags from "effect/RuntimeFlags"
export * as Utils from "effect/Utils"
export * as Data from "effect/Data"
