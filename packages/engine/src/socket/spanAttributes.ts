import type { Endpoint, Family } from "@ancillary/control"

/**
 * Attributes of a span about an endpoint, by the names of OpenTelemetry.
 *
 * @see https://opentelemetry.io/docs/specs/semconv/registry/attributes/network/
 * @category sockets
 * @since 0.1.0
 */
export const spanAttributes = (
  side: "local" | "peer",
  endpoint: Endpoint<Family>
): { readonly [name: string]: string | number } =>
  endpoint.family === "unix"
    ? { "network.transport": "unix", [`network.${side}.address`]: String(endpoint) }
    : {
        [`network.${side}.address`]: String(endpoint.address),
        [`network.${side}.port`]: endpoint.port
      }
