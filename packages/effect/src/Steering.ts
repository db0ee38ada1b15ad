/**
 * Keys by which Linux steers the datagrams of a shared port to its sockets. The functions that encode them are `Steering` of
 * `@ancillary/control`.
 *
 * @since 0.1.0
 */
export { indexOf, type Steering } from "@ancillary/control/Steering"
