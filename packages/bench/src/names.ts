/**
 * The names that candidates and figures share.
 */

export const dgram = "node:dgram"
export const face = "@ancillary/dgram"
export const cBatched = "C, 64 a call"
export const cSingle = "C, one a call"
export const goBatched = "Go x/net, 64 a call"
export const engineAlone = "the engine, without Effect"
