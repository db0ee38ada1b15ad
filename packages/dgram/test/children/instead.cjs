/** Replaces `node:dgram` by our package, for programs that load it by `require`. */
const Module = require("node:module")
const ours = require("@ancillary/dgram")

const load = Module._load
Module._load = function (request, ...rest) {
  return /^(?:node:)?dgram$/.test(request) ? ours : Reflect.apply(load, this, [request, ...rest])
}
