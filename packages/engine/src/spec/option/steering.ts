/**
 * Option that steers the datagrams of a shared port to its sockets.
 *
 * @since 0.1.0
 */
import { type Capability, type Internet, Steering } from "@ancillary/control"
import * as Linux from "@ancillary/control/platform/linux"
import { internet } from "./cells.ts"
import { define } from "./definition.ts"

/**
 * Key by which Linux steers the datagrams of a port that several sockets share. Set it on a bound socket with `SO_REUSEPORT`. It applies to
 * all sockets of the port, and replaces the key of before.
 *
 * **Gotchas**
 *
 * Linux does not return it, so `getOption` fails with `Unsupported`.
 *
 * @see socket(7), SO_ATTACH_REUSEPORT_CBPF (Linux 4.5)
 * @category options
 * @since 0.1.0
 */
export const steering = define<Steering.Steering, Internet, Capability<"steering">>({
  name: "SO_ATTACH_REUSEPORT_CBPF",
  validate: Steering.validate,
  table: {
    linux: internet({
      level: Linux.SOL_SOCKET,
      option: Linux.SO_ATTACH_REUSEPORT_CBPF,
      writeOnly: "Linux does not return the program of a port",
      afterBind: true,
      codec: {
        size: { minimum: 8, maximum: Steering.maximumBytes },
        read: () => ({ malformed: "a program", offset: 0 }),
        write: (view, at, value) => {
          const program = Steering.write(value)
          for (const [i, byte] of program.entries()) view.setUint8(at + i, byte)
          return program.length
        }
      }
    }),
    darwin: internet({ unsupported: "macOS delivers unicast datagrams to only one socket of a port" }),
    winsock: internet({ unsupported: "Windows does not spread the datagrams of a port over sockets" })
  }
})
