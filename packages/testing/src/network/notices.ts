/** Notices of a host about its interfaces, for those that follow them. */
import type { EndedInterface, InterfaceObserver } from "@ancillary/engine/driver/Driver"
import type { Reporter, Turns } from "./turns.ts"

export class Notices {
  readonly #turns: Turns
  #observers: ReadonlyArray<(ended: ReadonlyArray<EndedInterface>) => void> = []

  constructor(turns: Turns) {
    this.#turns = turns
  }

  /** Tells all observers that something is different, and which interfaces ended. */
  tell(ended: ReadonlyArray<EndedInterface> = []): void {
    for (const observer of this.#observers) observer(ended)
  }

  observe(): InterfaceObserver {
    let changed = false
    let all: ReadonlyArray<EndedInterface> = []
    let wake = () => {}
    const observer = (ended: ReadonlyArray<EndedInterface>) => {
      changed = true
      all = [...all, ...ended]
      wake()
    }
    this.#observers = [...this.#observers, observer]
    return {
      take: () => {
        const notices = { changed, lost: false, ended: all }
        changed = false
        all = []
        return notices
      },
      poll: (onReady) => {
        let wanted = false
        let keepsAlive = true
        const reporter: Reporter = {
          report: () => {
            if (changed && wanted) onReady(true, false, false)
            return changed && wanted
          }
        }
        const arm = () => {
          if (wanted) this.#turns.arm(reporter)
          else this.#turns.disarm(reporter)
          this.#turns.hold(reporter, wanted && keepsAlive)
        }
        wake = () => this.#turns.wake()
        return {
          update: (readable) => {
            wanted = readable
            arm()
          },
          keepAlive: (keeps) => {
            keepsAlive = keeps
            arm()
          },
          close: () => {
            wanted = false
            wake = () => {}
            arm()
          }
        }
      },
      close: () => {
        this.#observers = this.#observers.filter((other) => other !== observer)
      }
    }
  }
}
