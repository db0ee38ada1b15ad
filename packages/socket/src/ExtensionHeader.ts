/**
 * Types of received IPv6 extension headers, so that a program can name them. The functions that read and build headers are
 * `ExtensionHeader` of `@ancillary/control`.
 *
 * @since 0.1.0
 */
export type * from "@ancillary/control/ExtensionHeader"
