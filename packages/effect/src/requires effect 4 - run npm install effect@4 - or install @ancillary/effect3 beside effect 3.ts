/**
 * The modules that Effect 4 has and Effect 3 lacks. The other modules of this package import them from here, and none
 * imports them itself. The module of errors imports one more from here, so that every module that may fail is linked with this one.
 *
 * Beside Effect 3, Node cannot link this package. Its error then names this file, whose name contains the remedy. Node links every module before it
 * runs the first, so no check of this package could run earlier.
 */
export * as Result from "effect/Result"
export * as Data from "effect/Data"
