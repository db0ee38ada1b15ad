export type { InterfaceChange } from "@ancillary/engine/driver/interfaceChanges"
